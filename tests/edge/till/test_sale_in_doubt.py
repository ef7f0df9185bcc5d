"""A band may leave at any byte, and a process die: the same basket taps again and pays once."""

import pytest
import trio
from trio.testing import MockClock

from crypto.money import DebitPosted
from drivers.reader import Chip
from drivers.reader.chips import Fault, Mishap, Type2
from edge.core.pricing import Item
from edge.core.wallet_reasons import WalletReason
from edge.till.work import Ask, OtherContent
from tests.edge.core.bar import WATER
from tests.edge.till.counter import Counter

TWO_WATERS = (Item(WATER, 2),)


@pytest.mark.trio
@pytest.mark.parametrize("chip", [Chip.NTAG213, Chip.UL_AES, Chip.UL_C, Chip.UL_EV1_128])
async def test_a_band_that_leaves_at_any_byte_pays_once(
    autojump_clock: MockClock, chip: Chip
) -> None:
    """At each command in turn, before and after it was done; then the same band taps again."""
    async with Counter().run() as bar:
        band, left, at, cases = await bar.wallet(100_000, chip), 100_000, 0, 0
        while True:
            fine = True
            for after in (False, True):
                work = bar.one.submit(Ask(kind="sale", id=bar.id(), items=TWO_WATERS))
                work.confirmed.add("same_amount")
                cut = await _tap_cut_off(bar, band, at, after)
                fine = fine and not cut
                if not work.over:
                    assert work.state in ("tap_again", "waiting_band"), work.state
                    await bar.tap(band, work)
                left -= 500
                assert (work.state, work.balance_minor) == ("paid", left), (at, after)
                cases += cut
            at += 1
            if fine:
                break
        assert cases >= 20
        assert await bar.balance(band) == left


async def _tap_cut_off(bar: Counter, band: Type2, at: int, after: bool) -> bool:
    """The band leaves at its command number `at`; False if the tap was over before."""
    reader = bar.readers[1]
    mishap = Mishap.LEAVES_IN_ANSWER if after else Mishap.LEAVES_IN_COMMAND
    reader.air.faults = [Fault(at, mishap, 0 if after else 3)]
    work = bar.one.work
    assert work is not None
    reader.place(band)
    await trio.testing.wait_all_tasks_blocked()
    cut = not reader.air.faults
    reader.air.faults = []
    reader.take()
    await trio.testing.wait_all_tasks_blocked()
    return cut


