"""`rules test | lint`: try a rule of admission against made-up facts, and look for its mistakes.

A rule is JSON as pretix exports it. Facts are JSON (an object, a list, or one object a line) or,
in a file named *.toml, one table or several `[[facts]]`. All fields may be left out: ::

    {"name": "second visit", "now": "2026-03-14T12:30", "zone": "Europe/Berlin",
     "product": 1, "variation": null, "gate": 2, "persons": 1, "ahead": 0,
     "date_from": "2026-03-14T20:00", "date_to": null, "date_admission": null,
     "history": [{"at": "2026-03-14T10:00"}, {"at": "2026-03-14T11:00", "exit": true}],
     "names": {"gate 2": "North"}, "expect": false}

Times without an offset are meant in `zone`; `now` is now unless it is given.
"""

import sys
import time
import tomllib
from collections.abc import Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from edge.commands.errors import ANSWER_IS_NO, BAD_DATA, OK, USAGE, CommandFailed
from edge.commands.ticket import read_file, read_keys
from edge.core import rules
from edge.core.openings import doubts
from edge.core.rules import BadRule, Event, Rule, RuleContext
from edge.core.rules.context import MISSING
from edge.core.rules.texts import LANGUAGES

RULE_BYTES_MAX: Final = 1 << 20
FACTS_BYTES_MAX: Final = 16 << 20


class _Visit(msgspec.Struct, forbid_unknown_fields=True):
    at: str
    exit: bool = False
    persons: int = 1


class _Facts(msgspec.Struct, forbid_unknown_fields=True):
    name: str | None = None
    now: str | None = None
    zone: str = "UTC"
    product: int = 0
    variation: int | None = None
    gate: int = 0
    persons: int = 1
    ahead: int = 0
    date_from: str | None = None
    date_to: str | None = None
    date_admission: str | None = None
    history: list[_Visit] = []
    names: dict[str, str] = {}
    expect: bool | None = None


def test(file: Path, facts: Sequence[Path] = ()) -> int:
    """One JSON line for each of the `facts`: result, explanation, and the value of each part.

    Exit code 1 if an answer is not the one its `expect` names. Raises `CommandFailed`.
    """
    rule = _read_rule(file)
    made = [each for path in facts for each in _read_facts(path)] if facts else [_Facts()]
    # All are checked before the first answer: half a table helps nobody.
    tried = [(each, _context(each)) for each in made]
    wrong = 0
    for each, context in tried:
        line = _answer(rule, each, context)
        wrong += each.expect is not None and each.expect is not line["result"]
        sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
    sys.stdout.buffer.flush()
    return ANSWER_IS_NO if wrong else OK


def lint(
    file: Path | None, bundle: Path | None = None, bundle_key: str | None = None, zone: str = "UTC"
) -> int:
    """The findings about a rule, or about all that a bundle says of entry, as one JSON line.

    Exit code 1 if there are any. Raises `CommandFailed`.
    """
    known = None if bundle is None else read_keys(bundle, bundle_key)
    if file is not None:
        findings = rules.lint(_read_rule(file), known)
    elif known is not None:
        findings = doubts(known, _zone(zone))
    else:
        raise CommandFailed("name a rule, or a bundle with --bundle", USAGE)
    sys.stdout.buffer.write(msgspec.json.encode({"findings": findings}) + b"\n")
    sys.stdout.buffer.flush()
    return ANSWER_IS_NO if findings else OK


def _read_rule(path: Path) -> Rule:
    try:
        raw = msgspec.json.decode(read_file(path, RULE_BYTES_MAX))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CommandFailed(f"{path} is no JSON: {error}", BAD_DATA) from None
    try:
        return rules.compile_rule(raw)
    except BadRule as bad:
        raise CommandFailed(f"{path}: {bad}", BAD_DATA) from None


def _read_facts(path: Path) -> list[_Facts]:
    raw = read_file(path, FACTS_BYTES_MAX)
    try:
        if path.suffix == ".toml":
            # Its times become texts, as they are in JSON.
            table = msgspec.to_builtins(tomllib.loads(raw.decode("utf-8")))
            return msgspec.convert(table.get("facts", [table]), list[_Facts])
        try:
            whole = msgspec.json.decode(raw)
        except msgspec.DecodeError:
            whole = [msgspec.json.decode(line) for line in raw.splitlines() if line.strip()]
        return msgspec.convert(whole if isinstance(whole, list) else [whole], list[_Facts])
    except (ValueError, RecursionError) as error:  # msgspec's and tomllib's errors are ValueErrors
        raise CommandFailed(f"{path}: these are no facts: {error}", BAD_DATA) from None


def _context(made: _Facts) -> RuleContext:
    zone = _zone(made.zone)
    events = [Event(_ms(each.at, zone), each.exit, each.persons) for each in made.history]
    events.sort(key=lambda event: (event.at_ms, not event.is_exit))

    def optional(at: str | None) -> int | None:
        return None if at is None else _ms(at, zone)

    return RuleContext(
        now_ms=time.time_ns() // 1_000_000 if made.now is None else _ms(made.now, zone),
        zone=zone, product=made.product, variation=made.variation, gate=made.gate,
        date_from_ms=optional(made.date_from), date_to_ms=optional(made.date_to),
        date_admission_ms=optional(made.date_admission), events=events,
        persons=made.persons, ahead=made.ahead,
    )  # fmt: skip


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        problem = f"unknown zone {name!r}: write it as Europe/Berlin"
        raise CommandFailed(problem, BAD_DATA) from None


def _ms(text: str, zone: tzinfo) -> int:
    try:
        at = datetime.fromisoformat(text)
        return round((at if at.tzinfo else at.replace(tzinfo=zone)).timestamp() * 1000)
    except (ValueError, OverflowError):
        problem = f"{text[:60]!r} is no time: write it as 2026-03-14T12:30 or with an offset"
        raise CommandFailed(problem, BAD_DATA) from None


def _answer(rule: Rule, made: _Facts, context: RuleContext) -> dict[str, Any]:
    def names(model: str, number: int) -> str | None:
        return made.names.get(f"{model} {number}")

    told = {lang: rules.explain(rule, context, lang, names) for lang in LANGUAGES}
    return {
        "name": made.name,
        "result": rule.check(context),
        "explanation": {lang: each.text for lang, each in told.items()},
        "kind": told["en"].kind,
        "parts": told["en"].parts,
        "values": [
            {"path": path, "part": _part(rule.raw, path)}
            | ({"known": False} if value is MISSING else {"value": value})
            for path, value in rule.values(context)
        ],
        "expected": made.expect,
    }


def _part(raw: Any, path: str) -> Any:
    """The piece of a rule at `path`: operator, place, operator, place, ..."""
    words = path.strip("/").split("/") if path != "/" else []
    for op, at in zip(words[0::2], words[1::2], strict=True):
        args = raw[op]
        raw = args[int(at)] if isinstance(args, list) else args
    return raw
