"""Taking back: once, here, in this shift; and never more than was there."""

from typing import Any

import pytest
import trio
from trio.testing import MockClock

from crypto.money import CardReversed, PromoGranted, Sold
from drivers.payment.outcome import State
from drivers.reader.chips import Fault, Mishap
from edge.core.pricing import Item
from edge.core.till_reasons import TillReason
from edge.core.wallet_reasons import WalletReason
from edge.till.shifts import close_shift, make_closing, open_shift
from edge.till.undoing import receipt_txid
from tests.edge.core.bar import WATER
from tests.edge.till.counter import OTHER, Counter, cards
from tests.edge.till.paying import Script

TWO_WATERS = (Item(WATER, 2),)
ONE_WATER = (Item(WATER, 1),)


def drawer(bar: Counter, till: int = 1) -> int:
    return bar.state.tills.shifts[bar.tills.tills[till].shift_key].totals.get("drawer", [0, 0])[1]


@pytest.mark.trio
async def test_a_sale_is_reversed_once_and_all_of_it(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        band, other = await bar.wallet(5000), await bar.wallet(5000)
        sold = await bar.sell(band, *TWO_WATERS)
        assert receipt_txid(bar.one, sold.receipt) == sold.txid
        wrong = bar.id()
        work = await bar.do("reversal", other, id=wrong, reverses=sold.txid)
        assert (work.state, work.because) == ("tap_again", TillReason.OTHER_BAND)
        await bar.tap(band, work)
        assert (work.state, work.balance_minor) == ("done", 5000)
        assert (await bar.do("reversal", band, id=wrong, reverses=sold.txid)) is work
        again = await bar.do("reversal", band, reverses=sold.txid)
        assert again.because is TillReason.REVERSED_ALREADY
        totals = bar.state.tills.shifts[bar.one.shift_key].totals
        assert totals["kind:sale"] == [1, 500] and totals["kind:reversal"] == [1, -500]
        assert "tax:2" not in totals or totals["tax:2"][1] == 0
        assert (await bar.balance(band), await bar.balance(other)) == (5000, 5000)


@pytest.mark.trio
async def test_a_reversal_that_outlived_its_process(autojump_clock: MockClock) -> None:
    bar = Counter()
    async with bar.run():
        band = await bar.wallet(5000)
        sold, name = await bar.sell(band, *TWO_WATERS), bar.id()
        await bar.do("reversal", band, id=name, reverses=sold.txid)
    again = Counter(bar.log, bar.state)
    async with again.run():
        work = await again.do("reversal", None, id=name, reverses=sold.txid)
        assert (work.state, work.already, work.amount_minor) == ("done", True, -500)


@pytest.mark.trio
async def test_cash_goes_back_out_of_the_drawer(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        sold = await bar.sell(None, *TWO_WATERS, method="cash")
        back = await bar.do("reversal", reverses=sold.txid)
        assert back.state == "done"
        fact = bar.log.facts[-1]
        assert isinstance(fact, Sold) and (fact.cash_minor, fact.reverses) == (-500, sold.txid)
        assert bar.state.tills.shifts[bar.one.shift_key].totals["drawer"] == [2, 0]


@pytest.mark.trio
async def test_who_may_reverse_what(autojump_clock: MockClock) -> None:
    bar = Counter()
    bar.add_till(2)
    async with bar.run():
        band = await bar.wallet(5000)
        sold = await bar.sell(band, *TWO_WATERS)
        no = await bar.do("reversal", band, 2, reverses=sold.txid)
        assert no.because is TillReason.OTHER_TILL
        yes = await bar.do("reversal", band, 2, reverses=sold.txid, supervised=True)
        assert yes.state == "done"
        assert (await bar.do("reversal", reverses=b"x" * 16)).because is TillReason.UNKNOWN_SALE
        assert (await bar.do("reversal", reverses=b"")).because is TillReason.UNKNOWN_SALE
        old = await bar.sell(band, Item(WATER, 3))
        await close_shift(bar.one, 5, 0)
        await make_closing(bar.one, 5, "Z")
        assert (await bar.do("reversal", reverses=old.txid)).because is TillReason.SHIFT_CLOSED
        await open_shift(bar.one, 5, 0)
        late = await bar.do("reversal", reverses=old.txid)
        assert late.because is TillReason.OTHER_SHIFT


@pytest.mark.trio
async def test_promotional_credit_comes_back_and_is_never_paid_out(
    autojump_clock: MockClock,
) -> None:
    async with Counter().run() as bar:
        band = await bar.wallet(1000)
        medium = (await bar.do("balance", band)).medium
        bar.gateway.record(
            lambda hlc, now: PromoGranted(
                hlc, now.day, now.offset_min, bar.id(), 0, 0, 0, 0, medium, 400, 0, b"g" * 16
            )
        )
        sold = await bar.sell(band, *TWO_WATERS)
        assert (sold.state, sold.balance_minor) == ("paid", 900)
        assert sold.quote is not None and sold.quote.promo_minor == 400
        await bar.do("reversal", band, reverses=sold.txid)
        work = await bar.do("balance", band)
        assert work.account is not None
        assert (work.account.balance_minor, work.account.promo_minor) == (1000, 400)
        out = await bar.do("cash_out", band)
        assert (out.state, out.amount_minor, out.balance_minor) == ("done", 1000, 0)


@pytest.mark.trio
async def test_while_nobody_is_heard_less_is_free_and_the_rest_is_paid(
    autojump_clock: MockClock,
) -> None:
    bar = Counter(gateways=cards(OTHER), promo_unheard_minor=100, vouchers_unheard=1)
    async with bar.run():
        band = await bar.wallet(2000)
        medium = (await bar.do("balance", band)).medium
        bar.gateway.record(
            lambda hlc, now: PromoGranted(
                hlc, now.day, now.offset_min, bar.id(), 0, 0, 0, 0, medium, 400, 3, b"g" * 16
            )
        )
        work = await bar.sell(band, Item(WATER, 4))
        assert work.state == "paid" and work.quote is not None
        assert (work.quote.vouchers, work.quote.promo_minor) == (1, 100)
        assert work.balance_minor == 2000 - (1000 - 250 - 100)


@pytest.mark.trio
async def test_promotional_credit_that_was_spent_between_two_taps(
    autojump_clock: MockClock,
) -> None:
    async with Counter().run() as bar:
        band = await bar.wallet(2000)
        medium = (await bar.do("balance", band)).medium
        bar.gateway.record(
            lambda hlc, now: PromoGranted(
                hlc, now.day, now.offset_min, bar.id(), 0, 0, 0, 0, medium, 400, 0, b"g" * 16
            )
        )
        bar.readers[1].air.faults = [Fault(3, Mishap.LEAVES_IN_COMMAND, 1)]
        work = await bar.sell(band, *TWO_WATERS)
        assert not work.over
        account = bar.state.wallets.account(medium)
        account.grants.clear()  # gone, as if another gateway had spent it
        await bar.tap(band, work)
        assert work.state in ("paid", "tap_again")


@pytest.mark.trio
async def test_refunds_and_cash_out_end_at_what_is_there(autojump_clock: MockClock) -> None:
    bar = Counter()
    bar.add_till(2, drawer=False)
    async with bar.run():
        band = await bar.wallet(5000)
        much = await bar.do("refund", band, items=TWO_WATERS)
        assert much.because is WalletReason.GIVEN_TOO_MUCH  # G never rises above D
        await bar.sell(band, *TWO_WATERS)
        back = await bar.do("refund", band, items=(Item(WATER, 1),))
        assert (back.state, back.balance_minor) == ("done", 4750)
        cash = await bar.do("refund", None, items=(Item(WATER, 1),), method="cash")
        assert cash.state == "done"
        drawerless = await bar.do("refund", None, 2, items=TWO_WATERS, method="cash")
        assert drawerless.because is TillReason.NO_DRAWER
        assert (await bar.do("cash_out", band, 2)).because is TillReason.NO_DRAWER
        much = await bar.do("cash_out", band, amount_minor=4751)
        assert much.because is WalletReason.BALANCE
        assert (await bar.do("cash_out", band, amount_minor=4750)).balance_minor == 0
        assert (await bar.do("cash_out", band)).because is TillReason.NOTHING_TO_PAY
        shift = bar.state.tills.shifts[bar.one.shift_key]
        assert shift.totals["drawer"][1] == 5000 - 250 - 4750


@pytest.mark.trio
async def test_a_refund_in_cash_that_the_page_asks_for_again_after_a_restart(
    autojump_clock: MockClock,
) -> None:
    bar = Counter()
    async with bar.run():
        how: dict[str, Any] = {"items": TWO_WATERS, "method": "cash", "id": bar.id()}
        first = await bar.do("refund", None, **how)
    again = Counter(bar.log, bar.state)
    async with again.run():
        same = await again.do("refund", None, **how)
        assert (same.state, same.already, same.receipt) == ("done", True, first.receipt)
        assert (same.amount_minor, drawer(again)) == (-500, -500)
        await close_shift(again.one, 5, 0)
        await make_closing(again.one, 5, "Z")
    later = Counter(bar.log, bar.state)
    async with later.run():
        same = await later.do("refund", None, **how)
        assert (same.already, same.amount_minor, drawer(later)) == (True, -500, 0)


@pytest.mark.trio
async def test_training_undoes_nothing_and_what_was_training_is_not_undone(
    autojump_clock: MockClock,
) -> None:
    bar, terminal = Counter(), Script()
    bar.one.terminal = terminal
    async with bar.run():
        band = await bar.wallet(5000)
        sold = await bar.sell(band, *TWO_WATERS)
        paid = await bar.sell(None, *TWO_WATERS, method="card")
        bar.one.training = True
        learnt = await bar.sell(None, *ONE_WATER, method="cash")
        asked: tuple[tuple[str, dict[str, Any]], ...] = (
            ("refund", {"items": ONE_WATER}), ("refund", {"items": ONE_WATER, "method": "cash"}),
            ("reversal", {"reverses": sold.txid}), ("reversal", {"reverses": paid.txid}),
        )  # fmt: skip
        for kind, how in asked:
            assert (await bar.do(kind, band, **how)).because is TillReason.TRAINING, (kind, how)
        assert terminal.reversed == []
        bar.one.training = False
        work = await bar.do("reversal", reverses=learnt.txid)
        assert work.because is TillReason.NOT_REVERSIBLE
        assert (await bar.balance(band), drawer(bar)) == (4500, 5000)


@pytest.mark.trio
async def test_money_goes_back_where_there_is_a_way_back(autojump_clock: MockClock) -> None:
    bar, own, other = Counter(), Script("T1"), Script("T2")
    bar.one.terminal, other.says = own, State.REVERSED
    bar.add_till(2, other, drawer=False)
    async with bar.run():
        cash = await bar.sell(None, *TWO_WATERS, method="cash")
        card = await bar.sell(None, *ONE_WATER, method="card")
        for txid, reason in (
            (cash.txid, TillReason.NO_DRAWER), (card.txid, TillReason.OTHER_TERMINAL),
        ):  # fmt: skip
            work = await bar.do("reversal", None, 2, reverses=txid, supervised=True)
            assert (work.state, work.because) == ("not_done", reason)
        assert (drawer(bar), drawer(bar, 2), other.reversed) == (500, 0, [])


@pytest.mark.trio
async def test_a_card_that_two_tills_take_back_is_booked_back_once(
    autojump_clock: MockClock,
) -> None:
    bar, terminal = Counter(), Script()
    bar.one.terminal = terminal
    bar.add_till(2)
    async with bar.run():
        sold = await bar.sell(None, *TWO_WATERS, method="card")
        terminal.says, bar.log.holds_at = State.REVERSED, CardReversed
        here = await bar.do("reversal", reverses=sold.txid)
        there = await bar.do("reversal", None, 2, reverses=sold.txid, supervised=True)
        bar.log.holding = False
        bar.log.sync()
        await trio.sleep(1)
        assert (there.state, here.state) == ("done", "not_done")
        assert (here.because, len(terminal.reversed)) == (TillReason.REVERSED_ALREADY, 1)
