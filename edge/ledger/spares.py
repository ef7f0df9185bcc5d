"""Spare segments: zero-filled files kept ahead, so that a full disk shows long before it hurts."""

import enum
from collections import deque
from typing import Final

from config.gateway import Ledger as LedgerConfig
from crypto.block import ALIGN_BYTES
from edge.ledger import segments
from edge.ledger.errors import LedgerFull
from edge.ledger.segments import SPARE_PREFIX, SegmentName
from edge.ledger.storage import Storage

#: A spare is made only while this much would still be free afterwards: key files, snapshots and
#: the rest of the machine need some room when the log has used its share.
KEEP_FREE_BYTES: Final = 64 << 20


class Room(enum.IntEnum):
    """How much is left, from plenty to nothing."""

    PLENTY = 0
    ALARM = 1
    UNREADY = 2
    NONE = 3


class Spares:
    """The spare segments of one folder. `take` and `prepare` may run in two threads."""

    def __init__(
        self, storage: Storage, gateway: bytes, config: LedgerConfig,
        keep_free_bytes: int = KEEP_FREE_BYTES,
    ) -> None:  # fmt: skip
        self._storage = storage
        self._gateway = gateway
        self._config = config
        self._keep_free_bytes = keep_free_bytes
        self._ready: deque[str] = deque()
        self._last = 0
        #: How many spares were found or made, and how many were used up, since the start.
        self.made = self.taken = 0
        for file in storage.list():
            if file.startswith(SPARE_PREFIX):
                self._found(file)

    def _found(self, file: str) -> None:
        number = file.removeprefix(SPARE_PREFIX)
        self._last = max(self._last, int(number) if number.isdecimal() else 0)
        if self._storage.size(file) == self._config.segment_bytes:
            self._ready.append(file)
            self.made += 1
        else:
            self._storage.remove(file)  # the configured size has changed

    @property
    def count(self) -> int:
        """Spares that are ready."""
        return len(self._ready)

    @property
    def wanted(self) -> int:
        """Spares still to be made."""
        return max(0, self._config.spare_segments - len(self._ready))

    def room(self, left_bytes: int) -> Room:
        """Judges the spares; `left_bytes` is what the segment in use still takes."""
        ready = len(self._ready)
        if ready == 0 and left_bytes < ALIGN_BYTES:
            return Room.NONE
        if ready < self._config.unready_spare_segments:
            return Room.UNREADY
        return Room.ALARM if ready < self._config.alarm_spare_segments else Room.PLENTY

    def prepare(self) -> None:
        """Make one more spare: zero-filling takes as long as the disk takes.

        Raises `LedgerFull` when the disk has no room for it.
        """
        free, size = self._storage.free_bytes(), self._config.segment_bytes
        if free - size < self._keep_free_bytes:
            raise LedgerFull(f"{free} bytes are free, a spare segment needs {size} and a reserve")
        self._last += 1
        file = f"{SPARE_PREFIX}{self._last:06d}"
        self._storage.create(file, size)
        self._ready.append(file)
        self.made += 1

    def take(self, name: SegmentName) -> int:
        """Turn a spare into segment `name`, durably, and return its size in bytes.

        Raises `LedgerFull` when there is none. Only the header is written before the final name
        is durable: a spare that a crash leaves behind is therefore always clean.
        """
        if not self._ready:
            self.prepare()
        file = self._ready.popleft()
        self.taken += 1
        self._storage.write_at(file, 0, segments.header_page(self._gateway, name))
        self._storage.datasync(file)
        self._storage.rename(file, name.file)
        return self._config.segment_bytes
