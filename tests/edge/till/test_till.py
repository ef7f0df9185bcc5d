"""One till: one work at a time, the same work again is the same work, and a crash is one work's."""

import logging

import pytest
import trio
from trio.testing import MockClock

from crypto.money import Sold
from edge.core.pricing import Item
from edge.till.till import QUOTES_MAX, WORKS_MAX, Till
from edge.till.work import Ask, Work
from tests.edge.core.bar import WATER
from tests.edge.till.counter import Counter

TWO_WATERS = (Item(WATER, 2),)


@pytest.mark.trio
async def test_a_crash_ends_one_work_and_no_till(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async def crashes(till: Till, work: Work) -> None:
        raise ZeroDivisionError("planted")

    async with Counter().run() as bar:
        bar.one.flows = {**bar.one.flows, "balance": crashes}
        with caplog.at_level(logging.ERROR):
            work = await bar.do("balance")
        assert (work.state, work.because) == ("not_done", "crashed")
        assert "please report" in caplog.text
        assert (await bar.sell(None, *TWO_WATERS, method="cash")).state == "paid"


@pytest.mark.trio
async def test_every_change_is_told_to_who_listens(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        band = await bar.wallet(5000)
        with bar.gateway.events.listen() as heard:
            await bar.sell(band, *TWO_WATERS)
            told = [heard.receive_nowait() for _ in range(heard.statistics().current_buffer_used)]
        tills = [event["work"] for event in told if event["event"] == "till"]
        assert [work["state"] for work in tills] == ["working", "paid"]
        assert tills[-1]["balance_minor"] == 4500
        assert "uid" not in str(told).lower()


@pytest.mark.trio
async def test_what_is_remembered_is_bounded(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        for _ in range(QUOTES_MAX + 5):
            bar.one.price(Ask(kind="sale", id=b"", items=TWO_WATERS))
        assert len(bar.one.quotes) == QUOTES_MAX
        bar.one.works.update(
            {(bar.id(), 0): Work(Ask(kind="sale", id=b"")) for _ in range(WORKS_MAX)}
        )
        await bar.sell(None, *TWO_WATERS, method="cash")
        assert len(bar.one.works) <= WORKS_MAX + 1


@pytest.mark.trio
async def test_a_quote_of_a_basket_is_kept_under_its_name(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        quoted = bar.one.price(Ask(kind="sale", id=b"", items=TWO_WATERS), b"n" * 16)
        assert isinstance(quoted, tuple) and quoted[0] == b"n" * 16
        assert bar.log.facts[-1:] == bar.log.facts[-1:]  # a quote makes no fact
        seen = len(bar.log.facts)
        bar.one.price(Ask(kind="sale", id=b"", items=TWO_WATERS))
        assert len(bar.log.facts) == seen


@pytest.mark.trio
async def test_what_is_being_booked_is_not_taken_off(autojump_clock: MockClock) -> None:
    """The fact is on its way to the disk: the cashier would be told that nothing was paid."""
    async with Counter().run() as bar:
        bar.log.holds_at = Sold
        work = bar.one.submit(Ask(kind="sale", id=bar.id(), method="cash", items=TWO_WATERS))
        await trio.testing.wait_all_tasks_blocked()
        assert bar.story()[-1] == "Sold"
        assert not bar.one.cancel(work)
        bar.log.holding = False
        bar.log.sync()
        await work.ended.wait()
        assert work.state == "paid"
