"""Walks the log of one epoch through its segments, and says how it ends.

Where a block is broken, three kinds of evidence prove that it was not the last one and therefore
acknowledged: a valid header of a later block further on in the segment, a later segment, or a
record elsewhere (the next epoch's first fact, a snapshot) of how far this epoch went. Then the
walk raises `LedgerDamaged`, unless `fetch` can hand over the very blocks that are missing.
"""

import logging
from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol, TypeAlias

from crypto.block import ALIGN_BYTES, Block, Head
from crypto.errors import Bad, BadCertificate
from edge.ledger.chain import EpochChain
from edge.ledger.errors import LedgerDamaged
from edge.ledger.segments import FIRST_BLOCK_AT, SegmentName, SegmentReader, disk_bytes
from edge.ledger.snapshot import Fold
from edge.ledger.storage import Storage
from edge.ledger.writer import Place

log = logging.getLogger(__name__)

#: Blocks of this gateway's own log from (epoch, seq) on, as receipts' holders keep them; empty
#: when they have none or cannot be reached.
Fetch: TypeAlias = Callable[[int, int], list[Block]]


class Keep(Protocol):
    """Puts aside whole blocks that stand where something is going to be written."""

    def keep(self, name: SegmentName, at: int, size: int, instead: Block | None = None) -> None: ...


class EpochEnd(NamedTuple):
    """Where the blocks of an epoch end, and what follows there.

    `dirty`: something that may have been a block. `strays`: copies of blocks that stand in their
    right place too, as a misdirected write leaves them behind once the block was put back.
    """

    place: Place | None
    dirty: bool = False
    strays: bool = False


