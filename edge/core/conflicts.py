"""Tickets that were used beyond their right because gateways did not know of each other. Pure.

Cut off from each other, or within the lag between them, two gateways may both admit one ticket.
`conflicts` finds that in a ticket's holds alone: the right (persons, re-entry) stands in the facts
themselves, so that all who know the same facts find the same conflicts, whatever their bundles.

There is one conflict per admission that was one too many, in the order of facts. Further
admissions that arrive later can only add conflicts, never rename one: where a third gateway turns
up, `earlier` may come out different, but `later` tells which conflict it is (`State.conflicts`).
An exit that arrives late may explain one away; that is why gateways wait a moment before they
record what they see.
"""

import hashlib
from collections.abc import Iterable

from crypto.entry import (
    MARK_INNER,
    MARK_PER_DAY,
    MARK_REENTRY_AFTER_EXIT,
    MARK_REENTRY_UNLIMITED,
    ConflictFound,
    Use,
)
from edge.core.holds import Hold
from edge.core.moments import Moment
from edge.core.state import Place, State, place_of

ID_BYTES = 16


def conflicts(state: State, ticket: bytes) -> list[tuple[Use, Use]]:
    """(earlier, later) of each admission of `ticket` beyond its right, oldest first.

    An admission that only its own gateway's stood in the way of is none: whoever knew and let in
    all the same had a reason, and recorded it.
    """
    known = state.tickets.get(ticket)
    if known is None or len(known.holds) < 2:
        return []
    found: list[tuple[Use, Use]] = []
    before: list[Hold] = []
    for hold in state.in_order(known):
        if not hold.exit and hold.used:
            other = _stands_in_the_way(state, before, hold)
            if other is not None:
                found.append((_use(state, other), _use(state, hold)))
        before.append(hold)
    return found


def _stands_in_the_way(state: State, before: list[Hold], hold: Hold) -> Hold | None:
    """The newest admission of another gateway for which `hold` would have been refused."""
    if hold.reentry & (MARK_REENTRY_UNLIMITED | MARK_INNER):
        return None
    # What happened within the venue is no entry into it, and some rights begin anew each day.
    before = [one for one in before if not one.reentry & MARK_INNER]
    if hold.reentry & MARK_PER_DAY:
        before = [one for one in before if one.day == hold.day]
    if hold.reentry & MARK_REENTRY_AFTER_EXIT:
        taken = _inside(before)
    else:
        taken = sum(one.used for one in before if not one.exit)
    if taken + hold.used <= hold.persons:
        return None
    own = state.origins[hold.origin].gateway
    for one in reversed(before):
        if not one.exit and one.used and state.origins[one.origin].gateway != own:
            return one
    return None


def _inside(holds: Iterable[Hold]) -> int:
    inside = 0
    for hold in holds:
        inside = max(0, inside - hold.walked) if hold.exit else inside + hold.used
    return inside


def _use(state: State, hold: Hold) -> Use:
    log = state.origins[hold.origin]
    return Use(
        log.gateway, log.epoch, hold.seq, hold.hlc, hold.offset_min, hold.gate, hold.lane
    )  # fmt: skip


def unrecorded(state: State, tickets: Iterable[bytes]) -> list[tuple[bytes, Use, Use]]:
    """(ticket, earlier, later) of every conflict of `tickets` that nobody has recorded yet."""
    return [
        (ticket, earlier, later)
        for ticket in sorted(tickets)
        for earlier, later in conflicts(state, ticket)
        if place_of(later) not in state.conflicts
    ]


def as_fact(ticket: bytes, earlier: Use, later: Use, hlc: int, now: Moment) -> ConflictFound:
    """The fact that records a conflict."""
    both = conflict_id(place_of(earlier), place_of(later))
    return ConflictFound(hlc, now.day, now.offset_min, both, ticket, earlier, later)


def conflict_id(one: Place, other: Place) -> bytes:
    """First 16 bytes of SHA-256 over both places, the smaller first: 16 B, u32, u64 each."""
    raw = b"".join(
        gateway + epoch.to_bytes(4, "big") + seq.to_bytes(8, "big")
        for gateway, epoch, seq in sorted((one, other))
    )
    return hashlib.sha256(raw).digest()[:ID_BYTES]
