"""The wall clock is set an hour back or forward in the middle of a shift."""

import pytest
import trio
from trio.testing import MockClock

from crypto.cashless import WalletClass
from drivers.reader.chips import Type2
from edge.core.pricing import Item, Refused
from edge.core.till_reasons import TillReason
from edge.core.wallet_reasons import WalletReason
from edge.till.shifts import close_shift, make_closing, move_cash, open_shift
from edge.till.work import Ask
from tests.edge.core.bar import BEER, HAPPY_MS, WATER
from tests.edge.till.counter import Counter

HOUR_MS = 3_600_000
JUMPS = pytest.mark.parametrize("jump_ms", [-HOUR_MS, HOUR_MS])
QUICK = WalletClass(1, "Quick", velocity_count=2, velocity_s=600)


async def pays(bar: Counter, band: Type2, waters: int) -> bool:
    """Whether the band may pay that; if not, the sale is taken off the till."""
    work = await bar.sell(band, Item(WATER, waters))
    if work.state != "paid":
        assert work.because is WalletReason.VELOCITY
        assert bar.one.cancel(work)
        await trio.testing.wait_all_tasks_blocked()
    return work.state == "paid"


@pytest.mark.trio
async def test_a_clock_that_was_set_back_opens_no_limit_of_time(autojump_clock: MockClock) -> None:
    """It refuses until the clock has caught up: what cannot be dated counts as just now."""
    async with Counter(classes=[QUICK]).run() as bar:
        band = await bar.wallet(5000)
        assert [await pays(bar, band, waters) for waters in (1, 2)] == [True, True]
        bar.clock.ms -= HOUR_MS
        assert not await pays(bar, band, 3)
        bar.clock.ms += HOUR_MS + 599_000
        assert not await pays(bar, band, 3)
        bar.clock.ms += 2_000
        assert await pays(bar, band, 3)


@pytest.mark.trio
async def test_a_clock_that_was_set_forward_and_back_begins_one_window(
    autojump_clock: MockClock,
) -> None:
    async with Counter(classes=[QUICK]).run() as bar:
        band, paid = await bar.wallet(9000), 0
        for jump_ms in (0, HOUR_MS, -HOUR_MS, 0):
            bar.clock.ms += jump_ms
            for waters in range(1, 5):
                paid += await pays(bar, band, waters)
        assert paid == 4  # two, and two more once an hour seems to have gone by


@pytest.mark.trio
@JUMPS
async def test_the_same_amount_twice_is_asked_whatever_the_wall_clock_says(
    autojump_clock: MockClock, jump_ms: int
) -> None:
    async with Counter().run() as bar:
        band = await bar.wallet(5000)
        await bar.sell(band, Item(WATER, 2))
        bar.clock.ms += jump_ms
        work = await bar.sell(band, Item(WATER, 2))
        assert work.question == "same_amount"
        bar.one.answer(work, "same_amount", False)
        await trio.sleep(6)
        assert (await bar.sell(band, Item(WATER, 2))).state == "paid"


@pytest.mark.trio
@JUMPS
async def test_what_was_quoted_is_what_is_paid(autojump_clock: MockClock, jump_ms: int) -> None:
    bar = Counter()
    bar.clock.ms = HAPPY_MS + (1 if jump_ms < 0 else -1)
    before, after = (200, 300) if jump_ms < 0 else (300, 200)
    async with bar.run():
        band, cup = await bar.wallet(5000), 200
        ask = Ask(kind="sale", id=b"", items=(Item(BEER, 1),), confirmed_age=16)
        quoted = bar.one.price(ask)
        assert not isinstance(quoted, Refused)
        basket, found = quoted
        assert found.total_minor == before + cup
        bar.clock.ms += jump_ms
        total = {"id": basket, "confirmed_age": 16, "total_minor": found.total_minor}
        work = await bar.sell(band, Item(BEER, 1), **total)
        assert (work.state, work.amount_minor) == ("paid", before + cup)
        new = await bar.sell(band, Item(BEER, 1), confirmed_age=16)
        assert new.amount_minor == after + cup


@pytest.mark.trio
async def test_a_quote_from_the_future_is_no_quote(autojump_clock: MockClock) -> None:
    """After a restart the price is that of the moment in the basket's id, not of one to come."""
    bar = Counter()
    bar.clock.ms = HAPPY_MS + 1
    basket = bar.id()
    bar.clock.ms -= HOUR_MS
    async with bar.run():
        band = await bar.wallet(5000)
        work = await bar.sell(band, Item(BEER, 1), id=basket, confirmed_age=16, total_minor=400)
        assert (work.state, work.because) == ("not_paid", TillReason.PRICE_CHANGED)


@pytest.mark.trio
async def test_a_quote_outlives_its_process_for_half_an_hour(autojump_clock: MockClock) -> None:
    bar = Counter()
    bar.clock.ms = HAPPY_MS - 1
    baskets = [bar.id(), bar.id()]
    async with bar.run():  # a process that has quoted nothing
        band = await bar.wallet(5000)
        for basket, later_ms, state in ((0, 30 * 60_000, "paid"), (1, 1, "not_paid")):
            bar.clock.ms += later_ms
            how = {"id": baskets[basket], "confirmed_age": 16, "total_minor": 500}
            assert (await bar.sell(band, Item(BEER, 1), **how)).state == state


@pytest.mark.trio
@JUMPS
async def test_a_shift_is_counted_whole(autojump_clock: MockClock, jump_ms: int) -> None:
    async with Counter().run() as bar:
        till = bar.one
        for number in range(3):
            if number:
                await open_shift(till, 5, 0)
            await bar.sell(None, Item(WATER, 2), method="cash")
            bar.clock.ms += jump_ms
            await bar.sell(None, Item(WATER, 1), method="cash")
            await move_cash(till, 5, -100, "drop")
            change = 10_000 if not number else 0
            closed = await close_shift(till, 5, change + 650)
            assert closed.counted_minor == closed.expected_minor
            z, _ = await make_closing(till, 5, "Z")
            assert (z.number, z.perpetual_minor) == (number + 1, 750 * (number + 1))
        stamps = [fact.hlc for fact in bar.log.facts]
        assert stamps == sorted(set(stamps))
