"""Every way a disk fails, against one promise: an acknowledged fact is there, or its loss is said.

"Said" is `LedgerDamaged`, or a cut that begins a new epoch. Nothing may be cut in silence, and no
sequence number may ever stand for two different facts.
"""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.block import ALIGN_BYTES, Block
from crypto.entry import encode_fact
from edge.ledger import segments
from edge.ledger.audit import audit
from edge.ledger.errors import LedgerDamaged, StorageFailed
from edge.ledger.mend import offered, repair
from edge.ledger.recover import Helpers, KnownHead
from tests.edge.ledger.faulty_disk import FaultyDisk, PowerCut
from tests.edge.ledger.logs import Seen, fact, fetch_from, moment, start, write

# All starts but the first come a little later and with new dice, as in life.
_later = itertools.count(2)


def restart(disk: FaultyDisk, helpers: Helpers | None = None) -> Seen:
    return start(disk, helpers=helpers, when=moment(next(_later) % 250))


def half_written(facts: int) -> tuple[FaultyDisk, list[Block], int]:
    """A disk with five durable blocks and one that is written and not synced."""
    disk = FaultyDisk()
    seen = start(disk)
    blocks = [*seen.blocks, *write(seen, range(5))]
    disk.fail_sync = True
    with pytest.raises(StorageFailed):
        # The sync fails before it drops anything: keep what was written as unsynced.
        disk_unsynced = disk.unsynced
        pending = [(encode_fact(fact(n)), fact(n).hlc) for n in range(5, 5 + facts)]
        seen.recovered.writer.commit(pending)
    place = seen.recovered.writer.place
    assert place is not None
    disk.fail_sync = False
    raw = disk_unsynced[-1]
    disk.unsynced = [raw]
    return disk, blocks, disk.unsynced_sectors()


def check_torn(facts: int, kept: set[int]) -> None:
    disk, blocks, sectors = half_written(facts)
    epoch, head = blocks[-1].epoch, blocks[-1].last_seq
    disk.crash(lambda n: n in kept)
    name = segments.segments_of(disk)[0].file
    after = ALIGN_BYTES * (1 + len(blocks))
    dirty = any(disk.files[name][after:])
    seen = restart(disk)
    assert seen.numbers[:5] == list(range(5))
    if seen.recovered.writer.epoch == epoch:
        # Either nothing of it reached the medium, or all of it: then it counts, whole.
        assert not dirty or seen.numbers == list(range(5 + facts))
        assert seen.recovered.writer.head.seq == head + (facts if dirty else 0)
    else:
        assert dirty and seen.recovered.begun == "cut"
        assert seen.numbers == list(range(5))
    assert restart(disk).recovered.begun is None


@pytest.mark.parametrize("low", range(0, 256, 32))
def test_every_sector_subset_of_a_torn_page(low: int) -> None:
    for bits in range(low, low + 32):
        check_torn(1, {n for n in range(8) if bits >> n & 1})


@settings(max_examples=60)
@given(st.sets(st.integers(0, 23)))
def test_sector_subsets_of_a_block_of_three_pages(kept: set[int]) -> None:
    check_torn(200, kept)


def test_power_cut_at_every_step_of_a_life() -> None:
    """Also in the middle of starts, cuts and new segments; each crash keeps random sectors."""
    whole = FaultyDisk()
    live(whole, [])
    for step in range(1, whole.steps + 1, 1):
        dice = random.Random(step)
        disk = FaultyDisk()
        acknowledged: list[Block] = []
        disk.cut_power_at_step = step
        for _ in range(3):  # the second life is cut early as well, often while it recovers
            try:
                live(disk, acknowledged)
            except PowerCut:
                disk.crash_by(dice)
                disk.cut_power_at_step = disk.steps + dice.randrange(1, 12)
        disk.cut_power_at_step = None
        seen = restart(disk)
        check_all_there(seen, acknowledged)


