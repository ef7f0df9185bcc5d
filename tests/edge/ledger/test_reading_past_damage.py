"""Settlement goes on behind a block that rotted, once the centre holds what it said."""

from __future__ import annotations

import pytest

from crypto.block import ALIGN_BYTES
from edge.ledger import segments
from edge.ledger.errors import LedgerDamaged
from edge.ledger.reading import Reading
from tests.edge.ledger.faulty_disk import FaultyDisk
from tests.edge.ledger.logs import start, write


@pytest.mark.parametrize("bit", [0, 8 * 100], ids=["header", "body"])
def test_a_broken_block_before_what_is_asked_for_is_passed(bit: int) -> None:
    disk = FaultyDisk()
    seen = start(disk)
    blocks = [*seen.blocks, *write(seen, range(20), per_block=2)]
    name, broken = segments.segments_of(disk)[0], 3
    disk.flip(name.file, (ALIGN_BYTES * (1 + broken)) * 8 + bit)
    reading, end = Reading(disk), blocks[-1].last_seq
    after = blocks[broken + 1].first_seq
    for seq in (after, after + 1, after + 2, end):
        run = reading.run_from(blocks[0].epoch, seq, 1 << 20, end)
        assert run == [b for b in blocks if b.last_seq >= seq]
    for seq in (1, blocks[broken].first_seq, blocks[broken].last_seq):
        with pytest.raises(LedgerDamaged) as damaged:
            Reading(disk).run_from(blocks[0].epoch, seq, 1 << 20, end)
        assert damaged.value.seq == blocks[broken].first_seq
