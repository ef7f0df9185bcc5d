"""Cards: three outcomes, and nobody is asked to pay twice."""

import pytest
import trio
from trio.testing import MockClock

from crypto.money import CardAuthorizationStarted, CardDeclined, Sold
from drivers.payment.outcome import State
from edge.core.pricing import Item
from edge.core.till_reasons import TillReason
from edge.till.cards import heard_later, open_cards, settle_cards
from edge.till.work import Ask
from tests.edge.core.bar import WATER
from tests.edge.till.counter import Counter
from tests.edge.till.paying import Script

TWO_WATERS = (Item(WATER, 2),)


def counter(old: Counter | None = None) -> tuple[Counter, Script]:
    bar = Counter(old.log, old.state) if old else Counter()
    terminal = Script()
    bar.one.terminal = terminal
    return bar, terminal


@pytest.mark.trio
async def test_the_intent_is_on_disk_before_the_terminal_is_asked(
    autojump_clock: MockClock,
) -> None:
    bar, terminal = counter()
    async with bar.run():
        bar.log.holding = True
        work = bar.one.submit(Ask(kind="sale", id=bar.id(), items=TWO_WATERS, method="card"))
        await trio.testing.wait_all_tasks_blocked()
        assert isinstance(bar.log.facts[-1], CardAuthorizationStarted) and not terminal.asked
        bar.log.holding = False
        bar.log.sync()
        await work.ended.wait()
        assert work.state == "paid"
        assert bar.story()[-3:] == ["CardAuthorizationStarted", "CardApproved", "Sold"]
        assert bar.state.tills.shifts[bar.one.shift_key].totals["method:card"] == [1, 500]
        assert open_cards(bar.one) == []


@pytest.mark.trio
async def test_declined_is_not_paid(autojump_clock: MockClock) -> None:
    bar, terminal = counter()
    terminal.says = State.DECLINED
    async with bar.run():
        work = await bar.sell(None, *TWO_WATERS, method="card")
        assert (work.state, work.because) == ("not_paid", TillReason.CARD_DECLINED)
        assert isinstance(bar.log.facts[-1], CardDeclined)


@pytest.mark.trio
@pytest.mark.parametrize(
    ("knows", "state", "kinds"),
    [
        (State.APPROVED, "paid", ["CardUnknown", "CardApproved", "Sold"]),
        (State.DECLINED, "not_paid", ["CardAuthorizationStarted", "CardUnknown", "CardDeclined"]),
    ],
)
async def test_unknown_is_asked_and_never_charged_again(
    autojump_clock: MockClock, knows: State, state: str, kinds: list[str]
) -> None:
    bar, terminal = counter()
    terminal.says = State.UNKNOWN
    async with bar.run():
        work = bar.one.submit(Ask(kind="sale", id=bar.id(), items=TWO_WATERS, method="card"))
        await trio.sleep(30)
        assert (work.state, work.because) == ("waiting_card", TillReason.CARD_UNKNOWN)
        assert len(terminal.inquired) > 4
        terminal.knows = knows
        await work.ended.wait()
        assert (work.state, len(terminal.asked)) == (state, 1)
        assert bar.story()[-3:] == kinds


@pytest.mark.trio
async def test_a_crash_between_approval_and_booking(autojump_clock: MockClock) -> None:
    """The money was taken, the process died: on start the terminal is asked, and the same basket
    is booked without a second charge."""
    bar, terminal = counter()
    terminal.slow = trio.Event()
    basket = bar.id()
    async with bar.run():
        bar.one.submit(Ask(kind="sale", id=basket, items=TWO_WATERS, method="card"))
        await trio.testing.wait_all_tasks_blocked()
        facts = list(bar.log.facts)
    del bar.log.facts[len(facts) :]
    fresh = Counter()
    for seq, fact in enumerate(facts, 1):
        fresh.state.apply(bar.gateway.identity, 7, seq, fact)
    again, terminal = counter(fresh)
    terminal.knows = State.APPROVED
    (known,) = open_cards(again.one)
    assert known[1].status == ""
    await settle_cards(again.one)
    assert [card.status for _, card in open_cards(again.one)] == ["approved"]
    async with again.run():
        work = await again.sell(None, *TWO_WATERS, id=basket, method="card")
        assert (work.state, terminal.asked) == ("paid", [])
        assert isinstance(again.log.facts[-1], Sold) and again.log.facts[-1].card == known[0]
        assert open_cards(again.one) == []


