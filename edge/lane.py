"""One lane: what is shown to it, what its barrier does, and what becomes a fact.

Everything here is synchronous: a presentation is decided and folded before anybody else runs.
What must wait waits as a callback, so that a client that hangs up can strand nobody's hold:

    present -> decide -> record -> (durable) -> grant -> (outcome) -> record

While somebody is between scan and passage, the same ticket gets the same answer (the nervous
guest), one other guest is queued, a third is asked to wait; neither ticket is consumed.
"""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import msgspec

from crypto.entry import (
    AdmissionRefused,
    Admitted,
    ExitRecorded,
    KnownFact,
    PassageCompleted,
    PassageLapsed,
    PassageUnknown,
)
from crypto.fact import HLC_COUNTER_BITS, NONCE_BYTES_MAX
from edge.answers import Answer, Telling
from edge.core import admission, staff
from edge.core.admission import Decision, Direction, Presentation, decide, once_read
from edge.core.moments import Moment
from edge.core.policy import Policy
from edge.core.reasons import Reason
from edge.core.refusals import RefusalMeter
from edge.core.state import State
from edge.device_facts import DeviceFacts
from edge.gateway import Gateway
from edge.ledger.errors import LedgerFull

log = logging.getLogger(__name__)


class Barrier(Protocol):
    """What a lane asks of its turnstile (`drivers.turnstile.driver.Turnstile`)."""

    @property
    def service(self) -> bool:
        """Whether grants are taken."""

    def grant(self, grant_id: int, persons: int) -> None:
        """Let `persons` through; the outcome is reported once, as an event."""


class _Grant(msgspec.Struct):
    """Somebody may walk: a hold of this process that is not settled. `deadline_ms`: wall time.

    `fresh` until the next tick: nobody knows yet on which side of a step of the clock it began.
    """

    ticket: bytes
    epoch: int
    seq: int
    granted: int
    deadline_ms: int
    fresh: bool = True


Done = Callable[[Answer], None]
Decide = Callable[[State, Policy, Presentation, Moment, int], Decision]
Make = Callable[[int, Moment], KnownFact]


def _nobody_asked(answer: Answer) -> None:
    """A scanner shows nothing: who listens hears it by event."""


