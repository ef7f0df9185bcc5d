"""JSON -> nodes. Whatever could not be decided later is refused here, with its path.

The names are those of pretix's rule editor; `!`, `!!`, `if`, `?:`, `===` and `!==` are JSON
logic's own. A time can only be compared by isBefore and isAfter, and a list only by inList.
"""

import math
from collections.abc import Callable
from datetime import datetime
from datetime import time as time_of_day
from typing import Any, Final, TypeVar

from edge.core.rules import nodes
from edge.core.rules.nodes import (
    BadRule,
    Call,
    Count,
    Literal,
    Node,
    OneOf,
    Order,
    Time,
    Value,
    Variable,
)

T = TypeVar("T")
_OPERATORS: Final = (
    *("and", "or", "!", "!!", "if", "?:", "inList", "isBefore", "isAfter"),
    *sorted(nodes.COMPARISONS),
    *sorted(nodes.COUNTS),
    *("var", "lookup", "objectList", "buildTime"),
)
_IF_ARGUMENTS_MAX: Final = 64
_TIMES: Final = "custom, customtime, date_from, date_to or date_admission"
_YEARS: Final = range(1970, 2201)


def parse(raw: object) -> Node:
    """The rule `raw` (decoded JSON). `{}` is pretix's rule for no rule, and always holds.

    Raises `BadRule` and nothing else, whatever `raw` is.
    """
    if isinstance(raw, dict) and not raw:
        return Literal("", True)
    return _Reader().value(raw, "", 1)


class _Reader:
    def __init__(self) -> None:
        self.nodes = 0

    def value(self, raw: object, path: str, depth: int) -> Node:
        """Anything but a time."""
        if not isinstance(raw, dict):
            return Literal(path, self.literal(raw, path, depth))
        op, args = self.open(raw, path, depth)
        at = f"{path}/{op}"
        if op == "var":
            return self.variable(args, at)
        if op in nodes.COUNTS:
            self.arity(args, 1, 1, at)
            return Count(path, op, self.time(args[0], f"{at}/0", depth + 1))
        if op in ("isBefore", "isAfter"):
            return self.order(op, args, path, depth)
        if op == "inList":
            self.arity(args, 2, 2, at)
            needle = self.value(args[0], f"{at}/0", depth + 1)
            return OneOf(path, needle, self.listed(args[1], needle, f"{at}/1", depth + 1))
        if op == "lookup":
            return Literal(path, self.looked_up(args, at)[1])
        if op == "buildTime":
            raise BadRule(at, "a time alone is no answer", "compare it with isBefore or isAfter")
        if op == "objectList":
            raise BadRule(at, "a list alone is no answer", "use it inside inList")
        return self.call(op, args, path, depth)

    def call(self, op: str, args: list[Any], path: str, depth: int) -> Node:
        at = f"{path}/{op}"
        parts = tuple(self.value(arg, f"{at}/{i}", depth + 1) for i, arg in enumerate(args))
        if op in ("!", "!!"):
            self.arity(args, 1, 1, at)
        elif op in nodes.COMPARISONS:
            self.arity(args, 2, 3 if op in ("<", "<=") else 2, at)
            for part in parts:
                if isinstance(part, Literal) and isinstance(part.value, tuple):
                    raise BadRule(part.path, f"{op} compares no lists", "use inList")
        elif op == "?:":
            self.arity(args, 3, 3, at)
            op = "if"
        elif op == "if":
            self.arity(args, 0, _IF_ARGUMENTS_MAX, at)
        return Call(path, op, parts)

    def open(self, raw: dict[Any, Any], path: str, depth: int) -> tuple[str, list[Any]]:
        """The one operator of an object, and its arguments as a list."""
        self.count(path, depth)
        if len(raw) != 1:
            problem = f"an operation has one operator, this has {len(raw)}"
            raise BadRule(path, problem, "nest operations with and / or")
        ((op, args),) = raw.items()
        if op not in _OPERATORS:
            raise BadRule(path, f"unknown operator {_shown(op)}", f"known: {' '.join(_OPERATORS)}")
        return op, args if isinstance(args, list) else [args]

    def count(self, path: str, depth: int) -> None:
        self.nodes += 1
        if depth > nodes.DEPTH_MAX or self.nodes > nodes.NODES_MAX:
            problem = f"deeper than {nodes.DEPTH_MAX} or longer than {nodes.NODES_MAX} parts"
            raise BadRule(path[:100], problem, "split the rule, or give each gate its own")

    def literal(self, raw: object, path: str, depth: int) -> Value:
        self.count(path, depth)
        if raw is None or isinstance(raw, bool):
            return raw
        if isinstance(raw, int | float) and abs(raw) <= nodes.NUMBER_MAX:
            return raw
        if isinstance(raw, str) and len(raw) <= nodes.TEXT_CHARS_MAX:
            return raw
        if isinstance(raw, list):
            return tuple(self.literal(each, f"{path}/{i}", depth + 1) for i, each in enumerate(raw))
        if isinstance(raw, dict):
            raise BadRule(path, "an operation inside a list", "write the value itself")
        hint = f"write numbers up to 2^53 and texts up to {nodes.TEXT_CHARS_MAX} characters"
        raise BadRule(path, f"{_shown(raw)} is no value of a rule", hint)

    def variable(self, args: list[Any], at: str) -> Variable:
        self.arity(args, 1, 2, at)
        name = args[0]
        if name == "now":
            raise BadRule(at, "now alone is no answer", "compare it with isBefore or isAfter")
        if not isinstance(name, str) or name not in nodes.VARIABLES:
            hint = f"known: now {' '.join(sorted(nodes.VARIABLES))}"
            raise BadRule(at, f"unknown variable {_shown(name)}", hint)
        default = self.literal(args[1], f"{at}/1", 1) if len(args) > 1 else None
        return Variable(at.removesuffix("/var"), name, default)

    def order(self, op: str, args: list[Any], path: str, depth: int) -> Order:
        at = f"{path}/{op}"
        self.arity(args, 2, 3, at)
        first, second = (self.time(args[i], f"{at}/{i}", depth + 1) for i in (0, 1))
        minutes = _number(args[2]) if len(args) > 2 and args[2] not in (None, "", False) else 0.0
        if minutes is None or abs(minutes) > nodes.TOLERANCE_MINUTES_MAX:
            problem = f"{_shown(args[2])} is no tolerance"
            raise BadRule(f"{at}/2", problem, "write minutes, a year at most")
        return Order(path, op, first, second, round(minutes * 60_000))

    def time(self, raw: object, path: str, depth: int) -> Time:
        hint = 'write {"var": "now"} or {"buildTime": [...]}'
        if not isinstance(raw, dict):
            self.count(path, depth)
            raise BadRule(path, f"{_shown(raw)} is no time", hint)
        op, args = self.open(raw, path, depth)
        if op == "var" and args[:1] == ["now"] and len(args) == 1:
            return Time(path, "now")
        if op != "buildTime":
            raise BadRule(path, f"{op} gives no time", hint)
        at = f"{path}/{op}"
        self.arity(args, 1, 2, at)
        kind = args[0]
        if isinstance(kind, str) and kind in nodes.DATES:
            return Time(path, kind)
        if kind == "custom":
            return Time(path, "custom", at=_date_time(args[1:], at))
        if kind == "customtime":
            return Time(path, "customtime", of_day=_time_of_day(args[1:], at))
        raise BadRule(at, f"unknown time {_shown(kind)}", f"known: {_TIMES}")

    def listed(self, raw: object, needle: Node, path: str, depth: int) -> tuple[Value, ...]:
        if isinstance(raw, list):
            values = self.literal(raw, path, depth)
            assert isinstance(values, tuple)
            return values
        hint = 'write {"objectList": [{"lookup": ["product", "1", "name"]}]} or a list'
        if not isinstance(raw, dict):
            raise BadRule(path, f"{_shown(raw)} is no list", hint)
        op, args = self.open(raw, path, depth)
        if op != "objectList":
            raise BadRule(path, f"{op} gives no list", hint)
        return tuple(
            self.item(arg, needle, f"{path}/{op}/{i}", depth + 1) for i, arg in enumerate(args)
        )

    def item(self, raw: object, needle: Node, path: str, depth: int) -> Value:
        if not isinstance(raw, dict):
            return self.literal(raw, path, depth)
        op, args = self.open(raw, path, depth)
        if op != "lookup":
            raise BadRule(path, f"{op} names no object", "use lookup, or write the number")
        model, number = self.looked_up(args, f"{path}/{op}")
        if isinstance(needle, Variable) and needle.name != model:
            problem = f"a {model} in a list that is compared with {needle.name}"
            raise BadRule(path, problem, f"look up a {needle.name}")
        return number

    def looked_up(self, args: list[Any], at: str) -> tuple[str, int]:
        self.arity(args, 2, 3, at)
        model, raw = args[0], args[1]
        if not isinstance(model, str) or model not in nodes.IDS:
            problem = f"nothing to look up as {_shown(model)}"
            raise BadRule(at, problem, f"known: {' '.join(sorted(nodes.IDS))}")
        number = _number(raw)
        if number is None or not number.is_integer() or abs(number) > nodes.NUMBER_MAX:
            raise BadRule(at, f"{_shown(raw)} is no number of a {model}", "write its number")
        return model, int(number)

    def arity(self, args: list[Any], low: int, high: int, at: str) -> None:
        if not low <= len(args) <= high:
            wanted = str(low) if low == high else f"{low} to {high}"
            raise BadRule(at, f"{len(args)} arguments", f"it takes {wanted}")


