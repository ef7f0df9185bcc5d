"""Which segments may go: all three conditions, each alone is not enough."""

from __future__ import annotations

from edge.ledger import snapshot
from edge.ledger.retention import deletable
from edge.ledger.segments import segments_of
from tests.edge.ledger.faulty_disk import FaultyDisk
from tests.edge.ledger.logs import GATEWAY, NOW_S, start, write
from tests.edge.ledger.test_snapshot import snap

LATER_MS = NOW_S * 1000 + 1


def test_receipted_and_old_and_before_a_proven_snapshot() -> None:
    disk = FaultyDisk()
    seen = start(disk)
    write(seen, range(50))
    digest = snap(disk, seen)
    names = segments_of(disk)
    assert len(names) == 4

    def asked(receipted: int, digests: set[bytes], before_ms: int) -> list[int]:
        found = deletable(
            disk, GATEWAY, receipted={NOW_S: receipted}, digests=digests, before_ms=before_ms
        )
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
    names = segments_of(disk)
    found = deletable(disk, GATEWAY, receipted={NOW_S: 51}, digests=digests, before_ms=LATER_MS)
    assert found == names[:1]
    disk.flip(snapshot.files(disk)[0], 100)
    assert deletable(
        disk, GATEWAY, receipted={NOW_S: 51}, digests=digests, before_ms=LATER_MS
    ) == []  # fmt: skip


def test_a_start_without_the_deleted_segments() -> None:
    disk = FaultyDisk()
    seen = start(disk)
    write(seen, range(50))
    digest = snap(disk, seen)
    write(seen, range(50, 55))
    for name in deletable(
        disk, GATEWAY, receipted={NOW_S: 56}, digests={digest}, before_ms=LATER_MS
    ):
        disk.remove(name.file)
    again = start(disk)
    assert again.states == [b"state"]
    assert again.numbers == list(range(50, 55))
    assert again.recovered.begun is None
