"""The end of an epoch's log: put back what others hold, cut what nobody has."""

import logging
from collections.abc import Sequence
from typing import Protocol

from crypto.block import ALIGN_BYTES, Block
from edge.ledger.chain import EpochChain
from edge.ledger.errors import LedgerDamaged
from edge.ledger.segments import FIRST_BLOCK_AT, SegmentName, SegmentReader, disk_bytes
from edge.ledger.spares import Spares
from edge.ledger.storage import Storage
from edge.ledger.walk import EpochEnd, EpochWalk, Fetch
from edge.ledger.writer import Place

log = logging.getLogger(__name__)


class _Held(Protocol):
    @property
    def seq(self) -> int: ...
    @property
    def holder(self) -> str: ...


class Tail:
    """What follows the last good block of one epoch."""

    def __init__(
        self, storage: Storage, spares: Spares, walk: EpochWalk, chain: EpochChain, end: EpochEnd
    ) -> None:
        self.place = end.place
        self.chain = chain
        self._storage = storage
        self._spares = spares
        self._walk = walk
        self._dirty = end.dirty
        self._strays = end.strays
        self.put_back = 0

    def restore(
        self, fetch: Fetch | None, held: Sequence[_Held], *, must: bool, ask: bool = False
    ) -> int:
        """Fetch own blocks that are missing here; returns how many were put back.

        `must`: the epoch in use, whose known blocks may not be missing (`LedgerDamaged`). An older
        epoch may end before what others turn out to hold: its cut is on record. `ask`: also when
        nothing says that something is missing.
        """
        most = max(held, key=lambda h: h.seq, default=None)
        missing = most is not None and most.seq > self.chain.head.seq
        if fetch is not None and (ask or missing or (self._dirty and must)):
            while blocks := fetch(self.chain.epoch, self.chain.head.seq + 1):
                if sum(self._put(block) for block in blocks) == 0:
                    break
        if most is not None and most.seq > self.chain.head.seq:
            problem = f"{most.holder} holds this log through seq {most.seq}"
            if must and self.place is not None:
                raise LedgerDamaged(
                    problem, epoch=self.chain.epoch, seq=self.chain.head.seq + 1,
                    segment=self.place.segment.file, at_bytes=self.place.at, through_seq=most.seq,
                )  # fmt: skip
            log.warning("epoch %d ends at seq %d here, but %s", self.chain.epoch,
                        self.chain.head.seq, problem)  # fmt: skip
        return self.put_back

    def _put(self, block: Block) -> bool:
        if block.first_seq != self.chain.head.seq + 1:
            return False
        size = disk_bytes(len(block.raw))
        place = self.place
        if place is None or place.left_bytes < size:
            name = SegmentName(self.chain.epoch, block.first_seq)
            place = Place(name, self._spares.take(name), FIRST_BLOCK_AT)
        if not self._walk.place_at(place, block):
            return False
        self.place = Place(place.segment, place.size, place.at + size)
        self.put_back += 1
        return True

    @property
    def must_cut(self) -> bool:
        """A broken block follows that nobody could give: it may have been acknowledged.

        Its numbers are never used again, so a new epoch must begin, and be durable, before
        `clean` removes the sign that it existed. One that was replaced by the whole block is none.
        """
        return self._dirty and self.put_back == 0

    def clean(self) -> None:
        """Zero what follows the last good block, durably."""
        if not (self._dirty or self._strays) or self.place is None:
            return
        file = self.place.segment.file
        reader = SegmentReader(self._storage, self.place.segment)
        if self._walk.astray is not None:
            self._walk.astray.keep(self.place.segment, self.place.at, reader.size)
        for page in list(reader.dirty_from(self.place.at)):
            self._storage.write_at(file, page, bytes(ALIGN_BYTES))
        self._storage.datasync(file)
        if self.must_cut:
            log.warning("epoch %d: a torn block after seq %d was cut, nobody else holds it",
                        self.chain.epoch, self.chain.head.seq)  # fmt: skip
