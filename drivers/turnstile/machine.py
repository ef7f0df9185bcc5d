"""What is the turnstile doing?

FAULT     no board, or a board that does not do as told. Nothing is granted: fails closed.
LOCKED    in service, barrier closed. A grant is pulsed as soon as the last pulse is
          `pulse_period_s` ago, so that a group's pulses do not run into one, and nobody
          stands in the passage.
PULSED    the pulse was commanded, the board has not acknowledged it yet. A passage counts
          already: the barrier may be quicker than the answer.
UNLOCKED  acknowledged; one person may pass until `unlock_s` later.
JAMMED    the passage contact has been closed for `jam_s`: somebody or something stands in
          it. Nothing is granted until it opens.
FREE      fire. The hardware opens by itself; we observe, count nothing, and stay here, even
          when the board goes and comes, until an operator returns the lane to service.

A grant of n persons is one pulse after another, each waiting for the passage before it. It
ends once: Completed when all have passed or when time ran out after some had (`passed` says
how many), Lapsed when nobody did, Unknown when a pulse was under way and the world went
dark. What was only queued when that happened was not done, and so has Lapsed; except in
fire, when all barriers are open and nobody can say who went.

Passages without a grant are alarms: right after a completed one it is tailgating, else the
barrier was forced. The wrong way is an alarm in every state in service and consumes nothing.
"""

from __future__ import annotations

import math
from collections import deque

from drivers.turnstile.contact import Contact
from drivers.turnstile.events import (
    Alarm,
    Alarmed,
    Cause,
    Completed,
    Event,
    GrantId,
    InService,
    Lapsed,
    OutOfService,
    Pulse,
    Unknown,
    Why,
)
from drivers.turnstile.plan import LanePlan
from drivers.turnstile.table import IN_SERVICE, TABLE, Signal, State


class _Grant:
    """A grant that has not ended. `number` is its last pulse, 0 before the first."""

    __slots__ = ("grant_id", "persons", "passed", "number")

    def __init__(self, grant_id: GrantId, persons: int) -> None:
        self.grant_id = grant_id
        self.persons = persons
        self.passed = 0
        self.number = 0


