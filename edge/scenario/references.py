"""Faults that only show when two places of a file are seen together: names, numbers, times.

`faults` sees a scenario of which parts may be broken; it looks through `config.check.known`.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

from config.check import Cross, Where, known
from config.faults import nearest
from crypto.terms import RULE_CHARS_MAX
from edge.core.rules import BadRule, compile_rule
from edge.scenario import moment
from edge.scenario.bundles import NUMBERED
from edge.scenario.lanes import ONLY
from edge.scenario.step_references import step_faults
from edge.scenario.till_references import money_faults

EACH: Final = -1

Pattern = tuple[str | int, ...]
#: Where in a venue a name stands, and the list that it must be in.
NAMES: Final[tuple[tuple[Pattern, str], ...]] = (
    (("gates", EACH, "products", EACH), "products"),
    (("gates", EACH, "performances", EACH), "performances"),
    (("gates", EACH, "zones", EACH), "zones"),
    (("products", EACH, "windows", EACH, "zones", EACH), "zones"),
    (("shops", EACH, "rows", EACH, "product"), "products"),
    (("shops", EACH, "rows", EACH, "performance"), "performances"),
    (("rules", EACH, "gate"), "gates"),
    (("rules", EACH, "product"), "products"),
    (("media", EACH, "tickets", EACH), "tickets"),
    (("revoked", EACH, "ticket"), "tickets"),
    (("canceled", EACH), "tickets"),
    (("guests", EACH, "ticket"), "tickets"),
    (("blocked", EACH), "tickets"),
    (("unapproved", EACH), "tickets"),
    (("unpaid", EACH), "tickets"),
)
#: Codes are issued once: what they name must be there in the beginning.
TICKET_NAMES: Final[tuple[tuple[Pattern, str], ...]] = (
    (("tickets", EACH, "product"), "products"),
    (("tickets", EACH, "performance"), "performances"),
    (("tickets", EACH, "issuer"), "issuers"),
    (("tickets", EACH, "shop"), "shops"),
)
TIMES: Final[tuple[Pattern, ...]] = (
    ("issuers", EACH, "not_before"),
    ("issuers", EACH, "not_after"),
    ("performances", EACH, "starts_at"),
    ("performances", EACH, "ends_at"),
    ("performances", EACH, "admission_from"),
    ("tickets", EACH, "valid_from"),
    ("tickets", EACH, "valid_until"),
    ("tickets", EACH, "issued_at"),
    ("revoked", EACH, "issued_before"),
)
DAYS: Final[tuple[Pattern, ...]] = (
    ("products", EACH, "windows", EACH, "first_day"),
    ("products", EACH, "windows", EACH, "last_day"),
    ("policy", "colours", EACH, "day"),
)
_NAMED: Final = (*NUMBERED, "issuers", "shops", "tickets", "media")
_OWN: Final = {"issuers": ["venue"]}


def faults(value: object) -> Iterator[Cross]:
    """(path, problem, hint) of everything in a scenario that does not fit together."""
    zone = zone_of(known(value, "timezone"))
    if zone is None and (name := known(value, "timezone")) is not None:
        hint = nearest(name, sorted(available_timezones()))
        yield ("timezone",), f"{name!r} is not a time zone", hint[:200]
    venue = known(value, "bundle")
    names = names_of(venue, {})
    yield from _venue_faults(("bundle",), venue, zone or ZoneInfo("UTC"))
    yield from _name_faults(("bundle",), venue, names, NAMES + TICKET_NAMES)
    if not known(venue, "gates") and not getattr(venue, "cashless", None):
        hint = 'as gates = [{ name = "North" }]; for tills, begin it with [bundle.cashless]'
        yield ("bundle", "gates"), "a venue needs a gate, or something to sell", hint
    gateways = _gateway_names(value)
    yield from _exit_faults(("bundle",), venue, gateways)
    now = names
    for i, step in enumerate(known(value, "steps") or ()):
        newer = known(step, "bundle")
        if newer is None:
            continue
        at: Where = ("steps", i, "bundle")
        now = names_of(newer, now)
        for fixed in ("tickets", "issuers", "shops"):
            if known(newer, fixed) is not None:
                hint = "all that is ever shown or sold stands in the first bundle"
                yield (*at, fixed), "cannot change", hint
        yield from _venue_faults(at, newer, zone or ZoneInfo("UTC"))
        yield from _exit_faults(at, newer, gateways)
        yield from _name_faults(at, newer, now, NAMES)
        yield from _left_behind(at, venue, newer, now)
    yield from step_faults(value, names, zone or ZoneInfo("UTC"))
    yield from money_faults(value, zone or ZoneInfo("UTC"))


def _gateway_names(value: object) -> list[str]:
    rows = known(value, "gateways") or ()
    names = [known(rows, i, "name") for i in range(len(rows))]
    return [name for name in names if name] if names else [ONLY.name]


def _exit_faults(at: Where, venue: object, gateways: list[str]) -> Iterator[Cross]:
    for path, name in places(venue, ("policy", "exits_at", EACH)):
        if name not in gateways:
            yield (*at, *path), f"there is no gateway {name!r}", nearest(name, gateways)
    when = known(venue, "policy", "when_unheard")
    if when in ("staff", "mark") and not known(venue, "policy", "exits_at"):
        hint = "name them as exits_at"
        yield (*at, "policy", "when_unheard"), "does nothing without gateways with exits", hint


def zone_of(name: str | None) -> ZoneInfo | None:
    """The zone, or None when there is none of this name."""
    if not name or name not in available_timezones():
        return None
    return ZoneInfo(name)


def names_of(venue: object, before: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """The names in each list; of lists that are left out, those `before`."""
    found: dict[str, list[str]] = {}
    for kind in _NAMED:
        rows = known(venue, kind)
        if rows is None:
            found[kind] = list(before.get(kind, _OWN.get(kind, [])))
        else:
            found[kind] = [name for i in range(len(rows)) if (name := known(rows, i, "name"))]
    return found


def places(value: object, pattern: Pattern, at: Where = ()) -> Iterator[tuple[Where, Any]]:
    """(path, value) of everything at `pattern` that is there and is whole."""
    if not pattern:
        yield at, value
        return
    step, *rest = pattern
    if step == EACH:
        for i in range(len(value) if isinstance(value, list | tuple) else 0):
            if (below := known(value, i)) is not None:
                yield from places(below, tuple(rest), (*at, i))
    elif (below := known(value, step)) is not None:
        yield from places(below, tuple(rest), (*at, step))


def _name_faults(
    at: Where, venue: object, names: Mapping[str, list[str]],
    patterns: tuple[tuple[Pattern, str], ...],
) -> Iterator[Cross]:  # fmt: skip
    for pattern, kind in patterns:
        for path, name in places(venue, pattern):
            if name not in names[kind]:
                yield (*at, *path), f"there is no {kind[:-1]} {name!r}", nearest(name, names[kind])


def _left_behind(
    at: Where, venue: object, newer: object, names: Mapping[str, list[str]]
) -> Iterator[Cross]:
    """What the first bundle says of things that a newer one leaves out."""
    for pattern, kind in NAMES:
        if known(newer, str(pattern[0])) is not None or known(newer, kind) is None:
            continue
        for path, name in places(venue, pattern):
            if name not in names[kind]:
                problem = f"leaves out {name!r}, which {path[0]} of the first bundle names"
                yield (*at, kind), problem, f"name it, or replace {path[0]} too"


def _venue_faults(at: Where, venue: object, zone: ZoneInfo) -> Iterator[Cross]:
    for kind in _NAMED:
        yield from _twice((*at, kind), known(venue, kind) or (), "name")
    for kind in NUMBERED:
        yield from _numbers_twice((*at, kind), known(venue, kind) or ())
    shops = names_of(venue, {})["shops"]
    for i, name in enumerate(names_of(venue, {})["issuers"]):
        if name in shops:
            yield (*at, "issuers", i, "name"), f"{name!r} is a shop, too", "give it another name"
    for pattern in TIMES:
        for path, text in places(venue, pattern):
            try:
                moment.at_ms(text, zone)
            except (ValueError, OverflowError):
                yield (*at, *path), f"{text!r} is no time", moment.HINT
    for pattern in DAYS:
        for path, text in places(venue, pattern):
            try:
                moment.day(text)
            except ValueError:
                yield (*at, *path), f"{text!r} is no day", "write it as 2026-12-31"
    for path, rule in places(venue, ("rules", EACH)):
        yield from _rule_faults((*at, *path, "logic"), known(rule, "logic"))
    for path, ticket in places(venue, ("tickets", EACH)):
        yield from _ticket_faults((*at, *path), ticket, known(venue, "tickets"), path[1], zone)


def _twice(at: Where, rows: Any, key: str) -> Iterator[Cross]:
    seen: dict[str, int] = {}
    for i in range(len(rows)):
        name = known(rows, i, key)
        if name is None:
            continue
        if name in seen:
            problem = f"{name!r} is used twice"
            yield (*at, i, key), problem, f"entry {seen[name]} has it already"
        seen.setdefault(name, i)


def _numbers_twice(at: Where, rows: Any) -> Iterator[Cross]:
    seen: dict[int, int] = {}
    for i in range(len(rows)):
        if known(rows, i) is None:
            continue
        number = known(rows, i, "number") or i + 1
        if number in seen:
            problem = f"has number {number}, and so has entry {seen[number]}"
            yield (*at, i), problem, "an entry without a number has that of its place, from 1"
        seen.setdefault(number, i)


def _rule_faults(at: Where, logic: Any) -> Iterator[Cross]:
    if logic is None:
        return
    try:
        text = logic if isinstance(logic, str) else json.dumps(logic)
        if len(text) > RULE_CHARS_MAX:
            yield at, f"is longer than {RULE_CHARS_MAX} characters", "split it"
            return
        compile_rule(json.loads(text))
    except BadRule as error:
        yield at, f"{error.path}: {error.problem}", error.hint
    except (ValueError, TypeError, RecursionError):
        yield at, "is no JSON", 'write it as a table, or as text: {"var": "product"}'


def _ticket_faults(
    at: Where, ticket: object, tickets: Any, index: Any, zone: ZoneInfo
) -> Iterator[Cross]:
    own_only = ("product", "performance", "issuer", "replaces", "rotating")
    if known(ticket, "shop") is not None:
        for field in own_only:
            if known(ticket, field):
                yield (*at, field), "is not part of a shop's ticket", "leave it out"
        if (known(ticket, "persons") or 1) != 1:
            yield (*at, "persons"), "a shop's ticket is for one person", "leave it out"
    elif not hasattr(ticket, "product") or ticket.product is None:
        hint = "name its product, or the shop that sold it"
        yield (*at, "product"), "is missing", hint
    replaces = known(ticket, "replaces")
    if replaces is not None:
        before = [known(tickets, i) for i in range(index)]
        of = [one for one in before if known(one, "name") == replaces]
        if not of or known(of[0], "issuer") != known(ticket, "issuer") or known(of[0], "shop"):
            hint = "a ticket of the same issuer that stands before it"
            yield (*at, "replaces"), f"{replaces!r} cannot be replaced by it", hint
    start, end = known(ticket, "valid_from"), known(ticket, "valid_until")
    if start is not None and end is not None:
        try:
            late = moment.at_ms(start, zone) // 1000 >= moment.at_ms(end, zone) // 1000
        except (ValueError, OverflowError):
            return
        if late:
            yield (*at, "valid_until"), "is not after valid_from", "the end is not part of it"
