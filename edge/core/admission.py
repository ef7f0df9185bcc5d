"""Who may go in: presentation + state + policy -> decision. Pure, and the same function for
turnstile, handheld, simulation, scenario and help desk.

The order of checks is the order of `reasons.Reason`; the first that fails is the answer.
A decision carries at most one fact. The caller folds it into the state *before its first await*
(law 1) and lets nothing move before it is durable (law 2).
"""

import hashlib
from typing import Final, Literal

import msgspec

from crypto.bundle import Product
from crypto.claim import Claim
from crypto.entry import (
    HLC_COUNTER_BITS,
    MARK_ATTENTION,
    MARK_CHECK,
    MARK_CLOCK_UNSURE,
    MARK_NO_WINDOW,
    MARK_REENTRY_AFTER_EXIT,
    MARK_REENTRY_UNLIMITED,
    AdmissionRefused,
    Admitted,
    ExitRecorded,
)
from crypto.errors import BadCode
from crypto.ticket import FLAG_ATTENTION, FLAG_CHECK
from edge.core.holds import UNKNOWN, Hold, Ticket
from edge.core.moments import Moment
from edge.core.policy import GateRule, Policy
from edge.core.reasons import BY_CODE, Reason
from edge.core.state import State

Direction = Literal["entry", "exit"]
HASH_BYTES: Final = 8
COUNT_MAX: Final = 255


class Presentation(msgspec.Struct, frozen=True, gc=False):
    """A scanned text at a lane of `gateway`. `nonce` names it across retries; `count`: persons."""

    code: bytes
    gateway: bytes
    lane: int
    gate: int
    direction: Direction = "entry"
    nonce: bytes = b""
    count: int = 1


class Earlier(msgspec.Struct, frozen=True, gc=False):
    """The use that stands in the way. `gateway` tells whose lane number `lane` is."""

    at_ms: int
    offset_min: int
    gateway: bytes
    gate: int
    lane: int
    possibly: bool
    open: bool


class Decision(msgspec.Struct, frozen=True, gc=False):
    """The answer. `reason` None = admitted. `repeated`: said before, so nothing may move again.

    `fact` is None for repeated answers and for garbage, which is only counted (`refusals`).
    `hold` points at the hold that a repeated answer belongs to; `marks` are the MARK_ bits.
    """

    reason: Reason | None
    granted: int = 0
    claim: Claim | None = None
    fact: Admitted | ExitRecorded | AdmissionRefused | None = None
    earlier: Earlier | None = None
    hold: Hold | None = None
    repeated: bool = False
    marks: int = 0

    @property
    def admitted(self) -> bool:
        """Whether the guest may pass."""
        return self.reason is None


_NOBODY: Final = Ticket(0, [])


