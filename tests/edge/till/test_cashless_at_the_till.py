"""Cases that other cashless systems have tests for, or have failed at, at a real till."""

import copy

import msgspec
import pytest
import trio
from trio.testing import MockClock

from crypto.cashless import Article, TopUpCode, Wallet
from crypto.medium import CHIPS, FLAG_LOCKED, read_untrusted
from crypto.money import CreditApplied, DebitHeld, DebitPosted, MediumIssued, Sold, ToppedUp
from drivers.payment.outcome import State
from drivers.reader import Chip
from drivers.reader.chips import Fault, Mishap, Type2, make
from edge.core.pricing import Item, Refused
from edge.core.till_reasons import TillReason
from edge.core.wallet_reasons import WalletReason
from edge.till.credit import code_hash
from edge.till.till import Busy
from edge.till.work import Ask
from tests.edge.core.bar import BEER, CUP, WATER
from tests.edge.core.bar import bar as price_list
from tests.edge.till.counter import Counter, bundle
from tests.edge.till.paying import Script


@pytest.mark.trio
async def test_an_odd_deposit_is_exact(autojump_clock: MockClock) -> None:
    articles = [Article(1, "Beer", "B", 1, 500, deposit=2), Article(2, "Cup", "C", 1, 110)]
    articles[1] = msgspec.structs.replace(articles[1], kind="deposit")
    async with Counter(articles=articles, grids=[], phases=[]).run() as bar:
        band = await bar.wallet(1000)
        work = await bar.sell(band, Item(1, 1))
        assert (work.state, work.balance_minor) == ("paid", 390)
        assert type(work.balance_minor) is int


@pytest.mark.trio
async def test_a_band_of_nobody_is_refused_and_its_basket_stays_so(
    autojump_clock: MockClock,
) -> None:
    async with Counter().run() as bar:
        blank, band, basket = make(Chip.NTAG213, b"\x04nobody"), await bar.wallet(5000), bar.id()
        work = await bar.sell(blank, Item(WATER, 1), id=basket)
        assert (work.state, work.because) == ("not_paid", WalletReason.NOT_OURS)
        assert await bar.sell(band, Item(WATER, 1), id=basket) is work
        assert await bar.balance(band) == 5000
        assert bytes(blank.memory) == bytes(make(Chip.NTAG213, b"\x04nobody").memory)


@pytest.mark.trio
async def test_a_basket_is_changed_by_taking_it_back_and_selling_anew(
    autojump_clock: MockClock,
) -> None:
    """Two beers become one: two steps, each whole; the sums are those of one beer."""
    async with Counter().run() as bar:
        band = await bar.wallet(5000)
        sold = await bar.sell(band, Item(WATER, 2))
        assert (await bar.do("reversal", band, reverses=sold.txid)).state == "done"
        new = await bar.sell(band, Item(WATER, 1))
        assert (new.state, new.balance_minor) == ("paid", 4750)
        assert new.txid != sold.txid and new.receipt > sold.receipt
        totals = bar.state.tills.shifts[bar.one.shift_key].totals
        assert totals["tax:2"][1] == 250
        assert bar.state.tills.till(bar.gateway.identity, 1).perpetual_minor == 250