@pytest.mark.trio
async def test_after_a_crash_another_device_in_its_place_settles_nothing(
    autojump_clock: MockClock,
) -> None:
    """It would say that it never heard of the payment; the guest has paid at the other one."""
    bar, terminal = counter()
    terminal.slow = trio.Event()
    basket = bar.id()
    async with bar.run():
        bar.one.submit(Ask(kind="sale", id=basket, items=TWO_WATERS, method="card"))
        await trio.testing.wait_all_tasks_blocked()
        facts = list(bar.log.facts)
    fresh = Counter()
    for seq, fact in enumerate(facts, 1):
        fresh.state.apply(bar.gateway.identity, 7, seq, fact)
    again, spare = counter(fresh)
    spare.terminal, spare.knows = "SPARE", State.DECLINED
    await settle_cards(again.one)
    assert [card.status for _, card in open_cards(again.one)] == [""]
    async with again.run():
        work = again.one.submit(Ask(kind="sale", id=basket, items=TWO_WATERS, method="card"))
        await trio.sleep(30)
        assert (work.state, spare.asked) == ("waiting_card", [])
        spare.terminal, spare.knows = "T1", State.APPROVED  # the first one is back
        await work.ended.wait()
        assert (work.state, spare.asked) == ("paid", [])


@pytest.mark.trio
@pytest.mark.parametrize(
    ("says", "state"), [(State.DECLINED, "cancelled"), (State.APPROVED, "paid")]
)
async def test_cancelling_takes_the_prompt_off_unless_the_guest_was_quicker(
    autojump_clock: MockClock, says: State, state: str
) -> None:
    bar, terminal = counter()
    terminal.slow, terminal.says = trio.Event(), says
    async with bar.run():
        work = bar.one.submit(Ask(kind="sale", id=bar.id(), items=TWO_WATERS, method="card"))
        await trio.testing.wait_all_tasks_blocked()
        assert bar.one.cancel(work)
        await work.ended.wait()
        assert (work.state, terminal.cancelled) == (state, 1)
        assert open_cards(bar.one) == []  # a guest who paid is served, another one pays nothing


@pytest.mark.trio
async def test_what_is_being_asked_of_the_terminal_is_not_given_up(
    autojump_clock: MockClock,
) -> None:
    bar, terminal = counter()
    terminal.says = State.UNKNOWN
    async with bar.run():
        work = bar.one.submit(Ask(kind="sale", id=bar.id(), items=TWO_WATERS, method="card"))
        await trio.sleep(10)
        assert not bar.one.cancel(work)
        terminal.knows = State.DECLINED
        await work.ended.wait()
        assert work.state == "not_paid"


@pytest.mark.trio
async def test_the_end_of_the_process_hears_the_terminal_out(autojump_clock: MockClock) -> None:
    bar, terminal = counter()
    terminal.slow = trio.Event()
    async with bar.run():
        bar.one.submit(Ask(kind="sale", id=bar.id(), items=TWO_WATERS, method="card"))
        await trio.testing.wait_all_tasks_blocked()
    assert bar.story()[-1] == "CardApproved"  # not booked, listed, booked when it is sent again
    assert [card.status for _, card in open_cards(bar.one)] == ["approved"]


@pytest.mark.trio
async def test_a_top_up_by_card_looks_at_the_band_first(autojump_clock: MockClock) -> None:
    bar, terminal = counter()
    async with bar.run():
        band = await bar.wallet(0)
        work = await bar.do("top_up", band, amount_minor=2000, method="card")
        if not work.over:
            assert work.because == "tap_for_credit"
            await bar.tap(band, work)
        assert (work.state, work.balance_minor, len(terminal.asked)) == ("done", 2000, 1)
        assert await bar.balance(band) == 2000
        topped = bar.state.tills.deals[work.ask.id]
        assert topped.card == terminal.asked[0].txid16
        terminal.says = State.DECLINED
        refused = await bar.do("top_up", band, amount_minor=2000, method="card")
        assert refused.because is TillReason.CARD_DECLINED
        assert await bar.balance(band) == 2000


