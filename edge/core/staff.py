"""What staff may do that a turnstile may not: override, hand in a scan later, try, take back. Pure.

Rights are the caller's business: whoever calls these has checked who is asking.
"""

from typing import Final, Literal

import msgspec

from crypto.entry import (
    MARK_FORCED,
    MARK_REENTRY_UNLIMITED,
    MARK_UPLOADED,
    Admitted,
    Overridden,
)
from edge.core.admission import COUNT_MAX, claim_of, decide, judge, rights
from edge.core.decision import Decision, Presentation
from edge.core.history import at_ms
from edge.core.holds import ANNULLED, Hold, Ticket
from edge.core.moments import Moment
from edge.core.policy import Policy
from edge.core.reasons import Reason
from edge.core.state import State

ANNUL_WINDOW_MS: Final = 15 * 60_000
#: Why staff admitted somebody whom nothing stood in the way of.
FOUND_BY_NAME: Final = "found_by_name"
#: Why staff admitted somebody who had not paid: they took the money, or trust that it comes.
UNPAID_ACCEPTED: Final = "unpaid_accepted"
#: Why a hold cannot be annulled.
NotAnnulled = Literal["unknown_nonce", "open", "too_late", "annulled"]


def override(
    state: State, policy: Policy, p: Presentation, now: Moment, hlc: int, who: str, why: str
) -> Decision:
    """As `decide`, but whoever would be refused is admitted, and the fact says by whom and why.

    What needs no override is decided as always. A text that names no ticket of ours stays refused,
    and so do exits: somebody who wants out is led out. Then the decision is the refusal.
    """
    decision = decide(state, policy, p, now, hlc)
    if decision.admitted or decision.claim is None or p.direction == "exit":
        return decision
    claim, reason = decision.claim, decision.reason
    assert reason is not None
    wanted = min(max(p.count, 1), COUNT_MAX)
    # Whoever overrode it knew of the earlier use: that is no conflict between gateways.
    marks = decision.marks | MARK_FORCED | MARK_REENTRY_UNLIMITED | rights(policy, p, claim)
    fact = Overridden(
        hlc, now.day, now.offset_min, p.lane, p.gate, claim.identity, claim.issued_at,
        claim.product, claim.performance, wanted, claim.persons, p.nonce, marks, who, why, reason,
    )  # fmt: skip
    return msgspec.structs.replace(
        decision, reason=None, granted=wanted, fact=fact, overridden=reason, marks=marks
    )


def found(
    state: State, policy: Policy, p: Presentation, now: Moment, hlc: int, who: str
) -> Decision:
    """As `decide`, of a guest whom staff have found by name: the fact says who has found them."""
    return _said_by(policy, decide(state, policy, p, now, hlc), who, FOUND_BY_NAME)


def unpaid(
    state: State, policy: Policy, p: Presentation, now: Moment, hlc: int, who: str
) -> Decision:
    """As `decide`, of a presentation with `accept_unpaid`: if it is what let somebody in, the fact
    says who took that on, and that the refusal would have been `unpaid`."""
    decision = decide(state, policy, p, now, hlc)
    claim = decision.claim
    if claim is None or policy.denied.get(claim.identity) is not Reason.UNPAID:
        return decision
    return _said_by(policy, decision, who, UNPAID_ACCEPTED)


def _said_by(policy: Policy, decision: Decision, who: str, why: str) -> Decision:
    admitted = decision.fact
    if type(admitted) is not Admitted:
        return decision
    owed = policy.denied.get(admitted.ticket)
    said = msgspec.structs.asdict(admitted)
    fact = Overridden(**said, who=who, why=why, reason=owed or 0)
    return msgspec.structs.replace(decision, fact=fact, overridden=owed)


def upload(state: State, policy: Policy, p: Presentation, then: Moment, hlc: int) -> Decision:
    """A scan that has happened already, at `then`, on a device that was alone: `hlc` is of then.

    It is a fact whatever the rules say, marked as handed in later, and as forced if it would have
    been refused with what is known today of the time before it. A text that names no ticket of
    ours cannot become an admission and is refused.
    """
    claim = claim_of(state, policy, p, then)
    if claim is None or p.direction == "exit":
        return decide(state, policy, p, then, hlc)
    known = state.tickets.get(claim.identity, Ticket(0, []))
    before = Ticket(known.issued_at, [hold for hold in known.holds if 0 < hold.hlc < hlc])
    decision = judge(state, policy, p, claim, then, hlc, before)
    if decision.repeated:
        return decision
    marks = decision.marks | MARK_UPLOADED | rights(policy, p, claim)
    if not decision.admitted:
        marks |= MARK_FORCED
    wanted = min(max(p.count, 1), COUNT_MAX)
    fact = Admitted(
        hlc, then.day, then.offset_min, p.lane, p.gate, claim.identity, claim.issued_at,
        claim.product, claim.performance, wanted, claim.persons, p.nonce, marks,
    )  # fmt: skip
    return msgspec.structs.replace(
        decision, reason=None, granted=wanted, fact=fact, marks=marks, overridden=decision.reason
    )


def simulate(state: State, policy: Policy, p: Presentation, now: Moment) -> Decision:
    """What would be answered: nothing of it may be recorded or moved."""
    return msgspec.structs.replace(decide(state, policy, p, now, now.ms << 16), fact=None)


def annulable(hold: Hold, now_ms: int, window_ms: int = ANNUL_WINDOW_MS) -> NotAnnulled | None:
    """Why a hold of this gateway cannot be taken back; None: it can.

    One that is open may yet be walked on: it settles by itself first.
    """
    if hold.status == ANNULLED:
        return "annulled"
    if hold.open:
        return "open"
    return "too_late" if now_ms - at_ms(hold) > window_ms else None
