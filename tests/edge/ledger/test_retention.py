"""Which segments may go: all conditions, each alone is not enough; and a start without them."""

from __future__ import annotations

import pytest

from crypto.entry import SnapshotTaken, encode_fact
from edge.ledger import first_block, snapshot
from edge.ledger.audit import audit
from edge.ledger.errors import LedgerDeleted
from edge.ledger.reading import Reading
from edge.ledger.recover import Helpers
from edge.ledger.retention import covered, deletable, delete, proven
from edge.ledger.segments import SegmentName, segments_of
from tests.edge.ledger.faulty_disk import FaultyDisk
from tests.edge.ledger.logs import GATEWAY, NOW_S, Seen, fetch_from, moment, start, write
from tests.edge.ledger.test_snapshot import snap

LATER_MS = NOW_S * 1000 + 1
ENDS = {NOW_S: 51}


def old(
    disk: FaultyDisk, digests: set[bytes], *, receipted: dict[int, int] | None = None,
    before_ms: int = LATER_MS, ends: dict[int, int] | None = None,
) -> list[SegmentName]:  # fmt: skip
    return deletable(
        disk, ends=ends or ENDS, covered=covered(disk, GATEWAY, digests),
        receipted=receipted or ENDS, before_ms=before_ms,
    )  # fmt: skip


def record(seen: Seen, digest: bytes, through_seq: int) -> None:
    taken = SnapshotTaken((NOW_S * 1000 << 16) + 9000, 20260922, 120, digest, through_seq)
    seen.recovered.writer.commit([(encode_fact(taken), taken.hlc)])


def test_receipted_and_old_and_before_a_proven_snapshot() -> None:
    disk = FaultyDisk()
    seen = start(disk)
    write(seen, range(50))
    digest = snap(disk, seen)
    names = segments_of(disk)
    assert len(names) == 4

    def asked(receipted: int, digests: set[bytes], before_ms: int) -> list[int]:
        found = old(disk, digests, receipted={NOW_S: receipted}, before_ms=before_ms)
        return [names.index(name) for name in found]

    assert asked(51, {digest}, LATER_MS) == [0, 1, 2], "never the one in use"
    assert asked(29, {digest}, LATER_MS) == [0]
    assert asked(30, {digest}, LATER_MS) == [0, 1]
    assert asked(0, {digest}, LATER_MS) == []
    assert asked(51, set(), LATER_MS) == []
    assert asked(51, {digest}, NOW_S * 1000) == []


def test_every_snapshot_that_is_kept_must_cover_it() -> None:
    disk = FaultyDisk()
    seen = start(disk)
    write(seen, range(20))
    digests = {snap(disk, seen)}
    write(seen, range(20, 50))
    digests.add(snap(disk, seen))
    assert old(disk, digests) == segments_of(disk)[:1]
    disk.flip(snapshot.files(disk)[0], 100)
    assert old(disk, digests) == []


def test_the_end_of_an_old_epoch_stays_when_the_snapshot_was_taken_in_its_middle() -> None:
    disk = FaultyDisk()
    seen = start(disk)
    write(seen, range(20))
    digest = snap(disk, seen)
    write(seen, range(20, 25))
    name = segments_of(disk)[-1]
    disk.write_at(name.file, 13 * 4096, b"torn")
    disk.datasync(name.file)
    start(disk, when=moment(now_s=NOW_S + 9))
    assert [n.epoch for n in segments_of(disk)] == [NOW_S, NOW_S, NOW_S + 9]
    ends = {NOW_S: 26, NOW_S + 9: 1}
    found = old(disk, {digest}, ends=ends, receipted=ends)
    assert found == [SegmentName(NOW_S, 1)], "facts 22 to 26 are in no snapshot"


def test_a_snapshot_is_proven_by_a_durable_fact_alone() -> None:
    disk = FaultyDisk()
    seen = start(disk)
    write(seen, range(20))
    digest = snap(disk, seen)
    write(seen, range(20, 40))
    assert proven(disk, GATEWAY, {NOW_S: 41}) == set()
    record(seen, digest, 21)
    assert proven(disk, GATEWAY, {NOW_S: 41}) == set(), "not durable yet, for all it knows"
    assert proven(disk, GATEWAY, {NOW_S: 42}) == {digest}
    record(seen, bytes(32), 42)
    assert proven(disk, GATEWAY, {NOW_S: 43}) == {digest}


def shortened() -> tuple[FaultyDisk, Seen, bytes]:
    """A log of 56 facts whose first segments are deleted."""
    disk = FaultyDisk()
    seen = start(disk)
    write(seen, range(50))
    digest = snap(disk, seen)
    write(seen, range(50, 55))
    names = old(disk, {digest}, ends={NOW_S: 56}, receipted={NOW_S: 56})
    assert delete(disk, names) == names
    assert segments_of(disk)[0].first_seq > 30
    return disk, seen, digest