def test_power_cut_at_every_step_of_a_cut_never_reuses_a_number() -> None:
    """The dirt behind the last block is the only witness: it goes after the new epoch is there."""
    for step in range(1, 20):
        disk, blocks = a_log(4)
        name, at = place_of(disk, blocks[-1])
        disk.flip(name, at * 8 + 1000)
        disk.cut_power_at_step = disk.steps + step
        try:
            restart(disk)
        except PowerCut:
            disk.crash_by(random.Random(step))
        disk.cut_power_at_step = None
        seen = restart(disk)
        assert seen.recovered.writer.epoch > blocks[-1].epoch
        check_all_there(seen, blocks[:-1])


def live(disk: FaultyDisk, acknowledged: list[Block]) -> None:
    seen = restart(disk)
    for number in range(20):
        acknowledged += write(seen, range(number * 3, number * 3 + 3), per_block=3)


def check_all_there(seen: Seen, acknowledged: list[Block]) -> None:
    here = {(b.epoch, b.first_seq): b.hash for b in seen.blocks}
    for block in acknowledged:
        assert here.get((block.epoch, block.first_seq)) == block.hash


def a_log(blocks: int = 25) -> tuple[FaultyDisk, list[Block]]:
    """Two segments, the second one in use."""
    disk = FaultyDisk()
    seen = start(disk)
    return disk, [*seen.blocks, *write(seen, range(blocks * 2), per_block=2)]


def check_said_and_mended(disk: FaultyDisk, blocks: list[Block]) -> None:
    """Nobody else is asked: all there, or said. Then with a copy elsewhere: all there."""
    alone = disk.copy()
    try:
        seen = restart(alone)
    except LedgerDamaged as damaged:
        assert damaged.epoch == blocks[0].epoch
        broken = damaged.seq
        assert any(b.first_seq == broken for b in blocks)
        assert {n: bytes(f) for n, f in alone.files.items() if "spare" not in n} == {
            n: bytes(f) for n, f in disk.files.items() if "spare" not in n
        }, "a damaged ledger is left as it is"
    else:
        if seen.recovered.begun is None:
            check_all_there(seen, blocks)
        else:
            assert seen.recovered.begun == "cut"
            check_all_there(seen, blocks[:-1])
    put_back, found = repair(disk, None, *offered(blocks))
    assert found.facts == blocks[-1].last_seq
    check_all_there(restart(disk), blocks)


@settings(max_examples=150)
@given(st.data())
def test_any_flipped_bit_is_said_and_mended(data: st.DataObject) -> None:
    disk, blocks = a_log()
    number = data.draw(st.integers(0, len(blocks) - 1), label="block")
    length = len(blocks[number].raw)
    bit = data.draw(st.integers(0, length * 8 - 1), label="bit")
    name, at = place_of(disk, blocks[number])
    disk.flip(name, at * 8 + bit)
    with pytest.raises(LedgerDamaged) as caught:
        audit(disk)
    assert caught.value.seq == blocks[number].first_seq
    check_said_and_mended(disk, blocks)


@settings(max_examples=60)
@given(st.data())
def test_a_flipped_bit_outside_the_blocks_loses_nothing(data: st.DataObject) -> None:
    disk, blocks = a_log()
    name = data.draw(st.sampled_from([n.file for n in segments.segments_of(disk)]))
    disk.flip(name, data.draw(st.integers(0, ALIGN_BYTES * 8 - 1)))
    check_all_there(restart(disk), blocks)


def place_of(disk: FaultyDisk, block: Block) -> tuple[str, int]:
    for name in segments.segments_of(disk):
        at = bytes(disk.files[name.file]).find(block.raw)
        if at >= 0:
            return name.file, at
    raise AssertionError("the block is not on the disk")


