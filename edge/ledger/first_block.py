"""The first block of an epoch outlives its segment: it carries the certificate of the epoch's key.

Before retention deletes the segment it puts the block into a file of its own. So that file is also
the sign that facts of the epoch were deleted, and did not get lost.
"""

from typing import Final

from crypto.block import Block, read_untrusted
from crypto.errors import Bad
from crypto.keys import VerifyKey
from edge.ledger.chain import EpochChain, Trust
from edge.ledger.segments import FIRST_BLOCK_AT, SegmentName, SegmentReader
from edge.ledger.storage import Storage

SUFFIX: Final = ".first"


def file_of(epoch: int) -> str:
    """Name of the file with the epoch's first block."""
    return f"{epoch:010d}{SUFFIX}"


def keep(storage: Storage, name: SegmentName) -> bool:
    """Put the first block of an epoch aside, durably; False if it cannot be read.

    Nothing to do for a segment in the middle. Raises `LedgerFull` or `StorageFailed`.
    """
    if name.first_seq != 1:
        return True
    try:
        block, _ = SegmentReader(storage, name).block_at(FIRST_BLOCK_AT)
    except Bad:
        return False
    file = file_of(name.epoch)
    storage.create(file, len(block.raw))
    storage.write_at(file, 0, block.raw)
    storage.datasync(file)
    return load(storage, name.epoch) is not None


def epochs(storage: Storage) -> list[int]:
    """Epochs whose first segment was deleted, or was about to be."""
    stems = (file.removesuffix(SUFFIX) for file in storage.list() if file.endswith(SUFFIX))
    return sorted(int(stem) for stem in stems if stem.isdecimal())


def load(storage: Storage, epoch: int) -> Block | None:
    """The first block of an epoch, if it was put aside and is whole."""
    file = file_of(epoch)
    if file not in storage.list():
        return None
    try:
        return read_untrusted(storage.read(file, 0, storage.size(file)))[0]
    except Bad:
        return None


def key(storage: Storage, trust: Trust, epoch: int, names: list[SegmentName]) -> VerifyKey | None:
    """The key of an epoch, by its first block: where it was written, or where it was put aside."""
    block = load(storage, epoch)
    try:
        if SegmentName(epoch, 1) in names:
            block, _ = SegmentReader(storage, SegmentName(epoch, 1)).block_at(FIRST_BLOCK_AT)
        if block is None:
            return None
        chain = EpochChain(trust, epoch)
        chain.check(block)
    except Bad:
        return None
    return chain.key
