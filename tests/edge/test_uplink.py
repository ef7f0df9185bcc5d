"""Store and forward: whatever the centre does, each block arrives once and in order.

Time is trio's MockClock, which jumps to the next deadline when nobody has anything to do: a loop
without a pause would never let it jump, and the counts of calls would show it.
"""

import logging

import pytest
import trio
from trio.testing import MockClock

from crypto.entry import Started
from crypto.keys import VerifyKey
from edge.uplink import HEADS_EVERY_S, Backoff, Uplink
from tests.edge.centre import RECEIPT_KEY
from tests.edge.delivery import BACKOFF_MAX_S, House
from tests.edge.venue import TENANT

pytestmark = pytest.mark.trio


@pytest.fixture
def autojump_clock() -> MockClock:
    return MockClock(autojump_threshold=0)


async def test_what_is_durable_goes_out_and_only_that(autojump_clock: MockClock) -> None:
    house = House()
    house.blocks(3)
    async with house.running(1):
        assert house.agree()
        house.venue.gateway.record(lambda hlc, now: Started(hlc, now.day, 0, "x"))
        await trio.sleep(5)
        assert house.centre.head(1) == house.log.durable
        house.log.sync()
        await trio.sleep(1)
        assert house.agree()
    assert house.kept[-1].through_seq == house.log.durable.seq == 8
    assert house.uplink.receipts[1] == house.kept[-1]


