"""A top-up that never reached its band: the money goes back once, by the way it came."""

from typing import Any

import pytest
import trio
from trio.testing import MockClock

from crypto.cashless import TopUpCode
from crypto.money import CreditVoided, ToppedUp
from drivers.payment.outcome import State
from drivers.reader import Chip
from drivers.reader.chips import Fault, Mishap, Type2
from edge.core.receipt import faults
from edge.core.till_reasons import TillReason
from edge.ledger.errors import LedgerFull
from edge.till.credit import code_hash
from edge.till.receipts import receipt_of
from edge.till.shifts import close_shift, make_closing, open_shift
from edge.till.work import Ask, OtherContent, Work
from tests.edge.till.counter import Counter
from tests.edge.till.paying import Script


async def lost(
    bar: Counter, band: Type2, method: Any = "cash", amount: int | None = 1000, **how: Any
) -> Work:
    """A top-up that is paid and on disk, and whose band left before it was written."""
    ask = Ask(kind="top_up", id=bar.id(), method=method, amount_minor=amount, operator=5, **how)
    work = bar.one.submit(ask)
    reader = bar.readers[1]
    reader.place(band)
    bar.log.holds_at = ToppedUp
    for _ in range(9):
        await trio.testing.wait_all_tasks_blocked()
        await trio.sleep(0.2)
    assert bar.story()[-1] == "ToppedUp"
    reader.take()
    bar.log.holding = False
    bar.log.sync()
    await trio.sleep(1)
    assert (work.state, work.because) == ("tap_again", "not_sure")
    bar.one.give_up(work, given=False)
    await trio.sleep(1)
    return work


async def back(bar: Counter, band: Type2, till: int = 1, yes: bool = True, **how: Any) -> Work:
    """Ask for the money, and say yes (or no) when the amount is shown."""
    work = await bar.do("money_back", band, till, **how)
    if work.question == "money_back":
        bar.tills.tills[till].answer(work, "money_back", yes)
        await bar.tap(band, work, till)
    return work


def drawer(bar: Counter) -> int:
    return bar.state.tills.shifts[bar.one.shift_key].totals.get("drawer", [0, 0])[1]


@pytest.mark.trio
@pytest.mark.parametrize("chip", [Chip.NTAG213, Chip.NTAG216, Chip.UL_AES])
async def test_cash_leaves_the_drawer_once(autojump_clock: MockClock, chip: Chip) -> None:
    async with Counter().run() as bar:
        band = await bar.wallet(2000, chip)
        topped = await lost(bar, band)
        assert drawer(bar) == 3000
        name = bar.id()
        work = await back(bar, band, id=name)
        assert (work.state, work.because, work.amount_minor) == ("done", "back_cash", 1000)
        fact = bar.log.facts[-1]
        assert isinstance(fact, CreditVoided) and (fact.txid, fact.back) == (topped.txid, name)
        assert (drawer(bar), await bar.balance(band)) == (2000, 2000)
        totals = bar.state.tills.shifts[bar.one.shift_key].totals
        assert totals["top_up_back:cash"] == [1, -1000] and "kind:top_up_back" not in totals
        paper = receipt_of(bar.one, work.receipt)
        assert paper is not None and faults(paper) == [] and paper.reverses == "2"
        assert (paper.kind, paper.payments[0].amount_minor) == ("refund", -1000)
        assert (await back(bar, band, id=name)) is work
        again = await back(bar, band)
        assert again.because is TillReason.TOP_UP_ARRIVED
        late = await bar.do("top_up", band, id=topped.ask.id, method="cash", amount_minor=1000)
        assert late is topped  # what was given up is not begun again under its name


