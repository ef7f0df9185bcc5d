"""When a ticket is valid: its own times, those of its performance, and windows of its product."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

from crypto.claim import Claim
from crypto.terms import Window
from edge.core.policy import GateRule, Policy

# How far ahead the next opening is looked for.
AHEAD_DAYS: Final = 60
# The year 3000: a shop's code may say any number, a calendar ends.
CALENDAR_S: Final = 32_503_680_000
_FOR_EVER: Final = 1 << 63


def in_time(policy: Policy, claim: Claim, rule: GateRule, now_s: int) -> bool:
    """Whether entry is possible at `now_s` (unix s)."""
    if now_s < claim.valid_from or (claim.valid_until and now_s >= claim.valid_until):
        return False
    performance = policy.performances.get(claim.performance)
    if performance is not None:
        if now_s < performance.admission_from:
            return False
        if performance.ends_at and now_s >= performance.ends_at:
            return False
    windows = policy.entry(claim.product).windows if policy.entries else []
    if not windows:
        return True
    local = datetime.fromtimestamp(now_s, policy.zone)
    return any(holds(window, rule.zones, local) for window in windows)


def holds(window: Window, zones: frozenset[int], local: datetime) -> bool:
    """Whether a window is open at a gate to `zones` when the venue's clocks show `local`."""
    if window.zones and zones.isdisjoint(window.zones):
        return False
    minute, day = local.hour * 60 + local.minute, local.date()
    if window.from_min < window.until_min:
        if not window.from_min <= minute < window.until_min:
            return False
    elif minute < window.from_min:
        if minute >= window.until_min:
            return False
        day -= timedelta(days=1)  # it began yesterday
    return on(window, day)


def on(window: Window, day: date) -> bool:
    """Whether a window begins on this day."""
    number = day.year * 10_000 + day.month * 100 + day.day
    if number < window.first_day or (window.last_day and number > window.last_day):
        return False
    return not window.weekdays or day.isoweekday() in window.weekdays


def opens_ms(policy: Policy, claim: Claim, rule: GateRule, now_s: int) -> int:
    """When it will be valid (unix ms), looked for some weeks ahead; 0 = never, or not known."""
    show = policy.performances.get(claim.performance)
    earliest_s = max(now_s, claim.valid_from, show.admission_from if show else 0)
    if earliest_s > CALENDAR_S:
        return 0
    windows = policy.entry(claim.product).windows
    for at_s in _openings(windows, policy.zone, earliest_s):
        if in_time(policy, claim, rule, at_s):
            return at_s * 1000
    return 0


def _openings(windows: list[Window], zone: tzinfo, from_s: int) -> Iterable[int]:
    yield from_s
    first = datetime.fromtimestamp(from_s, zone).date()
    found = set[int]()
    for window in windows:
        start = time(*divmod(window.from_min, 60))
        begins = day_of(window.first_day) if window.first_day else first
        since = max(first, begins)
        for ahead in range(AHEAD_DAYS):
            at = datetime.combine(since + timedelta(days=ahead), start, zone).timestamp()
            found.add(int(at))
    yield from sorted(at for at in found if at > from_s)


def ends_s(policy: Policy, claim: Claim) -> int:
    """When the right is over, unix s; far away if never."""
    show = policy.performances.get(claim.performance)
    ends = [end for end in (claim.valid_until, show.ends_at if show else 0) if end]
    days = [window.last_day for window in policy.entry(claim.product).windows]
    if days and all(days):
        after = day_of(max(days)) + timedelta(days=1)
        ends.append(int(datetime.combine(after, time(), policy.zone).timestamp()))
    return min(ends, default=_FOR_EVER)


def span_s(policy: Policy, claim: Claim) -> tuple[int, int]:
    """From when to when the right is good, unix s, without the hours of its windows; 0 = open."""
    show = policy.performances.get(claim.performance)
    ends = ends_s(policy, claim)
    begins = max(claim.valid_from, show.admission_from if show else 0)
    return begins, ends if ends < _FOR_EVER else 0


def day_of(number: int) -> date:
    """YYYYMMDD as a date."""
    year, month, day = number // 10_000, number // 100 % 100, number % 100
    try:
        return date(year, month, day)
    except ValueError:  # the 31st of February and its like: the bundle's day numbers are not dates
        return date(max(1, year), min(max(1, month), 12), 28)
