"""Nodes -> closures, once per bundle. None of them raises, and `MISSING` goes through all.

Values are JSON logic's: `and` and `or` give the operand that decided, `==` knows that "1" is 1,
empty lists and texts and 0 are false. Two things differ, because peers disagree there and a gate
must fail closed: nothing is less or more than null (unknown, where JavaScript takes it for 0),
and a text that is no number compares false with every number.
"""

import operator
import re
from collections.abc import Callable, Iterable
from datetime import time
from typing import Any, Final

from edge.core.rules.context import MISSING, Missing, RuleContext
from edge.core.rules.nodes import Count, Literal, Node, OneOf, Order, Time, Value, Variable

Result = Value | Missing
Closure = Callable[[RuleContext], Any]

_NUMBER: Final = re.compile(r"\s*(-?[0-9]+(\.[0-9]+)?)\s*", re.ASCII)
_ORDERS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
# Operator -> (which equality, whether it is wanted).
_EQUALITIES: Final = {
    "==": ("loose", True), "!=": ("loose", False),
    "===": ("strict", True), "!==": ("strict", False),
}  # fmt: skip


def closure(node: Node) -> Closure:
    """What `node` is in a context: a value, or `MISSING`."""
    match node:
        case Literal(value=value):
            return lambda context: value
        case Variable():
            return _variable(node)
        case Count(name=name, time=at):
            return _count(operator.attrgetter(name), instant(at))
        case OneOf(needle=needle, values=values):
            return _one_of(closure(needle), values)
        case Order():
            return _order(node)
    return _CALLS[node.op](node.op, [closure(arg) for arg in node.args])


def instant(at: Time) -> Closure:
    """The unix ms of a time, or `MISSING`."""
    match at:
        case Time(kind="now"):
            return operator.attrgetter("now_ms")
        case Time(of_day=time() as of_day):
            return lambda context: context.at_time_of_day(of_day)
        case Time(at=None):
            return operator.attrgetter(f"{at.kind}_ms")
    written = at.at
    assert written is not None
    if written.tzinfo is None:
        return lambda context: context.at_local(written)
    whole_ms = int(written.replace(microsecond=0).timestamp()) * 1000
    fixed_ms = whole_ms + written.microsecond // 1000
    return lambda context: fixed_ms


def _variable(node: Variable) -> Closure:
    read = operator.attrgetter(node.name)
    default = node.default
    if default is None:
        return read

    def with_default(context: RuleContext) -> Result:
        value: Result = read(context)
        return default if value is None or value is MISSING else value

    return with_default


def _count(read: Callable[[RuleContext], Callable[[int], int]], at: Closure) -> Closure:
    def counted(context: RuleContext) -> Result:
        at_ms = at(context)
        return MISSING if at_ms is MISSING else read(context)(at_ms)

    return counted


def _one_of(needle: Closure, values: tuple[Value, ...]) -> Closure:
    # A set of (is it a truth value, value): True is not 1 here, as it is not in a list of pretix.
    known = {_strict(value) for value in values}

    def contained(context: RuleContext) -> Any:
        value = needle(context)
        return MISSING if value is MISSING else _strict(value) in known

    return contained


def _order(node: Order) -> Closure:
    sooner, later = node.first, node.second
    if node.op == "isAfter":
        sooner, later = later, sooner
    before, after, tolerance_ms = instant(sooner), instant(later), node.tolerance_ms

    def ordered(context: RuleContext) -> Any:
        a, b = before(context), after(context)
        return MISSING if a is MISSING or b is MISSING else a < b + tolerance_ms

    return ordered


def _all(op: str, parts: list[Closure]) -> Closure:
    def every(context: RuleContext) -> Result:
        unknown = False
        value: Result = True
        for part in parts:
            value = part(context)
            if value is MISSING:
                unknown = True
            elif not value:
                return value
        return MISSING if unknown else value

    return every


def _any(op: str, parts: list[Closure]) -> Closure:
    def one(context: RuleContext) -> Result:
        unknown = False
        value: Result = False
        for part in parts:
            value = part(context)
            if value is MISSING:
                unknown = True
            elif value:
                return value
        return MISSING if unknown else value

    return one


def _not(op: str, parts: list[Closure]) -> Closure:
    (part,) = parts
    turned = op == "!"

    def negated(context: RuleContext) -> Result:
        value = part(context)
        return MISSING if value is MISSING else bool(value) is not turned

    return negated


def _if(op: str, parts: list[Closure]) -> Closure:
    pairs = list(zip(parts[0::2], parts[1::2], strict=False))
    last = parts[-1] if len(parts) % 2 else _nothing

    def chosen(context: RuleContext) -> Any:
        unknown = False
        for condition, then in pairs:
            value = condition(context)
            if value is MISSING:
                # It may go either way: only if all ways give a falsehood is that known.
                if then(context):
                    return MISSING
                unknown = True
            elif value:
                result = then(context)
                break
        else:
            result = last(context)
        return MISSING if unknown and result else result

    return chosen


def _nothing(context: RuleContext) -> None:
    return None


def _compare(op: str, parts: list[Closure]) -> Closure:
    in_order = _ORDERS[op]
    if len(parts) == 3:
        low, middle, high = parts
        return _all(op, [_compare(op, [low, middle]), _compare(op, [middle, high])])
    first, second = parts

    def compared(context: RuleContext) -> Result:
        a, b = first(context), second(context)
        if a is MISSING or b is MISSING or a is None or b is None:
            return MISSING
        return _ordered(in_order, a, b)

    return compared


def _equal(op: str, parts: list[Closure]) -> Closure:
    first, second = parts
    kind, wanted = _EQUALITIES[op]
    same = _identical if kind == "strict" else _alike

    def compared(context: RuleContext) -> Any:
        a, b = first(context), second(context)
        if a is MISSING or b is MISSING:
            return MISSING
        return same(a, b) is wanted

    return compared


_CALLS: Final[dict[str, Callable[[str, list[Closure]], Closure]]] = {
    "and": _all, "or": _any, "!": _not, "!!": _not, "if": _if,
    **dict.fromkeys(_ORDERS, _compare),
    **dict.fromkeys(_EQUALITIES, _equal),
}  # fmt: skip


def _ordered(in_order: Callable[[Any, Any], bool], a: Any, b: Any) -> bool:
    if isinstance(a, str) and isinstance(b, str):
        return in_order(a, b)
    one, other = number(a), number(b)
    return one is not None and other is not None and in_order(one, other)


def _identical(a: Value, b: Value) -> bool:
    return _strict(a) == _strict(b) and not isinstance(a, tuple)


def _alike(a: Value, b: Value) -> bool:
    if a is None or b is None or (isinstance(a, str) and isinstance(b, str)):
        return a == b
    one, other = number(a), number(b)
    return one is not None and one == other


def _strict(value: Value) -> tuple[bool, Value]:
    return (isinstance(value, bool), value)


def number(value: Value) -> float | None:
    """The number that `value` is or spells; None for all else."""
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        spelled = _NUMBER.fullmatch(value)
        return float(spelled[1]) if spelled else None
    return None


def numbers(values: Iterable[Value]) -> list[float]:
    """Every number in `values`, in lists too."""
    found: list[float] = []
    for value in values:
        if isinstance(value, tuple):
            found += numbers(value)
        elif (one := number(value)) is not None:
            found.append(one)
    return found