@pytest.mark.trio
async def test_a_card_that_has_paid_for_a_top_up_is_not_cancelled_after_a_restart(
    autojump_clock: MockClock,
) -> None:
    bar, terminal = counter()
    async with bar.run():
        band = await bar.wallet(0)
        ask = Ask(kind="top_up", id=bar.id(), method="card", amount_minor=2000)
        work = bar.one.submit(ask)
        await bar.tap(band, work)
        if not work.over:
            await bar.tap(band, work)
        assert work.state == "done"
        del bar.log.facts[-2:]  # approved, and on no band yet
    again = Counter(bar.log)
    for seq, fact in enumerate(bar.log.facts, 1):
        again.state.apply(again.gateway.identity, 1, seq, fact)
    again.one.terminal = terminal
    async with again.run():
        work = again.one.submit(ask)
        await trio.testing.wait_all_tasks_blocked()
        assert not again.one.cancel(work), "the guest would hear that nothing was paid"


@pytest.mark.trio
async def test_a_terminal_that_declined_and_then_approved_is_told_and_kept(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    bar, terminal = counter()
    terminal.says = State.DECLINED
    async with bar.run():
        basket = bar.id()
        refused = await bar.sell(None, *TWO_WATERS, id=basket, method="card")
        assert refused.because is TillReason.CARD_DECLINED
        for state, kinds in ((State.DECLINED, 0), (State.APPROVED, 1), (State.APPROVED, 1)):
            heard_later(bar.one, terminal._outcome(terminal.asked[0], state))
            assert bar.story().count("CardApproved") == kinds
        assert "serve this guest, or give the money back" in caplog.text
        ((_, card),) = open_cards(bar.one)
        assert card.status == "approved", "listed until it is booked"


@pytest.mark.trio
async def test_a_reversal_that_nobody_can_settle_may_be_given_up(
    autojump_clock: MockClock,
) -> None:
    """Another terminal may stand there now, which will never know: the till goes on."""
    bar, terminal = counter()
    async with bar.run():
        sold = await bar.sell(None, *TWO_WATERS, method="card")
        terminal.says, terminal.knows = State.REVERSAL_UNKNOWN, None
        work = bar.one.submit(Ask(kind="reversal", id=bar.id(), reverses=sold.txid))
        await trio.sleep(30)
        assert work.state == "waiting_card" and len(terminal.inquired) > 4
        bar.one.give_up(work, given=False)
        await trio.testing.wait_all_tasks_blocked()
        terminal.says = State.APPROVED
        assert (await bar.sell(None, *TWO_WATERS, method="card")).state == "paid"
        terminal.says = State.REVERSED
        again = await bar.do("reversal", reverses=sold.txid)
        assert (again.state, len(terminal.reversed)) == ("done", 2)


@pytest.mark.trio
async def test_a_card_sale_is_reversed_at_the_terminal(autojump_clock: MockClock) -> None:
    bar, terminal = counter()
    async with bar.run():
        sold = await bar.sell(None, *TWO_WATERS, method="card")
        terminal.says = State.DECLINED
        no = await bar.do("reversal", reverses=sold.txid)
        assert (no.state, no.because) == ("not_done", TillReason.CARD_DECLINED)
        terminal.says = State.REVERSED
        yes = await bar.do("reversal", reverses=sold.txid)
        assert (yes.state, bar.story()[-2:]) == ("done", ["CardReversed", "Sold"])
        totals = bar.state.tills.shifts[bar.one.shift_key].totals
        assert (totals["method:card"], totals["kind:reversal"]) == ([2, 0], [1, -500])
        third = await bar.do("reversal", reverses=sold.txid)
        assert third.because is TillReason.REVERSED_ALREADY
