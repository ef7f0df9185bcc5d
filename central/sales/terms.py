"""Terms of entry as people write them: a TOML or JSON file -> `crypto.terms.Terms`.

The names are those of `crypto.terms`. Besides: times of day as "18:30", tickets as `issuer:hex`,
media by their text, and `logic` of a rule as it is or as JSON text.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from config.faults import nearest
from crypto.bundle import Bundle
from crypto.claim import make_identity
from crypto.terms import Terms

_TIMES: Final = ("from_min", "until_min", "exit_all_at")
_TICKETS: Final = ("ticket", "unapproved", "unpaid")
_TEXTS: Final = ("code", "medium_prefixes")


#: Where msgspec says that a value stands, and its names of what it wants.
_PLACE: Final = re.compile(r" - at `\$\.?(.+)`\Z")
_WORDS: Final = (
    ("Object missing required field", "lacks"), ("`int`", "a whole number"),
    ("`str`", "a text"), ("`array`", "a list"), ("`object`", "a table"),
    ("`bool`", "true or false"), ("`null`", "nothing"),
)  # fmt: skip


class BadTerms(ValueError):
    """A file of terms that cannot be used; the text says where and what to do."""


def read_untrusted(text: str, *, toml: bool) -> Terms:
    """The terms in a file. Raises `BadTerms`."""
    try:
        raw = tomllib.loads(text) if toml else json.loads(text)
        plain = _plain(raw, "")
        terms = msgspec.convert(plain, Terms)
    except (tomllib.TOMLDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise BadTerms(f"cannot be read: {error}") from None
    except msgspec.ValidationError as error:
        raise BadTerms(plainly(error)) from None
    for fault in unknown_words(terms, plain, ""):
        raise BadTerms(fault)
    return terms


def plainly(error: msgspec.ValidationError) -> str:
    """What does not fit and where, in words of whoever wrote the file."""
    text = str(error)
    place = _PLACE.search(text)
    what = text[: place.start()] if place else text
    for code, word in _WORDS:
        what = what.replace(code, word)
    what = what[0].lower() + what[1:]
    return f"{place[1]}: {what}" if place else what


def faults(terms: Terms, bundle: Bundle) -> list[str]:
    """What these terms name that `bundle` does not have."""
    products, gates = {p.number for p in bundle.products}, {g.number for g in bundle.gates}
    zones = {zone.number for zone in terms.zones}
    named = [("product", p.product, products) for p in terms.policies]
    named += [("product", r.product, products | {0}) for r in terms.rules]
    named += [("product", t.product, products) for m in terms.media for t in m.tickets]
    named += [("gate", g.gate, gates) for g in terms.gates]
    named += [("gate", r.gate, gates | {0}) for r in terms.rules]
    named += [("zone", zone, zones) for g in terms.gates for zone in g.zones]
    windows = [window for policy in terms.policies for window in policy.windows]
    named += [("zone", zone, zones) for window in windows for zone in window.zones]
    found = [f"there is no {what} {number}" for what, number, known in named if number not in known]
    gateways = {card.name for card in bundle.gateways if not card.revoked}
    when = terms.when_unheard
    exits_at = [] if isinstance(when, str) else when.exits_at
    return found + [f"exits_at: no gateway {name!r}" for name in exits_at if name not in gateways]


def _plain(value: Any, name: str) -> Any:
    """As the format has it: bytes for tickets and media, minutes for times, text for rules."""
    if name == "logic" and not isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, dict):
        return {key: _plain(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each, name) for each in value]
    if isinstance(value, str):
        if name in _TIMES:
            return _minutes(value)
        if name in _TICKETS:
            return _identity(value)
        if name in _TEXTS:
            return value.encode()
    return value


def _minutes(text: str) -> int:
    hour, colon, minute = text.partition(":")
    if not (colon and hour.isdecimal() and minute.isdecimal() and int(minute) < 60):
        raise BadTerms(f"{text!r} is no time of day: as 18:30")
    return int(hour) * 60 + int(minute)


def _identity(text: str) -> bytes:
    issuer, _, raw = text.partition(":")
    try:
        return make_identity(issuer, bytes.fromhex(raw))
    except ValueError:
        raise BadTerms(f"{text!r} is no ticket: as issuer:hex") from None


def unknown_words(value: Any, raw: Any, path: str) -> Iterator[str]:
    """A word that nothing reads is a mistake, not a comment."""
    if isinstance(value, list):
        for at, (each, part) in enumerate(zip(value, raw, strict=True)):
            yield from unknown_words(each, part, f"{path}[{at}]")
    elif isinstance(value, msgspec.Struct):
        for name, part in raw.items():
            if name not in value.__struct_fields__:
                hint = nearest(name, value.__struct_fields__)
                yield f"{f'{path}.{name}'.lstrip('.')}: unknown; {hint}"
            else:
                yield from unknown_words(getattr(value, name), part, f"{path}.{name}")