class Lane:
    """Lane `number` of `gateway`. Without a barrier, a passage is assumed when it is granted."""

    def __init__(
        self, gateway: Gateway, number: int, name: str, gate: int, direction: str,
        hold_timeout_s: int = 30,
    ) -> None:  # fmt: skip
        self.gateway = gateway
        self.number = number
        self.name = name
        self.gate = gate
        self.direction: Direction = "exit" if direction == "exit" else "entry"
        self.both = direction == "both"
        self.barrier: Barrier | None = None
        self.hold_timeout_ms = hold_timeout_s * 1000
        self.last_at_ms = 0
        #: Answers since the start: by reason, and as "admitted" and "repeated".
        self.said: dict[str, int] = {}
        self._told: Telling | None = None
        self._last: Answer | None = None
        self._meter = RefusalMeter()
        self._grants: dict[int, _Grant] = {}
        self._queued: tuple[Presentation, Done, Decide] | None = None
        self._devices = DeviceFacts(gateway, number)

    def scanned(self, code: bytes) -> None:
        """A scanner of this lane read `code`."""
        self.present(code, _nobody_asked)

    @property
    def last(self) -> Answer | None:
        """What this lane said last."""
        if self._last is None and self._told is not None:
            self._last = self._told.answer()
        return self._last

    def present(
        self, code: bytes, done: Done, *, nonce: bytes = b"", count: int = 1,
        direction: Direction | None = None, how: Decide | None = None, **more: Any,
    ) -> None:  # fmt: skip
        """Decide a presentation; `done` is called with the answer once it is durable.

        `done` may be called before this returns, and must neither raise nor block. `nonce` has
        at most 32 bytes. `more`: `answers`, `choice`, `accept_unpaid`, `ticket` of `Presentation`.
        """
        self._take(self.presentation(code, nonce, count, direction, **more), done, how or decide)

    def override(
        self, code: bytes, done: Done, *, who: str, why: str, nonce: bytes = b"", count: int = 1,
        **more: Any,
    ) -> None:  # fmt: skip
        """As `present`, but a ticket of ours is admitted whatever stands in its way.

        The caller has checked that `who` may; `why` is the reason given, both at most 64
        characters. The answer's `overridden` says what would have been refused, if anything. A
        barrier that is out of service refuses all the same, and so do texts that name no ticket.
        """
        p = self.presentation(code, nonce, count, "entry", **more)
        self._take(p, done, partial(staff.override, who=who, why=why))

    def upload(
        self, code: bytes, then: Moment, done: Done, *, nonce: bytes = b"", count: int = 1,
        direction: Direction | None = None, **more: Any,
    ) -> None:  # fmt: skip
        """Record a scan that has happened already, at `then` (see `SystemClock.at`).

        Nothing moves: whoever it was has gone through. `done` as in `present`.
        """
        p = self.presentation(code, nonce, count, direction, **more)
        hlc = then.ms << HLC_COUNTER_BITS
        decision = staff.upload(self.gateway.state, self.gateway.policy, p, then, hlc)
        self._answer(p, decision, then, done, happened=True)

    def simulate(
        self, code: bytes, *, at: Moment | None = None, count: int = 1,
        direction: Direction | None = None, **more: Any,
    ) -> Answer:  # fmt: skip
        """What `present` would say now, or at another time: nothing is recorded or moved."""
        p = self.presentation(code, b"", count, direction, **more)
        now = at or self.gateway.clock.now()
        decision = staff.simulate(self.gateway.state, self.gateway.policy, p, now)
        return msgspec.structs.replace(self._telling(p, decision, now, 0).answer(), simulated=True)

    def presentation(
        self, code: bytes, nonce: bytes, count: int, direction: Direction | None, **more: Any
    ) -> Presentation:
        """A text shown at this lane."""
        assert len(nonce) <= NONCE_BYTES_MAX
        way = direction if direction and self.both else self.direction
        return Presentation(
            code, self.gateway.identity, self.number, self.gate, way, nonce, count, **more
        )

    def _take(self, p: Presentation, done: Done, decide: Decide) -> None:
        now, hlc = self.gateway.stamp()
        decision = decide(self.gateway.state, self.gateway.policy, p, now, hlc)
        if decision.admitted and not decision.repeated:
            if self.barrier is not None and not self.barrier.service:
                decision = _instead(decision, Reason.DEVICE)
            elif self._grants and self.barrier is not None:
                if self._queued is None:
                    if decide is admission.decide and decision.claim is not None:
                        decide = once_read(self.gateway.policy, decision.claim)
                    self._queued = (p, done, decide)
                    self.gateway.events.publish("queued", lane=self.number)
                    return
                decision = _instead(decision, Reason.WAIT)
        self._answer(p, decision, now, done)

    def _telling(self, p: Presentation, decision: Decision, now: Moment, seq: int) -> Telling:
        return Telling(self.gateway.policy, self.gateway.texts, p, decision, now, seq)

    def _answer(
        self, p: Presentation, decision: Decision, now: Moment, done: Done, happened: bool = False
    ) -> None:
        seq = 0
        try:
            seq = self._record(decision)
        except LedgerFull:
            if isinstance(decision.fact, AdmissionRefused):
                self._meter.repeats(decision.fact)  # it is known there by now: this counts it
            else:
                decision = _instead(decision, Reason.DEVICE)
        answer = self._telling(p, decision, now, seq)
        if seq and decision.admitted:
            self._open(seq, decision, now)
            if happened:
                self.completed(seq, decision.granted, assumed=True)
            self.gateway.when_durable(seq, lambda: self._let_go(seq, answer, done))
        elif decision.repeated:
            # The hold may not be on disk yet; the answer to its first presentation waits for that.
            self._wait_for_hold(decision, answer, done)
        elif seq:
            self.gateway.when_durable(seq, lambda: self._say(answer, done))
        else:
            self._say(answer, done)

    def _record(self, decision: Decision) -> int:
        """Record the decision's fact, if it is to be one; its seq or 0."""
        fact = decision.fact
        if fact is None:
            if decision.reason is not None and decision.reason.garbage:
                self._meter.garbage(decision.reason)
            return 0
        if isinstance(fact, AdmissionRefused) and self._meter.repeats(fact):
            return 0
        return self.gateway.record_fact(fact)

    def _wait_for_hold(self, decision: Decision, answer: Telling, done: Done) -> None:
        hold, state = decision.hold, self.gateway.state
        assert hold is not None
        origin = state.origins[hold.origin]
        own = (origin.gateway, origin.epoch) == (self.gateway.identity, self.gateway.ledger.epoch)
        if own:
            answer = msgspec.structs.replace(answer, seq=hold.seq)
            self.gateway.when_durable(hold.seq, lambda: self._say(answer, done))
        else:
            self._say(answer, done)

    def _open(self, seq: int, decision: Decision, now: Moment) -> None:
        fact = decision.fact
        assert isinstance(fact, Admitted | ExitRecorded)
        # Wall time, not the fact's clock, which may be far ahead.
        deadline_ms = self._deadline_ms(now, decision.granted)
        self._grants[seq] = _Grant(
            fact.ticket, self.gateway.ledger.epoch, seq, decision.granted, deadline_ms
        )

    def _deadline_ms(self, now: Moment, granted: int) -> int:
        return now.ms + self.hold_timeout_ms * granted  # each person takes a pulse

    def _let_go(self, seq: int, answer: Telling, done: Done) -> None:
        """The fact is durable: now the barrier may move."""
        grant = self._grants.get(seq)
        if grant is not None:
            if self.barrier is None:
                self.completed(seq, grant.granted, assumed=True)
            else:
                self._unlock(self.barrier, grant)
        self._say(answer, done)

    def _unlock(self, barrier: Barrier, grant: _Grant) -> None:
        try:
            barrier.grant(grant.seq, grant.granted)
        except Exception:  # noqa: BLE001 - the border: a broken driver stops no other lane
            log.exception("the barrier's driver crashed", extra={"lane": self.number})
            if grant.seq in self._grants:
                self.unknown(grant.seq, 0, "crash")

    def _say(self, answer: Telling, done: Done) -> None:
        self._told, self._last, self.last_at_ms = answer, None, self.gateway.clock.now().ms
        self.said[answer.kind] = self.said.get(answer.kind, 0) + 1
        events = self.gateway.events
        if done is _nobody_asked and not events.heard:
            return
        said = answer.answer()
        self._last = said
        if events.heard:
            events.publish("decision", **msgspec.to_builtins(said))
        done(said)

    def completed(self, grant_id: int, passed: int, *, assumed: bool = False) -> None:
        """`passed` persons went through; with fewer than granted the rest is given back."""
        grant = self._settle(grant_id)
        if grant is None:
            return
        where = (self.number, grant.ticket, grant.epoch, grant.seq, passed)
        self.gateway.must_record(
            lambda hlc, now: PassageCompleted(hlc, now.day, now.offset_min, *where, assumed)
        )
        if passed < grant.granted:
            self._lapse(grant, passed)
        self._outcome("completed", grant, passed)

    def lapsed(self, grant_id: int) -> None:
        """Nobody went through: the right is given back."""
        grant = self._settle(grant_id)
        if grant is not None:
            self._lapse(grant, 0)
            self._outcome("lapsed", grant, 0)

    def unknown(self, grant_id: int, passed: int, cause: str) -> None:
        """Nobody knows whether somebody went through: it counts as used."""
        grant = self._settle(grant_id)
        if grant is None:
            return
        where = (self.number, grant.ticket, grant.epoch, grant.seq, passed)
        self.gateway.must_record(
            lambda hlc, now: PassageUnknown(hlc, now.day, now.offset_min, *where, cause)
        )
        self._outcome("unknown", grant, passed)

    def _settle(self, grant_id: int) -> _Grant | None:
        grant = self._grants.pop(grant_id, None)
        if grant is None:
            log.warning("outcome of a grant that is not open", extra={"lane": self.number})
        return grant

    def _lapse(self, grant: _Grant, passed: int) -> None:
        where = (self.number, grant.ticket, grant.epoch, grant.seq, passed)
        self.gateway.must_record(
            lambda hlc, now: PassageLapsed(hlc, now.day, now.offset_min, *where)
        )

    def _outcome(self, kind: str, grant: _Grant, passed: int) -> None:
        self.gateway.events.publish(kind, lane=self.number, seq=grant.seq, passed=passed)
        if not self._grants and self._queued is not None:
            (p, done, decide), self._queued = self._queued, None
            self._take(p, done, decide)

    def alarmed(self, alarm: str) -> None:
        """The barrier saw something that staff must look at."""
        log.warning("alarm", extra={"lane": self.number, "alarm": alarm})
        self.gateway.events.publish("alarm", lane=self.number, alarm=alarm)

    def device(self, device: str, well: bool, cause: str = "") -> None:
        """A device of this lane went away or came back. A flapping one does not fill the ledger."""
        self._devices.changed(device, well, cause)

    def flush(self, *, force: bool = False) -> None:
        """Write counted refusals whose minute is over. Without room they are counted on."""
        if self.gateway.unsaved_count and not force:
            return
        for counted in self._meter.flush(self.gateway.clock.now().ms, force=force):
            self.gateway.must_record(self._counted(*counted))

    def _counted(self, reason: Reason, hashed: bytes, count: int) -> Make:
        where = (self.number, self.gate)
        return lambda hlc, now: AdmissionRefused(
            hlc, now.day, now.offset_min, *where, reason, hashed, count
        )

    def tick(self) -> None:
        """About once a second."""
        self.flush()
        self._devices.tick()
        now_ms = self.gateway.clock.now().ms
        overdue = [seq for seq, grant in self._grants.items() if now_ms > grant.deadline_ms]
        for seq in overdue:
            # A barrier reports every outcome; if it does not, fail closed and free the lane.
            self.unknown(seq, 0, "timeout")
        for grant in self._grants.values():
            grant.fresh = False

    def clock_stepped(self, delta_ms: int) -> None:
        """The wall clock was set: whoever is walking keeps the time that was left.

        A hold of the last second may have been opened by the old clock or the new one: its time
        begins anew, or a step back would end it before the barrier has moved.
        """
        now = self.gateway.clock.now()
        for grant in self._grants.values():
            if grant.fresh:
                grant.deadline_ms = self._deadline_ms(now, grant.granted)
            else:
                grant.deadline_ms += delta_ms

    @property
    def busy(self) -> bool:
        """Whether somebody is between scan and passage."""
        return bool(self._grants)

    def health(self) -> dict[str, Any]:
        """What a technician sees of this lane."""
        return {
            "lane": self.number,
            "name": self.name,
            "gate": self.gate,
            "direction": "both" if self.both else self.direction,
            "barrier": self.barrier is not None,
            "in_service": self.barrier is None or self.barrier.service,
            "busy": self.busy,
        }


def _instead(decision: Decision, reason: Reason) -> Decision:
    """The same presentation refused for a reason of the lane: nothing is consumed or written."""
    return Decision(reason, 0, decision.claim)