def _number(raw: object) -> float | None:
    """A number, or one written as text, as pretix does with numbers of objects and tolerances."""
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        return None
    if isinstance(raw, str) and len(raw) > nodes.TEXT_CHARS_MAX:
        return None
    try:
        number = float(raw)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _written(args: list[Any], at: str, read: Callable[[str], T], hint: str) -> T:
    if len(args) != 1 or not isinstance(args[0], str) or len(args[0]) > nodes.TEXT_CHARS_MAX:
        raise BadRule(at, "the time itself is missing", hint)
    try:
        return read(args[0])
    except ValueError:
        raise BadRule(at, f"{_shown(args[0])} is no such time", hint) from None


def _date_time(args: list[Any], at: str) -> datetime:
    hint = "write it as 2026-01-31T22:00:00+01:00"
    found = _written(args, at, datetime.fromisoformat, hint)
    if found.year not in _YEARS:
        raise BadRule(at, f"the year {found.year}", f"use {_YEARS[0]} to {_YEARS[-1]}")
    return found


def _time_of_day(args: list[Any], at: str) -> time_of_day:
    hint = "write it as 22:00; it is meant in the event's zone"
    found = _written(args, at, time_of_day.fromisoformat, hint)
    if found.tzinfo is not None:
        raise BadRule(at, "a time of day with an offset", hint)
    return found


def _shown(raw: object) -> str:
    # repr of a number with thousands of digits raises; and nobody wants to read it.
    return repr(raw)[:60] if isinstance(raw, str | float | bool | None) else type(raw).__name__
