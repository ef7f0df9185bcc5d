"""What is wrong with when and where a bundle lets people in, said before doors open. Pure.

A performance without times of its own makes its tickets valid on any date; windows may never be
open, or never while the performance is; and rules have mistakes of their own (`rules.lint`).
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

import msgspec

from crypto.bundle import Bundle, Performance, Product
from crypto.terms import EntryPolicy, Terms, Window
from edge.core.policy import GateRule, Policy
from edge.core.rules import BadRule, Finding, compile_rule, lint
from edge.core.validity import CALENDAR_S, day_of, on

# Beyond it nothing is looked for: then a window counts as one that opens.
DAYS_MAX: Final = 800
_DAY: Final = timedelta(days=1)


def doubts(bundle: Bundle, zone: tzinfo) -> list[Finding]:
    """Kinds: no_window, never_open, closed_during, and those of rules; paths are of the bundle."""
    policy = Policy(bundle, zone)
    terms = policy.terms
    return [
        *_performances(policy),
        *(found for entry in terms.policies for found in _windows(policy, entry)),
        *_closed_during(policy, bundle, terms),
        *_rules(bundle, terms),
    ]


def _gates(policy: Policy, product: int, performance: int = 0) -> list[GateRule]:
    """Where such a ticket is let in."""
    return [
        rule
        for rule in policy.gates.values()
        if (rule.products is None or product in rule.products)
        and (not performance or rule.performances is None or performance in rule.performances)
    ]


def _performances(policy: Policy) -> Iterator[Finding]:
    for show in policy.performances.values():
        path = f"performances/{show.number}"
        if show.ends_at and show.ends_at <= show.admission_from:
            yield Finding("never_open", path, f"{show.name!r} ends before anybody is let in")
        elif not show.admission_from and not show.ends_at:
            products = [
                each.name
                for each in policy.products.values()
                if not policy.entry(each.number).windows
                and _gates(policy, each.number, show.number)
            ]
            if products:
                message = (
                    f"{show.name!r} says neither from when nor until when: its tickets are valid on"
                    " any date, unless their code says otherwise"
                )
                yield Finding("no_window", path, message, products)


def _windows(policy: Policy, entry: EntryPolicy) -> Iterator[Finding]:
    product = policy.products.get(entry.product)
    if product is None:
        message = f"there is no product {entry.product}"
        yield Finding("unknown_product", f"policies/{entry.product}", message)
        return
    shut = [at for at, window in enumerate(entry.windows) if not _opens(policy, product, window)]
    if shut and len(shut) == len(entry.windows):
        message = f"no window of {product.name!r} is ever open: nobody will be let in"
        yield Finding("never_open", f"policies/{product.number}", message)
        return
    for at in shut:
        path = f"policies/{product.number}/windows/{at}"
        yield Finding("never_open", path, f"this window of {product.name!r} is never open")


def _opens(policy: Policy, product: Product, window: Window) -> bool:
    """Whether a window has a day, and a gate that leads to one of its zones."""
    if window.zones and all(
        rule.zones.isdisjoint(window.zones) for rule in _gates(policy, product.number)
    ):
        return False
    if not window.last_day:
        return True
    last = day_of(window.last_day)
    first = max(day_of(window.first_day), last - 7 * _DAY) if window.first_day else last - 7 * _DAY
    return any(on(window, day) for day in _days(first, last))


def _days(first: date, last: date) -> Iterator[date]:
    for ahead in range((last - first).days + 1):
        yield first + timedelta(days=ahead)


def _closed_during(policy: Policy, bundle: Bundle, terms: Terms) -> Iterator[Finding]:
    """Of products that are sold for a performance, as far as the bundle tells."""
    sold = {(row.product, row.performance) for shop in bundle.foreign_issuers for row in shop.rows}
    sold |= {(one.product, one.performance) for band in terms.media for one in band.tickets}
    for number, performance in sorted(sold):
        show, product = policy.performances.get(performance), policy.products.get(number)
        windows = policy.entry(number).windows
        if show is None or product is None or not windows:
            continue
        if not any(_meets(window, show, policy.zone) for window in windows):
            message = f"no window of {product.name!r} is open while {show.name!r} lets people in"
            yield Finding("closed_during", f"policies/{number}", message, [show.name])


def _meets(window: Window, show: Performance, zone: tzinfo) -> bool:
    """Whether a window is open while the performance lets people in."""
    if not (show.admission_from or show.ends_at):
        return True
    known_s = show.admission_from or show.ends_at
    begins = _date(known_s, zone)
    first = begins - (_DAY if show.admission_from else DAYS_MAX * _DAY)
    last = _date(show.ends_at, zone) if show.ends_at else None
    if last is None:
        last = day_of(window.last_day) if window.last_day else first + DAYS_MAX * _DAY
    if (last - first).days > DAYS_MAX:
        return True
    for day in _days(first, last):
        if not on(window, day):
            continue
        opens_s, closes_s = _hours(window, day, zone)
        if closes_s > show.admission_from and (not show.ends_at or opens_s < show.ends_at):
            return True
    return False


def _date(at_s: int, zone: tzinfo) -> date:
    return datetime.fromtimestamp(min(at_s, CALENDAR_S), zone).date()


def _hours(window: Window, day: date, zone: tzinfo) -> tuple[int, int]:
    """From when until when (unix s) it is open on the day on which it begins."""
    overnight = window.until_min <= window.from_min or window.until_min == 1440
    until = time(*divmod(window.until_min % 1440, 60))
    opens = datetime.combine(day, time(*divmod(window.from_min, 60)), zone)
    closes = datetime.combine(day + _DAY if overnight else day, until, zone)
    return int(opens.timestamp()), int(closes.timestamp())


def _rules(bundle: Bundle, terms: Terms) -> Iterator[Finding]:
    for at, row in enumerate(terms.rules):
        path = f"rules/{at}"
        try:
            rule = compile_rule(msgspec.json.decode(row.logic))
        except (BadRule, msgspec.DecodeError, RecursionError) as error:
            yield Finding("unreadable", path, f"cannot be read, so it refuses all: {error}")
            continue
        for found in lint(rule, bundle):
            yield msgspec.structs.replace(found, path=path + found.path.rstrip("/"))