async def test_blocks_wait_while_the_centre_is_away_for_days(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    house = House()
    house.centre.away = True
    async with house.running():
        for _ in range(3 * 24):
            house.blocks(1)
            await trio.sleep(3600)
        asked = house.centre.calls["heads"]
        assert asked <= 3 * 86_400 / BACKOFF_MAX_S + 10
        assert [r.message for r in caplog.records if r.levelno >= logging.WARNING] == [
            "the centre does not take our blocks; they wait here"
        ]
        assert not house.uplink.connected
        assert house.uplink.status()["waiting"] == house.log.durable.seq
        house.centre.away = False
        await trio.sleep(BACKOFF_MAX_S + 1)
        assert house.agree()
    assert caplog.messages[-1] == "the centre takes our blocks again"
    assert len(caplog.messages) == 2
    assert house.uplink.status() == {
        "connected": True,
        "problem": "",
        "durable_seq": house.log.durable.seq,
        "receipted_seq": house.log.durable.seq,
        "waiting": 0,
        "receipt_at_ms": 1234,
    }


async def test_a_restarted_gateway_goes_on_where_the_centre_is(autojump_clock: MockClock) -> None:
    house = House()
    house.blocks(3)
    async with house.running(1):
        pass
    house.blocks(2)
    again = Uplink(
        gateway=house.venue.gateway, source=house.log, transport=house.centre,
        receipt_key=VerifyKey(RECEIPT_KEY.public), tenant=TENANT,
        backoff=Backoff(0.5, 30, lambda: 0.0),
    )  # fmt: skip
    house.centre.puts.clear()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(again.run)
        await trio.sleep(1)
        nursery.cancel_scope.cancel()
    assert house.agree()
    assert house.centre.puts == [(1, 8, 11)]


async def test_a_lost_answer_means_asked_again_and_stored_once(autojump_clock: MockClock) -> None:
    house = House()
    house.blocks(2)
    house.centre.answers_lost = 3
    async with house.running(10):
        assert house.agree()
        house.blocks(1)
        house.centre.answers_lost = 1
        await trio.sleep(10)
        assert house.agree()
        assert house.uplink.connected


async def test_a_run_is_no_larger_than_the_batch(autojump_clock: MockClock) -> None:
    house = House(batch_bytes=1000)
    house.blocks(40)
    async with house.running(1):
        assert house.agree()
    assert len(house.centre.puts) > 5
    assert [put[1] for put in house.centre.puts[1:]] == [
        put[2] + 1 for put in house.centre.puts[:-1]
    ]


async def test_several_epochs_go_out_oldest_first(autojump_clock: MockClock) -> None:
    house = House()
    house.blocks(2)
    house.log.begin_epoch(7)
    house.blocks(2)
    house.log.begin_epoch(9)
    async with house.running(1):
        assert house.agree()
        house.blocks(1)
        await trio.sleep(1)
        assert house.agree()
    assert [put[0] for put in house.centre.puts] == [1, 7, 9]


async def test_a_block_that_comes_while_sending_is_not_overlooked(
    autojump_clock: MockClock,
) -> None:
    house = House()
    house.blocks(1)
    left = [20]

    def one_more() -> None:
        if left[0]:
            left[0] -= 1
            house.blocks(1)

    house.centre.meanwhile = one_more
    async with house.running(5):
        assert left == [0]
        assert house.agree()


async def test_a_block_is_sent_soon_whenever_it_comes(autojump_clock: MockClock) -> None:
    house = House()
    async with house.running(1):
        for step in range(40):  # behind another block, a little later each time
            house.blocks(1)
            await trio.sleep(step * 0.05)
            house.blocks(1)
            await trio.sleep(3)
            assert house.agree()


async def test_a_block_of_this_epoch_that_comes_while_an_older_one_is_sent(
    autojump_clock: MockClock,
) -> None:
    house = House()
    house.blocks(1)
    house.log.begin_epoch(7)
    house.centre.meanwhile = lambda: house.blocks(0 if house.log.durable.seq else 1)
    async with house.running(5):
        assert house.agree()
        assert house.centre.head(7).seq == 2


async def test_an_idle_uplink_asks_about_once_a_minute_and_no_more(
    autojump_clock: MockClock,
) -> None:
    house = House()
    house.blocks(1)
    async with house.running(3600):
        pass
    assert house.centre.calls["put_blocks"] == 1
    assert 50 <= house.centre.calls["heads"] <= 3600 / HEADS_EVERY_S + 1


async def test_a_gateway_without_facts_is_connected_and_waits(autojump_clock: MockClock) -> None:
    house = House()
    house.log.begin_epoch(2)
    house.log.blocks.clear()
    house.log.heads = {2: house.log.durable}
    async with house.running(600):
        assert house.uplink.connected
        assert "put_blocks" not in house.centre.calls
        house.blocks(1)
        await trio.sleep(1)
        assert house.agree()


async def test_a_centre_that_dies_while_nothing_is_to_be_sent_is_noticed(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    house = House()
    async with house.running(1):
        assert house.uplink.connected
        house.centre.away = True
        await trio.sleep(HEADS_EVERY_S + 1)
        assert not house.uplink.connected
        house.centre.away = False
        await trio.sleep(BACKOFF_MAX_S)
        assert house.uplink.connected
    assert len(caplog.messages) == 2


# -- a centre that forgot --------------------------------------------------------------------------


async def test_a_centre_restored_from_an_older_backup_gets_again_what_it_lacks(
    autojump_clock: MockClock,
) -> None:
    house = House()
    house.blocks(6)
    async with house.running(1):
        del house.centre.stored[1][2:]
        house.blocks(1)
        await trio.sleep(5)
        assert house.agree()
        assert house.uplink.connected
        del house.centre.stored[1][1:]  # noticed without a new block, too
        await trio.sleep(HEADS_EVERY_S + 5)
        assert house.agree()


async def test_a_centre_that_wants_the_same_facts_again_and_again_is_asked_slowly(
    autojump_clock: MockClock,
) -> None:
    house = House()
    house.blocks(4)
    problems: set[str] = set()
    async with house.running(1):
        house.centre.meanwhile = lambda: house.centre.stored.update({1: []})
        for _ in range(360):
            house.blocks(1)
            await trio.sleep(0.1)
            problems.add(house.uplink.problem)
            await trio.sleep(9.9)
    assert house.centre.calls["put_blocks"] < 3600
    assert "the centre asks for facts from 1 on again and again" in problems


@pytest.mark.parametrize("wanted", [0, 99])
async def test_a_gap_that_makes_no_sense_is_turned_not_followed(
    autojump_clock: MockClock, wanted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edge.transport import Gap

    house = House()

    async def put(epoch: int, first_seq: int, run: bytes) -> bytes:
        raise Gap(wanted)

    monkeypatch.setattr(house.centre, "put_blocks", put)
    async with house.running(60):
        assert house.uplink.problem == f"gap: wants {wanted}, was sent 1"


@pytest.mark.trio
async def test_the_last_words_of_a_stopping_gateway_arrive(autojump_clock: MockClock) -> None:
    """`Stopped` becomes durable after the uplink has ended; it must not wait for the next day."""
    house = House()
    house.blocks(2)
    async with house.running(1.0):
        assert house.agree()
    house.blocks(1)
    assert not house.agree()
    await house.uplink.last_words()
    assert house.agree()


@pytest.mark.trio
async def test_a_centre_that_is_away_is_not_waited_for_at_the_end(
    autojump_clock: MockClock,
) -> None:
    house = House()
    house.blocks(1)
    house.centre.away = True
    async with house.running(5.0):
        pass
    began = trio.current_time()
    await house.uplink.last_words()
    assert trio.current_time() == began