def decide(
    state: State, policy: Policy, presentation: Presentation, now: Moment, hlc: int
) -> Decision:
    """Decide one presentation at `now`; `hlc` becomes the fact's clock.

    Changes nothing: the returned fact is folded by the caller.
    """
    try:
        claim = policy.keyring.read_untrusted(presentation.code, now.ms // 1000)
    except BadCode as error:
        return _refuse(BY_CODE[error.reason], presentation, now, hlc, None)
    ticket = state.tickets.get(claim.identity, _NOBODY)
    again = _said_before(state, ticket, presentation)
    if again is not None:
        marks = 0 if again.exit else _marks(policy, claim, now)
        return Decision(None, again.granted, claim, hold=again, repeated=True, marks=marks)
    reason = _refusal(policy, ticket, presentation, claim, now)
    if reason is not None:
        return _refuse(reason, presentation, now, hlc, claim)
    if presentation.direction == "exit":
        return _let_out(policy, presentation, claim, now, hlc)
    return _let_in(state, policy, ticket, presentation, claim, now, hlc)


def ticket_hash(identity: bytes) -> bytes:
    """What a refusal stores of a ticket: 8 bytes of SHA-256, never the text."""
    return hashlib.sha256(identity).digest()[:HASH_BYTES]


def _said_before(state: State, ticket: Ticket, p: Presentation) -> Hold | None:
    """The nervous guest, and the retried request: same answer, no new fact, no new movement."""
    leaving = p.direction == "exit"
    for hold in ticket.holds:
        if hold.exit is not leaving or not hold.hlc:
            continue
        if p.nonce and hold.nonce == p.nonce:
            return hold
        own = hold.open and state.origins[hold.origin].gateway == p.gateway
        if own and hold.lane == p.lane:
            return hold
    return None


# A gate that the bundle does not name refuses with `device`, after all that is about the ticket.
_ANY_GATE: Final = GateRule(0, "", None, None)


def _refusal(
    policy: Policy, ticket: Ticket, p: Presentation, claim: Claim, now: Moment
) -> Reason | None:
    """Checks 2 to 9 of the ladder; 10 needs the history and follows in `_let_in`."""
    identity = claim.identity
    if claim.issued_at < max(policy.revoked.get(identity, 0), ticket.issued_at):
        return Reason.REVOKED
    if identity in policy.canceled:
        return Reason.CANCELED
    if identity in policy.blocked:
        return Reason.BLOCKED
    gate = policy.gates.get(p.gate, _ANY_GATE)
    if claim.product not in policy.products:
        return Reason.PRODUCT
    if gate.products is not None and claim.product not in gate.products:
        return Reason.PRODUCT
    if claim.performance:
        if claim.performance not in policy.performances:
            return Reason.PERFORMANCE
        if gate.performances is not None and claim.performance not in gate.performances:
            return Reason.PERFORMANCE
    if p.direction == "entry" and not _in_time(policy, claim, now.ms // 1000):
        return Reason.INVALID_TIME
    return None


def _in_time(policy: Policy, claim: Claim, now_s: int) -> bool:
    if now_s < claim.valid_from or (claim.valid_until and now_s >= claim.valid_until):
        return False
    performance = policy.performances.get(claim.performance)
    if performance is None:
        return True
    if now_s < performance.admission_from:
        return False
    return not performance.ends_at or now_s < performance.ends_at


# What the fact says of the product's right: siblings find conflicts without the bundle.
_RIGHTS: Final = {
    "none": 0, "after_exit": MARK_REENTRY_AFTER_EXIT, "unlimited": MARK_REENTRY_UNLIMITED
}  # fmt: skip


def _let_in(
    state: State, policy: Policy, ticket: Ticket, p: Presentation, claim: Claim,
    now: Moment, hlc: int,
) -> Decision:  # fmt: skip
    wanted = min(max(p.count, 1), COUNT_MAX)
    holds = state.in_order(ticket)
    obstacle = _redeemed(holds, policy.products[claim.product], claim.persons, wanted, now)
    if obstacle is not None:
        earlier = _earlier(state, obstacle)
        return _refuse(Reason.ALREADY_REDEEMED, p, now, hlc, claim, earlier)
    if p.gate not in policy.gates:
        return _refuse(Reason.DEVICE, p, now, hlc, claim)
    marks = _marks(policy, claim, now)
    fact = Admitted(
        hlc, now.day, now.offset_min, p.lane, p.gate, claim.identity, claim.issued_at,
        claim.product, claim.performance, wanted, claim.persons, p.nonce,
        marks | _RIGHTS[policy.products[claim.product].reentry],
    )  # fmt: skip
    return Decision(None, wanted, claim, fact, marks=marks)


def _redeemed(
    holds: list[Hold], product: Product, persons: int, wanted: int, now: Moment
) -> Hold | None:
    """The hold because of which no more may enter, or None if `wanted` persons still may.

    `holds` in order. The persons of a group that have not been in yet wait for nobody: only who
    comes again may be too soon.
    """
    if wanted > persons:
        return _TOO_MANY
    entries = [hold for hold in holds if not hold.exit and hold.used]
    if sum(hold.used for hold in entries) + wanted <= persons:
        return None
    last = entries[-1]
    if product.reentry == "none":
        return last
    if product.reentry == "unlimited":
        # Whoever is in may come again, but two cannot walk on one right at the same moment.
        walking = [hold for hold in entries if hold.open]
        if sum(hold.granted for hold in walking) + wanted > persons:
            return walking[-1]
    elif _inside(holds) + wanted > persons:
        return last
    if not product.reentry_after_s:
        return None  # no clock is asked: one that was set back keeps nobody out
    earliest_ms = (last.hlc >> HLC_COUNTER_BITS) + product.reentry_after_s * 1000
    return last if now.ms < earliest_ms else None


# More persons wanted than the code is for: no use stands in the way.
_TOO_MANY: Final = Hold(-1, 0)


def _inside(holds: list[Hold]) -> int:
    """Persons inside, by the order of facts. An exit counts when somebody has walked out."""
    inside = 0
    for hold in holds:
        inside = max(0, inside - hold.walked) if hold.exit else inside + hold.used
    return inside


def _let_out(policy: Policy, p: Presentation, claim: Claim, now: Moment, hlc: int) -> Decision:
    if p.gate not in policy.gates:
        return _refuse(Reason.DEVICE, p, now, hlc, claim)
    fact = ExitRecorded(hlc, now.day, now.offset_min, p.lane, p.gate, claim.identity, p.nonce)
    return Decision(None, 1, claim, fact)


def _earlier(state: State, hold: Hold) -> Earlier | None:
    if hold is _TOO_MANY:
        return None
    gateway = state.origins[hold.origin].gateway
    return Earlier(
        hold.hlc >> HLC_COUNTER_BITS, hold.offset_min, gateway, hold.gate, hold.lane,
        hold.status == UNKNOWN, hold.open,
    )  # fmt: skip


def _marks(policy: Policy, claim: Claim, now: Moment) -> int:
    marks = MARK_CLOCK_UNSURE if now.unsure else 0
    if claim.flags & FLAG_CHECK:
        marks |= MARK_CHECK
    if claim.flags & FLAG_ATTENTION:
        marks |= MARK_ATTENTION
    performance = policy.performances.get(claim.performance)
    windowed = performance is not None and (performance.admission_from or performance.ends_at)
    if not (claim.valid_from or claim.valid_until or windowed):
        marks |= MARK_NO_WINDOW
    return marks


def _refuse(
    reason: Reason, p: Presentation, now: Moment, hlc: int,
    claim: Claim | None, earlier: Earlier | None = None,
) -> Decision:  # fmt: skip
    fact = None
    if not reason.garbage:
        hashed = ticket_hash(claim.identity) if claim else b""
        fact = AdmissionRefused(hlc, now.day, now.offset_min, p.lane, p.gate, reason, hashed)
    return Decision(reason, 0, claim, fact, earlier)