@pytest.mark.trio
async def test_while_in_doubt_another_band_does_not_pay(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        band, other = await bar.wallet(5000), await bar.wallet(5000)
        work = bar.one.submit(Ask(kind="sale", id=bar.id(), items=TWO_WATERS))
        await _lose_the_answer(bar, band)
        assert (work.state, work.because) == ("tap_again", "not_sure")
        await bar.tap(other, work)
        assert (work.state, work.because) == ("tap_again", "other_band")
        assert not bar.one.cancel(work)
        await bar.tap(band, work)
        assert (work.state, work.already, work.receipt) == ("paid", True, 3)
        assert (await bar.balance(band), await bar.balance(other)) == (4500, 5000)


async def _lose_the_answer(bar: Counter, band: Type2) -> None:
    """The band is written, and leaves before anybody has read it back."""
    reader = bar.readers[1]
    reader.air.faults = [Fault(9, Mishap.LEAVES_IN_COMMAND)]
    reader.place(band)
    await trio.testing.wait_all_tasks_blocked()
    assert not reader.air.faults
    reader.take()
    await trio.testing.wait_all_tasks_blocked()


@pytest.mark.trio
async def test_what_a_dead_process_left_open_is_not_cancelled(autojump_clock: MockClock) -> None:
    """Cancelled before any band was tapped, the cashier was told that nothing had been paid."""
    bar = Counter()
    async with bar.run():
        band = await bar.wallet(5000)
        ask = Ask(kind="sale", id=bar.id(), items=TWO_WATERS)
        bar.one.submit(ask)
        await _lose_the_answer(bar, band)
    again = Counter(bar.log, bar.state)
    async with again.run():
        work = again.one.submit(ask)
        await trio.testing.wait_all_tasks_blocked()
        assert (work.state, work.because) == ("tap_again", "not_sure")
        assert not again.one.cancel(work)
        await again.tap(band, work)
        assert (work.state, work.already, work.balance_minor) == ("paid", True, 4500)


@pytest.mark.trio
async def test_after_a_minute_in_doubt_the_cashier_says_if_goods_were_given(
    autojump_clock: MockClock,
) -> None:
    async with Counter().run() as bar:
        band = await bar.wallet(5000)
        work = bar.one.submit(Ask(kind="sale", id=bar.id(), items=TWO_WATERS))
        await _lose_the_answer(bar, band)
        await trio.sleep(50)
        assert work.question is None
        await trio.sleep(12)
        assert work.question == "goods_given"
        bar.one.answer(work, "goods_given", True)
        assert (work.state, bar.story()[-1]) == ("in_doubt", "GoodsAnswered")
        assert bar.state.tills.answers[work.ask.id][1] is True
        deal = bar.state.tills.of_basket(work.ask.id)[0][1]
        assert deal.status == 0  # it settles nothing
        assert await bar.balance(band) == 4500  # the band does
        assert bar.state.tills.of_basket(work.ask.id)[0][1].status == 2


@pytest.mark.trio
async def test_a_basket_that_outlived_its_process(autojump_clock: MockClock) -> None:
    """The page asks again after the gateway was killed: it is paid once, whatever had happened."""
    bar = Counter()
    async with bar.run():
        band, basket = await bar.wallet(5000), bar.id()
        bar.one.submit(Ask(kind="sale", id=basket, items=TWO_WATERS))
        await _lose_the_answer(bar, band)
    again = Counter(bar.log, bar.state)
    async with again.run():
        work = await again.sell(band, *TWO_WATERS, id=basket)
        assert (work.state, work.already, work.balance_minor) == ("paid", True, 4500)
    third = Counter(bar.log, bar.state)
    async with third.run():
        seen = len(third.log.facts)
        work = await third.sell(None, *TWO_WATERS, id=basket)
        assert (work.state, work.already, work.receipt) == ("paid", True, 2)
        assert work.txid == bar.state.tills.of_basket(basket)[0][0]  # by which it can be reversed
        assert third.story(seen) == []
    fourth = Counter(bar.log, bar.state)
    async with fourth.run():
        with pytest.raises(OtherContent, match="items"):
            await fourth.sell(None, Item(WATER, 3), id=basket)


@pytest.mark.trio
async def test_who_may_have_paid_before_a_restart_is_never_told_not_paid(
    autojump_clock: MockClock,
) -> None:
    """A copy of the band is refused; whether its original has paid, that does not tell."""
    bar = Counter()
    async with bar.run():
        band, basket = await bar.wallet(5000), bar.id()
        await bar.sell(band, Item(WATER, 1))
        before = bytes(band.memory)
        await bar.sell(band, Item(WATER, 3))
        bar.one.submit(Ask(kind="sale", id=basket, items=TWO_WATERS))
        await _lose_the_answer(bar, band)
    now, band.memory[:] = bytes(band.memory), before
    again = Counter(bar.log, bar.state)
    async with again.run():
        work = await again.sell(band, *TWO_WATERS, id=basket)
        assert (work.state, work.because) == ("tap_again", WalletReason.BEHIND)
        band.memory[:] = now
        await again.tap(band, work)
        assert (work.state, work.already, work.balance_minor) == ("paid", True, 3500)


@pytest.mark.trio
async def test_what_was_paid_at_a_gateway_that_is_not_heard_is_not_charged_again(
    autojump_clock: MockClock,
) -> None:
    """The page moves to another gateway with its basket, and says by what it was tried before."""
    here, there = Counter(), Counter()
    async with here.run(), there.run():
        band, basket = await here.wallet(5000), here.id()
        work = here.one.submit(Ask(kind="sale", id=basket, items=TWO_WATERS))
        await _lose_the_answer(here, band)
        tried = (work.txid,)
        again = await there.sell(band, *TWO_WATERS, id=basket, attempts=tried)
        assert (again.state, again.already) == ("paid", True)
        (posted,) = (one for one in there.log.facts if isinstance(one, DebitPosted))
        assert (posted.txid, posted.evidence) == (tried[0], "in_slot"), "the slot may fade"
        assert (again.amount_minor, bool(again.lines)) == (500, True)
        assert await there.balance(band) == 4500


@pytest.mark.trio
async def test_a_refund_and_cash_that_were_tried_elsewhere_are_not_given_again(
    autojump_clock: MockClock,
) -> None:
    for kind, how in (("refund", {"items": TWO_WATERS}), ("cash_out", {"amount_minor": 300})):
        here, there = Counter(), Counter()
        async with here.run(), there.run():
            band, basket = await here.wallet(5000), here.id()
            assert (await here.sell(band, *TWO_WATERS)).state == "paid"
            work = here.one.submit(Ask(kind=kind, id=basket, **how))  # type: ignore[arg-type]
            await _lose_the_answer(here, band)
            again = await there.do(kind, band, id=basket, attempts=(work.txid,), **how)
            assert (again.state, again.already) == ("done", True), kind
