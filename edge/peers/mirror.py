"""The blocks of one sibling on our disk, so that they outlive it.

The folder is laid out as the sibling's own ledger (`edge.ledger.segments`), so the same tools read
it. It is only a copy: what is broken here is cut and fetched again, never repaired.
"""

import logging
from typing import Final

from config.gateway import Ledger as LedgerConfig
from crypto.block import Block, Head, verify
from crypto.errors import Bad
from crypto.keys import VerifyKey
from edge.ledger import first_block
from edge.ledger.chain import EpochChain, Trust
from edge.ledger.errors import LedgerFull
from edge.ledger.reading import Reading
from edge.ledger.segments import (
    FIRST_BLOCK_AT,
    SegmentName,
    SegmentReader,
    disk_bytes,
    segments_of,
)
from edge.ledger.snapshot import Fold
from edge.ledger.spares import Spares
from edge.ledger.storage import Storage
from edge.ledger.writer import Place

log = logging.getLogger(__name__)
#: Copies of others' facts leave so much of the disk to our own, more than a ledger keeps free.
KEEP_FREE_BYTES: Final = 256 << 20
#: Evidence is kept, but a sibling gone mad must not fill our disk with it.
FORKS_KEPT_MAX: Final = 16
_SUFFIX: Final = ".fork"


class MirrorLog:
    """One epoch of a sibling. `chain` is ahead of `durable` by what waits for the disk."""

    def __init__(self, storage: Storage, chain: EpochChain, place: Place | None) -> None:
        self.chain = chain
        self.durable = chain.head
        self.place = place
        self.reading = Reading(storage)

    @property
    def epoch(self) -> int:
        return self.chain.epoch


class Mirror:
    """What we hold of the sibling that `trust` names. `write` belongs to one thread at a time."""

    def __init__(self, storage: Storage, trust: Trust, segment_bytes: int) -> None:
        self.storage = storage
        self.trust = trust
        self.logs: dict[int, MirrorLog] = {}
        config = LedgerConfig(segment_bytes=segment_bytes, spare_segments=1)
        self._spares = Spares(storage, trust.gateway, config, KEEP_FREE_BYTES)
        self.forks = sum(file.endswith(_SUFFIX) for file in storage.list())

    def open(self, starts: dict[int, Head], fold: Fold) -> None:
        """Read what is here; `fold` gets the blocks after `starts`, in the order of each log.

        Takes as long as reading the folder does.
        """
        names = segments_of(self.storage)
        for epoch in sorted({name.epoch for name in names}):
            own = [name for name in names if name.epoch == epoch]
            found = self._walk(epoch, own, starts.get(epoch, Head()), fold)
            if found is not None:
                self.logs[epoch] = found

    def _walk(
        self, epoch: int, names: list[SegmentName], start: Head, fold: Fold
    ) -> MirrorLog | None:
        chain = self._after_deleted(epoch, names, start) or EpochChain(self.trust, epoch)
        place: Place | None = None
        kept = 0
        for name in names:
            if name.first_seq != chain.head.seq + 1:
                break
            reader, at = SegmentReader(self.storage, name), FIRST_BLOCK_AT
            while True:
                try:
                    block, after = reader.block_at(at)
                    facts = chain.check(block)
                except Bad:
                    break
                at = after
                if block.last_seq > start.seq:
                    fold(block, facts)
            place, kept = Place(name, reader.size, at), kept + 1
        for name in names[kept:]:  # after a hole; they will be fetched again
            log.warning("a part of a sibling's log is fetched again", extra={"file": name.file})
            self.storage.remove(name.file)
        return MirrorLog(self.storage, chain, place) if chain.head.seq else None

    def _after_deleted(
        self, epoch: int, names: list[SegmentName], start: Head
    ) -> EpochChain | None:
        """Where a log goes on whose beginning retention has deleted.

        Only when `start`, what our snapshot has folded of it, reaches that far.
        """
        first = names[0]
        if not 1 < first.first_seq <= start.seq + 1:
            return None
        key = first_block.key(self.storage, self.trust, epoch, names)
        header = SegmentReader(self.storage, first).header_at(FIRST_BLOCK_AT)
        if key is None or header is None:
            return None
        return EpochChain(self.trust, epoch, Head(first.first_seq - 1, header[60:92]), key)

    def begin(self, epoch: int) -> MirrorLog:
        """A log of which nothing is held yet. It is known once its first block has been taken."""
        return MirrorLog(self.storage, EpochChain(self.trust, epoch), None)

    def write(self, blocks: list[Block]) -> int:
        """Make consecutive blocks of each log durable, one fdatasync per file that was written.

        How many of them are; fewer when there is no room for more. Raises `StorageFailed`.
        """
        dirty: dict[str, None] = {}
        count = 0
        for block in blocks:
            row = self.logs[block.epoch]
            size = disk_bytes(len(block.raw))
            place = row.place
            if place is None or place.left_bytes < size:
                name = SegmentName(block.epoch, block.first_seq)
                try:
                    place = Place(name, self._spares.take(name), FIRST_BLOCK_AT)
                except LedgerFull:
                    break
            padding = bytes(size - len(block.raw))
            self.storage.write_at(place.segment.file, place.at, block.raw + padding)
            row.place = Place(place.segment, place.size, place.at + size)
            dirty[place.segment.file] = None
            count += 1
        for file in dirty:
            self.storage.datasync(file)
        return count

    def wrote(self, block: Block) -> None:
        """`block` is durable: on the loop, after `write`."""
        row = self.logs[block.epoch]
        row.durable = Head(block.last_seq, block.hash)
        row.reading.add(block)

    def keep_fork(self, block: Block) -> bool:
        """Keep the other history as evidence, durably; False if it, or enough of it, is here."""
        file = f"{block.epoch:010d}-{block.first_seq:020d}-{block.hash[:8].hex()}{_SUFFIX}"
        if file in self.storage.list() or self.forks >= FORKS_KEPT_MAX:
            return False
        self.storage.create(file, len(block.raw))
        self.storage.write_at(file, 0, block.raw)
        self.storage.datasync(file)
        self.forks += 1
        return True

    def is_signed(self, block: Block) -> bool:
        """Whether the key of its epoch has signed it; False also while that key is not known."""
        row = self.logs.get(block.epoch)
        key: VerifyKey | None = row.chain.key if row is not None else None
        return key is not None and verify(block, key)
