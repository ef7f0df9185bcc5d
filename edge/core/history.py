"""What a ticket's earlier uses leave of its right: once, re-entry, limits, anti-passback.

`holds` are always in the order of facts. Persons of a group that have not been in yet wait for
nobody: what is said about coming again is about those who were in.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from crypto.bundle import Product
from crypto.fact import HLC_COUNTER_BITS
from crypto.terms import Limit
from edge.core.holds import Hold
from edge.core.moments import Moment
from edge.core.policy import GateRule, Policy

# More persons wanted than the code is for: no use stands in the way.
TOO_MANY: Final = Hold(-1, 0)


def redeemed(
    holds: list[Hold], product: Product, persons: int, wanted: int, now: Moment, since_ms: int = 0
) -> Hold | None:
    """The hold because of which no more may enter, or None if `wanted` persons still may.

    Who came in before `since_ms` (unix ms) is not inside any more, but was.
    """
    if wanted > persons:
        return TOO_MANY
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
    elif inside(holds, since_ms) + wanted > persons:
        return last
    if not product.reentry_after_s:
        return None  # no clock is asked: one that was set back keeps nobody out
    earliest_ms = at_ms(last) + product.reentry_after_s * 1000
    return last if now.ms < earliest_ms else None


def inside(holds: Iterable[Hold], since_ms: int = 0) -> int:
    """Persons inside, by the order of facts. An exit counts when somebody has walked out."""
    count = 0
    for hold in holds:
        if at_ms(hold) >= since_ms:
            count = max(0, count - hold.walked) if hold.exit else count + hold.used
    return count


def at_ms(hold: Hold) -> int:
    """Unix ms of a hold's clock."""
    return hold.hlc >> HLC_COUNTER_BITS


def obstacle(
    policy: Policy, rule: GateRule, product: Product, holds: list[Hold], persons: int,
    wanted: int, now: Moment,
) -> Hold | None:  # fmt: skip
    """As `redeemed`, with all that a bundle's terms can say: zones, limits, automatic exit."""
    if wanted > persons:
        return TOO_MANY
    entry = policy.entry(product.number)
    here = uses_at(policy, rule, holds)
    for limit in entry.limits:
        found = _limited(policy, rule, limit, holds, here, persons, wanted, now)
        if found is not None:
            return found
    entries = [hold for hold in here if not hold.exit and hold.used]
    if entry.passback_s:
        since_ms = now.ms - entry.passback_s * 1000
        recent = [hold for hold in entries if at_ms(hold) > since_ms]
        if recent and sum(hold.used for hold in recent) + wanted > persons:
            return recent[-1]
    if entry.same_day:
        before = [hold for hold in entries if hold.day != now.day]
        if before and sum(hold.used for hold in entries) + wanted > persons:
            return before[-1]
    if product.reentry == "none" and entry.limits:
        return _walking(entries, persons, wanted)
    return redeemed(here, product, persons, wanted, now, policy.emptied_ms(now.ms))


def unheard(
    policy: Policy, rule: GateRule, product: Product, holds: list[Hold], persons: int,
    wanted: int, now: Moment,
) -> bool:  # fmt: skip
    """Whether nothing but an exit that this gateway did not hear of is missing to come again."""
    if not policy.unheard or product.reentry != "after_exit":
        return False
    as_if_out = msgspec.structs.replace(product, reentry="unlimited")
    return obstacle(policy, rule, as_if_out, holds, persons, wanted, now) is None


def _walking(entries: list[Hold], persons: int, wanted: int) -> Hold | None:
    walking = [hold for hold in entries if hold.open]
    if sum(hold.granted for hold in walking) + wanted > persons:
        return walking[-1]
    return None


def uses_at(policy: Policy, rule: GateRule, holds: list[Hold]) -> list[Hold]:
    """Those that led to where this gate leads. Of a gate nobody knows any more: all count."""
    if not policy.zoned:
        return holds
    return [hold for hold in holds if _meets(policy, hold, rule.crossed)]


def _meets(policy: Policy, hold: Hold, places: frozenset[int]) -> bool:
    known = policy.gates.get(hold.gate)
    return known is None or not places.isdisjoint(known.crossed)


def _limited(
    policy: Policy, rule: GateRule, limit: Limit, holds: list[Hold], here: list[Hold],
    persons: int, wanted: int, now: Moment,
) -> Hold | None:  # fmt: skip
    """The newest of the entries that have used up `limit`, or None."""
    if limit.per_zone and rule.zones:
        counted = [hold for hold in holds if _meets(policy, hold, rule.zones)]
    elif rule.inner:
        return None  # who is within has been counted on the way in
    else:
        counted = here
    used = [
        hold for hold in counted
        if not hold.exit and hold.used and not (limit.per_day and hold.day != now.day)
    ]  # fmt: skip
    if sum(hold.used for hold in used) + wanted <= limit.count * persons:
        return None
    return used[-1] if used else TOO_MANY