@pytest.mark.trio
async def test_the_amount_is_shown_first_and_no_is_no(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        band = await bar.wallet(2000)
        await lost(bar, band)
        work = await bar.do("money_back", band)
        assert (work.state, work.question, work.amount_minor) == ("asking", "money_back", 1000)
        bar.one.answer(work, "money_back", False)
        assert (work.state, work.because) == ("not_done", "answered_no")
        loaded = await bar.do("top_up", band, method="cash", amount_minor=500)
        assert loaded.state == "done"  # and the earlier one was finished first
        assert await bar.balance(band) == 3500


@pytest.mark.trio
async def test_what_was_agreed_to_is_of_one_top_up(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        band, other = await bar.wallet(2000), await bar.wallet(2000)
        await lost(bar, band)
        await lost(bar, other, amount=9000)
        work = await bar.do("money_back", band)
        bar.one.answer(work, "money_back", True)
        await bar.tap(other, work)
        assert (work.state, work.question, work.amount_minor) == ("asking", "money_back", 9000)


@pytest.mark.trio
async def test_what_may_be_on_the_band_does_not_go_back(autojump_clock: MockClock) -> None:
    """Torn at every exchange: either it goes back, or it is finished; never both, never neither."""
    refused = set()
    async with Counter().run() as bar:
        for at in range(1, 40):
            band = await bar.wallet(0)
            before = drawer(bar)
            ask = Ask(kind="top_up", id=bar.id(), method="cash", amount_minor=1000)
            work = bar.one.submit(ask)
            bar.readers[1].air.faults = [Fault(at, Mishap.LEAVES_IN_COMMAND, 3)]
            await bar.tap(band, work)
            whole = bool(bar.readers[1].air.faults)
            bar.readers[1].air.faults = []
            if not work.over:
                bar.one.give_up(work, given=False)
            given = await back(bar, band)
            worth, paid = await bar.balance(band), drawer(bar) - before
            assert worth == paid, (at, worth, paid, given.because)
            if given.state != "done":
                refused.add(given.because)
                again = await bar.do("top_up", band, method="cash", amount_minor=500)
                assert again.state == "done", (at, again.because)
                assert await bar.balance(band) == drawer(bar) - before, at
            if whole:
                break
    assert refused == {TillReason.MAY_BE_THERE, TillReason.TOP_UP_ARRIVED}


@pytest.mark.trio
async def test_a_code_is_open_again_and_nothing_is_paid_out(autojump_clock: MockClock) -> None:
    bar = Counter(codes=[TopUpCode(code_hash("SUMMER"), 1500)])
    async with bar.run():
        band = await bar.wallet(2000)
        await lost(bar, band, "voucher", None, code="SUMMER")
        other = await bar.wallet(0)
        used = await bar.do("top_up", other, method="voucher", code="SUMMER")
        assert used.state == "not_done"
        work = await back(bar, band)
        assert (work.state, work.because, drawer(bar)) == ("done", "back_code", 2000)
        again = await bar.do("top_up", other, method="voucher", code="SUMMER")
        assert (again.state, again.balance_minor) == ("done", 1500)


@pytest.mark.trio
async def test_a_card_gets_it_back_from_its_terminal(autojump_clock: MockClock) -> None:
    bar, terminal = Counter(), Script()
    bar.one.terminal = terminal
    bar.add_till(2)
    async with bar.run():
        band = await bar.wallet(2000)
        await lost(bar, band, "card")
        elsewhere = await back(bar, band, 2, supervised=True)
        assert elsewhere.because is TillReason.OTHER_TERMINAL
        terminal.says = State.DECLINED
        kept = await back(bar, band)
        assert (kept.state, kept.because) == ("not_done", TillReason.CARD_KEPT)
        assert "CreditVoided" not in bar.story()
        terminal.says = State.REVERSED
        work = await back(bar, band)
        assert (work.state, work.because) == ("done", "back_card")
        assert bar.story()[-2:] == ["CardReversed", "CreditVoided"]
        totals = bar.state.tills.shifts[bar.one.shift_key].totals
        assert totals["top_up_back:card"] == [1, -1000] and drawer(bar) == 2000
        assert await bar.balance(band) == 2000


@pytest.mark.trio
@pytest.mark.parametrize("next_kind", ["money_back", "top_up"])
async def test_a_process_that_dies_after_the_terminal_gives_nothing_twice(
    autojump_clock: MockClock, next_kind: Any
) -> None:
    bar, terminal = Counter(), Script()
    bar.one.terminal = terminal
    async with bar.run():
        band = await bar.wallet(2000)
        await lost(bar, band, "card")
        terminal.says = State.REVERSED
        await back(bar, band)
        assert bar.story()[-1] == "CreditVoided"
        bar.log.facts.pop()
    again = Counter(bar.log)
    for seq, fact in enumerate(bar.log.facts, 1):
        again.state.apply(again.gateway.identity, 1, seq, fact)
    async with again.run():
        if next_kind == "money_back":
            work = await back(again, band)
            assert (work.state, work.because) == ("done", "back_card")
        else:
            work = await again.do("top_up", band, method="cash", amount_minor=500)
            assert (work.state, work.because) == ("not_done", TillReason.WENT_BACK)
            await again.do("top_up", band, method="cash", amount_minor=500)
        assert len(terminal.reversed) == 1
        assert [fact for fact in again.log.facts if isinstance(fact, CreditVoided)]
        assert await again.balance(band) == (2000 if next_kind == "money_back" else 2500)


@pytest.mark.trio
async def test_after_a_restart_the_same_answer(autojump_clock: MockClock) -> None:
    bar = Counter()
    async with bar.run():
        band, name = await bar.wallet(2000), bar.id()
        topped = await lost(bar, band)
        work = await back(bar, band, id=name)
    again = Counter(bar.log, bar.state)
    async with again.run():
        same = await again.do("money_back", None, id=name)
        assert (same.state, same.already, same.because) == ("done", True, "back_cash")
        assert (same.amount_minor, same.receipt) == (1000, work.receipt)
        late = await again.do("top_up", band, id=topped.ask.id, method="cash", amount_minor=1000)
        assert (late.state, late.because) == ("not_done", TillReason.WENT_BACK)
        assert drawer(again) == 2000
    other = Counter(bar.log, bar.state)
    async with other.run():
        with pytest.raises(OtherContent, match="kind"):
            await other.do("money_back", None, id=topped.ask.id)


@pytest.mark.trio
async def test_of_another_till_or_shift_a_supervisor_and_where_it_counts(
    autojump_clock: MockClock,
) -> None:
    bar = Counter()
    bar.add_till(2)
    bar.add_till(3, drawer=False)
    async with bar.run():
        band = await bar.wallet(2000)
        await lost(bar, band)
        no = await back(bar, band, 2)
        assert no.because is TillReason.TOPPED_ELSEWHERE
        assert (await back(bar, band, 3, supervised=True)).because is TillReason.NO_DRAWER
        first = bar.one.shift_key
        await close_shift(bar.one, 5, 13_000)
        assert (await back(bar, band)).because is TillReason.SHIFT_CLOSED
        await make_closing(bar.one, 5, "Z")
        await open_shift(bar.one, 5, 0)
        assert (await back(bar, band)).because is TillReason.TOPPED_ELSEWHERE
        done = await back(bar, band, 2, supervised=True)
        assert done.state == "done"
        shifts = bar.state.tills.shifts
        assert shifts[first].totals["drawer"] == [2, 3000], "a closed shift stays as it was counted"
        assert shifts[bar.tills.tills[2].shift_key].totals["drawer"] == [1, -1000]


@pytest.mark.trio
async def test_no_training_and_no_money_without_its_fact(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Counter().run() as bar:
        band = await bar.wallet(2000)
        await lost(bar, band)
        bar.one.training = True
        assert (await back(bar, band)).because is TillReason.TRAINING
        bar.one.training = False
        append = bar.log.append

        def full(fact: object) -> int:
            raise LedgerFull("no room")

        monkeypatch.setattr(bar.log, "append", full)
        work = await back(bar, band)
        assert (work.state, work.because) == ("not_done", TillReason.NO_ROOM)
        monkeypatch.setattr(bar.log, "append", append)
        assert (await back(bar, band)).state == "done"
