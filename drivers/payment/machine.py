"""What is one payment doing?

IDLE              nothing was sent; leaving it unsent is certain.
STARTED           the terminal was asked, and the guest has not been charged for sure.
APPROVED          charged once. DECLINED: not charged. REVERSED: charged and given back.
UNKNOWN           the answer was lost, or was about something else: ask, never charge again.
REVERSING         the terminal was asked to give back; its answer counts.
REVERSAL_UNKNOWN  charged, and maybe given back: ask.
DECLINED_LATE     approved offline, then declined by the host: not charged.

Time is an argument. A terminal acknowledges within `answer_s`; a prompt lasts as long as it says
something every `prompt_s` (ZVT calls these T3 and T4). Whoever lets a deadline pass is silent, and
silence after START is UNKNOWN.
"""

from __future__ import annotations

import math

import msgspec

from drivers.payment.outcome import Authorization, Outcome, State, difference, outcome_of
from drivers.payment.table import OPEN, TABLE, UNSURE, Signal

SIGNALS = {
    State.APPROVED: Signal.APPROVED,
    State.DECLINED: Signal.DECLINED,
    State.REVERSED: Signal.REVERSED,
    State.DECLINED_LATE: Signal.LATE,
}


class PaymentPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds: for an acknowledgement, for a guest with a card, for a reversal by the host."""

    answer_s: float = 5.0
    prompt_s: float = 180.0
    reversal_s: float = 60.0


class PaymentMachine:
    """One payment from its question to its end. Cannot fail; `outcome` is what to tell.

    `state` other than IDLE takes up a payment that an earlier process had begun. `terminal` is
    the id of the device that was asked, "" when nobody knows.
    """

    def __init__(
        self,
        asked: Authorization,
        plan: PaymentPlan,
        state: State = State.IDLE,
        terminal: str = "",
    ) -> None:
        self.asked = asked
        self.state = state
        self.terminal = terminal
        self.outcome = outcome_of(asked, state)
        self.deadline = math.inf
        self._plan = plan

    def start(self, terminal: str, now: float) -> None:
        """The question leaves now, to this device. IDLE only."""
        assert self._signal(Signal.START), f"a payment is started once, not when {self.state}"
        self.terminal = terminal
        self.outcome = outcome_of(self.asked, self.state)
        self.deadline = now + self._plan.answer_s

    def reverse(self, now: float) -> str:
        """The question to give back leaves now; or why it must not: not_approved, ask_first."""
        if not self._signal(Signal.REVERSE):
            return "ask_first" if self.state in OPEN | UNSURE else "not_approved"
        self.outcome = msgspec.structs.replace(self.outcome, state=self.state, decline_code="")
        self.deadline = now + self._plan.reversal_s
        return ""

    def heard(self, now: float) -> None:
        """The terminal is busy with it: the prompt stands, and begins to wait anew."""
        if self.state is State.STARTED:
            self.deadline = now + self._plan.prompt_s

    def told(self, answer: Outcome) -> bool:
        """An answer that names this payment by its question. True: something changed."""
        if field := difference(self.asked, answer):
            return self._unsure(Signal.MISMATCH, "mismatch", field)
        if self.terminal and answer.terminal not in ("", self.terminal):
            return self._unsure(Signal.MISMATCH, "mismatch", "terminal")
        signal = SIGNALS[answer.state]
        if TABLE[self.state][signal] in UNSURE:
            return self._unsure(signal, "contradiction", "state")
        if not self._signal(signal):
            return False
        # Answers about a reversal say less of the payment than its approval did.
        if self.outcome.trace and not answer.trace:
            answer = msgspec.structs.replace(
                self.outcome, state=answer.state, decline_code=answer.decline_code, flagged=""
            )
        self.outcome = answer
        self.deadline = math.inf
        return True

    def not_known(self) -> bool:
        """The terminal has never heard of it, and promised never to take it. True: changed."""
        if self.state is State.UNKNOWN:
            return self.told(
                msgspec.structs.replace(
                    outcome_of(self.asked, State.DECLINED, "not_known"), terminal=self.terminal
                )
            )
        # It was approved once: a device that forgot that is not to be believed.
        return self._unsure(Signal.MISMATCH, "contradiction", "reference")

    def other_device(self) -> bool:
        """Another terminal stands where the one that was asked stood. True: changed."""
        return self._flag("other_device", "terminal")

    def lost(self, code: str) -> bool:
        """The link went, or the deadline passed. True: something changed."""
        return self._unsure(Signal.LOST, code, "")

    def _unsure(self, signal: Signal, code: str, field: str) -> bool:
        if self._signal(signal):
            self.outcome = msgspec.structs.replace(
                self.outcome, state=self.state, decline_code=code, flagged=field
            )
            self.deadline = math.inf
            return True
        return self.state in UNSURE and bool(field) and self._flag(code, field)

    def _flag(self, code: str, field: str) -> bool:
        changed = self.outcome.flagged != field
        self.outcome = msgspec.structs.replace(
            self.outcome, state=self.state, decline_code=code, flagged=field
        )
        return changed

    def _signal(self, signal: Signal) -> bool:
        state = TABLE[self.state][signal]
        if state is None:
            return False
        self.state = state
        return True
