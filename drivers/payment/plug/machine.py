"""What is the terminal on the plug doing?

CLOSED     no link yet.
GREETING   hello was said.
READY      it welcomed us: it may be asked.
BROKEN     a dead end: the session is over, and a new link gets a new machine.

Answers belong to the question with their id; whoever asked is found by it, never by position. An
id that nobody waits for is counted and dropped: what became of a payment can be asked at any time.
Hello, inquiries and cancellations are answered within `answer_s`; how long a payment may take is
the payment's own deadline.
"""

from __future__ import annotations

import enum
import math
from collections import deque
from collections.abc import Mapping

from drivers.errors import DeviceError, Protocol, Silent
from drivers.payment.line import (
    DeclinedLate,
    Ended,
    LineEvent,
    NeverHeard,
    Prompting,
    Ready,
    Standing,
)
from drivers.payment.outcome import Authorization
from drivers.payment.outcome import State as Payment
from drivers.payment.plug.codec import (
    VERSION,
    Answer,
    Authorize,
    BadMessage,
    Cancel,
    Hello,
    Inquire,
    Late,
    NotKnown,
    Pending,
    Prompt,
    Question,
    Reverse,
    Taken,
    Told,
    Welcome,
    decode_untrusted,
    encode,
)


class State(enum.Enum):
    """See above."""

    CLOSED = enum.auto()
    GREETING = enum.auto()
    READY = enum.auto()
    BROKEN = enum.auto()


class Signal(enum.Enum):
    """What can happen to the link."""

    OPENED = enum.auto()
    WELCOMED = enum.auto()
    ANSWERED = enum.auto()
    FAILED = enum.auto()


C, G, R, B = State
_DEAD = dict.fromkeys(Signal, B)

TABLE: Mapping[State, Mapping[Signal, State]] = {
    C: {**_DEAD, Signal.OPENED: G},
    G: {**_DEAD, Signal.WELCOMED: R},
    R: {**_DEAD, Signal.ANSWERED: R},
    B: _DEAD,
}
ANSWER_S = 5.0


class PlugLine:
    """A `Line` (see `drivers/payment/line.py`) that speaks the plug.

    `first_id` should differ from process to process, so that an answer to a process that died
    finds nobody.
    """

    def __init__(self, first_id: int = 1, *, answer_s: float = ANSWER_S) -> None:
        self.state = State.CLOSED
        self.events: deque[LineEvent] = deque()
        self.stray_count = 0
        self._answer_s = answer_s
        self._last_id = first_id
        self._buffer = bytearray()
        self._out = bytearray()
        # Questions without their last answer, and when that is due.
        self._due: dict[int, float] = {}
        self._terminal = ""

    @property
    def ready(self) -> bool:
        return self.state is State.READY

    @property
    def deadline(self) -> float:
        return min(self._due.values(), default=math.inf)

    def start(self, now: float) -> None:
        self._signal(Signal.OPENED)
        self._ask(Hello(self._next_id()), now + self._answer_s)

    def authorize(self, asked: Authorization, now: float) -> int:
        number = self._next_id()
        question = Authorize(number, asked.reference, asked.amount_minor, asked.currency)
        return self._ask(question, math.inf)

    def inquire(self, asked: Authorization, now: float) -> int:
        return self._ask(Inquire(self._next_id(), asked.reference), now + self._answer_s)

    def reverse(self, asked: Authorization, now: float) -> int:
        number = self._next_id()
        question = Reverse(number, asked.reference, asked.amount_minor, asked.currency)
        return self._ask(question, math.inf)

    def cancel(self, asked: Authorization, now: float) -> int:
        return self._ask(Cancel(self._next_id(), asked.reference), now + self._answer_s)

    def taken(self, number: int) -> None:
        self._out += encode(Taken(number))

    def receive_data(self, data: bytes, now: float) -> None:
        """Take bytes. Raises Protocol, and is BROKEN then; what came before it stays told."""
        self._buffer += data
        try:
            while True:
                answer, used = decode_untrusted(self._buffer)
                if answer is None:
                    return
                del self._buffer[:used]
                self._answered(answer)
        except BadMessage as bad:
            self._signal(Signal.FAILED)
            raise Protocol(str(bad)) from bad
        except DeviceError:
            self._signal(Signal.FAILED)
            raise

    def timed_out(self, now: float) -> None:
        """Raises Silent when an answer is overdue."""
        if now >= self.deadline:
            self._signal(Signal.FAILED)
            raise Silent(
                f"the card terminal gave no answer for {self._answer_s:g} s; "
                "look whether its app is in the foreground"
            )

    def data_to_send(self) -> bytes:
        data = bytes(self._out)
        self._out.clear()
        return data

    def _ask(self, question: Question, due: float) -> int:
        assert self.ready or isinstance(question, Hello), f"a question while {self.state.name}"
        self._due[question.id] = due
        self._out += encode(question)
        return question.id

    def _answered(self, answer: Answer) -> None:
        if isinstance(answer, Late):
            # Its id is the terminal's own.
            if answer.outcome.state is not Payment.DECLINED_LATE:
                raise Protocol("the card terminal said late, but not declined_late")
            self._check_terminal(answer.outcome.terminal)
            self.events.append(DeclinedLate(answer.id, answer.outcome))
            return
        if answer.id not in self._due:
            self.stray_count += 1
            return
        if isinstance(answer, Prompt):
            self.events.append(Prompting(answer.id))
            return
        del self._due[answer.id]
        if isinstance(answer, Welcome):
            self._welcomed(answer)
            return
        self._signal(Signal.ANSWERED)
        if self.state is State.BROKEN:
            raise Protocol("the card terminal answered before it welcomed us")
        if isinstance(answer, Told):
            self.events.append(Ended(answer.id, answer.outcome))
        else:
            told = Standing if isinstance(answer, Pending) else NeverHeard
            assert isinstance(answer, Pending | NotKnown)
            self.events.append(told(answer.id))

    def _welcomed(self, welcome: Welcome) -> None:
        if welcome.version != VERSION:
            raise Protocol(
                f"the card terminal speaks version {welcome.version} of the plug, we speak "
                f"{VERSION}: update the older of the two"
            )
        self._signal(Signal.WELCOMED)
        if self.state is State.BROKEN:
            raise Protocol("the card terminal said welcome twice")
        self._terminal = welcome.terminal
        self.events.append(Ready(welcome.terminal))

    def _check_terminal(self, terminal: str) -> None:
        if not self.ready or terminal != self._terminal:
            raise Protocol("the card terminal spoke for another terminal")

    def _next_id(self) -> int:
        self._last_id = self._last_id % 0xFFFF_FFFF + 1
        return self._last_id

    def _signal(self, signal: Signal) -> None:
        self.state = TABLE[self.state][signal]
