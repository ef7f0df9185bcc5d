"""Mistakes that somebody could make, as patches of the real code. Each must be found by a checker.

Never a flag of the product. A mistake that survives means that a checker is missing: then it
stands here first, and the checker follows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import msgspec

from crypto.entry import KnownFact
from edge.core import state
from edge.core.admission import decide
from edge.core.moments import HLC_COUNTER_BITS, LogicalClock
from edge.core.policy import Policy
from edge.core.refusals import RefusalMeter
from edge.gateway import Gateway
from edge.lane import Lane
from edge.transport import EpochHead, UplinkLost
from edge.uplink import Uplink
from tests.sim import faults_of_ledgers
from tests.sim.planting import FAULTS, fault

__all__ = ["FAULTS", "FOUND_AT", "faults_of_ledgers"]
#: Where each was found last: looked at first, so that the suite does not search every time.
FOUND_AT = {
    "torn_tail_kept": 5,
    "acknowledged_tail_cut": 4,
    "numbers_used_again_after_a_cut": 5,
    "receipts_are_no_witnesses": 7,
    "sync_error_ignored": 10,
    "sync_retried": 10,
    "snapshot_claims_too_much": 2,
    "deleted_before_it_was_receipted": 1,
    "deleted_beyond_the_snapshot": 2,
    "open_holds_forgotten": 1,
    "state_applied_after_the_write": 1,
    "revocations_ignored": 1,
    "overdue_holds_never_end": 4,
    "refusal_meter_resets": 1,
    "deadlines_move_with_the_clock": 2,
    "old_epochs_are_not_sent": 4,
    "answers_of_the_board_not_matched": 87,
}


# -- laws 1 and 2 ----------------------------------------------------------------------------------


@fault
def moves_before_durable() -> Iterator[None]:
    """Whoever waits for the disk is called at once."""
    with patch.object(Gateway, "when_durable", lambda self, seq, then: then()):
        yield


@fault
def moves_before_the_write() -> Iterator[None]:
    """The barrier is told as soon as the decision is made."""
    real = Lane._open

    def opened(self: Any, seq: int, decision: Any, now: Any) -> None:
        real(self, seq, decision, now)
        if self.barrier is not None:
            self._unlock(self.barrier, self._grants[seq])
            self._grants[seq].granted = 0  # and not a second time

    def let_go(self: Any, seq: int, answer: Any, done: Any) -> None:
        self._say(answer, done)

    with patch.object(Lane, "_open", opened), patch.object(Lane, "_let_go", let_go):
        yield


@fault
def state_applied_after_the_write() -> Iterator[None]:
    """The fact is folded when it is durable, so that two lanes admit one ticket meanwhile."""

    def record_fact(self: Gateway, fact: KnownFact) -> int:
        seq = self.ledger.append(fact)
        epoch = self.ledger.epoch
        self.when_durable(seq, lambda: self.state.apply(self.identity, epoch, seq, fact) and None)
        return seq

    with patch.object(Gateway, "record_fact", record_fact):
        yield


# -- admission -------------------------------------------------------------------------------------


@fault
def nervous_guest_gets_two_grants() -> Iterator[None]:
    """The same answer again, and the barrier moves again."""
    real = Lane._wait_for_hold

    def wait(self: Any, decision: Any, answer: Any, done: Any) -> None:
        real(self, decision, answer, done)
        grant = self._grants.get(decision.hold.seq)
        if grant is not None and self.barrier is not None:
            self.gateway.when_durable(grant.seq, lambda: self._unlock(self.barrier, grant))

    with patch.object(Lane, "_wait_for_hold", wait):
        yield


@fault
def nonce_ignored() -> Iterator[None]:
    """A question that is asked again is a new one."""

    def forgetful(known: Any, policy: Any, p: Any, now: Any, hlc: int) -> Any:
        nameless = msgspec.structs.replace(p, nonce=b"")
        return decide(known, policy, nameless, now, hlc)

    with patch("edge.lane.decide", forgetful):
        yield


@fault
def revocations_ignored() -> Iterator[None]:
    real = Policy.__init__

    def made(self: Policy, bundle: Any, *more: Any) -> None:
        real(self, bundle, *more)
        self.revoked.clear()

    with patch.object(Policy, "__init__", made):
        yield


@fault
def exits_count_when_shown() -> Iterator[None]:
    """Somebody who only showed the ticket at the exit counts as gone."""

    real = state._FOLDS[state.ExitRecorded]

    def fold(self: Any, origin: int, seq: int, fact: Any) -> None:
        real(self, origin, seq, fact)
        self.hold(fact.ticket, origin, seq).passed = 1

    with patch.dict(state._FOLDS, {state.ExitRecorded: fold}):
        yield


@fault
def unknown_gives_the_right_back() -> Iterator[None]:
    """Nobody knows whether somebody went through, so let them in again."""
    real = state._FOLDS[state.PassageUnknown]

    def fold(self: Any, origin: int, seq: int, fact: Any) -> None:
        state._lapsed(self, origin, seq, fact)

    with patch.dict(state._FOLDS, {state.PassageUnknown: fold}):
        assert real is not fold
        yield


@fault
def passed_counted_twice() -> Iterator[None]:
    """`passed` of each outcome is added, though each says how many so far."""
    real = state._settled

    def settled(self: Any, origin: int, fact: Any) -> Any:
        gateway = self.origins[origin].gateway
        before = self.hold(fact.ticket, self.origin(gateway, fact.epoch), fact.seq).passed
        hold = real(self, origin, fact)
        hold.passed = before + fact.passed
        return hold

    with patch.object(state, "_settled", settled):
        yield


@fault
def settled_by_another_gateway() -> Iterator[None]:
    """Whoever names the hold settles it."""
    real = state._settled

    def settled(self: Any, origin: int, fact: Any) -> Any:
        for other, known in enumerate(self.origins):
            if known.epoch == fact.epoch:
                hold = self.hold(fact.ticket, other, fact.seq)
                hold.passed = max(hold.passed, fact.passed)
                return hold
        return real(self, origin, fact)

    with patch.object(state, "_settled", settled):
        yield


@fault
def lapsed_by_another_lane() -> Iterator[None]:
    """When nobody walks here, the neighbour's guest loses the hold as well."""
    real = Lane.lapsed

    def lapsed(self: Lane, grant_id: int) -> None:
        real(self, grant_id)
        for lane in self.gateway.lanes.values():
            for seq in list(lane._grants):
                if lane is not self:
                    grant = lane._grants.pop(seq)
                    self._lapse(grant, 0)

    with patch.object(Lane, "lapsed", lapsed):
        yield


