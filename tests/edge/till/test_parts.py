"""A basket that is paid in parts: each part once, all of it, and never what was taken back."""

import pytest
import trio
from trio.testing import MockClock

from crypto.money import CardApproved, Sold
from edge.core.pricing import Item
from edge.core.receipt import faults
from edge.core.till_reasons import TillReason
from edge.till.receipts import receipt_of
from tests.edge.core.bar import BEER, CUP, WATER
from tests.edge.till.counter import Counter
from tests.edge.till.paying import Script

TWO_WATERS = (Item(WATER, 2),)


@pytest.mark.trio
@pytest.mark.parametrize("method", ["cash", "card"])
async def test_cash_or_a_card_may_pay_first(autojump_clock: MockClock, method: str) -> None:
    """The rest was said to be nothing, for only a band's fact tells what others pay."""
    bar = Counter()
    bar.one.terminal = Script()
    async with bar.run():
        band, basket = await bar.wallet(5000), bar.id()
        first = await bar.sell(None, *TWO_WATERS, id=basket, method=method, amount_minor=200)
        assert (first.state, first.amount_minor, first.left_minor) == ("paid", 200, 300)
    again = Counter(bar.log, bar.state)
    again.one.terminal = bar.one.terminal
    async with again.run():
        how = {"method": method, "amount_minor": 200}
        same = await again.sell(None, *TWO_WATERS, id=basket, **how)
        assert (same.already, same.amount_minor, same.left_minor) == (True, 200, 300)
        rest = await again.sell(band, *TWO_WATERS, id=basket, part=1)
        assert (rest.state, rest.amount_minor, rest.balance_minor) == ("paid", 300, 4700)
        more = await again.sell(None, *TWO_WATERS, id=basket, part=2, method="cash")
        assert more.because is TillReason.NOTHING_TO_PAY
        for number in (first.receipt, rest.receipt):
            paper = receipt_of(again.one, number)
            assert paper is not None and faults(paper) == [] and len(paper.payments) == 2


@pytest.mark.trio
async def test_a_part_that_was_taken_back_is_to_be_paid_again(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        band, basket = await bar.wallet(5000), bar.id()
        await bar.sell(band, *TWO_WATERS, id=basket, amount_minor=200)
        rest = await bar.sell(None, *TWO_WATERS, id=basket, part=1, method="cash")
        await bar.do("reversal", reverses=rest.txid)
        other = await bar.sell(band, *TWO_WATERS, id=basket, part=2)
        assert (other.state, other.amount_minor, other.balance_minor) == ("paid", 300, 4500)
        paper = receipt_of(bar.one, other.receipt)
        assert paper is not None and faults(paper) == []


@pytest.mark.trio
async def test_nobody_pays_the_rest_of_what_was_taken_back(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        band, basket = await bar.wallet(5000), bar.id()
        first = await bar.sell(band, *TWO_WATERS, id=basket, amount_minor=200)
        await bar.do("reversal", band, reverses=first.txid)
        rest = await bar.sell(None, *TWO_WATERS, id=basket, part=1, method="cash")
        assert (rest.state, rest.because) == ("not_paid", TillReason.REVERSED_ALREADY)


@pytest.mark.trio
async def test_training_pays_no_part_of_what_is_real(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        basket, learnt, how = bar.id(), bar.id(), {"method": "cash"}
        await bar.sell(None, *TWO_WATERS, id=basket, amount_minor=200, **how)
        bar.one.training = True
        late = await bar.sell(None, *TWO_WATERS, id=basket, part=1, **how)
        assert late.because is TillReason.UNKNOWN_SALE
        await bar.sell(None, *TWO_WATERS, id=learnt, amount_minor=200, **how)
        bar.one.training = False
        real = await bar.sell(None, *TWO_WATERS, id=learnt, part=1, **how)
        assert real.because is TillReason.UNKNOWN_SALE
        rest = await bar.sell(None, *TWO_WATERS, id=basket, part=2, **how)
        assert (rest.state, rest.amount_minor) == ("paid", 300)


@pytest.mark.trio
async def test_two_tills_that_ask_for_the_age_book_a_basket_once(
    autojump_clock: MockClock,
) -> None:
    bar = Counter()
    bar.add_till(2)
    async with bar.run():
        how = {"items": (Item(BEER, 1),), "method": "cash", "id": bar.id()}
        works = [await bar.do("sale", None, till, **how) for till in (1, 2)]
        assert [work.question for work in works] == ["age", "age"]
        for till, work in zip(bar.tills.tills.values(), works, strict=True):
            till.answer(work, "age", True)
        await trio.sleep(1)
        told = sorted((work.state, work.already) for work in works)
        assert told == [("paid", False), ("paid", True)]
        assert sum(isinstance(fact, Sold) for fact in bar.log.facts) == 1


@pytest.mark.trio
async def test_one_card_payment_is_booked_once_by_whichever_till(
    autojump_clock: MockClock,
) -> None:
    bar, terminal = Counter(), Script()
    bar.one.terminal = terminal
    bar.add_till(2, terminal)
    async with bar.run():
        how = {"items": TWO_WATERS, "method": "card", "id": bar.id()}
        bar.log.holds_at = CardApproved
        works = [await bar.do("sale", None, till, **how) for till in (1, 2)]
        bar.log.holding = False
        bar.log.sync()
        await trio.sleep(1)
        told = sorted((work.state, work.already) for work in works)
        assert told == [("paid", False), ("paid", True)]
        assert sum(isinstance(fact, Sold) for fact in bar.log.facts) == len(terminal.asked) == 1


@pytest.mark.trio
async def test_no_terminal_pays_a_guest(autojump_clock: MockClock) -> None:
    """Asked for less than nothing, some would: and the fact of it could not be read any more."""
    bar, terminal = Counter(), Script()
    bar.one.terminal = terminal
    async with bar.run():
        work = await bar.sell(None, Item(CUP, -2), method="card")
        assert (work.because, terminal.asked) == (TillReason.NOTHING_TO_PAY, [])
