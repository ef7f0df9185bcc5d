"""A rule, compiled: what it decides, what each part of it is, and its alternatives."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from edge.core.rules.context import MISSING, RuleContext
from edge.core.rules.evaluation import Closure, closure
from edge.core.rules.nodes import BadRule, Call, Literal, Node, children
from edge.core.rules.parsing import parse

LEAVES_MAX: Final = 4000


class Leaf(msgspec.Struct, frozen=True):
    """A part without and, or, not inside; `negated` = it is wanted false.

    `lenient`: what is not known will do as well, as it does for refusing.
    """

    node: Node
    negated: bool
    value: Closure
    lenient: bool = False

    def holds(self, context: RuleContext) -> bool | None:
        """Whether it is as wanted; None = not known."""
        value = self.value(context)
        return None if value is MISSING else bool(value) is not self.negated

    def fits(self, context: RuleContext) -> bool:
        """Whether it is as wanted, or is not known and need not be."""
        held = self.holds(context)
        return self.lenient if held is None else held


class Junction(msgspec.Struct, frozen=True):
    """All of `parts`, or one of them."""

    every: bool
    parts: "tuple[Formula, ...]"


Formula = Leaf | Junction


class Rule:
    """A compiled rule. `raw` is what it was read from."""

    __slots__ = ("_decide", "formula", "raw", "root")

    def __init__(self, raw: object, root: Node) -> None:
        self.raw = raw
        self.root = root
        self.formula = formula(root)
        self._decide = closure(root)

    def check(self, facts: RuleContext) -> bool:
        """Whether the rule lets this person in. Never raises; what is not known refuses."""
        value = self._decide(facts)
        return value is not MISSING and bool(value)

    def value(self, facts: RuleContext) -> Any:
        """What the rule gives as JSON logic; `MISSING` where it hangs on what is not known."""
        return self._decide(facts)

    def values(self, facts: RuleContext) -> list[tuple[str, Any]]:
        """(path, value) of each part that is not written out, the whole first."""
        return [
            (node.path or "/", closure(node)(facts))
            for node in walk(self.root)
            if not isinstance(node, Literal)
        ]


def compile_rule(raw: object) -> Rule:
    """Read a rule (decoded JSON). Raises `BadRule` and nothing else."""
    return Rule(raw, parse(raw))


def walk(node: Node) -> Iterator[Node]:
    """`node` and every part in it."""
    yield node
    for child in children(node):
        yield from walk(child)


def formula(node: Node) -> Formula:
    """When `node` holds: and, or and leaves only. Raises `BadRule` if that gets too long."""
    return _Unfolding(node.path, lenient=False).of(node, negated=False)


def refusing(node: Node) -> Formula:
    """When `node` does not hold, be it false or not known. Raises `BadRule` as `formula` does."""
    return _Unfolding(node.path, lenient=True).of(node, negated=True)


class _Unfolding:
    """`if` says its condition twice, so conditions within conditions double each time."""

    def __init__(self, path: str, lenient: bool) -> None:
        self.path = path
        self.lenient = lenient
        self.leaves = 0

    def of(self, node: Node, negated: bool) -> Formula:
        if isinstance(node, Call):
            match node.op:
                case "and" | "or":
                    return self.junction(node.op == "and", node.args, negated)
                case "!" | "!!":
                    return self.of(node.args[0], negated is not (node.op == "!"))
                case "if":
                    return self.choice(node.args, node.path, negated)
                case "<" | "<=" if len(node.args) == 3:
                    low, middle, high = node.args
                    pairs = ((low, middle), (middle, high))
                    calls = tuple(Call(node.path, node.op, pair) for pair in pairs)
                    return self.junction(True, calls, negated)
        self.leaves += 1
        if self.leaves > LEAVES_MAX:
            problem = "too many conditions inside conditions"
            raise BadRule(self.path, problem, "write the cases with and / or")
        return Leaf(node, negated, closure(node), self.lenient)

    def junction(self, every: bool, args: tuple[Node, ...], negated: bool) -> Formula:
        parts = tuple(self.of(arg, negated) for arg in args)
        return parts[0] if len(parts) == 1 else Junction(every is not negated, parts)

    def choice(self, args: tuple[Node, ...], path: str, negated: bool) -> Formula:
        if len(args) < 2:
            return self.of(args[0] if args else Literal(path, None), negated)
        condition, then = args[:2]
        # Either it and what follows from it, or not it and the rest; the negation turns all over.
        first = (self.of(condition, negated), self.of(then, negated))
        rest = (self.of(condition, not negated), self.choice(args[2:], path, negated))
        parts = (Junction(not negated, first), Junction(not negated, rest))
        return Junction(negated, parts)
