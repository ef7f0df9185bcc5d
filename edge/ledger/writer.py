"""Seals batches of encoded facts into blocks and puts them on disk: one write, one fdatasync each.

Plain and synchronous. Exactly one caller at a time, whoever the committer chooses.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeAlias

from config.gateway import Ledger as LedgerConfig
from crypto import block as block_format
from crypto.block import ALIGN_BYTES, HEADER_BYTES, TAIL_BYTES, Block, Head
from crypto.entry import FACTS_PER_BLOCK_MAX
from crypto.keys import SigningKey
from edge.ledger.segments import FIRST_BLOCK_AT, SegmentName, disk_bytes
from edge.ledger.spares import Spares
from edge.ledger.storage import Storage

#: Header, tail and the longest array prefix of a body.
OVERHEAD_BYTES: Final = HEADER_BYTES + TAIL_BYTES + 5
_PADDING: Final = bytes(ALIGN_BYTES)


#: An encoded fact on its way to disk, and its hybrid logical clock. A plain tuple: one is made
#: for each fact, on the loop.
Pending: TypeAlias = tuple[bytes, int]


class Place(NamedTuple):
    """Where the log goes on: segment, its size, and the byte after its last block."""

    segment: SegmentName
    size: int
    at: int

    @property
    def left_bytes(self) -> int:
        """What the segment still takes."""
        return self.size - self.at


def body_of(raws: Sequence[bytes]) -> bytes:
    """The MessagePack array of facts that are encoded already."""
    count = len(raws)
    if count < 16:
        prefix = bytes((0x90 | count,))
    elif count < 1 << 16:
        prefix = b"\xdc" + count.to_bytes(2, "big")
    else:
        prefix = b"\xdd" + count.to_bytes(4, "big")
    return prefix + b"".join(raws)


class Writer:
    """Appends blocks to the log of one epoch."""

    def __init__(
        self, storage: Storage, *, gateway: bytes, epoch: int, key: SigningKey, head: Head,
        place: Place | None, spares: Spares, config: LedgerConfig, wall_ms: Callable[[], int],
    ) -> None:  # fmt: skip
        self.gateway = gateway
        self.epoch = epoch
        self.head = head
        self.place = place
        self.spares = spares
        self._storage = storage
        self._key = key
        self._facts_max = min(config.group_facts_max, FACTS_PER_BLOCK_MAX)
        self._bytes_max = config.group_bytes_max
        self._wall_ms = wall_ms

    @property
    def left_bytes(self) -> int:
        """What the segment in use still takes."""
        return self.place.left_bytes if self.place is not None else 0

    def group(self, pending: list[Pending]) -> list[Pending]:
        """Take from the front of `pending` what goes into one block.

        Two steps that are each atomic, because the loop appends to the same list meanwhile.
        """
        batch = pending[: self._facts_max]
        size = 0
        for number, (raw, _) in enumerate(batch):
            size += len(raw)
            if size > self._bytes_max and number:
                del batch[number:]
                break
        del pending[: len(batch)]
        return batch

    def commit(self, batch: list[Pending]) -> Block:
        """One block of `batch`, durable when this returns. Raises `StorageFailed`."""
        key, head = self._key, self.head
        body = body_of([raw for raw, _ in batch])
        wall_ms, hlc = self._wall_ms(), batch[-1][1]
        raw = block_format.seal(
            gateway=self.gateway, epoch=self.epoch, head=head, count=len(batch), body=body,
            wall_ms=wall_ms, last_hlc=hlc, key=key,
        )  # fmt: skip
        size = disk_bytes(len(raw))
        place = self.place
        if place is None or place.left_bytes < size:
            segment = SegmentName(self.epoch, head.seq + 1)
            place = Place(segment, self.spares.take(segment), FIRST_BLOCK_AT)
        file = place.segment.file
        self._storage.write_at(file, place.at, raw + _PADDING[: size - len(raw)])
        self._storage.datasync(file)
        self.place = Place(place.segment, place.size, place.at + size)
        digest = raw[-TAIL_BYTES:-64]
        self.head = Head(head.seq + len(batch), digest)
        return Block(
            self.gateway, self.epoch, head.seq + 1, len(batch), wall_ms, hlc, key.key_id,
            head.hash, digest, raw,
        )  # fmt: skip