@pytest.mark.trio
async def test_nothing_but_cups_come_back(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        band = await bar.wallet(5000)
        await bar.sell(band, Item(BEER, 3), confirmed_age=16)
        back = await bar.sell(band, Item(CUP, -3))
        assert (back.state, back.amount_minor, back.balance_minor) == ("paid", -600, 4100)
        held = [fact for fact in bar.log.facts if isinstance(fact, DebitHeld)][-1]
        assert (held.movement, held.debit_minor, held.given_minor) == ("deposit_return", 0, 600)
        totals = bar.state.tills.shifts[bar.one.shift_key].totals
        assert totals["kind:deposit_return"] == [1, -600]


@pytest.mark.trio
async def test_money_from_presale_and_money_from_the_purse(autojump_clock: MockClock) -> None:
    bar = Counter(codes=[TopUpCode(code_hash("PRESALE"), 1500)])
    async with bar.run():
        band = await bar.wallet(0)
        first = [fact for fact in bar.log.facts if isinstance(fact, ToppedUp | CreditApplied)]
        assert first == [], "a band without money books none"
        assert "drawer" not in bar.state.tills.shifts[bar.one.shift_key].totals
        assert isinstance(bar.log.facts[-1], MediumIssued)
        await bar.do("top_up", band, method="voucher", code="PRESALE")
        await bar.do("top_up", band, method="cash", amount_minor=1000)
        assert await bar.balance(band) == 2500
        assert bar.state.tills.shifts[bar.one.shift_key].totals["drawer"][1] == 1000
        again = await bar.do("top_up", await bar.wallet(0), method="voucher", code="presale")
        assert again.because is WalletReason.CODE_USED, "bound to the first band"


@pytest.mark.trio
async def test_another_price_list_comes_between_quote_and_tap(autojump_clock: MockClock) -> None:
    dear = [
        msgspec.structs.replace(each, price_minor=900) if each.number == WATER else each
        for each in price_list().articles
    ]
    async with Counter().run() as bar:
        band = await bar.wallet(5000)
        quoted = bar.one.price(Ask(kind="sale", id=b"", items=(Item(WATER, 2),)))
        assert not isinstance(quoted, Refused)
        bar.gateway.apply_bundle(bundle(version=2, prices=99, articles=dear), b"another")
        first = await bar.sell(band, Item(WATER, 2), id=quoted[0], total_minor=500)
        second = await bar.sell(band, Item(WATER, 2))
        assert (first.balance_minor, second.balance_minor) == (4500, 2700)
        held = [fact for fact in bar.log.facts if isinstance(fact, DebitHeld)]
        assert [(one.prices, one.debit_minor) for one in held] == [(12, 500), (99, 1800)]


@pytest.mark.trio
async def test_the_same_amount_is_asked_also_after_a_second_tap(autojump_clock: MockClock) -> None:
    """The band left before it was read back; its next tap found that it had paid."""
    async with Counter().run() as bar:
        band = await bar.wallet(5000)
        work = bar.one.submit(Ask(kind="sale", id=bar.id(), items=(Item(WATER, 2),)))
        bar.readers[1].air.faults = [Fault(9, Mishap.LEAVES_IN_COMMAND)]
        await bar.tap(band, work)
        assert work.because == "not_sure"
        await bar.tap(band, work)
        assert (work.state, work.already) == ("paid", True)
        again = await bar.sell(band, Item(WATER, 2))
        assert again.question == "same_amount"


@pytest.mark.trio
async def test_a_sale_that_another_till_finds_on_the_band_takes_no_number_of_its_receipts(
    autojump_clock: MockClock,
) -> None:
    bar = Counter()
    bar.add_till(2)
    async with bar.run():
        band = await bar.wallet(5000)
        work = bar.one.submit(Ask(kind="sale", id=bar.id(), items=(Item(WATER, 2),)))
        bar.readers[1].air.faults = [Fault(9, Mishap.LEAVES_IN_COMMAND)]
        await bar.tap(band, work)
        assert work.because == "not_sure"
        assert await bar.balance(band, till=2) == 4500
        (posted,) = [fact for fact in bar.log.facts if isinstance(fact, DebitPosted)]
        assert (posted.till, posted.receipt) == (2, 0)
        other = await bar.do("sale", None, till=2, items=(Item(WATER, 1),), method="cash")
        assert other.receipt == 1


@pytest.mark.trio
async def test_what_was_never_sold_is_no_refund(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        for items, reason in (
            ((Item(CUP, -1),), TillReason.NOTHING_TO_PAY),
            ((Item(99, 1),), TillReason.UNKNOWN_ARTICLE),
        ):
            for method in ("cash", "band"):
                work = await bar.do("refund", None, items=items, method=method)
                assert (work.state, work.because) == ("not_done", reason)


# Cards


def with_terminal() -> tuple[Counter, Script]:
    bar, terminal = Counter(), Script()
    bar.one.terminal = terminal
    return bar, terminal


@pytest.mark.trio
async def test_a_band_is_worth_nothing_more_while_the_card_is_asked(
    autojump_clock: MockClock,
) -> None:
    """Nor while nobody knows what became of it; and once it is known, once more."""
    bar, terminal = with_terminal()
    terminal.says, terminal.slow = State.UNKNOWN, trio.Event()
    async with bar.run():
        band = await bar.wallet(1000)
        work = await bar.do("top_up", band, amount_minor=2000, method="card")
        before = bytes(band.memory)
        for waits in (terminal.slow.set, lambda: None):
            assert work.state == "waiting_card"
            assert bytes(band.memory) == before
            topped = [fact for fact in bar.log.facts if isinstance(fact, ToppedUp)]
            assert [fact.method for fact in topped] == ["cash"]
            waits()
            await trio.sleep(20)
        terminal.knows = State.APPROVED
        await trio.sleep(10)
        await bar.tap(band, work)
        assert (work.state, work.balance_minor, len(terminal.asked)) == ("done", 3000, 1)
        assert await bar.balance(band) == 3000


@pytest.mark.trio
async def test_a_prompt_that_still_stands_keeps_the_next_one_away(
    autojump_clock: MockClock,
) -> None:
    bar, terminal = with_terminal()
    terminal.slow, terminal.says = trio.Event(), State.DECLINED
    async with bar.run():
        band = await bar.wallet(1000)
        first = await bar.do("top_up", band, amount_minor=2000, method="card")
        with pytest.raises(Busy):
            await bar.do("top_up", band, amount_minor=500, method="card")
        assert len(terminal.asked) == 1
        assert bar.one.cancel(first)
        await first.ended.wait()
        assert (first.state, terminal.cancelled) == ("cancelled", 1)
        terminal.slow, terminal.says = None, State.APPROVED
        second = await bar.do("top_up", band, amount_minor=500, method="card")
        if not second.over:
            await bar.tap(band, second)
        assert (second.state, second.balance_minor) == ("done", 1500)
        assert [asked.amount_minor for asked in terminal.asked] == [2000, 500]


@pytest.mark.trio
async def test_a_card_that_a_dead_process_has_reversed_is_not_asked_again(
    autojump_clock: MockClock,
) -> None:
    """The terminal has given the money back; the reversal itself was not on disk yet."""
    bar, terminal = with_terminal()
    async with bar.run():
        sold = await bar.sell(None, Item(WATER, 2), method="card")
        terminal.says = State.REVERSED
        assert (await bar.do("reversal", reverses=sold.txid)).state == "done"
    assert bar.story()[-2:] == ["CardReversed", "Sold"]
    fresh = Counter()
    for seq, fact in enumerate(bar.log.facts[:-1], 1):
        fresh.state.apply(bar.gateway.identity, 7, seq, fact)
    again, terminal = Counter(fresh.log, fresh.state), Script()
    again.one.terminal, terminal.says = terminal, State.DECLINED
    async with again.run():
        back = await again.do("reversal", reverses=sold.txid)
        assert (back.state, terminal.reversed) == ("done", [])
        totals = again.state.tills.shifts[again.one.shift_key].totals
        assert (totals["method:card"], totals["kind:reversal"]) == ([2, 0], [1, -500])


# Bands that must not be served any more


def flags(bar: Counter, band: Type2) -> int:
    """Of the slot that counts, as anybody with the keys reads it."""
    plan = CHIPS[band.chip.name]
    image = bytes(band.memory[16 : 16 + plan.image_bytes])
    rules = bar.tills.rules
    assert rules is not None
    seen = read_untrusted(band.chip.name, band.uid, image, 0, rules.seals)
    assert seen.current is not None
    slot = seen.slots[seen.current]
    assert slot is not None
    return slot.flags


@pytest.mark.trio
async def test_a_blocked_band_is_locked_and_an_unblocked_one_goes_to_the_desk(
    autojump_clock: MockClock,
) -> None:
    async with Counter().run() as bar:
        band = await bar.wallet(5000)
        medium = (await bar.do("balance", band)).medium
        blocked = bundle(version=2, wallets=[Wallet(medium, min_epoch=2)])
        bar.gateway.apply_bundle(blocked, b"blocked")
        work = await bar.sell(band, Item(WATER, 1))
        assert (work.state, work.because) == ("not_paid", WalletReason.BLOCKED)
        assert flags(bar, band) & FLAG_LOCKED
        bar.gateway.apply_bundle(bundle(version=3), b"unblocked")
        again = await bar.sell(band, Item(WATER, 1))
        assert (again.state, again.because) == ("not_paid", WalletReason.LOCKED)
        assert not [fact for fact in bar.log.facts if isinstance(fact, Sold)]


@pytest.mark.trio
async def test_a_band_that_was_replaced_is_locked_wherever_it_turns_up(
    autojump_clock: MockClock,
) -> None:
    async with Counter().run() as bar:
        lost = await bar.wallet(5000)
        elsewhere = copy.deepcopy(lost)
        medium = (await bar.do("balance", lost)).medium
        new = make(Chip.NTAG213, b"\x04newone")
        assert (await bar.do("reissue", new, wallet_class=1, medium=medium)).state == "done"
        for band in (lost, elsewhere):
            work = await bar.sell(band, Item(WATER, 1))
            assert (work.state, work.because) == ("not_paid", WalletReason.BLOCKED)
            assert flags(bar, band) & FLAG_LOCKED
        assert (await bar.sell(new, Item(WATER, 1))).state == "paid"
