"""`CardTerminal`: one card terminal, kept open; a `Terminal` for whoever sells."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import trio

from drivers.errors import DeviceError, Fault, Protocol, Silent
from drivers.link import Link
from drivers.payment.conversation import Conversation
from drivers.payment.line import Line
from drivers.payment.machine import PaymentPlan
from drivers.payment.outcome import Authorization, Outcome, State, difference, outcome_of
from drivers.payment.plug.machine import PlugLine
from drivers.payment.table import OPEN, UNSURE
from drivers.session import Session
from drivers.supervisor import Health, Report, Supervisor

RESOLVE_S = 30.0


class CardTerminal:
    """`new_line(number)` makes the vendor's machine for each link. `jitter` returns 0 to 1.

    `on_outcome(outcome)` is called for every change of a payment, also of one whose `authorize`
    has returned "unknown" long ago. `on_late(outcome)` tells that an offline approval was
    declined, again on each link until `late_taken(reference)`: call that when it is durable.
    Both must return quickly and may not raise.
    """

    def __init__(
        self,
        name: str,
        link: Link,
        *,
        jitter: Callable[[], float],
        new_line: Callable[[int], Line] = PlugLine,
        plan: PaymentPlan | None = None,
        resolve_s: float = RESOLVE_S,
        on_outcome: Callable[[Outcome], None] | None = None,
        on_late: Callable[[Outcome], None] | None = None,
        on_health: Callable[[Report], None] | None = None,
    ) -> None:
        self._link = link
        self._resolve_s = resolve_s
        self._on_outcome = on_outcome
        self._on_late = on_late
        # Numbers begin somewhere else in each process: see `PlugLine`.
        first_id = int(jitter() * 0x7FFF_FFFF)
        self._conversation = Conversation(plan or PaymentPlan(), new_line, first_id)
        self._supervisor = Supervisor(name, jitter=jitter, on_health=on_health)
        self._session: Session | None = None
        self._changed = trio.Event()

    @property
    def terminal(self) -> str:
        """The id of the terminal as it last introduced itself; "" before."""
        return self._conversation.terminal

    @property
    def health(self) -> Report:
        """The terminal's health now."""
        return self._supervisor.report

    def wake(self) -> None:
        """Something was plugged in: do not wait for the backoff."""
        self._supervisor.wake()

    async def authorize(self, asked: Authorization) -> Outcome:
        """See `Terminal`. When the caller is cancelled, so is the prompt; `on_outcome` tells."""
        await trio.lowlevel.checkpoint()
        payment = self._conversation.payment
        if payment is not None and _same(asked, payment.asked):
            if field := difference(payment.asked, asked):
                return outcome_of(asked, State.DECLINED, f"other_{field}")
        elif why_not := self._conversation.why_not():
            return outcome_of(asked, State.DECLINED, why_not)
        else:
            self._conversation.start(asked, trio.current_time())
            self._moved()
        return await self._ended(asked)

    async def inquire(self, asked: Authorization, terminal: str = "") -> Outcome | None:
        """See `Terminal`. Waits at most `resolve_s` seconds."""
        conversation = self._conversation
        with trio.move_on_after(self._resolve_s):
            while True:
                payment = conversation.payment
                known = payment is not None and payment.asked == asked
                if payment is not None and known and payment.state not in OPEN | UNSURE:
                    return payment.outcome
                if conversation.ready:
                    break
                await self._changed.wait()
            if terminal and terminal != conversation.terminal:
                return None
            conversation.inquire(asked, terminal, trio.current_time())
            self._moved()
            while conversation.occupied:
                await self._changed.wait()
            payment = conversation.payment
            if payment is not None and payment.asked == asked:
                return payment.outcome
        return None

    async def reverse(self, asked: Authorization) -> Outcome:
        """See `Terminal`."""
        await trio.lowlevel.checkpoint()
        conversation = self._conversation
        payment = conversation.payment
        known = payment.outcome if payment is not None and payment.asked == asked else None
        if known is not None and known.state in (State.REVERSED, State.DECLINED_LATE):
            return known
        known = known or outcome_of(asked, State.APPROVED)
        if why_not := conversation.why_not():
            return msgspec.structs.replace(known, decline_code=why_not)
        if refusal := conversation.reverse(asked, trio.current_time()):
            return msgspec.structs.replace(known, decline_code=refusal)
        self._moved()
        return await self._ended(asked)

    async def cancel(self) -> None:
        """See `Terminal`."""
        await trio.lowlevel.checkpoint()
        self._cancel()

    def late_taken(self, reference: str) -> None:
        """The late decline of this reference is durable here."""
        self._conversation.late_taken(reference)
        self._moved()

    async def run(self) -> None:
        """Serve until cancelled."""
        await self._supervisor.run(self._attempt)

    async def _ended(self, asked: Authorization) -> Outcome:
        payment = self._conversation.payment
        assert payment is not None
        try:
            while payment.state in OPEN:
                await self._changed.wait()
        except trio.Cancelled:
            self._cancel()
            raise
        return payment.outcome

    def _cancel(self) -> None:
        self._conversation.cancel(trio.current_time())
        self._moved()

    async def _attempt(self) -> None:
        async with await self._link.open() as wire:
            code = "lost"
            try:
                self._supervisor.became(Health.OPENING)
                self._conversation.opened(trio.current_time())
                self._session = Session(wire, self._conversation, self._deliver)
                await self._session.run(self._link.superseded)
            except DeviceError as error:
                silent = "silent" if isinstance(error, Silent) else "lost"
                code = "fault" if isinstance(error, Fault | Protocol) else silent
                raise
            finally:
                self._session = None
                self._conversation.lost(code)
                self._deliver()

    def _moved(self) -> None:
        self._deliver()
        if self._session is not None:
            self._session.poke()

    def _deliver(self) -> None:
        conversation = self._conversation
        while conversation.outcomes:
            outcome = conversation.outcomes.popleft()
            if self._on_outcome is not None:
                self._on_outcome(outcome)
        while conversation.late:
            outcome = conversation.late.popleft()
            if self._on_late is not None:
                self._on_late(outcome)
        if self._session is not None and conversation.why_not() != "gone":
            self._supervisor.became(Health.BUSY if conversation.occupied else Health.READY)
        # Everybody who waits looks again, and finds out whether it was for them.
        self._changed.set()
        self._changed = trio.Event()


def _same(asked: Authorization, other: Authorization) -> bool:
    return asked.reference == other.reference or asked.txid16 == other.txid16
