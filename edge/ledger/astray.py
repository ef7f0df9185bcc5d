"""Blocks that a repair finds where another block belongs: kept before anything is written there.

A disk may put a write on the wrong page. Then the page of an old block holds the newest one, which
was acknowledged, and this may be its only copy; so whoever puts the old block back looks first,
and keeps what stands there in a file of its own, durably. From there it is put in its own place.
"""

import logging
from typing import Final

from crypto.block import ALIGN_BYTES, Block, read_untrusted
from crypto.entry import AnyFact
from crypto.errors import Bad
from edge.ledger.recover import KnownHead
from edge.ledger.segments import SegmentName, SegmentReader
from edge.ledger.storage import Storage
from edge.ledger.walk import Fetch

log = logging.getLogger(__name__)
SUFFIX: Final = ".astray"


class Astray:
    """The blocks of `gateway` that were found astray, also by a repair that was interrupted."""

    def __init__(self, storage: Storage, gateway: bytes) -> None:
        self._storage = storage
        self._gateway = gateway
        self._kept: dict[str, Block] = {}
        for file in storage.list():
            if file.endswith(SUFFIX):
                try:
                    block, _ = read_untrusted(storage.read(file, 0, storage.size(file)))
                except Bad:
                    continue  # its writing was interrupted: then it stands where it was
                self._kept[file] = block

    def keep(self, name: SegmentName, at: int, size: int, instead: Block | None = None) -> None:
        """Keep what whole blocks begin in `size` bytes from `at` on, durably, except `instead`.

        Raises `LedgerFull` or `StorageFailed`; then nothing may be written there.
        """
        reader = SegmentReader(self._storage, name)
        for page in range(at, min(at + size, reader.size), ALIGN_BYTES):
            try:
                block, _ = reader.block_at(page)
            except Bad:
                continue
            if block.gateway == self._gateway and (instead is None or block.hash != instead.hash):
                self._keep(block)

    def _keep(self, block: Block) -> None:
        file = f"{block.epoch:010d}-{block.first_seq:020d}-{block.hash[:8].hex()}{SUFFIX}"
        if file in self._kept:
            return
        self._storage.create(file, len(block.raw))
        self._storage.write_at(file, 0, block.raw)
        self._storage.datasync(file)
        self._kept[file] = block
        log.warning("the block of epoch %d seq %d stood in another's place and is kept as %s",
                    block.epoch, block.first_seq, file)  # fmt: skip

    def before(self, fetch: Fetch) -> Fetch:
        """What is kept here where it is what is wanted, else what `fetch` gives."""

        def first(epoch: int, seq: int) -> list[Block]:
            here = [b for b in self._kept.values() if (b.epoch, b.first_seq) == (epoch, seq)]
            return [*here, *fetch(epoch, seq)]

        return first

    def heads(self, epoch: int) -> list[KnownHead]:
        """How far what is kept says that the log went."""
        return [
            KnownHead(epoch, block.last_seq, block.hash, f"the block kept as {file}")
            for file, block in self._kept.items()
            if block.epoch == epoch
        ]

    def home(self, block: Block, facts: list[AnyFact]) -> None:
        """A fold of a whole log: what stands in its own place need not be kept any longer."""
        for file, kept in list(self._kept.items()):
            if kept.hash == block.hash:
                del self._kept[file]
                self._storage.remove(file)