def test_a_start_without_the_deleted_segments() -> None:
    disk, _, _ = shortened()
    again = start(disk)
    assert again.states == [b"state"]
    assert again.numbers == list(range(50, 55))
    assert again.recovered.begun is None


def test_an_audit_says_from_where_it_checked_even_without_the_key_file() -> None:
    disk, _, _ = shortened()
    first = segments_of(disk)[0]
    found = audit(disk)
    assert found.begins == (NOW_S, first.first_seq)
    assert found.facts == 56 - first.first_seq + 1
    disk.wipe([file for file in disk.list() if file.endswith(".key")])
    assert audit(disk) == found
    whole = FaultyDisk()
    start(whole)
    assert audit(whole).begins is None


def test_without_a_snapshot_the_deleted_facts_come_from_whoever_has_them() -> None:
    disk = FaultyDisk()
    seen = start(disk)
    blocks = [*seen.blocks, *write(seen, range(50))]
    digest = snap(disk, seen)
    blocks += write(seen, range(50, 55))
    delete(disk, old(disk, {digest}, ends={NOW_S: 56}, receipted={NOW_S: 56}))
    disk.wipe(snapshot.files(disk))
    with pytest.raises(LedgerDeleted, match="the centre, which receipted them, has them still"):
        start(disk.copy())
    with pytest.raises(LedgerDeleted):
        start(disk.copy(), helpers=Helpers((), fetch_from(blocks[:9])))
    names = segments_of(disk)
    again = start(disk, helpers=Helpers((), fetch_from(blocks)))
    assert again.numbers == list(range(55)), "a full replay"
    assert again.recovered.begun is None
    assert segments_of(disk) == names, "and nothing was written back"


def test_an_epoch_that_is_gone_as_a_whole_is_not_forgotten() -> None:
    """Without a snapshot a start must not open as if it had never been."""
    disk = FaultyDisk()
    seen = start(disk)
    blocks = [*seen.blocks, *write(seen, range(5))]
    disk.wipe([file for file in disk.list() if file.endswith(".key")])
    later = start(disk, when=moment(2, now_s=NOW_S + 9))
    assert later.recovered.begun == "key-lost"
    blocks += [*later.blocks[-1:], *write(later, range(5, 30))]
    digest = snap(disk, later)
    ends = {NOW_S: 6, NOW_S + 9: 26}
    gone = delete(disk, old(disk, {digest}, ends=ends, receipted=ends))
    assert {name.epoch for name in gone} == set(ends), "of the second epoch the first segment, too"
    assert start(disk).states == [b"state"]
    disk.wipe(snapshot.files(disk))
    with pytest.raises(LedgerDeleted):
        start(disk.copy())
    assert start(disk, helpers=Helpers((), fetch_from(blocks))).numbers == list(range(30))


def test_whoever_asks_for_deleted_facts_is_told_that_they_are_deleted() -> None:
    disk, _, _ = shortened()
    first = segments_of(disk)[0].first_seq
    reading = Reading(disk)
    assert reading.run_from(NOW_S, first, 1, 56)[0].first_seq == first
    with pytest.raises(LedgerDeleted) as told:
        reading.run_from(NOW_S, 3, 1, 56)
    assert (told.value.seq, told.value.through_seq) == (3, first - 1)


def test_a_segment_stays_while_its_first_block_cannot_be_kept() -> None:
    disk = FaultyDisk()
    seen = start(disk)
    write(seen, range(50))
    digest = snap(disk, seen)
    names = old(disk, {digest})
    room, disk.capacity_bytes = disk.capacity_bytes, 0
    assert delete(disk, names) == []
    disk.capacity_bytes = room
    disk.flip(names[0].file, 4096 * 8 + 900)
    assert delete(disk, names) == []
    assert segments_of(disk)[:3] == names
    assert first_block.epochs(disk) == []


def test_of_a_log_that_may_still_grow_the_end_of_each_epoch_stays() -> None:
    disk = FaultyDisk()
    seen = start(disk)
    write(seen, range(20))
    disk.wipe([file for file in disk.list() if file.endswith(".key")])
    later = start(disk, when=moment(2, now_s=NOW_S + 9))
    write(later, range(20, 50))
    ends = {NOW_S: 21, NOW_S + 9: 31}
    names = segments_of(disk)

    def found(growing: bool) -> list[SegmentName]:
        return deletable(
            disk, ends=ends, covered=ends, receipted=ends, before_ms=LATER_MS, growing=growing
        )

    assert found(False) == names[:-1]
    assert found(True) == [names[0], *names[2:-1]]
