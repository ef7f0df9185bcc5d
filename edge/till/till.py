"""One till: takes works one at a time, and answers the same work the same way.

A work runs in the till's own task, so that a page that hangs up or reloads changes nothing. While
a band may be half written nothing cancels it, not even the end of the process: two seconds are
kept for that, and what is still open then is settled by the next tap.
"""

import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
import trio

from crypto.money import GoodsAnswered
from drivers.payment import Terminal
from drivers.reader import Reader
from edge.core.pricing import Quote, Refused, quote
from edge.core.till_reasons import TillReason
from edge.core.till_rows import Shift, ShiftKey
from edge.core.wallet_reasons import WalletReason
from edge.core.wallet_words import Make, Who
from edge.ledger.errors import LedgerFull
from edge.till.booked import difference_booked, priced_at
from edge.till.field import Field
from edge.till.tills import Tills
from edge.till.work import (
    ASKING,
    CANCELLED,
    DONE,
    IN_DOUBT,
    NOT_DONE,
    NOT_PAID,
    PAID,
    TAP_AGAIN,
    WAITING_BAND,
    WAITING_CARD,
    WORKING,
    Ask,
    OtherContent,
    Question,
    Work,
    difference,
    tell,
)

log = logging.getLogger(__name__)
WORKS_MAX: Final = 2048
QUOTES_MAX: Final = 512
#: After so long in doubt the cashier is asked whether the goods were given.
DOUBT_S: Final = 60.0
WATCH_S: Final = 0.5
#: The same amount from the same band within this time: ask.
SAME_AMOUNT_S: Final = 5.0


class Place(msgspec.Struct, frozen=True):
    """What a till has and may do."""

    number: int
    name: str
    drawer: bool = False
    can_top_up: bool = False
    only_bands: bool = False
    debounce_s: float = 3.0


class Busy(Exception):
    """Another work is under way at this till; `work` is that one."""

    def __init__(self, work: Work) -> None:
        super().__init__("another basket is under way at this till")
        self.work = work


Flow = Callable[["Till", Work], Awaitable[None]]


