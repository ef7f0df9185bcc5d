"""The gateway's disk: `FaultyDisk` with dice, and a memory of what was ever really on the medium.

Each life of the gateway gets a `Cable`. A crash pulls it: whatever the dying process still tries
to write finds no disk, as the last moments of a killed process never reach one.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from crypto.block import Block, read_untrusted
from crypto.errors import BadBlock
from edge.ledger.errors import LedgerFull, StorageFailed
from edge.ledger.segments import FIRST_BLOCK_AT, SUFFIX
from tests.edge.ledger.faulty_disk import SECTOR_BYTES, FaultyDisk, PowerCut

CAPACITY_BYTES = 1 << 30


class SimDisk(FaultyDisk):
    """`on_medium(file, at, block)` is told of each whole block that a sync put on the medium,
    `on_delete(file)` of each segment that is removed."""

    def __init__(
        self, dice: random.Random, on_medium: Callable[[str, int, Block], None],
        on_delete: Callable[[str], None] = lambda file: None,
    ) -> None:  # fmt: skip
        super().__init__(CAPACITY_BYTES)
        self._dice = dice
        self._on_medium = on_medium
        self._on_delete = on_delete
        #: Segments that were removed, as they were: the watch reads them on.
        self.deleted: dict[str, bytes] = {}

    def remove(self, name: str) -> None:
        if name.endswith(SUFFIX) and name in self.files:
            self.deleted[name] = bytes(self.files[name])
            self._on_delete(name)
        super().remove(name)

    def free_bytes(self) -> int:
        return self.capacity_bytes

    def create(self, name: str, size: int) -> None:
        self._step()
        if self.free_bytes() < size:
            raise LedgerFull(f"no space for {size} bytes")
        self.files[name] = bytearray(size)

    def datasync(self, name: str) -> None:
        due = [write for write in self.unsynced if write[0] == name]
        super().datasync(name)
        for file, at, data in due:
            self._tell(file, at, data)

    def _tell(self, file: str, at: int, data: bytes) -> None:
        if not file.endswith(SUFFIX) or at < FIRST_BLOCK_AT:
            return
        try:
            block, _ = read_untrusted(data)
        except BadBlock:
            return  # zeros over a torn tail
        self._on_medium(file, at, block)

    def holds(self, file: str, at: int, raw: bytes) -> bool:
        """Whether the medium itself, not the page cache, has these bytes there, or had them when
        the file was removed."""
        return self.files.get(file, self.deleted.get(file, b""))[at : at + len(raw)] == raw

    def lose_power(self) -> None:
        """Each unsynced sector survives or not; often all of one kind."""
        share = self._dice.choice((0.0, 0.5, 0.5, 0.9, 1.0))
        self.crash(lambda _: self._dice.random() < share)

    def lose_process(self) -> None:
        """Only the process dies: the page cache is written out later, whole."""
        self.crash(lambda _: True)

    def rot(self, file: str, at: int, size: int) -> None:
        """One bit of these bytes flips on the medium."""
        bit = at * 8 + self._dice.randrange(size * 8)
        self.flip(file, bit)


class Cable:
    """`edge.ledger.storage.Storage` of one life of the gateway."""

    def __init__(self, disk: SimDisk) -> None:
        self._disk = disk
        self.pulled = False

    def _plugged(self) -> SimDisk:
        if self.pulled:
            raise PowerCut
        return self._disk

    def list(self) -> list[str]:
        return self._plugged().list()

    def size(self, name: str) -> int:
        return self._plugged().size(name)

    def create(self, name: str, size: int) -> None:
        self._plugged().create(name, size)

    def read(self, name: str, at: int, size: int) -> bytes:
        return self._plugged().read(name, at, size)

    def write_at(self, name: str, at: int, data: bytes) -> None:
        self._plugged().write_at(name, at, data)

    def datasync(self, name: str) -> None:
        self._plugged().datasync(name)

    def rename(self, old: str, new: str) -> None:
        self._plugged().rename(old, new)

    def remove(self, name: str) -> None:
        self._plugged().remove(name)

    def free_bytes(self) -> int:
        return self._plugged().free_bytes()


__all__ = ["SECTOR_BYTES", "Cable", "PowerCut", "SimDisk", "StorageFailed"]
