"""Reads a ledger folder without the product's reader: blocks back to back, page by page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from crypto.block import Block, Head, read_untrusted
from crypto.entry import decode_facts_untrusted
from crypto.errors import BadBlock
from edge.ledger.segments import FIRST_BLOCK_AT, disk_bytes, parse_name
from tests.sim.watch import Read


class Epoch(NamedTuple):
    """The chained blocks of one epoch, and whether anything but zeros follows the last of them."""

    blocks: list[Block]
    dirty: bool

    @property
    def head(self) -> Head:
        return Head(self.blocks[-1].last_seq, self.blocks[-1].hash) if self.blocks else Head()


def read_epochs(
    files: Mapping[str, bytes | bytearray], rotten: Mapping[tuple[int, int], Block]
) -> dict[int, Epoch]:
    """What stands in the segment files, epoch by epoch, up to the first break in each.

    A `rotten` block in the middle is taken as it was: a start goes past it only if a snapshot
    holds what it said, else the product has to call it damage.
    """
    names = sorted(name for file in files if (name := parse_name(file)) is not None)
    begins = {(name.epoch, name.first_seq) for name in names}
    found: dict[int, Epoch] = {}
    for name in names:
        blocks, dirty = found.get(name.epoch, Epoch([], False))
        if name.first_seq == (blocks[-1].last_seq + 1 if blocks else 1):
            known = {
                seq: block for (epoch, seq), block in rotten.items() if epoch == name.epoch
            }  # fmt: skip
            firsts = {seq for epoch, seq in begins if epoch == name.epoch}
            dirty = _read(bytes(files[name.file]), blocks, known, firsts)
        found[name.epoch] = Epoch(blocks, dirty)
    return found


def _read(raw: bytes, blocks: list[Block], rotten: Mapping[int, Block], begins: set[int]) -> bool:
    at = FIRST_BLOCK_AT
    while at < len(raw):
        seq, digest = (blocks[-1].last_seq, blocks[-1].hash) if blocks else (0, bytes(32))
        block, known = _whole(raw, at), rotten.get(seq + 1)
        if known is not None and (block is None or block.raw != known.raw):
            # Broken; perhaps only its signature, which this reader leaves to the product.
            block = known
            after = _whole(raw, at + disk_bytes(len(block.raw)))
            chained = after is not None and after.previous == block.hash
            if not chained and block.last_seq + 1 not in begins:
                break
        if block is None or (block.first_seq, block.previous) != (seq + 1, digest):
            break
        blocks.append(block)
        at += disk_bytes(len(block.raw))
    return any(raw[at:])


def _whole(raw: bytes, at: int) -> Block | None:
    try:
        return read_untrusted(raw, at)[0]
    except BadBlock:
        return None


def read_log(epochs: Mapping[int, Epoch]) -> list[Read]:
    """Every fact, in the order of the log."""
    log = []
    for epoch in sorted(epochs):
        for block in epochs[epoch].blocks:
            for seq, fact in enumerate(decode_facts_untrusted(block.body), block.first_seq):
                log.append(Read(epoch, seq, fact))
    return log