class EpochWalk:
    """One pass over one epoch; `chain` says where it begins and, afterwards, where it ended."""

    def __init__(
        self, storage: Storage, chain: EpochChain, names: list[SegmentName], *,
        fold: Fold, proven: Mapping[int, bytes], reach: Head, heal: Fetch | None = None,
        astray: Keep | None = None,
    ) -> None:  # fmt: skip
        """`proven`: hashes that others know, by seq. `reach`: this far the log went for certain.

        `heal` and `astray` are only given by a repair: at a start, broken blocks are told, not
        touched.
        """
        self._storage = storage
        self._chain = chain
        self._names = names
        self._fold = fold
        self._proven = proven
        self._reach = reach
        self._heal = heal
        self.astray = astray
        self._number = 0
        self._at = FIRST_BLOCK_AT
        self._reader: SegmentReader | None = None
        self.put_back = 0

    def start_after(self, head: Head) -> bool:
        """Begin behind the block that ends in `head`; False when that place cannot be found.

        Looks for the block itself or for the one that names it as its predecessor, so that damage
        in what the snapshot already covers does not matter here.
        """
        for number, name in enumerate(self._names):
            if name.first_seq == head.seq + 1:
                return self._begin(number, SegmentReader(self._storage, name), FIRST_BLOCK_AT)
        numbers = [n for n, name in enumerate(self._names) if name.first_seq <= head.seq]
        for number in numbers[-1:]:
            reader = SegmentReader(self._storage, self._names[number])
            page = FIRST_BLOCK_AT
            while (at := reader.later_header(page)) is not None:
                header = reader.header_at(at)
                assert header is not None
                first = int.from_bytes(header[16:24], "big")
                last = first + int.from_bytes(header[6:8], "big") - 1
                if first == head.seq + 1 and header[60:92] == head.hash:
                    return self._begin(number, reader, at)
                if last == head.seq:
                    after = _end_of(reader, at, head)
                    if after is not None:
                        return self._begin(number, reader, after)
                page = at + ALIGN_BYTES
        return False

    def _begin(self, number: int, reader: SegmentReader, at: int) -> bool:
        self._number, self._reader, self._at = number, reader, at
        return True

    @property
    def place(self) -> Place:
        """Where the walk stands: after the last good block."""
        name = self._names[self._number]
        return Place(name, self._storage.size(name.file), self._at)

    def run(self) -> EpochEnd:
        """Check and fold every block. Raises `LedgerDamaged` naming the first broken one."""
        if not self._names:
            return self._without_segments()
        reader = self._reader or SegmentReader(self._storage, self._names[0])
        while True:
            try:
                block, after = reader.block_at(self._at)
                self._take(block, reader)
                self._at = after
                continue
            except BadCertificate as error:  # no torn write looks like that: the rest is whole
                raise self._damaged(str(error), reader) from None
            except Bad as error:
                problem = str(error)
            if self._is_next(self._number + 1):
                self._number += 1
                reader = SegmentReader(self._storage, self._names[self._number])
                self._at = FIRST_BLOCK_AT
            elif (lost := self._evidence(reader)) is None:
                return EpochEnd(self.place, *self._what_follows(reader))
            elif not self._healed(reader):
                raise self._damaged(f"{problem}; {lost}", reader)

    def _take(self, block: Block, reader: SegmentReader) -> None:
        facts = self._chain.check(block)
        known = self._proven.get(block.last_seq)
        if known is not None and known != block.hash:
            raise self._damaged("others hold a different block with these numbers", reader, block)
        self._fold(block, facts)

    def _without_segments(self) -> EpochEnd:
        if self._reach.seq > self._chain.head.seq:
            raise self._damaged("the segments of this epoch are gone", None)
        return EpochEnd(None)

    def _what_follows(self, reader: SegmentReader) -> tuple[bool, bool]:
        after, strays = self._at, False
        for page in reader.dirty_from(self._at):
            if page < after:
                continue
            try:
                block, after = reader.block_at(page)
            except Bad:
                return True, strays
            if block.epoch != self._chain.epoch or block.last_seq > self._chain.head.seq:
                return True, strays
            strays = True
        return False, strays

    def _is_next(self, number: int) -> bool:
        if number >= len(self._names):
            return False
        return self._names[number].first_seq == self._chain.head.seq + 1

    def _evidence(self, reader: SegmentReader) -> str | None:
        """Why the block at this place cannot have been the last one."""
        if self._number + 1 < len(self._names):
            return f"a later segment, {self._names[self._number + 1].file}, follows"
        if self._reach.seq > self._chain.head.seq:
            return f"the log is known to have gone on to seq {self._reach.seq}"
        page = self._at
        while (at := reader.later_header(page)) is not None:
            header = reader.header_at(at)
            assert header is not None
            epoch, first = (
                int.from_bytes(header[8:12], "big"),
                int.from_bytes(header[16:24], "big"),
            )
            # The block that belongs here may be torn behind a whole header; anywhere else its
            # header, or a later one, shows that the write for this place went astray.
            here = at == self._at and first == self._chain.head.seq + 1
            if not here and epoch == self._chain.epoch and first > self._chain.head.seq:
                return f"a later block begins at byte {at}"
            page = at + ALIGN_BYTES
        return None

    def _healed(self, reader: SegmentReader) -> bool:
        if self._heal is None:
            return False
        before = self.put_back
        for block in self._heal(self._chain.epoch, self._chain.head.seq + 1):
            if block.first_seq <= self._chain.head.seq:
                continue
            if self._at + disk_bytes(len(block.raw)) > reader.size or not self.replace(block):
                break
            try:
                reader.forget()
                reader.block_at(self._at)
                break  # what stands behind it is a whole block again: read on
            except Bad:
                continue
        reader.forget()
        return self.put_back > before

    def replace(self, block: Block) -> bool:
        """Put `block` at the present place if it is the one that belongs there."""
        name = self._names[self._number]
        if not self.place_at(Place(name, self._storage.size(name.file), self._at), block):
            return False
        self._at += disk_bytes(len(block.raw))
        self.put_back += 1
        return True

    def place_at(self, place: Place, block: Block) -> bool:
        """Write and fold the next block of the chain; False, and nothing, if it is not that."""
        try:
            facts = self._chain.check(block)
        except Bad as error:
            log.warning("a block offered for seq %d does not fit: %s", block.first_seq, error)
            return False
        padding = bytes(-len(block.raw) % ALIGN_BYTES)
        if self.astray is not None:
            self.astray.keep(place.segment, place.at, len(block.raw) + len(padding), block)
        self._storage.write_at(place.segment.file, place.at, block.raw + padding)
        self._storage.datasync(place.segment.file)
        self._fold(block, facts)
        return True

    def _damaged(
        self, problem: str, reader: SegmentReader | None, block: Block | None = None
    ) -> LedgerDamaged:
        chain = self._chain
        return LedgerDamaged(
            problem, epoch=chain.epoch,
            seq=block.first_seq if block is not None else chain.head.seq + 1,
            segment=reader.name.file if reader is not None else "no segment", at_bytes=self._at,
            through_seq=max(self._reach.seq, *self._proven, 0),
        )  # fmt: skip


def _end_of(reader: SegmentReader, at: int, head: Head) -> int | None:
    try:
        block, after = reader.block_at(at)
    except Bad:
        return None
    return after if block.hash == head.hash else None
