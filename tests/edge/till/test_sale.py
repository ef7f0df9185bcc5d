"""A basket is paid, once, and the guest and the ledger know it."""

from typing import Any

import pytest
import trio
from trio.testing import MockClock

from crypto.cashless import WalletClass
from crypto.money import DebitHeld, Line, Sold
from drivers.reader import Chip
from edge.core.pricing import Item, Refused
from edge.core.till_reasons import TillReason
from edge.core.wallet_reasons import WalletReason
from edge.till.till import Busy
from edge.till.work import Ask, OtherContent
from tests.edge.core.bar import BEER, CATERING, CUP, HAPPY_MS, PIZZA, WATER, WINE
from tests.edge.till.counter import Counter

TWO_WATERS = (Item(WATER, 2),)


@pytest.mark.trio
@pytest.mark.parametrize("chip", list(Chip))
async def test_a_sale_on_every_chip(autojump_clock: MockClock, chip: Chip) -> None:
    async with Counter().run() as bar:
        band = await bar.wallet(5000, chip)
        seen = len(bar.log.facts)
        work = await bar.sell(band, Item(BEER, 2), confirmed_age=16)
        assert (work.state, work.balance_minor, work.receipt) == ("paid", 4000, 2)
        assert bar.story(seen) == ["DebitHeld", "DebitPosted"]
        assert await bar.balance(band) == 4000
        back = await bar.sell(band, Item(CUP, -2))
        assert (back.state, back.balance_minor) == ("paid", 4400)