@pytest.mark.parametrize("when", [3, 13, 14, 24])
@pytest.mark.parametrize("where", range(1, 16, 2))
@pytest.mark.parametrize("segment", [0, -1])
def test_a_misdirected_write(when: int, where: int, segment: int) -> None:
    """Acknowledged, and yet it stands on another page, perhaps over an older block."""
    disk = FaultyDisk()
    seen = start(disk)
    blocks = list(seen.blocks)
    for number in range(25):
        if number == when:
            name = segments.segments_of(disk)[segment].file
            disk.misdirect = lambda _, at, data, name=name: (name, where * ALIGN_BYTES)
        blocks += write(seen, range(number * 2, number * 2 + 2), per_block=2)
    check_said_and_mended(disk, blocks)


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_a_disk_that_lies_about_its_last_syncs_is_found_out_by_who_else_knows(lost: int) -> None:
    disk = FaultyDisk()
    seen = start(disk)
    blocks = [*seen.blocks, *write(seen, range(10))]
    disk.lose_sync = True
    blocks += write(seen, range(10, 10 + lost))
    disk.lose_sync = False
    disk.crash(lambda _: False)
    known = [KnownHead(blocks[-1].epoch, blocks[-1].last_seq, blocks[-1].hash, "a sibling")]
    with pytest.raises(LedgerDamaged, match="a sibling holds"):
        restart(disk.copy(), Helpers(known))
    again = restart(disk, Helpers(known, fetch_from(blocks)))
    assert again.recovered.put_back == lost
    assert again.recovered.begun is None
    check_all_there(again, blocks)


def test_a_rotten_last_block_is_refetched_bit_by_bit() -> None:
    disk, blocks = a_log(4)
    name, at = place_of(disk, blocks[-1])
    for bit in range(0, len(blocks[-1].raw) * 8, 37):
        copy = disk.copy()
        copy.flip(name, at * 8 + bit)
        seen = restart(copy, Helpers((), fetch_from(blocks)))
        assert seen.recovered.begun is None
        check_all_there(seen, blocks)


def test_blocks_that_do_not_fit_are_never_put_back() -> None:
    disk, blocks = a_log(4)
    other = FaultyDisk()
    forged = start(other, when=moment(99))
    foreign = [*forged.blocks, *write(forged, range(50, 58), per_block=2)]
    name, at = place_of(disk, blocks[-1])
    disk.flip(name, at * 8 + 1000)
    seen = restart(disk, Helpers((), fetch_from(foreign)))
    assert seen.recovered.put_back == 0
    assert seen.recovered.begun == "cut"
    check_all_there(seen, blocks[:-1])


def test_a_block_that_was_cut_and_turns_up_later_is_folded_after_all() -> None:
    disk, blocks = a_log(4)
    name, at = place_of(disk, blocks[-1])
    disk.flip(name, at * 8 + 1000)
    cut = restart(disk)
    write(cut, range(100, 104))
    assert cut.recovered.begun == "cut"
    known = [KnownHead(blocks[-1].epoch, blocks[-1].last_seq, blocks[-1].hash, "a sibling")]
    found = restart(disk, Helpers(known, fetch_from(blocks)))
    check_all_there(found, blocks)
    assert found.recovered.writer.epoch == cut.recovered.writer.epoch


def test_a_fork_of_our_own_log_is_said() -> None:
    disk, blocks = a_log(4)
    known = [KnownHead(blocks[-1].epoch, blocks[-1].last_seq, b"\x77" * 32, "the centre")]
    with pytest.raises(LedgerDamaged, match="others hold a different block"):
        restart(disk, Helpers(known))


def test_eio_at_any_sync_loses_nothing_that_was_acknowledged() -> None:
    for when in range(1, 30):
        disk = FaultyDisk()
        seen = start(disk)
        blocks = list(seen.blocks)
        with pytest.raises(StorageFailed):
            for number in range(40):
                disk.fail_sync = number == when
                blocks += write(seen, range(number, number + 1))
        disk.fail_sync = False
        disk.crash_by(random.Random(when))
        check_all_there(restart(disk), blocks)


def test_missing_segments_are_said() -> None:
    disk, blocks = a_log()
    first = segments.segments_of(disk)[0]
    disk.wipe([first.file])
    with pytest.raises(LedgerDamaged) as caught:
        restart(disk)
    assert caught.value.seq == 1


def test_a_lost_epoch_key_begins_a_new_epoch() -> None:
    disk, blocks = a_log(4)
    disk.wipe([n for n in disk.list() if n.endswith(".key")])
    seen = restart(disk)
    assert seen.recovered.begun == "key-lost"
    check_all_there(seen, blocks)
