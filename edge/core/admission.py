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
    AdmissionRefused,
    Admitted,
    ExitRecorded,
)
from crypto.errors import BadCode
from crypto.ticket import FLAG_ATTENTION, FLAG_CHECK
from edge.core.moments import Moment
from edge.core.policy import Policy
from edge.core.reasons import BY_CODE, Reason
from edge.core.state import UNKNOWN, Hold, State, Ticket

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
    `hold` points at the hold that a repeated answer belongs to.
    """

    reason: Reason | None
    granted: int = 0
    claim: Claim | None = None
    fact: Admitted | ExitRecorded | AdmissionRefused | None = None
    earlier: Earlier | None = None
    hold: Hold | None = None
    repeated: bool = False

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
        return Decision(None, again.granted, claim, hold=again, repeated=True)
    reason = _refusal(policy, ticket, presentation, claim, now)
    if reason is not None:
        return _refuse(reason, presentation, now, hlc, claim)
    if presentation.direction == "exit":
        return _let_out(presentation, claim, now, hlc)
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
    gate = policy.gates.get(p.gate)
    if gate is None:
        return Reason.DEVICE  # a lane of a gate the centre does not know admits nobody
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


def _let_in(
    state: State, policy: Policy, ticket: Ticket, p: Presentation, claim: Claim,
    now: Moment, hlc: int,
) -> Decision:  # fmt: skip
    wanted = min(max(p.count, 1), COUNT_MAX)
    obstacle = _redeemed(ticket, policy.products[claim.product], claim.persons, wanted, now)
    if obstacle is not None:
        earlier = _earlier(state, obstacle)
        return _refuse(Reason.ALREADY_REDEEMED, p, now, hlc, claim, earlier)
    fact = Admitted(
        hlc, now.day, now.offset_min, p.lane, p.gate, claim.identity, claim.issued_at,
        claim.product, claim.performance, wanted, claim.persons, p.nonce,
        _marks(policy, claim, now),
    )  # fmt: skip
    return Decision(None, wanted, claim, fact)


def _redeemed(
    ticket: Ticket, product: Product, persons: int, wanted: int, now: Moment
) -> Hold | None:
    """The hold because of which no more may enter, or None if `wanted` persons still may."""
    holds = ticket.in_order()
    entries = [hold for hold in holds if not hold.exit and hold.used]
    if not entries:
        return None if wanted <= persons else holds[-1] if holds else _TOO_MANY
    last = entries[-1]
    earliest_ms = (last.hlc >> HLC_COUNTER_BITS) + product.reentry_after_s * 1000
    if product.reentry != "none" and now.ms < earliest_ms:
        return last
    if product.reentry == "unlimited":
        return None if wanted <= persons else last
    taken = _inside(holds) if product.reentry == "after_exit" else sum(h.used for h in entries)
    return last if taken + wanted > persons else None


# More persons wanted than the code is for, before anybody went in: no use stands in the way.
_TOO_MANY: Final = Hold(-1, 0)


def _inside(holds: list[Hold]) -> int:
    """Persons inside, by the order of facts. An exit counts when somebody has walked out."""
    inside = 0
    for hold in holds:
        inside = max(0, inside - hold.passed) if hold.exit else inside + hold.used
    return inside


def _let_out(p: Presentation, claim: Claim, now: Moment, hlc: int) -> Decision:
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
