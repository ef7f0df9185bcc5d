"""Whether any facts could make a formula true; "no" is certain, "yes" may be mistaken.

The search goes through the alternatives and drops those whose conditions exclude each other.
Each condition about one variable is tried at the numbers it is compared with and beside them:
between those nothing can change. Times are differences: `now` after 17:00 and before 9:00 makes a
circle that is shorter than nothing. Entries are counted either for somebody who was never in, or
for somebody who was, and then no count exceeds the count of all. Everything else counts as free.
"""

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time
from typing import Any, Final, cast

from edge.core.rules.context import DAY_MS, RuleContext
from edge.core.rules.evaluation import numbers
from edge.core.rules.nodes import (
    COUNTS,
    NUMBER_MAX,
    Count,
    Literal,
    Node,
    OneOf,
    Order,
    Time,
    Value,
    Variable,
    key,
)
from edge.core.rules.rule import Formula, Junction, Leaf, walk

TRIES_MAX: Final = 3000
# By how much the clocks of a day may jump, and by how much a time without an offset may be meant
# otherwise than in UTC, or than another one (some islands have changed sides of the date line).
JUMP_MS: Final = 3 * 3_600_000
APART_MS: Final = 30 * 3_600_000
# No zone changes its clocks between these times of day (IANA time zone data, 2024 and later).
STEADY: Final = (time(6), time(20))
_STATUS: Final = ("absent", "present")
_RANGES: Final = {
    "product": (1, 0xFFFF), "gate": (1, 0xFFFF), "variation": (-NUMBER_MAX, NUMBER_MAX),
    "now_isoweekday": (1, 7),
}  # fmt: skip
# What a person who was never in has; one who was in has at least the second.
_HISTORY: Final[dict[str, tuple[int, int]]] = {
    "entries_number": (0, 1), "entries_today": (0, 0), "entries_days": (0, 1),
    "minutes_since_last_entry": (-1, 0), "minutes_since_first_entry": (-1, 0),
    **dict.fromkeys(COUNTS, (0, 0)),
}  # fmt: skip
_AT_MOST: Final = {
    "entries_today": "entries_number", "entries_days": "entries_number",
    "entries_since": "entries_number", "entries_before": "entries_number",
    "entries_days_since": "entries_days", "entries_days_before": "entries_days",
    "minutes_since_last_entry": "minutes_since_first_entry",
}  # fmt: skip

Domains = Mapping[str, frozenset[int]]
Key = tuple[object, ...]


def possible(formula: Formula, domains: Domains) -> bool:
    """False only when no facts make `formula` true whose dates are known.

    `domains`: all numbers there are of product, gate or variation, as far as that is known.
    """
    waiting: list[tuple[list[Formula], tuple[Leaf, ...]]] = [([formula], ())]
    for _ in range(TRIES_MAX):
        if not waiting:
            return False
        pending, leaves = waiting.pop()
        choices: list[Junction] = []
        while pending:  # what must hold whatever is chosen comes first: it rules out the most
            head = pending.pop()
            if isinstance(head, Leaf):
                leaves = (*leaves, head)
            elif head.every:
                pending += head.parts
            else:
                choices.append(head)
        if not _together(leaves, domains):
            continue
        if not choices:
            return True
        choice = choices.pop()
        waiting += [([part, *choices], leaves) for part in choice.parts]
    return True


def _together(leaves: tuple[Leaf, ...], domains: Domains) -> bool:
    """Whether all of `leaves` might be as wanted at once."""
    wanted: dict[tuple[Key, bool], bool] = {}
    by_source: dict[Key, list[Leaf]] = {}
    orders: list[Leaf] = []
    for leaf in leaves:
        strict = not leaf.lenient or isinstance(leaf.node, Order)
        same, opposite = ((key(leaf.node), negated) for negated in (leaf.negated, not leaf.negated))
        if opposite in wanted and (strict or wanted[opposite]):
            return False
        wanted[same] = strict or wanted.get(same, False)
        if isinstance(leaf.node, Order):
            orders.append(leaf)
            continue
        sources = {key(source) for source in _sources(leaf.node)}
        if not sources and not leaf.fits(_sample(None)):
            return False
        if len(sources) == 1 and not _has_order(leaf.node):
            by_source.setdefault(sources.pop(), []).append(leaf)
    return _in_time(orders) and _in_numbers(by_source, domains)


def _sources(node: Node) -> list[Variable | Count | Order]:
    """What a condition reads of the facts."""
    return [part for part in walk(node) if isinstance(part, Variable | Count | Order)]


def _has_order(node: Node) -> bool:
    return any(isinstance(part, Order) for part in walk(node))


class _Sample:
    """Facts in which everything is one value, for a condition that reads one variable only."""

    now_ms = date_from_ms = date_to_ms = date_admission_ms = 0

    def __init__(self, value: Value) -> None:
        self._value = value

    def at_local(self, at: datetime) -> int:
        return 0

    def at_time_of_day(self, of_day: time) -> int:
        return 0

    def __getattr__(self, name: str) -> Any:
        return (lambda at_ms: self._value) if name in COUNTS else self._value


def _sample(value: Value) -> RuleContext:
    return cast(RuleContext, _Sample(value))


