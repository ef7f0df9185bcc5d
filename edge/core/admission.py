"""Who may go in: presentation + state + policy -> decision. Pure, and the same function for
turnstile, handheld, simulation, scenario and help desk.

The order of checks is the order of `reasons.Reason`; the first that fails is the answer.
A decision carries at most one fact. The caller folds it into the state *before its first await*
(law 1) and lets nothing move before it is durable (law 2).
"""

import hashlib
from collections.abc import Callable
from typing import Final

from crypto.claim import Claim
from crypto.entry import (
    MARK_ATTENTION,
    MARK_CHECK,
    MARK_CLOCK_UNSURE,
    MARK_EXIT_UNHEARD,
    MARK_INNER,
    MARK_NO_WINDOW,
    MARK_REENTRY_UNLIMITED,
    MARK_STALE,
    AdmissionRefused,
    Admitted,
    ExitRecorded,
)
from crypto.errors import BadCode
from crypto.fact import HLC_COUNTER_BITS
from crypto.ticket import FLAG_ATTENTION, FLAG_CHECK, FLAG_ROTATING
from edge.core import history, ruling
from edge.core.decision import Decision, Direction, Earlier, Finding, Hints, Presentation
from edge.core.history import TOO_MANY
from edge.core.holds import UNKNOWN, Hold, Ticket
from edge.core.media import Chosen, choose
from edge.core.moments import Moment
from edge.core.policy import GateRule, Policy
from edge.core.reasons import BY_CODE, Reason
from edge.core.state import State
from edge.core.validity import in_time, opens_ms

__all__ = [
    "Decision",
    "Direction",
    "Earlier",
    "Presentation",
    "decide",
    "judge",
    "once_read",
    "ticket_hash",
]
HASH_BYTES: Final = 8
COUNT_MAX: Final = 255
#: They name the ticket itself, whichever code of it is the newest.
CODELESS: Final = ("medium", "guest_list")
_NOBODY: Final = Ticket(0, [])
# A gate that the bundle does not name refuses with `device`, after all that is about the ticket.
_ANY_GATE: Final = GateRule(0, "", None, None)


def decide(
    state: State, policy: Policy, presentation: Presentation, now: Moment, hlc: int
) -> Decision:
    """Decide one presentation at `now`; `hlc` becomes the fact's clock.

    Changes nothing: the returned fact is folded by the caller.
    """
    read = _read(state, policy, presentation, now)
    if type(read) is Claim:
        return judge(state, policy, presentation, read, now, hlc)
    assert isinstance(read, Chosen)
    finding = Finding(read.reason)
    return _refuse(policy, finding, presentation, now, hlc, None, read.fitting)


def once_read(policy: Policy, claim: Claim) -> Callable[..., Decision]:
    """`decide` for whoever had to wait at a lane, for the same text: a code that was verified by
    `policy` is verified again only if other keys came meanwhile, or if its suffix runs out. Which
    ticket of a medium is meant hangs on what happened meanwhile."""

    def again(state: State, current: Policy, p: Presentation, now: Moment, hlc: int) -> Decision:
        changes = claim.scheme in CODELESS or claim.flags & FLAG_ROTATING
        if current is not policy or changes:
            return decide(state, current, p, now, hlc)
        return judge(state, current, p, claim, now, hlc)

    return again


def claim_of(state: State, policy: Policy, p: Presentation, now: Moment) -> Claim | None:
    """The claim that is presented, None if there is none that could be decided."""
    read = _read(state, policy, p, now)
    return read if isinstance(read, Claim) else None


