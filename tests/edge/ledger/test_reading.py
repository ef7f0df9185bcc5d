"""Durable blocks from memory and from disk are the same blocks; rot is said, not handed out."""

from __future__ import annotations

import pytest

from edge.ledger.errors import LedgerDamaged
from edge.ledger.reading import RECENT_BLOCKS_MAX, Reading
from edge.ledger.segments import segments_of
from tests.edge.ledger.faulty_disk import FaultyDisk
from tests.edge.ledger.logs import NOW_S, start, write


def test_memory_and_disk_give_the_same_run() -> None:
    disk = FaultyDisk()
    seen = start(disk)
    blocks = [*seen.blocks, *write(seen, range(60), per_block=2)]
    warm, cold = Reading(disk), Reading(disk)
    for block in blocks[10:]:
        warm.add(block)
    for seq in range(1, 62):
        run = cold.run_from(NOW_S, seq, 1 << 20, 61)
        assert run == [b for b in blocks if b.last_seq >= seq]
        assert warm.run_from(NOW_S, seq, 1 << 20, 61) == run
    assert cold.run_from(NOW_S, 62, 1 << 20, 61) == []
    assert cold.run_from(NOW_S, 1, 1 << 20, 11) == blocks[:6], "nothing beyond what is durable"


def test_a_reader_that_goes_on_gets_each_block_once() -> None:
    disk = FaultyDisk()
    seen = start(disk)
    blocks = [*seen.blocks, *write(seen, range(60))]
    reading, got, due = Reading(disk), [], 1
    while run := reading.run_from(NOW_S, due, 700, 61):
        got += run
        due = run[-1].last_seq + 1
    assert got == blocks


def test_rot_is_said() -> None:
    disk = FaultyDisk()
    write(start(disk), range(20))
    disk.flip(segments_of(disk)[0].file, 4096 * 6 * 8 + 900)
    with pytest.raises(LedgerDamaged) as caught:
        Reading(disk).run_from(NOW_S, 1, 1 << 20, 21)
    assert caught.value.seq == 6
    with pytest.raises(LedgerDamaged, match="not here"):
        Reading(disk).run_from(NOW_S + 1, 1, 1 << 20, 21)


def test_memory_is_bounded() -> None:
    disk = FaultyDisk()
    reading = Reading(disk)
    (block,) = start(disk).blocks
    for _ in range(RECENT_BLOCKS_MAX + 50):
        reading.add(block)
    assert len(reading._recent) == RECENT_BLOCKS_MAX
