"""A block that the disk put in another's place may be the only copy of it: repair loses none."""

from __future__ import annotations

import pytest

from crypto.block import Block
from edge.ledger.astray import SUFFIX, Astray
from edge.ledger.audit import audit
from edge.ledger.errors import LedgerDamaged
from edge.ledger.mend import offered, repair
from edge.ledger.segments import SegmentName, segments_of
from tests.edge.ledger.faulty_disk import FaultyDisk, PowerCut
from tests.edge.ledger.logs import GATEWAY, NOW_S, moment, start, write
from tests.edge.ledger.test_faults import check_all_there

PAGE = 4096


def misdirected(onto: int, *, then: int = 0, facts: int = 10) -> tuple[FaultyDisk, list[Block]]:
    """A log whose block after `facts` facts landed on page `onto`, and all blocks acknowledged."""
    disk = FaultyDisk()
    seen = start(disk)
    blocks = [*seen.blocks, *write(seen, range(facts))]
    first = segments_of(disk)[0].file
    disk.misdirect = lambda name, at, data: (first, onto * PAGE)
    blocks += write(seen, range(facts, facts + 1))
    # The seam syncs the file that was meant; the stray page reaches the medium as well.
    disk.datasync(first)
    return disk, blocks + write(seen, range(facts + 1, facts + 1 + then))


@pytest.mark.parametrize(("onto", "then"), [(3, 0), (1, 0), (10, 0), (3, 4)])
def test_the_only_copy_of_an_acknowledged_block_goes_to_its_own_place(onto: int, then: int) -> None:
    disk, blocks = misdirected(onto, then=then)
    lost = blocks[onto - 1]
    with pytest.raises(LedgerDamaged):
        start(disk.copy())
    put_back, found = repair(disk, None, *offered([lost]))
    assert (put_back, found.facts) == (2, len(blocks))
    assert not [file for file in disk.list() if file.endswith(SUFFIX)], "it stands in its place"
    check_all_there(start(disk), blocks)


def test_it_goes_to_a_new_segment_when_that_is_its_place() -> None:
    disk, blocks = misdirected(3, facts=14)
    assert len(segments_of(disk)) == 2, "the segment was taken before the write went astray"
    repair(disk, None, *offered([blocks[2]]))
    check_all_there(start(disk), blocks)


def test_a_power_cut_at_any_step_of_the_repair_loses_nothing() -> None:
    whole, blocks = misdirected(3)
    for step in range(1, 40):
        disk = whole.copy()
        disk.cut_power_at_step = step
        try:
            repair(disk, None, *offered([blocks[2]]))
        except PowerCut:
            disk.crash(lambda sector: sector % 2 == 0)
            repair(disk, None, *offered([blocks[2]]))
        else:
            break
        check_all_there(start(disk), blocks)
    assert 5 < step < 39


def test_what_does_not_fit_anywhere_is_kept() -> None:
    """Written over by hand: another history's block is evidence, not rubbish."""
    disk = FaultyDisk()
    seen = start(disk)
    blocks = [*seen.blocks, *write(seen, range(6))]
    other = FaultyDisk()
    fork = write(start(other), range(50, 53))[-1]
    name = segments_of(disk)[0]
    disk.write_at(name.file, 3 * PAGE, fork.raw.ljust(PAGE, b"\0"))
    disk.datasync(name.file)
    repair(disk, None, *offered([blocks[2]]))
    (kept,) = [file for file in disk.list() if file.endswith(SUFFIX)]
    assert disk.read(kept, 0, PAGE) == fork.raw
    assert audit(disk).facts == 7
    again = Astray(disk, GATEWAY)
    assert [head.hash for head in again.heads(NOW_S)] == [fork.hash]


def test_what_stands_behind_the_end_is_kept_before_it_is_cleaned() -> None:
    disk = FaultyDisk()
    seen = start(disk)
    blocks = [*seen.blocks, *write(seen, range(6))]
    behind = write(start(FaultyDisk(), when=moment(now_s=NOW_S + 1)), range(50, 52))[-1]
    name = segments_of(disk)[0]
    disk.flip(name.file, 7 * PAGE * 8 + 900)
    disk.write_at(name.file, 9 * PAGE, behind.raw.ljust(PAGE, b"\0"))
    disk.datasync(name.file)
    with pytest.raises(LedgerDamaged):
        repair(disk, None, *offered([]))
    repair(disk, None, *offered([blocks[6]]))
    assert [disk.read(file, 0, PAGE) for file in disk.list() if file.endswith(SUFFIX)] == [
        behind.raw
    ]


def test_other_gateways_and_what_is_put_back_are_not_kept() -> None:
    disk = FaultyDisk()
    seen = start(disk)
    block = write(seen, range(1))[0]
    name = SegmentName(NOW_S, 1)
    Astray(disk, GATEWAY).keep(name, PAGE * 2, PAGE, instead=block)
    Astray(disk, b"gateway number 9").keep(name, PAGE, PAGE * 2)
    assert not [file for file in disk.list() if file.endswith(SUFFIX)]