class TurnstileMachine:
    """Grants, contacts and board answers in; `commands` and `events` out. Cannot fail."""

    def __init__(self, plan: LanePlan) -> None:
        self.state = State.FAULT
        self.events: deque[Event] = deque()
        self.commands: deque[Pulse] = deque()
        self._plan = plan
        self._queue: deque[_Grant] = deque()
        self.linked = False
        self._fire_contact = False
        self._passage = Contact(plan.debounce_s)
        self._wrong_way = Contact(plan.debounce_s)
        self._pulses = 0
        self._next_pulse_at = -math.inf
        self._unlocked_until = math.inf
        self._tailgate_until = -math.inf
        self._cause = Cause.LINK_LOST
        self._assumed = plan.passage_input is None

    # -- what happens to it ------------------------------------------------------------

    def grant(self, grant_id: GrantId, persons: int, now: float) -> None:
        """Let `persons` (1 or more) through. Pulses at once when it can."""
        assert persons >= 1, f"a grant for {persons} persons"
        self._queue.append(_Grant(grant_id, persons))
        self._signal(Signal.GRANT, now)

    def ready(self, inputs: int, now: float) -> None:
        """The board is safe and answers; these are its inputs."""
        self.linked = True
        self._passage.settle(self._plan.is_closed(self._plan.passage_input, inputs), now)
        self._wrong_way.settle(self._plan.is_closed(self._plan.wrong_way_input, inputs), now)
        self._signal(Signal.READY, now)
        self._look_for_fire(inputs, now)

    def lost(self, cause: Cause, now: float) -> None:
        """The board is gone, or no longer trusted."""
        self.linked = False
        self._cause = cause
        self._signal(Signal.LOST, now)

    def pulsed(self, number: int, now: float) -> None:
        """The board acknowledged a pulse; an answer to an older one means nothing."""
        if self._queue and self._queue[0].number == number:
            self._signal(Signal.ACK, now)

    def refused(self, number: int, perhaps: bool, now: float) -> None:
        """The board refused a pulse; `perhaps` it moved all the same."""
        if self._queue and self._queue[0].number == number:
            self._cause = Cause.FAULT
            self.linked = False
            self._signal(Signal.UNSURE if perhaps else Signal.REFUSED, now)

    def contacts(self, inputs: int, now: float) -> None:
        """The inputs were read."""
        plan = self._plan
        self._look_for_fire(inputs, now)
        wrong_way = plan.is_closed(plan.wrong_way_input, inputs)
        if self._wrong_way.sample(wrong_way, now) and wrong_way:
            self._signal(Signal.WRONG_WAY, now)
        if self._passage.sample(plan.is_closed(plan.passage_input, inputs), now):
            self._signal(Signal.PASSAGE if self._passage.closed else Signal.CLEAR, now)
        self.timed_out(now)

    def fire(self, now: float) -> None:
        """The fire alarm, told by whoever heard it. From any state to FREE."""
        self._signal(Signal.FIRE, now)

    def return_to_service(self, now: float) -> bool:
        """An operator ends FREE. False while the fire contact is still closed."""
        if self._fire_contact:
            return False
        self._signal(Signal.RETURN, now)
        if self.linked:
            self._passage.settle(self._passage.closed, now)
            self._signal(Signal.READY, now)
        return True

    @property
    def deadline(self) -> float:
        """When `timed_out` wants to be called."""
        deadline = math.inf
        if self._is_waiting_to_pulse():
            deadline = self._next_pulse_at
        elif self.state is State.UNLOCKED and not self._passage.pending:
            deadline = self._unlocked_until
        if self._passage.closed and self.state in IN_SERVICE:
            deadline = min(deadline, self._passage.closed_since + self._plan.jam_s)
        return deadline

    def timed_out(self, now: float) -> None:
        """Do what is due at `now`; nothing when nothing is."""
        if self._passage.closed and now >= self._passage.closed_since + self._plan.jam_s:
            self._signal(Signal.STUCK, now)
        # A passage that began in time and is still being debounced is a passage.
        if now >= self._unlocked_until and not self._passage.pending:
            self._signal(Signal.EXPIRED, now)
        self._pulse_when_due(now)

    # -- the table at work -------------------------------------------------------------

    def _signal(self, signal: Signal, now: float) -> None:
        before = self.state
        self.state, action = TABLE[before][signal]
        if action:
            getattr(self, f"_{action}")(now)
        if self.state in IN_SERVICE:
            if before not in IN_SERVICE:
                self.events.append(InService())
        elif before is not self.state:
            self.events.append(OutOfService(self._why_out()))
        self._pulse_when_due(now)

    def _pulse_when_due(self, now: float) -> None:
        if self._is_waiting_to_pulse() and now >= self._next_pulse_at:
            self._signal(Signal.NEXT, now)

    def _is_waiting_to_pulse(self) -> bool:
        # While somebody still stands in the passage the next pulse would be theirs.
        return bool(self._queue) and self.state is State.LOCKED and not self._passage.closed

    def _look_for_fire(self, inputs: int, now: float) -> None:
        self._fire_contact = self._plan.is_closed(self._plan.fire_input, inputs)
        if self._fire_contact:
            self._signal(Signal.FIRE, now)

    def _why_out(self) -> Why:
        if self.state is State.FREE:
            return Why.FIRE
        return Why.JAMMED if self.state is State.JAMMED else Why.NO_BOARD

    # -- actions of the table ----------------------------------------------------------

    def _enqueue(self, now: float) -> None:
        if len(self._queue) > self._plan.queue_max:
            self.events.append(Lapsed(self._queue.pop().grant_id, Why.QUEUE_FULL))

    def _turn_away(self, now: float) -> None:
        grant_id = self._queue.pop().grant_id
        if self.state is State.FREE:
            self.events.append(Unknown(grant_id, Cause.FIRE, 0))
        else:
            self.events.append(Lapsed(grant_id, self._why_out()))

    def _pulse(self, now: float) -> None:
        self._pulses += 1
        self._queue[0].number = self._pulses
        self._next_pulse_at = now + self._plan.pulse_period_s
        self.commands.append(Pulse(self._pulses, self._plan.relay, self._plan.pulse_ms))

    def _unlock(self, now: float) -> None:
        if self._assumed:
            self._signal(Signal.PASSAGE, now)
        else:
            self._unlocked_until = now + self._plan.unlock_s

    def _count(self, now: float) -> None:
        self._lock()
        self._tailgate_until = now + self._plan.tailgate_s
        grant = self._queue[0]
        grant.passed += 1
        if grant.passed == grant.persons:
            self._end(self._queue.popleft())

    def _lapse(self, now: float) -> None:
        self._lock()
        self._end(self._queue.popleft())

    def _intrude(self, now: float) -> None:
        tailgate = now < self._tailgate_until
        self.events.append(Alarmed(Alarm.TAILGATE if tailgate else Alarm.FORCED))

    def _warn_wrong_way(self, now: float) -> None:
        self.events.append(Alarmed(Alarm.WRONG_WAY))

    def _jam(self, now: float) -> None:
        self.events.append(Alarmed(Alarm.JAMMED))
        self._cause = Cause.FAULT
        self._end_all()

    def _close(self, now: float) -> None:
        self._end_all()

    def _darken(self, now: float) -> None:
        """As `_close`, with a pulse under way: nobody knows whether it opened."""
        self._lock()
        grant = self._queue.popleft()
        self.events.append(Unknown(grant.grant_id, self._cause, grant.passed))
        self._end_all()

    def _jam_open(self, now: float) -> None:
        self.events.append(Alarmed(Alarm.JAMMED))
        self._cause = Cause.FAULT
        self._darken(now)

    def _free(self, now: float) -> None:
        self._lock()
        while self._queue:
            grant = self._queue.popleft()
            self.events.append(Unknown(grant.grant_id, Cause.FIRE, grant.passed))

    def _end_all(self) -> None:
        while self._queue:
            self._end(self._queue.popleft(), self._why_out())

    def _end(self, grant: _Grant, why: Why = Why.NOT_PASSED) -> None:
        if grant.passed:
            self.events.append(Completed(grant.grant_id, grant.passed, self._assumed))
        else:
            self.events.append(Lapsed(grant.grant_id, why))

    def _lock(self) -> None:
        self._unlocked_until = math.inf