def _read(state: State, policy: Policy, p: Presentation, now: Moment) -> Claim | Chosen:
    """The claim that a text makes, or the reason why it makes none."""
    if policy.reads_media:
        chosen = _medium(state, policy, p, now)
        if chosen is not None:
            return chosen.claim or chosen
    try:
        return policy.keyring.read_untrusted(p.code, now.ms // 1000)
    except BadCode as error:
        listed = policy.guests.claim(p.ticket) if p.ticket and not p.code else None
        return listed or Chosen(None, BY_CODE[error.reason])


def judge(
    state: State, policy: Policy, p: Presentation, claim: Claim, now: Moment, hlc: int,
    as_of: Ticket | None = None,
) -> Decision:  # fmt: skip
    """Decide a claim that was read. `as_of`: its history as it was at `now`, if that is past."""
    ticket = state.tickets.get(claim.identity, _NOBODY)
    held = ticket.holds
    again = said_before(state, ticket, p) if held else None
    if again is not None:
        marks = 0 if again.exit else _marks(policy, claim, now)
        hints = _hints(policy, claim, now) if policy.hinted else None
        return Decision(
            None, again.granted, claim, hold=again, repeated=True, marks=marks, hints=hints
        )
    finding = _check(state, policy, ticket if as_of is None else as_of, p, claim, now)
    if finding is not None:
        return _refuse(policy, finding, p, now, hlc, claim, state=state)
    hints = _hints(policy, claim, now) if policy.hinted else None
    if p.direction == "exit":
        left = ExitRecorded(hlc, now.day, now.offset_min, p.lane, p.gate, claim.identity, p.nonce)
        return Decision(None, 1, claim, left, hints=hints)
    marks = _marks(policy, claim, now)
    wanted = min(max(p.count, 1), COUNT_MAX)
    if held and policy.unheard:
        marks |= _left_unheard(state, policy, ticket if as_of is None else as_of, p, claim, now)
    fact = Admitted(
        hlc, now.day, now.offset_min, p.lane, p.gate, claim.identity, claim.issued_at,
        claim.product, claim.performance, wanted, claim.persons, p.nonce,
        marks | (rights(policy, p, claim) if policy.zoned else policy.rights[claim.product]),
    )  # fmt: skip
    return Decision(None, wanted, claim, fact, None, None, False, marks, hints)


def ticket_hash(identity: bytes) -> bytes:
    """What a refusal stores of a ticket: 8 bytes of SHA-256, never the text."""
    return hashlib.sha256(identity).digest()[:HASH_BYTES]


def rights(policy: Policy, p: Presentation, claim: Claim) -> int:
    """The marks that tell siblings, who may have another bundle, what the product allows."""
    marks = policy.rights.get(claim.product, 0)
    if policy.zoned and policy.gates.get(p.gate, _ANY_GATE).inner:
        marks |= MARK_INNER
    return marks


def said_before(state: State, ticket: Ticket, p: Presentation) -> Hold | None:
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


def _medium(state: State, policy: Policy, p: Presentation, now: Moment) -> Chosen | None:
    def known(claim: Claim) -> Ticket:
        return state.tickets.get(claim.identity, _NOBODY)

    return choose(
        policy, p,
        lambda claim: _check(state, policy, known(claim), p, claim, now),
        lambda claim: said_before(state, known(claim), p) is not None,
        lambda claim: history.inside(state.in_order(known(claim))) > 0,
    )  # fmt: skip


def _check(
    state: State, policy: Policy, ticket: Ticket, p: Presentation, claim: Claim, now: Moment
) -> Finding | None:
    """The ladder from check 2 on."""
    gate = policy.gates.get(p.gate, _ANY_GATE)
    reason = _barred(policy, gate, ticket, p, claim)
    if reason is not None:
        return Finding(reason)
    if p.direction == "entry":
        if not in_time(policy, claim, gate, now.ms // 1000):
            opens = opens_ms(policy, claim, gate, now.ms // 1000)
            return Finding(Reason.INVALID_TIME, opens_ms=opens)
        wanted = min(max(p.count, 1), COUNT_MAX)
        holds = state.in_order(ticket) if ticket.holds else []
        if claim.product in policy.careful:
            finding = _careful(state, policy, gate, holds, claim, wanted, p, now)
            if finding is not None:
                return finding
        elif holds or wanted > claim.persons:
            product = policy.products[claim.product]
            obstacle = history.redeemed(holds, product, claim.persons, wanted, now)
            if obstacle is not None:
                finding = _used(policy, gate, claim, holds, wanted, now, obstacle)
                if finding is not None:
                    return finding
    return None if p.gate in policy.gates else Finding(Reason.DEVICE)


def _barred(
    policy: Policy, gate: GateRule, ticket: Ticket, p: Presentation, claim: Claim
) -> Reason | None:
    """Checks 2 to 8: what the lists say, and whether it is for this gate."""
    identity = claim.identity
    if (
        claim.issued_at < max(policy.revoked.get(identity, 0), ticket.issued_at)
        and claim.scheme not in CODELESS
    ):
        return Reason.REVOKED
    reason = policy.denied.get(identity)
    if reason is not None and not _excused(reason, gate, p):
        return reason
    product, performance = claim.product, claim.performance
    if product not in policy.products:
        return Reason.PRODUCT
    if gate.products is not None and product not in gate.products:
        return Reason.PRODUCT
    if performance:
        if performance not in policy.performances:
            return Reason.PERFORMANCE
        if gate.performances is not None and performance not in gate.performances:
            return Reason.PERFORMANCE
    return None


def _excused(reason: Reason, gate: GateRule, p: Presentation) -> bool:
    """Whoever is in with a debt may leave with it; and staff may take the money at some gates."""
    if reason < Reason.UNAPPROVED:
        return False
    if p.direction == "exit":
        return True
    return reason is Reason.UNPAID and p.accept_unpaid and gate.accepts_unpaid


def _careful(
    state: State, policy: Policy, gate: GateRule, holds: list[Hold], claim: Claim, wanted: int,
    p: Presentation, now: Moment,
) -> Finding | None:  # fmt: skip
    """Checks 10 to 13, where a bundle's terms say more than the plain *once*."""
    product = policy.products[claim.product]
    obstacle = history.obstacle(policy, gate, product, holds, claim.persons, wanted, now)
    if obstacle is not None:
        finding = _used(policy, gate, claim, holds, wanted, now, obstacle)
        if finding is not None:
            return finding
    for place in policy.full_places:
        if place.number in gate.crossed:
            inside = state.counts.inside(place.gates, policy.emptied_ms(now.ms))
            if inside + wanted > place.capacity:
                return Finding(Reason.ZONE_FULL, zone=place.number)
    finding = ruling.refused(policy, gate, claim, holds, wanted, now)
    if finding is not None:
        return finding
    if gate.asks:
        open_ones = [one for one in policy.entry(claim.product).questions if one not in p.answers]
        if open_ones:
            return Finding(Reason.QUESTIONS, questions=tuple(open_ones))
    return None


def _used(
    policy: Policy, gate: GateRule, claim: Claim, holds: list[Hold], wanted: int, now: Moment,
    obstacle: Hold,
) -> Finding | None:  # fmt: skip
    """Check 10 has failed; None if the venue admits where only an exit was not heard of."""
    product = policy.products[claim.product]
    if not history.unheard(policy, gate, product, holds, claim.persons, wanted, now):
        return Finding(Reason.ALREADY_REDEEMED, obstacle)
    return None if policy.when_unheard == "mark" else Finding(Reason.EXIT_UNHEARD, obstacle)


def _left_unheard(
    state: State, policy: Policy, ticket: Ticket, p: Presentation, claim: Claim, now: Moment
) -> int:
    """The marks of an admission that no known exit explains. It was let in with open eyes, so it
    makes no conflict: the exit may be on its way, and come later than a conflict is recorded."""
    gate, product = policy.gates.get(p.gate, _ANY_GATE), policy.products[claim.product]
    asked = (state.in_order(ticket), claim.persons, min(max(p.count, 1), COUNT_MAX), now)
    if history.obstacle(policy, gate, product, *asked) is None:
        return 0
    return MARK_EXIT_UNHEARD | MARK_REENTRY_UNLIMITED


def _earlier(state: State, hold: Hold | None) -> Earlier | None:
    if hold is None or hold is TOO_MANY:
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
    note = policy.notes.get(claim.identity) if policy.notes else None
    if note is not None:
        marks |= MARK_CHECK * note.check | MARK_ATTENTION * note.attention
    if policy.stale_after_ms and policy.stale(now.ms):
        marks |= MARK_STALE
    performance = policy.performances.get(claim.performance)
    windowed = performance is not None and (performance.admission_from or performance.ends_at)
    if not windowed and policy.entries:
        windowed = bool(policy.entry(claim.product).windows)
    if not (claim.valid_from or claim.valid_until or windowed):
        marks |= MARK_NO_WINDOW
    return marks


def _hints(policy: Policy, claim: Claim, now: Moment) -> Hints | None:
    guest = policy.guests.by_ticket.get(claim.identity)
    colour = policy.colours.get(now.day, "")
    if guest is None:
        return Hints(colour=colour) if colour else None
    return Hints(guest.name, guest.note, guest.birthday == now.day % 10_000, colour)


def _refuse(
    policy: Policy, finding: Finding, p: Presentation, now: Moment, hlc: int,
    claim: Claim | None, fitting: tuple[Claim, ...] = (), state: State | None = None,
) -> Decision:  # fmt: skip
    reason, fact = finding.reason, None
    if not reason.garbage:
        hashed = ticket_hash(claim.identity) if claim else b""
        fact = AdmissionRefused(hlc, now.day, now.offset_min, p.lane, p.gate, reason, hashed)
    # What staff must know of a guest they know, they must know of one they refuse, too.
    known = claim is not None and policy.notes and reason >= Reason.UNAPPROVED
    return Decision(
        reason, 0, claim, fact, _earlier(state, finding.obstacle) if state else None,
        marks=_marks(policy, claim, now) if known and claim else 0,
        hints=_hints(policy, claim, now) if policy.hinted and claim else None,
        why=finding.why, questions=finding.questions, choices=fitting, opens_ms=finding.opens_ms,
        zone=finding.zone,
    )  # fmt: skip
