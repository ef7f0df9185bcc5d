"""Blocks of an older epoch of ours that others had kept, put back while the ledger is in use.

They become a segment of their own behind what is here. Recovery, reading and retention find it as
any other; the segment that is written to now is never touched.
"""

from collections.abc import Sequence
from typing import Final

from crypto.block import ALIGN_BYTES, Block, Head
from crypto.keys import VerifyKey
from edge.ledger import epochs, first_block, segments
from edge.ledger.chain import EpochChain, Trust
from edge.ledger.errors import LedgerFull
from edge.ledger.segments import FIRST_BLOCK_AT, SegmentName, disk_bytes, segments_of
from edge.ledger.spares import KEEP_FREE_BYTES
from edge.ledger.storage import Storage

#: Until it has its name it is no segment: a crash leaves all of it, or nothing.
_NEW: Final = "put-back.new"


def chain_after(storage: Storage, trust: Trust, epoch: int, head: Head) -> EpochChain | None:
    """What must follow `head` in an older epoch; None when its key is not here."""
    if not head.seq:
        return EpochChain(trust, epoch)
    kept = epochs.load_key(storage, epoch)
    names = [name for name in segments_of(storage) if name.epoch == epoch]
    key = (
        VerifyKey(kept.key.public)
        if kept is not None
        else first_block.key(storage, trust, epoch, names)
    )
    return EpochChain(trust, epoch, head, key) if key is not None else None


def write(storage: Storage, gateway: bytes, blocks: Sequence[Block]) -> None:
    """Make consecutive blocks of one epoch durable, all of them or none.

    Raises `LedgerFull`, then nothing remains of them, or `StorageFailed`.
    """
    name = SegmentName(blocks[0].epoch, blocks[0].first_seq)
    size = FIRST_BLOCK_AT + sum(disk_bytes(len(block.raw)) for block in blocks)
    free = storage.free_bytes()
    if free - size < KEEP_FREE_BYTES:
        raise LedgerFull(f"{free} bytes are free, what comes back needs {size} and a reserve")
    storage.create(_NEW, size)
    storage.write_at(_NEW, 0, segments.header_page(gateway, name))
    at = FIRST_BLOCK_AT
    for block in blocks:
        storage.write_at(_NEW, at, block.raw + bytes(-len(block.raw) % ALIGN_BYTES))
        at += disk_bytes(len(block.raw))
    storage.datasync(_NEW)
    storage.rename(_NEW, name.file)
