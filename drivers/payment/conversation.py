"""One terminal and the payment it is busy with, without I/O: what `CardTerminal` pumps.

It keeps one payment at a time. A payment whose end is unknown is asked about as soon as the
terminal can be asked, before anything new is started; a prompt that is found standing then is
taken away, because whoever waited for it has been told "unknown" already.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from drivers.errors import Silent
from drivers.payment.line import DeclinedLate, Ended, Line, NeverHeard, Prompting, Ready, Standing
from drivers.payment.machine import PaymentMachine, PaymentPlan
from drivers.payment.outcome import Authorization, Outcome, State
from drivers.payment.table import OPEN, UNSURE

NUMBERS_PER_LINK = 1 << 16


class Conversation:
    """`new_line(number)` makes the vendor's machine for a link; its numbers begin above `number`.

    `outcomes` are the changes of payments and `late` the late declines, in order; empty them
    after every call.
    """

    def __init__(self, plan: PaymentPlan, new_line: Callable[[int], Line], first_id: int) -> None:
        self.payment: PaymentMachine | None = None
        self.terminal = ""
        self.outcomes: deque[Outcome] = deque()
        self.late: deque[Outcome] = deque()
        self._plan = plan
        self._new_line = new_line
        self._last_id = first_id
        self._line: Line | None = None
        self._questions: dict[int, PaymentMachine] = {}
        self._cancels: set[int] = set()
        self._late_ids: dict[str, int] = {}
        # Whether this link's terminal has answered, or cannot answer, about an unsure payment.
        self._asked = self._checked = False

    # -- what the till wants --------------------------------------------------------------

    @property
    def ready(self) -> bool:
        """Whether a question can be asked now."""
        return self._line is not None and self._line.ready and not self.occupied

    @property
    def occupied(self) -> bool:
        """Whether the payment needs the terminal: a prompt stands, or it must be asked about."""
        payment = self.payment
        if payment is None:
            return False
        return payment.state in OPEN or (payment.state in UNSURE and not self._checked)

    def why_not(self) -> str:
        """Why nothing can be asked now: "gone" or "busy"; "" when it can."""
        if self._line is None or not self._line.ready:
            return "gone"
        return "busy" if self.occupied else ""

    def start(self, asked: Authorization, now: float) -> None:
        """Put a prompt on the terminal. Ready only."""
        assert self.ready and self._line is not None
        self.payment = PaymentMachine(asked, self._plan)
        self.payment.start(self.terminal, now)
        self._asked = self._checked = False
        self._questions[self._line.authorize(asked, now)] = self.payment

    def inquire(self, asked: Authorization, terminal: str, now: float) -> None:
        """Ask about a payment; one of an earlier process becomes ours. Ready only."""
        assert self.ready and self._line is not None
        if self.payment is None or self.payment.asked != asked:
            self.payment = PaymentMachine(asked, self._plan, State.UNKNOWN, terminal)
        self._asked = self._checked = False
        self._resolve(now)

    def reverse(self, asked: Authorization, now: float) -> str:
        """Ask to give back; one of an earlier process becomes ours. Ready only. Or why not."""
        assert self.ready and self._line is not None
        if self.payment is None or self.payment.asked != asked:
            self.payment = PaymentMachine(asked, self._plan, State.APPROVED)
        if refusal := self.payment.reverse(now):
            return refusal
        self._asked = self._checked = False
        self._questions[self._line.reverse(asked, now)] = self.payment
        return ""

    def cancel(self, now: float) -> None:
        """Take the prompt away, if there is one; its answer comes as for any payment."""
        if self._line is not None and self._line.ready and self.payment is not None:
            if self.payment.state is not State.STARTED:
                return
            self._cancel(self.payment, now)

    def _cancel(self, payment: PaymentMachine, now: float) -> None:
        assert self._line is not None
        number = self._line.cancel(payment.asked, now)
        self._questions[number] = payment
        self._cancels.add(number)

    def late_taken(self, reference: str) -> None:
        """A late decline is durable: the terminal need not say it again."""
        number = self._late_ids.pop(reference, None)
        if number is not None and self._line is not None:
            self._line.taken(number)

    # -- what the pump does ---------------------------------------------------------------

    def opened(self, now: float) -> None:
        """A link stands."""
        # A number of its own for every question, also across links: an answer that comes out of
        # an old queue belongs to nobody.
        self._last_id = (self._last_id + NUMBERS_PER_LINK) % 0x7FFF_FFFF
        self._line = self._new_line(self._last_id)
        self._asked = self._checked = False
        self._line.start(now)

    def lost(self, code: str) -> None:
        """The link is gone, or is given up: "lost", "silent" or "fault"."""
        self._line = None
        self._questions.clear()
        self._cancels.clear()
        self._late_ids.clear()
        if self.payment is not None and self.payment.lost(code):
            self.outcomes.append(self.payment.outcome)

    @property
    def deadline(self) -> float:
        assert self._line is not None
        own = self.payment.deadline if self.payment is not None else self._line.deadline
        return min(own, self._line.deadline)

    def timed_out(self, now: float) -> None:
        """Raises Silent when the terminal owes an answer."""
        assert self._line is not None
        if self.payment is not None and now >= self.payment.deadline:
            raise Silent("the card terminal said nothing about a payment; it will be asked")
        self._line.timed_out(now)

    def data_to_send(self) -> bytes:
        assert self._line is not None
        return self._line.data_to_send()

    def receive_data(self, data: bytes, now: float) -> None:
        """Take bytes. Raises DeviceError; what was told before it counts."""
        assert self._line is not None
        try:
            self._line.receive_data(data, now)
        finally:
            while self._line.events:
                self._heard(self._line.events.popleft(), now)

    def _heard(self, event: object, now: float) -> None:
        if isinstance(event, Ready):
            self.terminal = event.terminal
            self._resolve(now)
        elif isinstance(event, DeclinedLate):
            self._late_ids[event.outcome.reference] = event.number
            self.late.append(event.outcome)
            payment = self.payment
            if payment is not None and payment.asked.reference == event.outcome.reference:
                self._changed(payment, payment.told(event.outcome))
        elif isinstance(event, Prompting):
            if payment := self._questions.get(event.number):
                payment.heard(now)
        elif isinstance(event, Ended | Standing | NeverHeard):
            self._answered(event, now)

    def _answered(self, event: Ended | Standing | NeverHeard, now: float) -> None:
        assert self._line is not None
        payment = self._questions.pop(event.number, None)
        if payment is None:
            return
        was_cancel = event.number in self._cancels
        self._cancels.discard(event.number)
        # A prompt that is not given up is asked about at leisure, not in a circle.
        if isinstance(event, Standing) and self._line.ready and not was_cancel:
            self._cancel(payment, now)
            return
        was_unsure, changed = payment.state in UNSURE, False
        if isinstance(event, Ended):
            changed = payment.told(event.outcome)
        elif isinstance(event, NeverHeard):
            changed = payment.not_known()
        # An answer that leaves it unsure has been asked for already: then a person must look.
        self._checked = self._checked or (was_unsure and self._asked)
        self._changed(payment, changed)
        if payment is self.payment:
            self._resolve(now)

    def _changed(self, payment: PaymentMachine, changed: bool) -> None:
        if changed:
            self.outcomes.append(payment.outcome)

    def _resolve(self, now: float) -> None:
        payment = self.payment
        assert self._line is not None
        if payment is None or payment.state not in UNSURE or self._asked or not self._line.ready:
            return
        if payment.terminal and payment.terminal != self.terminal:
            # Another device knows nothing of it: its "never heard" would be no answer.
            self._asked = self._checked = True
            self._changed(payment, payment.other_device())
            return
        self._asked = True
        self._questions[self._line.inquire(payment.asked, now)] = payment
