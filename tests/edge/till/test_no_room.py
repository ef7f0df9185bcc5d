"""The disk is full at each record of a work, one after the other: nothing is written without its
fact, nobody is told "not paid" who has paid, and with room again the books are right."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import pytest
import trio
from trio.testing import MockClock

from crypto.entry import KnownFact
from drivers.payment.outcome import State
from drivers.reader import Chip
from drivers.reader.chips import Fault, Mishap, Type2, make
from edge.core.pricing import Item
from edge.core.till_reasons import TillReason
from edge.ledger.errors import LedgerFull
from edge.till.cards import open_cards
from edge.till.work import Ask, Work
from tests.edge.core.bar import WATER
from tests.edge.till.counter import Counter, Disk
from tests.edge.till.paying import Script

TWO_WATERS = (Item(WATER, 2),)
LOADED = 5000


class Small(Disk):
    """A disk on which there is room for `room` more facts; None: for all."""

    room: int | None = None

    def append(self, fact: KnownFact) -> int:
        if self.room is not None:
            if not self.room:
                raise LedgerFull("no room")
            self.room -= 1
        return super().append(fact)


class Scene(NamedTuple):
    bar: Counter
    log: Small
    terminal: Script
    band: Type2


async def scene(bar: Counter, log: Small) -> Scene:
    terminal = Script()
    bar.one.terminal = terminal
    return Scene(bar, log, terminal, await bar.wallet(LOADED))


async def sale(at: Scene) -> Work:
    return await at.bar.sell(at.band, *TWO_WATERS)


async def sale_in_cash(at: Scene) -> Work:
    return await at.bar.sell(None, *TWO_WATERS, method="cash")


async def sale_by_card(at: Scene) -> Work:
    return await at.bar.sell(None, *TWO_WATERS, method="card")


async def top_up(at: Scene) -> Work:
    return await at.bar.do("top_up", at.band, method="cash", amount_minor=700)


async def top_up_by_card(at: Scene) -> Work:
    work = await at.bar.do("top_up", at.band, method="card", amount_minor=700)
    if not work.over:
        await at.bar.tap(at.band, work)
    return work


async def reversal_by_card(at: Scene) -> Work:
    at.log.room, room = None, at.log.room
    sold = await sale_by_card(at)
    at.log.room, at.terminal.says = room, State.REVERSED
    return await at.bar.do("reversal", reverses=sold.txid)


async def cash_out(at: Scene) -> Work:
    return await at.bar.do("cash_out", at.band, amount_minor=1000)


async def refund(at: Scene) -> Work:
    return await at.bar.do("refund", None, items=TWO_WATERS, method="cash")


class Flow(NamedTuple):
    """`worth`: what is on the band once it was done; `drawer`: and more in the drawer than the
    10.00 of change and the 50.00 that it was loaded with."""

    play: Callable[[Scene], Awaitable[Work]]
    records: int
    worth: int
    drawer: int
    good: str


FLOWS = {
    "sale": Flow(sale, 2, 4500, 0, "paid"),
    "sale_in_cash": Flow(sale_in_cash, 1, 5000, 500, "paid"),
    "sale_by_card": Flow(sale_by_card, 3, 5000, 0, "paid"),
    "top_up": Flow(top_up, 2, 5700, 700, "done"),
    "top_up_by_card": Flow(top_up_by_card, 4, 5700, 0, "done"),
    "reversal_by_card": Flow(reversal_by_card, 2, 5000, 0, "done"),
    "cash_out": Flow(cash_out, 2, 4000, -1000, "done"),
    "refund": Flow(refund, 1, 5000, -500, "done"),
}
EACH = [(name, room) for name, flow in FLOWS.items() for room in range(flow.records)]


def drawer(bar: Counter) -> int:
    return bar.state.tills.shifts[bar.one.shift_key].totals.get("drawer", [0, 0])[1] - LOADED


@pytest.mark.trio
@pytest.mark.parametrize(("name", "room"), EACH)
async def test_the_disk_is_full_at_each_record(
    autojump_clock: MockClock, name: str, room: int
) -> None:
    flow, log = FLOWS[name], Small()
    async with Counter(log).run() as bar:
        at = await scene(bar, log)
        kept, log.room = bytes(at.band.memory), room
        seen = len(log.facts)
        work = await flow.play(at)
        moved = at.terminal.asked or at.terminal.reversed or bytes(at.band.memory) != kept
        if room == 0 and not at.terminal.reversed:
            assert (work.because, bar.story(seen), moved) == (TillReason.NO_ROOM, [], False)
            assert work.state in ("not_paid", "not_done")
        else:
            assert moved or name.endswith("card")
            assert work.state in (flow.good, "tap_again"), (work.state, work.because)
            assert work.state == flow.good or work.because is TillReason.NO_ROOM
        log.room, told = None, work.receipt
        bar.gateway.tick()
        if (name, room) == ("sale", 1):
            deal = bar.tills.book.deals[work.txid]
            assert not told and deal.receipt, "a receipt has its number when its fact is made"
        if work.state == "tap_again":
            await bar.tap(at.band, work)
        done = work.state == flow.good
        assert done or not moved
        assert len(at.terminal.asked) + len(at.terminal.reversed) <= 1 + name.startswith("reversal")
        assert await bar.balance(at.band) == (flow.worth if done else LOADED)
        assert drawer(bar) == (flow.drawer if done else 0)
        assert open_cards(bar.one) == []
        assert not list(bar.state.wallets.open_holds())


@pytest.mark.trio
async def test_whoever_has_paid_is_never_told_that_nothing_was_paid(
    autojump_clock: MockClock,
) -> None:
    """The band was written and left; at its next tap there is no room to say so."""
    log = Small()
    async with Counter(log).run() as bar:
        at = await scene(bar, log)
        work = bar.one.submit(Ask(kind="sale", id=bar.id(), items=TWO_WATERS))
        bar.readers[1].air.faults = [Fault(9, Mishap.LEAVES_IN_COMMAND)]
        await bar.tap(at.band, work)
        assert (work.state, work.because) == ("tap_again", "not_sure")
        log.room = 0
        await bar.tap(at.band, work)
        assert (work.state, work.because) == ("tap_again", TillReason.NO_ROOM)
        log.room = None
        await bar.tap(at.band, work)
        assert (work.state, work.already, work.balance_minor) == ("paid", True, 4500)


@pytest.mark.trio
async def test_a_basket_of_a_process_that_died_is_not_refused_for_want_of_room(
    autojump_clock: MockClock,
) -> None:
    log = Small()
    first = Counter(log)
    async with first.run():
        at, basket = await scene(first, log), first.id()
        first.one.submit(Ask(kind="sale", id=basket, items=TWO_WATERS))
        first.readers[1].air.faults = [Fault(9, Mishap.LEAVES_IN_COMMAND)]
        work = first.one.work
        assert work is not None
        await first.tap(at.band, work)
    again = Counter(log, first.state)
    async with again.run():
        log.room = 0
        work = await again.sell(at.band, *TWO_WATERS, id=basket)
        assert (work.state, work.because) == ("tap_again", TillReason.NO_ROOM)
        log.room = None
        await again.tap(at.band, work)
        assert (work.state, work.balance_minor) == ("paid", 4500)


@pytest.mark.trio
@pytest.mark.parametrize("room", range(3))
async def test_a_band_is_locked_by_the_fact_if_not_by_itself(
    autojump_clock: MockClock, room: int
) -> None:
    log = Small()
    async with Counter(log).run() as bar:
        at = await scene(bar, log)
        log.room = room
        work = await bar.do("lock", at.band, because="copy")
        assert (work.state, work.because) == (
            ("done", "") if room else ("not_done", TillReason.NO_ROOM)
        )  # fmt: skip
        log.room = None
        refused = await bar.sell(at.band, *TWO_WATERS)
        assert refused.state == ("not_paid" if room else "paid")


@pytest.mark.trio
@pytest.mark.parametrize("kind", ["issue", "reissue"])
async def test_no_band_is_made_without_room(autojump_clock: MockClock, kind: Any) -> None:
    log = Small()
    async with Counter(log).run() as bar:
        at = await scene(bar, log)
        medium = (await bar.do("balance", at.band)).medium
        blank = make(Chip.NTAG213, b"\x04newone")
        kept, log.room = bytes(blank.memory), 0
        work = await bar.do(kind, blank, wallet_class=1, medium=medium)
        assert (work.state, work.because) == ("not_done", TillReason.NO_ROOM)
        assert bytes(blank.memory) == kept
        log.room = None
        assert (await bar.do(kind, blank, wallet_class=1, medium=medium)).state == "done"


@pytest.mark.trio
async def test_receipts_are_numbered_without_a_gap_when_there_is_room_again(
    autojump_clock: MockClock,
) -> None:
    log = Small()
    async with Counter(log).run() as bar:
        at = await scene(bar, log)
        log.room = 1
        first = await bar.sell(at.band, *TWO_WATERS)
        assert (first.state, first.receipt) == ("paid", 0)  # none is printed before it is a fact
        log.room = None
        bar.gateway.tick()
        await trio.sleep(6)
        second = await bar.sell(at.band, *TWO_WATERS)
        deals = bar.state.tills.deals
        assert [deals[one.txid].receipt for one in (first, second)] == [2, 3]


@pytest.mark.trio
async def test_what_waits_for_room_keeps_its_order(autojump_clock: MockClock) -> None:
    """There is room again before anybody has ticked: the terminal's last word stays the last."""
    log = Small()
    async with Counter(log).run() as bar:
        at = await scene(bar, log)
        at.terminal.says, at.terminal.slow = State.UNKNOWN, trio.Event()
        work = bar.one.submit(Ask(kind="sale", id=bar.id(), items=TWO_WATERS, method="card"))
        await trio.testing.wait_all_tasks_blocked()
        log.room = 0
        at.terminal.slow.set()
        await trio.testing.wait_all_tasks_blocked()
        assert bar.gateway.unsaved_count == 1  # nobody knows what became of it
        log.room, at.terminal.knows = None, State.APPROVED
        await work.ended.wait()
        bar.gateway.tick()
        assert (work.state, open_cards(bar.one)) == ("paid", [])
        assert bar.story()[-3:] == ["CardUnknown", "CardApproved", "Sold"]