@fault
def overdue_holds_never_end() -> Iterator[None]:
    """A barrier that forgets an answer keeps its lane for ever; and it does forget some."""
    real = Lane.lapsed

    def lapsed(self: Lane, grant_id: int) -> None:
        if grant_id % 3:
            real(self, grant_id)

    with patch.object(Lane, "lapsed", lapsed), patch.object(Lane, "tick", Lane.flush):
        yield


# -- counts and clocks -----------------------------------------------------------------------------


@fault
def refusal_meter_resets() -> Iterator[None]:
    """What was counted within the minute is forgotten with it."""

    def flush(self: Any, now_ms: int, *, force: bool = False) -> list[Any]:
        self._counts.clear()
        return []

    with patch.object(RefusalMeter, "flush", flush):
        yield


@fault
def every_noise_is_a_fact() -> Iterator[None]:
    """A flood of garbage fills the ledger."""
    real = RefusalMeter.flush

    def flush(self: Any, now_ms: int, *, force: bool = False) -> Any:
        return real(self, now_ms, force=True)

    with patch.object(RefusalMeter, "flush", flush):
        yield


@fault
def logical_clock_follows_the_wall() -> Iterator[None]:
    """Set the clock back, and facts of today come before those of yesterday."""

    def following(self: LogicalClock, wall_ms: int) -> int:
        self.last = max(wall_ms << HLC_COUNTER_BITS, self.last + 1 - (3 << 34))
        return self.last

    with patch.object(LogicalClock, "next", following):
        yield


@fault
def deadlines_move_with_the_clock() -> Iterator[None]:
    """Also those that were made by the new clock: the mistake that this simulation found."""

    def clock_stepped(self: Any, delta_ms: int) -> None:
        for grant in self._grants.values():
            grant.deadline_ms += delta_ms

    with patch.object(Lane, "clock_stepped", clock_stepped):
        yield


# -- the uplink and the board ----------------------------------------------------------------------


@fault
def uplink_skips_after_a_lost_answer() -> Iterator[None]:
    """No answer is taken for a yes."""
    real = Uplink._send

    async def send(self: Any, epoch: int, seq: int) -> int:
        try:
            return await real(self, epoch, seq)
        except UplinkLost:
            last = self._source.blocks_from(epoch, seq, self._batch_bytes)[-1]
            self._held[epoch] = EpochHead(epoch, last.last_seq, last.hash.hex())
            return int(last.last_seq) + 1

    with patch.object(Uplink, "_send", send):
        yield


@fault
def receipts_are_not_matched() -> Iterator[None]:
    """Any receipt will do for any question."""
    with patch.object(Uplink, "_check", lambda self, receipt, last: None):
        yield


@fault
def old_epochs_are_not_sent() -> Iterator[None]:
    """Only the present epoch is."""

    async def send_all(self: Any) -> None:
        self._turned = None
        await self._send_epoch(self._source.epoch)

    with patch.object(Uplink, "_send_all", send_all):
        yield


@fault
def answers_of_the_board_not_matched() -> Iterator[None]:
    """A late answer to an older pulse is taken for the answer to this one."""
    from drivers.turnstile.machine import TurnstileMachine
    from drivers.turnstile.table import Signal

    def pulsed(self: Any, number: int, now: float) -> None:
        if self._queue:
            self._signal(Signal.ACK, now)

    with patch.object(TurnstileMachine, "pulsed", pulsed):
        yield
