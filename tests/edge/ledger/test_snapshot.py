"""Snapshots shorten a start, and nothing else."""

from __future__ import annotations

import pytest

from crypto.block import Head
from edge.ledger import snapshot
from edge.ledger.errors import LedgerDamaged
from edge.ledger.recover import Helpers
from tests.edge.ledger.faulty_disk import FaultyDisk, PowerCut
from tests.edge.ledger.logs import GATEWAY, Seen, fetch_from, moment, start, write


def snap(disk: FaultyDisk, seen: Seen, state: bytes = b"state") -> bytes:
    writer = seen.recovered.writer
    vector = {(GATEWAY, epoch): head for epoch, head in seen.recovered.heads.items()}
    vector[GATEWAY, writer.epoch] = writer.head
    return snapshot.store(disk, (writer.epoch, writer.head.seq), vector, state)


def test_a_snapshot_comes_back_as_it_was_and_any_change_is_noticed() -> None:
    vector = {(b"g" * 16, 7): Head(3, b"h" * 32), (b"a" * 16, 9): Head(1, b"i" * 32)}
    raw = snapshot.encode(vector, b"opaque")
    found = snapshot.decode(raw)
    assert found == snapshot.Snapshot(vector, b"opaque", raw[-32:])
    for bit in range(0, len(raw) * 8, 5):
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        assert snapshot.decode(bytes(changed)) is None
    for size in range(len(raw)):
        assert snapshot.decode(raw[:size]) is None


def test_a_start_from_a_snapshot_replays_only_what_follows() -> None:
    disk = FaultyDisk()
    seen = start(disk)
    write(seen, range(30))
    snap(disk, seen)
    write(seen, range(30, 40))
    again = start(disk)
    assert again.states == [b"state"]
    assert again.numbers == list(range(30, 40))
    assert again.recovered.writer.head == seen.recovered.writer.head


def test_a_start_from_a_snapshot_at_the_very_end() -> None:
    for count in (5, 14, 15, 29):  # also where a segment ends
        disk = FaultyDisk()
        seen = start(disk)
        write(seen, range(count))
        snap(disk, seen)
        again = start(disk)
        assert again.numbers == []
        assert again.recovered.begun is None
        write(again, range(count, count + 3))
        assert start(disk).numbers == list(range(count, count + 3))


def test_a_broken_snapshot_is_ignored_for_the_one_before(caplog: pytest.LogCaptureFixture) -> None:
    disk = FaultyDisk()
    seen = start(disk)
    write(seen, range(10))
    snap(disk, seen, b"old")
    write(seen, range(10, 20))
    snap(disk, seen, b"new")
    disk.flip(snapshot.files(disk)[0], 555)
    again = start(disk)
    assert again.states == [b"old"]
    assert again.numbers == list(range(10, 20))
    assert "is damaged and is ignored" in caplog.text


def test_a_snapshot_whose_state_is_not_understood_is_ignored() -> None:
    disk = FaultyDisk()
    seen = start(disk)
    write(seen, range(10))
    snap(disk, seen)
    from edge.ledger.recover import recover
    from tests.edge.ledger.logs import SMALL, WHO

    def refuse(_: bytes) -> None:
        raise ValueError("written by a newer version")

    facts: list[object] = []
    recover(disk, WHO, moment(), SMALL, load=refuse, fold=lambda b, f: facts.extend(f))
    assert len(facts) == 11


def test_only_the_newest_two_are_kept() -> None:
    disk = FaultyDisk()
    seen = start(disk)
    for number in range(4):
        write(seen, range(number, number + 1))
        snap(disk, seen)
    assert len(snapshot.files(disk)) == snapshot.KEEP_COUNT
    assert snapshot.files(disk)[0] == snapshot.name_of(seen.recovered.writer.epoch, 5)


def test_a_crash_while_storing_leaves_the_old_ones() -> None:
    for step in range(1, 8):
        disk = FaultyDisk()
        seen = start(disk)
        snap(disk, seen, b"old")
        write(seen, range(3))
        disk.cut_power_at_step = disk.steps + step
        try:
            snap(disk, seen, b"new")
        except PowerCut:
            disk.crash(lambda n: False)
        disk.cut_power_at_step = None
        assert start(disk).states in ([b"old"], [b"new"])


def test_damage_that_a_snapshot_covers_does_not_keep_the_gate_shut() -> None:
    disk = FaultyDisk()
    seen = start(disk)
    write(seen, range(10))
    snap(disk, seen)
    write(seen, range(10, 12))
    place = seen.recovered.writer.place
    assert place is not None
    disk.flip(place.segment.file, (4096 * 3 + 50) * 8)
    assert start(disk).numbers == [10, 11]


def test_a_log_that_ends_before_its_snapshot_is_refetched_or_said() -> None:
    disk = FaultyDisk()
    seen = start(disk)
    blocks = [*seen.blocks, *write(seen, range(6))]
    snap(disk, seen)
    place = seen.recovered.writer.place
    assert place is not None
    disk.files[place.segment.file][place.at - 8192 :] = bytes(len(
        disk.files[place.segment.file]) - place.at + 8192)  # fmt: skip
    with pytest.raises(LedgerDamaged, match="snapshot"):
        start(disk.copy())
    again = start(disk, helpers=Helpers((), fetch_from(blocks)))
    assert again.recovered.put_back == 2
    assert start(disk).states == [b"state"]
