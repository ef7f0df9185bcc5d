"""Append and wait: what is promised to lanes and uplink while everything goes well, or does not."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from config.gateway import Ledger as LedgerConfig
from crypto.block import Block
from crypto.entry import decode_facts_untrusted
from edge.ledger.committer import Committer, InlineCommitter, ThreadCommitter, turn
from edge.ledger.errors import LedgerFull, StorageFailed
from edge.ledger.ledger import Ledger
from edge.ledger.spares import Room
from tests.edge.ledger.faulty_disk import FaultyDisk
from tests.edge.ledger.logs import SMALL, fact, start


def opened(
    disk: FaultyDisk, committer: Committer | None = None, config: LedgerConfig = SMALL
) -> Ledger:
    recovered = start(disk, config=config).recovered
    return Ledger(disk, recovered, config, committer or InlineCommitter())


@pytest.mark.trio
@pytest.mark.parametrize("committer", [InlineCommitter, ThreadCommitter])
async def test_facts_of_one_tick_become_one_durable_block(committer: type[Committer]) -> None:
    disk = FaultyDisk()
    ledger = opened(disk, committer())
    told: list[Block] = []
    ledger.on_durable.append(told.extend)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(ledger.run)
        await trio.testing.wait_all_tasks_blocked()
        seqs = [ledger.append(fact(n)) for n in range(10)]
        assert seqs == list(range(2, 12))
        assert ledger.durable.seq == 1, "append itself writes nothing"
        await ledger.wait(seqs[-1])
        assert ledger.durable.seq == 11
        nursery.cancel_scope.cancel()
    ledger.close()
    assert [(b.first_seq, b.count) for b in told] == [(2, 10)]
    assert ledger.heads[ledger.epoch] == ledger.durable
    assert start(disk).numbers == list(range(10))


@pytest.mark.trio
@pytest.mark.parametrize("committer", [InlineCommitter, ThreadCommitter])
async def test_a_waiter_returns_only_when_its_fact_is_on_the_medium(
    committer: type[Committer],
) -> None:
    disk = FaultyDisk()
    ledger = opened(disk, committer())
    durable: list[int] = []

    async def lane(first: int) -> None:
        for number in range(first, first + 20):
            seq = ledger.append(fact(number))
            await ledger.wait(seq)
            medium = disk.copy()
            medium.crash(lambda _: False)
            found = start(medium).facts
            assert (ledger.epoch, seq) in found
            durable.append(number)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ledger.run)
        async with trio.open_nursery() as lanes:
            for first in range(0, 100, 20):
                lanes.start_soon(lane, first)
        nursery.cancel_scope.cancel()
    ledger.close()
    assert sorted(durable) == list(range(100))


class ByHand(InlineCommitter):
    """Writes one block when the test says so."""

    def kick(self) -> None:
        pass

    def one_block(self) -> None:
        self._publish(turn(self._pending, self._writer))


@pytest.mark.trio
async def test_each_waiter_waits_for_its_own_block() -> None:
    hand, woken = ByHand(), []
    config = LedgerConfig(segment_bytes=64 << 10, group_facts_max=2)
    ledger = opened(FaultyDisk(), hand, config)

    async def lane(seq: int) -> None:
        await ledger.wait(seq)
        woken.append(seq)

    async with trio.open_nursery() as nursery:
        for number in range(5):
            nursery.start_soon(lane, ledger.append(fact(number)))
        await trio.testing.wait_all_tasks_blocked()
        for expected in ([2, 3], [2, 3, 4, 5], [2, 3, 4, 5, 6]):
            hand.one_block()
            await trio.testing.wait_all_tasks_blocked()
            assert sorted(woken) == expected


@pytest.mark.trio
async def test_everybody_who_waits_for_one_block_is_woken_again_and_again() -> None:
    ledger = opened(FaultyDisk(), ThreadCommitter())
    woken: list[int] = []

    async def producer(first: int) -> None:
        for number in range(first, first + 3):
            await ledger.wait(ledger.append(fact(number)))
            woken.append(number)

    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ledger.run)
            async with trio.open_nursery() as producers:
                for first in range(0, 30, 3):
                    producers.start_soon(producer, first)
            nursery.cancel_scope.cancel()
    ledger.close()
    assert sorted(woken) == list(range(30))


@pytest.mark.trio
async def test_a_failed_sync_ends_everything_and_is_never_retried() -> None:
    disk = FaultyDisk()
    ledger = opened(disk)
    outcomes: list[str] = []

    async def lane() -> None:
        try:
            await ledger.wait(ledger.append(fact(1)))
            outcomes.append("durable")
        except StorageFailed:
            outcomes.append("failed")

    with pytest.RaisesGroup(StorageFailed):  # not a group of groups
        async with trio.open_nursery() as nursery:
            disk.fail_sync = True
            nursery.start_soon(lane)
            await ledger.run()
    assert outcomes in (["failed"], [])  # told, or cancelled with the daemon
    disk.fail_sync = False
    steps = disk.steps
    with pytest.raises(StorageFailed):
        ledger.append(fact(2))
    with pytest.raises(StorageFailed):
        await ledger.wait(1)
    assert disk.steps == steps
    assert ledger.durable.seq == 1


@pytest.mark.trio
async def test_a_cancelled_waiter_leaves_nothing_behind() -> None:
    ledger = opened(FaultyDisk())
    seq = ledger.append(fact(1))
    with trio.move_on_after(0):
        await ledger.wait(seq)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(ledger.run)
        await ledger.wait(seq)
        nursery.cancel_scope.cancel()


@pytest.mark.trio
async def test_a_full_disk_refuses_before_anything_changes_and_resumes(
    autojump_clock: trio.testing.MockClock,
) -> None:
    disk = FaultyDisk()
    ledger = opened(disk)
    disk.capacity_bytes = 0  # from now on: no further spare
    assert ledger.room is Room.ALARM  # two spares, the alarm is at three
    async with trio.open_nursery() as nursery:
        nursery.start_soon(ledger.run)
        accepted = 0
        rooms = set()
        with pytest.raises(LedgerFull):
            while True:
                await ledger.wait(ledger.append(fact(accepted)))
                accepted += 1
                rooms.add(ledger.room)
        assert rooms == {Room.ALARM, Room.UNREADY, Room.NONE}
        assert ledger.next_seq == accepted + 2, "the refused fact took no number"
        assert accepted == 3 * 15 - 1  # each page of every segment, but the first block's
        medium = disk.copy()
        medium.capacity_bytes = 1 << 30
        assert start(medium).numbers == list(range(accepted))
        disk.capacity_bytes = 1 << 30
        await trio.sleep(20)
        await ledger.wait(ledger.append(fact(accepted)))
        nursery.cancel_scope.cancel()
    assert start(disk).numbers == list(range(accepted + 1))


@pytest.mark.trio
async def test_what_is_accepted_in_a_burst_always_fits() -> None:
    disk = FaultyDisk()
    ledger = opened(disk)
    disk.capacity_bytes = 0
    accepted = 0
    async with trio.open_nursery() as nursery:
        nursery.start_soon(ledger.run)
        for _ in range(100):
            try:
                for _ in range(7):
                    ledger.append(fact(accepted))
                    accepted += 1
            except LedgerFull:
                break
            await ledger.wait(ledger.next_seq - 1)
        await ledger.wait(ledger.next_seq - 1)
        nursery.cancel_scope.cancel()
    disk.capacity_bytes = 1 << 30
    assert start(disk).numbers == list(range(accepted))


@pytest.mark.trio
async def test_blocks_come_back_from_memory_and_disk_and_old_epochs() -> None:
    disk = FaultyDisk()
    old = opened(disk)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(old.run)
        for number in range(40):  # three segments
            await old.wait(old.append(fact(number)))
        runs = old.blocks_from(old.epoch, 1, 1 << 20)
        assert [b.first_seq for b in runs][-1] == 41
        nursery.cancel_scope.cancel()
    ledger = opened(disk)
    run = ledger.blocks_from(ledger.epoch, 1, 1 << 20)
    assert [b.first_seq for b in run] == list(range(1, 42))
    assert [b.first_seq for b in ledger.blocks_from(ledger.epoch, 39, 1 << 20)] == [39, 40, 41]
    assert len(ledger.blocks_from(ledger.epoch, 5, 1)) == 1, "at least one, however large"
    assert ledger.blocks_from(ledger.epoch, 42, 1 << 20) == []
    assert ledger.blocks_from(ledger.epoch - 1, 1, 1 << 20) == []
    assert len(decode_facts_untrusted(run[5].body)) == 1


@pytest.mark.trio
async def test_what_is_not_durable_is_never_handed_out() -> None:
    ledger = opened(FaultyDisk())
    ledger.append(fact(1))
    assert [b.first_seq for b in ledger.blocks_from(ledger.epoch, 1, 1 << 20)] == [1]


@pytest.mark.trio
async def test_a_fact_that_fills_more_than_a_page_is_refused() -> None:
    ledger = opened(FaultyDisk())
    from crypto.entry import Started

    with pytest.raises(ValueError, match="at most"):
        ledger.append(Started(1 << 16, 20260922, 0, version="v" * 5000))
    assert ledger.next_seq == 2
