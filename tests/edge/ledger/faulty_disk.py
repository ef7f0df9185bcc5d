"""A disk in memory that fails the way disks fail; it sits behind the ledger's storage seam.

What was written and not synced survives a crash sector by sector, as the dice say. Faults are
planted by the test: where the next write really goes, which bit rots, which sync reports EIO.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

from edge.ledger.errors import LedgerFull, StorageFailed

SECTOR_BYTES = 512


class PowerCut(Exception):
    """The machine is off; only what is on the medium remains."""


class FaultyDisk:
    """Implements `edge.ledger.storage.Storage`."""

    def __init__(self, capacity_bytes: int = 1 << 30) -> None:
        self.files: dict[str, bytearray] = {}
        self.unsynced: list[tuple[str, int, bytes]] = []
        self.capacity_bytes = capacity_bytes
        self.steps = 0
        self.cut_power_at_step: int | None = None
        self.fail_sync = False
        self.lose_sync = False
        self.misdirect: Callable[[str, int, bytes], tuple[str, int]] | None = None

    # What the ledger sees

    def list(self) -> list[str]:
        return sorted(self.files)

    def size(self, name: str) -> int:
        return len(self.files[name])

    def create(self, name: str, size: int) -> None:
        self._step()
        if self.free_bytes() < size:
            raise LedgerFull(f"no space for {size} bytes")
        self.files[name] = bytearray(size)

    def read(self, name: str, at: int, size: int) -> bytes:
        # A slice first: copying the whole file for each page would take the tests' time.
        view = self.files[name][at : at + size]
        for file, place, data in self.unsynced:
            if file == name and place < at + len(view) and place + len(data) > at:
                low, high = max(at, place), min(at + len(view), place + len(data))
                view[low - at : high - at] = data[low - place : high - place]
        return bytes(view)

    def write_at(self, name: str, at: int, data: bytes) -> None:
        self._step()
        if self.misdirect is not None:
            name, at = self.misdirect(name, at, data)
            self.misdirect = None
        assert at + len(data) <= len(self.files[name]), "the ledger never makes a file longer"
        self.unsynced.append((name, at, bytes(data)))

    def datasync(self, name: str) -> None:
        self._step()
        if self.fail_sync:
            # As Linux does: the pages are marked clean and may never reach the medium.
            self.unsynced = [write for write in self.unsynced if write[0] != name]
            raise StorageFailed(f"cannot flush {name}: EIO")
        for file, at, data in self.unsynced:
            if file == name and not self.lose_sync:
                self.files[name][at : at + len(data)] = data
        self.unsynced = [write for write in self.unsynced if write[0] != name]

    def rename(self, old: str, new: str) -> None:
        self._step()
        assert not any(file == old for file, _, _ in self.unsynced), "renamed before it was synced"
        self.files[new] = self.files.pop(old)

    def remove(self, name: str) -> None:
        self._step()
        self.files.pop(name, None)

    def free_bytes(self) -> int:
        return self.capacity_bytes - sum(map(len, self.files.values()))

    # What the test does to it

    def _step(self) -> None:
        self.steps += 1
        if self.cut_power_at_step is not None and self.steps >= self.cut_power_at_step:
            raise PowerCut

    def crash(self, kept: Callable[[int], bool]) -> None:
        """Lose power: sector number n of the unsynced ones survives if `kept(n)`."""
        number = 0
        for name, at, data in self.unsynced:
            for low in range(0, len(data), SECTOR_BYTES):
                if kept(number):
                    part = data[low : low + SECTOR_BYTES]
                    self.files[name][at + low : at + low + len(part)] = part
                number += 1
        self.unsynced.clear()
        self.cut_power_at_step = None

    def crash_by(self, dice: random.Random) -> None:
        """Lose power with a random half of the unsynced sectors."""
        self.crash(lambda _: dice.random() < 0.5)

    def unsynced_sectors(self) -> int:
        """How many sectors a crash now would decide about."""
        return sum(-(-len(data) // SECTOR_BYTES) for _, _, data in self.unsynced)

    def flip(self, name: str, bit: int) -> None:
        """Rot one bit on the medium."""
        self.files[name][bit // 8] ^= 1 << bit % 8

    def copy(self) -> FaultyDisk:
        """The same medium once more, faults not included."""
        other = FaultyDisk(self.capacity_bytes)
        other.files = {name: bytearray(data) for name, data in self.files.items()}
        other.unsynced = list(self.unsynced)
        return other

    def wipe(self, names: Iterable[str]) -> None:
        """Files that are gone."""
        for name in list(names):
            del self.files[name]