def _in_numbers(by_source: Mapping[Key, list[Leaf]], domains: Domains) -> bool:
    history: dict[Key, list[Leaf]] = {}
    for source, leaves in by_source.items():
        name = str(source[0])
        if name in _HISTORY or name == "entry_status":
            history[source] = leaves
        elif not _fitting(leaves, _values(name, leaves, domains)):
            return False
    return _never_in(history) or _was_in(history)


def _fitting(leaves: Iterable[Leaf], values: Iterable[Value]) -> list[Value]:
    conditions = list(leaves)
    return [
        value for value in values if all(leaf.fits(_sample(value)) for leaf in conditions)
    ]  # fmt: skip


def _never_in(history: Mapping[Key, list[Leaf]]) -> bool:
    for source, leaves in history.items():
        name = str(source[0])
        value = "absent" if name == "entry_status" else _HISTORY[name][0]
        if not _fitting(leaves, [value]):
            return False
    return True


def _was_in(history: Mapping[Key, list[Leaf]]) -> bool:
    least: dict[Key, float] = {}
    most: dict[str, float] = {}
    for source, leaves in history.items():
        name = str(source[0])
        if name == "entry_status":
            if not _fitting(leaves, _STATUS):
                return False
            continue
        low = _HISTORY[name][1]
        fitting = _fitting(leaves, _around(leaves, low, NUMBER_MAX))
        if not fitting:
            return False
        known = numbers(fitting)
        least[source] = min(known)
        if name not in COUNTS:
            most[name] = min(max(known), most.get(name, NUMBER_MAX))
    for source, lowest in least.items():
        above = _AT_MOST.get(str(source[0]))
        while above is not None:
            if lowest > most.get(above, NUMBER_MAX):
                return False
            above = _AT_MOST.get(above)
    return True


def _values(name: str, leaves: list[Leaf], domains: Domains) -> list[Value]:
    none: list[Value] = [None] if name == "variation" else []
    if name in domains:
        return [*sorted(domains[name]), *none]
    return [*_around(leaves, *_RANGES[name]), *none]


def _around(leaves: Iterable[Leaf], low: int, high: int) -> list[Value]:
    """Whole numbers from `low` to `high`: one in every stretch where no condition changes."""
    found = {low, high}
    for leaf in leaves:
        for written in (0, 1, *numbers(_written(leaf.node))):
            for near in (math.floor(written), math.ceil(written)):
                found |= {near - 1, near, near + 1}
    return [value for value in sorted(found) if low <= value <= high]


def _written(node: Node) -> list[Value]:
    values: list[Value] = []
    for part in walk(node):
        if isinstance(part, Literal):
            values.append(part.value)
        elif isinstance(part, OneOf):
            values.append(part.values)
        elif isinstance(part, Variable):
            values.append(part.default)
    return values


def _in_time(orders: Iterable[Leaf]) -> bool:
    """Whether differences of times fit: no circle of `a - b <= limit` may sum below zero."""
    limits: dict[tuple[Key, Key], int] = {}
    times: dict[Key, Time] = {}

    def limit(a: Key, b: Key, at_most: int) -> None:
        limits[a, b] = min(at_most, limits.get((a, b), at_most))

    for leaf in orders:
        order = cast(Order, leaf.node)
        sooner, later = order.first, order.second
        if order.op == "isAfter":
            sooner, later = later, sooner
        a, b = key(sooner), key(later)
        times |= {a: sooner, b: later}
        if leaf.negated:
            limit(b, a, -order.tolerance_ms)
        else:
            limit(a, b, order.tolerance_ms - 1)
    known = list(times.items())
    for i, (a, first) in enumerate(known):
        for b, second in known[i + 1 :]:
            between = _apart(first, second)
            if between is not None:
                limit(a, b, between[1])
                limit(b, a, -between[0])
    return not _negative_circle(list(times), limits)


def _negative_circle(points: list[Key], limits: Mapping[tuple[Key, Key], int]) -> bool:
    distance = dict.fromkeys(points, 0)
    for _ in range(len(points) + 1):
        changed = False
        for (a, b), at_most in limits.items():
            if distance[b] + at_most < distance[a]:
                distance[a] = distance[b] + at_most
                changed = True
        if not changed:
            return False
    return True


def _apart(first: Time, second: Time) -> tuple[int, int] | None:
    """(least, most) ms that `first` lies after `second`; None = anything."""
    if first.at is not None and second.at is not None:
        slack = APART_MS if first.at.tzinfo is None or second.at.tzinfo is None else 0
        exact = _utc_ms(first.at) - _utc_ms(second.at)
        return exact - slack, exact + slack
    if first.of_day is not None and second.of_day is not None:
        exact = _day_ms(first.of_day) - _day_ms(second.of_day)
        steady = all(STEADY[0] <= each < STEADY[1] for each in (first.of_day, second.of_day))
        slack = 0 if steady else JUMP_MS
        return exact - slack, exact + slack
    if first.kind == "now" and second.of_day is not None:
        begun = _day_ms(second.of_day)
        return -begun - JUMP_MS, DAY_MS - begun + JUMP_MS
    if first.of_day is not None and second.kind == "now":
        low, high = cast(tuple[int, int], _apart(second, first))
        return -high, -low
    return None


def _utc_ms(at: datetime) -> int:
    aware = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return int(aware.replace(microsecond=0).timestamp()) * 1000 + at.microsecond // 1000


def _day_ms(of_day: time) -> int:
    seconds = (of_day.hour * 60 + of_day.minute) * 60 + of_day.second
    return seconds * 1000 + of_day.microsecond // 1000
