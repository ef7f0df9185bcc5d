"""Both ways of writing: batches fill, errors come through, closing finishes what is pending."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from config.gateway import Ledger as LedgerConfig
from crypto.entry import encode_fact
from edge.ledger.committer import Committer, Done, InlineCommitter, ThreadCommitter, turn
from edge.ledger.errors import StorageFailed
from edge.ledger.ledger import Ledger
from edge.ledger.writer import Pending
from tests.edge.ledger.faulty_disk import FaultyDisk
from tests.edge.ledger.logs import SMALL, fact, start


def pending(numbers: range) -> list[Pending]:
    return [(encode_fact(fact(n)), fact(n).hlc) for n in numbers]


def test_a_turn_takes_one_block_and_leaves_the_rest() -> None:
    writer = start(FaultyDisk()).recovered.writer
    queue = pending(range(600))
    done = turn(queue, writer)
    assert done.failed is None
    assert [block.count for block in done.blocks] == [512]
    assert (len(queue), done.head.seq, done.left_bytes) == (88, 513, writer.left_bytes)


def test_a_turn_on_a_broken_disk_says_so() -> None:
    disk = FaultyDisk()
    writer = start(disk).recovered.writer
    disk.fail_sync = True
    done = turn(pending(range(3)), writer)
    assert isinstance(done.failed, StorageFailed)
    assert (done.blocks, done.head.seq) == ([], 1)


@pytest.mark.trio
@pytest.mark.parametrize("kind", [InlineCommitter, ThreadCommitter])
async def test_closing_writes_what_is_pending(kind: type[Committer]) -> None:
    disk = FaultyDisk()
    ledger = Ledger(disk, start(disk).recovered, SMALL, kind())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(ledger.run)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    ledger.append(fact(1))
    ledger.close()
    assert start(disk).numbers == [1]


@pytest.mark.trio
async def test_a_thread_that_fails_ends_the_daemon_with_the_plain_error() -> None:
    disk = FaultyDisk()
    ledger = Ledger(disk, start(disk).recovered, SMALL, ThreadCommitter())
    disk.fail_sync = True
    ledger.append(fact(1))
    with pytest.raises(StorageFailed):
        await ledger.run()
    ledger.close()


@pytest.mark.trio
async def test_a_mistake_in_the_thread_leaves_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    disk = FaultyDisk()
    recovered = start(disk).recovered
    monkeypatch.setattr(recovered.writer, "commit", lambda batch: 1 / 0)
    ledger = Ledger(disk, recovered, SMALL, ThreadCommitter())
    ledger.append(fact(1))
    with pytest.raises(StorageFailed, match="ZeroDivisionError"):
        await ledger.run()
    ledger.close()
    assert "Traceback" in caplog.text


@pytest.mark.trio
async def test_facts_that_come_while_the_thread_writes_become_the_next_block() -> None:
    disk = FaultyDisk()
    counts: list[int] = []
    config = LedgerConfig(segment_bytes=2 << 20)
    ledger = Ledger(disk, start(disk, config=config).recovered, config, ThreadCommitter())
    ledger.on_durable.append(lambda blocks: counts.extend(b.count for b in blocks))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(ledger.run)
        for number in range(300):
            ledger.append(fact(number))
            if number % 7 == 0:
                await trio.lowlevel.checkpoint()
        await ledger.wait(301)
        nursery.cancel_scope.cancel()
    ledger.close()
    assert sum(counts) == 300
    assert start(disk, config=config).numbers == list(range(300))


def test_done_is_a_plain_report() -> None:
    assert Done._fields == ("blocks", "head", "left_bytes", "taken", "failed")