@pytest.mark.trio
async def test_nothing_is_written_before_the_hold_is_on_disk(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        band = await bar.wallet(5000)
        before = bytes(band.memory)
        bar.log.holding = True
        work = bar.one.submit(Ask(kind="sale", id=bar.id(), items=TWO_WATERS))
        bar.readers[1].place(band)
        await trio.testing.wait_all_tasks_blocked()
        assert work.state == "working"
        assert bytes(band.memory) == before
        bar.log.sync()
        await trio.testing.wait_all_tasks_blocked()
        assert bytes(band.memory) != before
        assert work.state == "working"  # written, but what says so is not on disk
        bar.log.sync()
        await work.ended.wait()
        assert work.state == "paid"


@pytest.mark.trio
async def test_the_same_basket_again_is_the_same_answer(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        band = await bar.wallet(5000)
        basket = bar.id()
        first = await bar.sell(band, *TWO_WATERS, id=basket, total_minor=500)
        seen = len(bar.log.facts)
        assert await bar.sell(band, *TWO_WATERS, id=basket, total_minor=500) is first
        for other, field in (
            ({"items": (Item(WATER, 3),)}, "items"),
            ({"items": TWO_WATERS, "total_minor": 501}, "total_minor"),
            ({"items": TWO_WATERS, "total_minor": 500, "method": "cash"}, "method"),
            ({"items": TWO_WATERS, "total_minor": 500, "tip_minor": 1}, "tip_minor"),
        ):
            with pytest.raises(OtherContent) as raised:
                await bar.do("sale", band, id=basket, **other)
            assert raised.value.field == field
        assert bar.story(seen) == []
        assert await bar.balance(band) == 4500


@pytest.mark.trio
async def test_an_id_that_failed_stays_failed(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        band, basket = await bar.wallet(100), bar.id()
        work = await bar.sell(band, *TWO_WATERS, id=basket)
        assert (work.state, work.because) == ("not_paid", WalletReason.BALANCE)
        await bar.do("top_up", band, amount_minor=5000, method="cash")
        again = await bar.sell(band, *TWO_WATERS, id=basket)
        assert (again.state, again.because) == ("not_paid", WalletReason.BALANCE)
        assert await bar.balance(band) == 5100
        assert (await bar.sell(band, *TWO_WATERS)).state == "paid"


@pytest.mark.trio
async def test_a_basket_keeps_its_price_over_a_phase(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        band = await bar.wallet(5000)
        ask = Ask(kind="sale", id=b"", items=(Item(BEER, 1),), confirmed_age=16)
        quoted = bar.one.price(ask)
        assert not isinstance(quoted, Refused)
        basket, found = quoted
        bar.clock.ms = HAPPY_MS
        work = await bar.sell(
            band, Item(BEER, 1), id=basket, confirmed_age=16, total_minor=found.total_minor
        )
        assert (work.state, work.balance_minor) == ("paid", 4500)
        held = [fact for fact in bar.log.facts if isinstance(fact, DebitHeld)][-1]
        assert held.lines == found.lines  # quoted line by line is booked line by line
        new = await bar.sell(band, Item(BEER, 1), confirmed_age=16)
        assert new.balance_minor == 4100


@pytest.mark.trio
async def test_another_total_than_was_shown_is_refused(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        work = await bar.sell(None, *TWO_WATERS, total_minor=499)
        assert (work.state, work.because) == ("not_paid", TillReason.PRICE_CHANGED)


@pytest.mark.trio
async def test_the_same_amount_within_five_seconds_asks(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        band = await bar.wallet(5000)
        await bar.sell(band, *TWO_WATERS)
        work = await bar.sell(band, *TWO_WATERS)
        assert (work.state, work.question) == ("asking", "same_amount")
        bar.one.answer(work, "same_amount", True)
        await bar.tap(band, work)
        assert (work.state, work.balance_minor) == ("paid", 4000)
        third = await bar.sell(band, *TWO_WATERS)
        bar.one.answer(third, "same_amount", False)
        assert (third.state, third.because) == ("not_paid", "answered_no")
        await trio.sleep(5)
        assert (await bar.sell(band, *TWO_WATERS)).state == "paid"
        with_a_cup_back = (*TWO_WATERS, Item(CUP, -1))
        assert (await bar.sell(band, *with_a_cup_back)).amount_minor == 300
        assert (await bar.sell(band, *with_a_cup_back)).question == "same_amount"


@pytest.mark.trio
async def test_a_band_that_stays_on_the_reader_is_the_same_tap(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        band = await bar.wallet(5000)
        first = bar.one.submit(Ask(kind="sale", id=bar.id(), items=TWO_WATERS))
        bar.readers[1].place(band)
        await first.ended.wait()
        second = bar.one.submit(Ask(kind="sale", id=bar.id(), items=(Item(PIZZA, 1),)))
        await trio.sleep(2)
        assert second.state == "waiting_band"
        bar.readers[1].take()
        await trio.testing.wait_all_tasks_blocked()
        bar.readers[1].place(band)
        await second.ended.wait()
        assert second.balance_minor == 5000 - 500 - 900


@pytest.mark.trio
async def test_take_what_is_left_and_pay_the_rest_in_cash(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        band, basket = await bar.wallet(300), bar.id()
        work = await bar.sell(band, *TWO_WATERS, id=basket, take_left=True)
        assert (work.state, work.amount_minor, work.left_minor) == ("paid", 300, 200)
        rest = await bar.sell(None, *TWO_WATERS, id=basket, part=1, method="cash")
        assert (rest.state, rest.amount_minor) == ("paid", 200)
        sold = bar.log.facts[-1]
        assert isinstance(sold, Sold)
        assert (sold.cash_minor, sold.lines) == (200, [])  # the first part has the lines
        more = await bar.sell(None, *TWO_WATERS, id=basket, part=2, method="cash")
        assert more.because is TillReason.NOTHING_TO_PAY
        assert bar.state.tills.shifts[bar.one.shift_key].totals["tax:2"] == [2, 500]


@pytest.mark.trio
async def test_two_bands_pay_one_basket(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        one, two, basket = await bar.wallet(1000), await bar.wallet(1000), bar.id()
        first = await bar.sell(one, *TWO_WATERS, id=basket, amount_minor=123)
        assert (first.state, first.balance_minor, first.left_minor) == ("paid", 877, 377)
        second = await bar.sell(two, *TWO_WATERS, id=basket, part=1)
        assert (second.state, second.balance_minor, second.left_minor) == ("paid", 623, 0)
        much = await bar.sell(two, *TWO_WATERS, amount_minor=501)
        assert much.because is TillReason.NOTHING_TO_PAY


@pytest.mark.trio
async def test_cash_and_what_it_needs(autojump_clock: MockClock) -> None:
    bar = Counter()
    bar.add_till(2, drawer=False)
    bar.add_till(3, only_bands=True)
    async with bar.run():
        work = await bar.sell(None, *TWO_WATERS, method="cash")
        assert (work.state, work.receipt) == ("paid", 1)
        back = await bar.sell(None, Item(CUP, -1), method="cash")
        assert isinstance(bar.log.facts[-1], Sold) and bar.log.facts[-1].cash_minor == -200
        assert back.receipt == 2
        assert bar.state.tills.shifts[bar.one.shift_key].totals["drawer"] == [2, 300]
        for till, method, reason in (
            (2, "cash", TillReason.NO_DRAWER), (3, "cash", TillReason.NO_CASH_HERE),
            (1, "card", TillReason.NO_TERMINAL),
        ):  # fmt: skip
            work = await bar.sell(None, *TWO_WATERS, till=till, method=method)
            assert work.because is reason


@pytest.mark.trio
async def test_training_moves_nothing(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        bar.one.training = True
        work = await bar.sell(None, *TWO_WATERS)
        assert work.state == "paid"
        shift = bar.state.tills.shifts[bar.one.shift_key]
        assert (shift.totals, shift.training["kind:sale"]) == ({}, [1, 500])
        assert bar.state.tills.till(bar.gateway.identity, 1).perpetual_minor == 0
        for kind in ("top_up", "cash_out", "issue", "lock"):
            work = await bar.do(kind, None, amount_minor=5, method="cash", medium=b"m" * 16)
            assert work.because is TillReason.TRAINING


@pytest.mark.trio
async def test_age_is_asked_and_a_class_answers(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        band = await bar.wallet(5000)
        work = await bar.sell(band, Item(WINE, 1))
        assert (work.state, work.question) == ("asking", "age")
        bar.one.answer(work, "age", False)
        assert (work.state, work.because) == ("not_paid", "answered_no")
        await trio.testing.wait_all_tasks_blocked()
        work = await bar.sell(band, Item(WINE, 1))
        bar.one.answer(work, "age", True)
        await bar.tap(band, work)
        assert work.state == "paid"
        crew = await bar.wallet(0)
        assert crew is not band
        cash = bar.one.submit(Ask(kind="sale", id=bar.id(), items=(Item(WINE, 1),), method="cash"))
        await trio.testing.wait_all_tasks_blocked()
        assert cash.question == "age"
        bar.one.answer(cash, "age", True)
        await cash.ended.wait()
        assert cash.state == "paid"


@pytest.mark.trio
async def test_a_class_too_young(autojump_clock: MockClock) -> None:
    bar = Counter(classes=[WalletClass(1, "Youth", ages=[16])])
    async with bar.run():
        band = await bar.wallet(5000)
        assert (await bar.sell(band, Item(WINE, 1))).because is TillReason.TOO_YOUNG
        assert (await bar.sell(band, Item(BEER, 1))).state == "paid"


@pytest.mark.trio
async def test_cancelling_while_nothing_is_written(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        work = bar.one.submit(Ask(kind="sale", id=bar.id(), items=TWO_WATERS))
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(Busy):
            bar.one.submit(Ask(kind="sale", id=bar.id(), items=TWO_WATERS))
        assert bar.one.cancel(work)
        await work.ended.wait()
        assert work.state == "cancelled"
        assert (await bar.sell(None, *TWO_WATERS, method="cash")).state == "paid"


@pytest.mark.trio
async def test_the_end_of_the_process_leaves_no_band_without_its_truth(
    autojump_clock: MockClock,
) -> None:
    bar = Counter()
    async with bar.run():
        band = await bar.wallet(5000)
        bar.log.holding = True
        work = bar.one.submit(Ask(kind="sale", id=bar.id(), items=TWO_WATERS))
        bar.readers[1].place(band)
        await trio.testing.wait_all_tasks_blocked()

        async def disk_is_slow() -> None:
            with trio.CancelScope(shield=True):
                await trio.sleep(0.5)
                bar.log.holding = False
                bar.log.sync()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(disk_is_slow)
            nursery.start_soon(_stop_tills, bar)
    assert work.state == "paid"
    assert bar.story()[-2:] == ["DebitHeld", "DebitPosted"]


async def _stop_tills(bar: Counter) -> None:
    assert bar.scope is not None
    bar.scope.cancel()


@pytest.mark.trio
async def test_no_room_for_facts_is_said_before_the_band_is_touched(
    autojump_clock: MockClock,
) -> None:
    async with Counter().run() as bar:
        band = await bar.wallet(5000)
        before = bytes(band.memory)
        bar.log.full = True
        work = await bar.sell(band, *TWO_WATERS)
        assert (work.state, work.because) == ("not_paid", TillReason.NO_ROOM)
        assert bytes(band.memory) == before


@pytest.mark.trio
async def test_a_shift_must_be_open_and_prices_there(autojump_clock: MockClock) -> None:
    bar = Counter()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(bar.one.run)
        assert (await bar.sell(None, *TWO_WATERS)).because is TillReason.SHIFT_CLOSED
        nursery.cancel_scope.cancel()
    async with bar.run():
        bar.tills.prices = None
        assert (await bar.sell(None, *TWO_WATERS)).because is TillReason.NO_PRICES
        assert bar.one.price(Ask(kind="sale", id=b"")) == Refused(TillReason.NO_PRICES)


@pytest.mark.trio
async def test_a_foreign_card_is_no_band_and_a_blank_one_not_ours(
    autojump_clock: MockClock,
) -> None:
    from drivers.reader.chips import make

    async with Counter().run() as bar:
        blank = make(Chip.NTAG213, b"\x04abcdef")
        work = await bar.sell(blank, *TWO_WATERS)
        assert work.state in ("not_paid", "tap_again")
        assert isinstance(work.because, WalletReason)


def test_what_a_typed_price_books() -> None:
    line: Any = Line("article", CATERING, 1, 1234, 1234, 1, 0, 2)
    assert line.total_minor == 1234