class Till:
    """One till of `tills`, with its reader and terminal, if it has them."""

    def __init__(
        self, tills: Tills, place: Place, reader: Reader | None = None,
        terminal: Terminal | None = None, flows: dict[str, Flow] | None = None,
    ) -> None:  # fmt: skip
        from edge.till.flows import FLOWS

        self.tills = tills
        self.place = place
        self.number = place.number
        self.reader = reader
        self.field = Field(self)
        self.terminal = terminal
        self.flows = FLOWS if flows is None else flows
        self.training = False
        self.work: Work | None = None
        self.last: Work | None = None
        self.works: OrderedDict[tuple[bytes, int], Work] = OrderedDict()
        self.quotes: OrderedDict[bytes, tuple[Ask, Quote]] = OrderedDict()
        self.terminal_free = trio.Lock()
        self._arrived = trio.Event()
        self._nursery: trio.Nursery | None = None
        #: Medium, amount and time of the last sale.
        self._sold: tuple[bytes, int, float] | None = None
        tills.tills[place.number] = self

    # Shift

    @property
    def shift_key(self) -> ShiftKey:
        """The newest shift of this till."""
        gateway = self.tills.gateway.identity
        return (gateway, self.number, self.tills.book.till(gateway, self.number).shift)

    @property
    def shift(self) -> Shift | None:
        """The open shift, if one is."""
        shift = self.tills.book.shifts.get(self.shift_key)
        return shift if shift is not None and shift.opened_hlc and not shift.closed_hlc else None

    def who(self, ask: Ask, marks: int = 0) -> Who:
        """Who does it, as facts say it."""
        shift = self.shift_key[2]
        return self.tills.who(self.number, shift, ask.operator, ask.supervised, marks)

    def next_receipt(self) -> int:
        """The number of the receipt that is made now."""
        return self.tills.book.till(self.tills.gateway.identity, self.number).receipt + 1

    # Prices

    def price(
        self, ask: Ask, basket: bytes = b"", instead_of: bytes = b""
    ) -> tuple[bytes, Quote] | Refused:
        """Quote `ask`, and keep the quote for its basket. Writes nothing. `instead_of`: a basket
        of before a restart, at whose moment it is priced."""
        prices = self.tills.prices
        if prices is None:
            return Refused(TillReason.NO_PRICES)
        now_ms = self.tills.gateway.clock.now().ms
        at_ms = priced_at(self.tills, instead_of) if instead_of else now_ms
        found = quote(prices, ask.basket, at_ms)
        if isinstance(found, Refused):
            return found
        basket = basket or self.tills.new_id()
        self.quotes[basket] = (ask, found)
        if len(self.quotes) > QUOTES_MAX:
            self.quotes.popitem(last=False)
        return basket, found

    # Works

    def submit(self, ask: Ask) -> Work:
        """The work of this name: the one there is, or a new one that begins now.

        Raises `OtherContent`, and `Busy` while another one is under way.
        """
        known = self.works.get((ask.id, ask.part))
        if known is not None:
            field = difference(known.ask, ask)
            if field:
                raise OtherContent(field)
            return known
        field = difference_booked(self.tills, ask)
        if field:
            raise OtherContent(field)
        if self.work is not None and self.work.quiet and ask.kind != "sign_in":
            self.drop(self.work)
        if self.work is not None:
            raise Busy(self.work)
        work = Work(ask)
        self.works[work.name] = work
        if len(self.works) > WORKS_MAX:
            self.works.popitem(last=False)
        self.work = work
        self._arrived.set()
        self.field.wanted()
        return work

    async def run(self) -> None:
        """Serve works until cancelled."""
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            nursery.start_soon(self._watch)
            await self._serve_all()

    async def _watch(self) -> None:
        """Twice a second: has the last band left? After a minute in which nobody knows, the cashier
        says whether goods were given."""
        while True:
            await trio.sleep(WATCH_S)
            work = self.work
            if work is None and self.field.lies_there:
                await self.field.until_left()
                continue
            if work is None or work.doubt_since is None or work.question is not None:
                continue
            if work.ask.kind == "top_up":
                continue  # no goods are handed over for it
            if trio.current_time() >= work.doubt_since + DOUBT_S:
                work.question = "goods_given"
                self.show(work, TAP_AGAIN, "not_sure")

    async def _serve_all(self) -> None:
        while True:
            if self.work is None:
                await self._arrived.wait()
            self._arrived = trio.Event()
            if self.work is not None:
                await self._serve(self.work)

    async def _serve(self, work: Work) -> None:
        try:
            while True:
                with trio.CancelScope() as work.scope:
                    await self.flows[work.ask.kind](self, work)
                if work.over or work.cancelled:
                    break
                self.show(work, TAP_AGAIN, "not_sure")  # the reader hung in the middle of a tap
            if not work.over:
                self.end(work, IN_DOUBT if work.held else CANCELLED, "cancelled")
        except Exception:
            # The border: one work; its hold, if there is one, is settled by the next tap.
            log.exception("a till crashed in the middle of a work; please report this trace")
            if not work.over:
                self.end(work, IN_DOUBT if work.held else NOT_DONE, "crashed")
        finally:
            if self.work is work:
                self.work = None

    def cancel(self, work: Work) -> bool:
        """Take a work off the till. False while that could leave a band in doubt."""
        if work.over:
            return True
        if work.state == WORKING or work.held or work.paid or work.scope is None:
            return False
        if work.scope.shield:
            return False
        if work.state == WAITING_CARD:
            return self._take_off_terminal(work)
        work.cancelled = True
        work.scope.cancel()
        return True

    def drop(self, work: Work) -> None:
        """Nobody waits for this work any longer. What is being read is read to its end."""
        self.cancel(work)
        self.end(work, CANCELLED, "cancelled")

    def _take_off_terminal(self, work: Work) -> bool:
        """The prompt goes; what the terminal says then counts, for the guest may be quicker."""
        if self.terminal is None or self._nursery is None or work.because:
            return False  # being asked what became of it: that is not given up
        work.cancelled = True
        self._nursery.start_soon(self.terminal.cancel)
        return True

    def answer(self, work: Work, question: Question, yes: bool) -> None:
        """The cashier's answer to what was asked."""
        if work.over or work.question != question:
            return
        if question == "goods_given":
            self.give_up(work, given=yes)
            return
        work.question = None
        if yes:
            work.confirmed.add(question)
            self.show(work, WAITING_BAND)
            return
        self.refuse(work, "answered_no")
        if work.scope is not None and not work.scope.shield:
            work.scope.cancel()

    def give_up(self, work: Work, *, given: bool) -> None:
        """Nobody waits for the band any longer; the cashier says whether goods were handed over.

        It settles nothing: the band does, whenever somebody sees it. For a top-up nothing is
        handed over: it stays open, to be loaded at the next tap, or its money goes back.
        """
        scope = work.scope
        if work.ask.kind == "top_up":
            self.end(work, IN_DOUBT, "top_up_open")
        else:
            self._note_goods(work, given)
            self.end(work, IN_DOUBT, "goods_given" if given else "goods_kept")
        if scope is not None and not scope.shield:
            scope.cancel()

    def _note_goods(self, work: Work, given: bool) -> None:
        who = self.who(work.ask)
        self.tills.gateway.must_record(
            lambda hlc, now: GoodsAnswered(
                hlc, now.day, now.offset_min, self.tills.new_id(), who.till, who.operator,
                who.shift, who.marks, work.ask.id, given,
            )
        )  # fmt: skip

    # What works tell

    def show(self, work: Work, state: str, because: TillReason | WalletReason | str = "") -> None:
        """The work stands so now; everybody who watches is told."""
        if work.over:
            return
        work.state, work.because = state, because
        work.tell_all()
        events = self.tills.gateway.events
        if events.heard and not work.quiet:
            told = msgspec.to_builtins(tell(work, self.tills.prices))
            events.publish("till", till=self.number, work=told)

    def end(self, work: Work, state: str, because: TillReason | WalletReason | str = "") -> None:
        """The work is over."""
        if work.over:
            return
        work.question = None
        self.show(work, state, because)
        work.ended.set()
        self.last = self.last if work.quiet else work
        if self.work is work:
            self.work = None

    def good(self, work: Work) -> None:
        """It was paid, or done."""
        self.end(work, PAID if work.ask.kind == "sale" else DONE)

    def refuse(self, work: Work, because: TillReason | WalletReason | str) -> None:
        """It was not paid, or not done, and will not be under this name."""
        self.end(work, NOT_PAID if work.ask.kind == "sale" else NOT_DONE, because)

    async def booked(self, work: Work, txid: bytes, make: Make, *, moved: bool) -> bool:
        """Record a movement that changes no band, and give the work its receipt. `moved`: a
        terminal has moved the money, which is kept also without room. False: refused for want of
        room, and nothing was recorded."""
        if moved:
            await self.tills.must(make)
        else:
            try:
                seq = self.tills.record(make)
            except LedgerFull:
                self.refuse(work, TillReason.NO_ROOM)
                return False
            self.show(work, WORKING)  # it has happened: what is taken off now would be told wrongly
            with trio.CancelScope(shield=True):
                await self.tills.durable(seq)
        deal = self.tills.book.deals.get(txid)
        work.txid, work.receipt = txid, deal.receipt if deal is not None else 0
        return True

    def ask_cashier(self, work: Work, question: Question) -> None:
        """Wait for the cashier's word before going on."""
        work.question = question
        self.show(work, ASKING, question)

    # The same amount twice

    def same_again(self, medium: bytes, amount_minor: int) -> bool:
        """Whether this band has just paid that much here."""
        sold = self._sold
        return (
            sold is not None
            and sold[:2] == (medium, amount_minor)
            and trio.current_time() - sold[2] < SAME_AMOUNT_S
        )

    def note_sold(self, medium: bytes, amount_minor: int) -> None:
        """A band has paid."""
        self._sold = (medium, amount_minor, trio.current_time())
