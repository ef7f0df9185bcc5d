"""Why a rule refuses, in one sentence that can be read to the guest, without a network.

A rule is a set of alternatives, each a list of conditions. The alternative shown is the one that
is easiest to reach: a condition weighs by what it would take to change it (entries and their
times least, then time, gate and ticket type), then by how far off it is; an alternative weighs as
its heaviest false condition. That choice needs no list of alternatives: the lightest heaviest
weight can be found from the inside out. The weights follow pretix's (`_logic_explain`).
"""

import math
from typing import Any, Final, cast

import msgspec

from edge.core.rules.context import MISSING, NEVER_ENTERED, RuleContext
from edge.core.rules.evaluation import instant, number
from edge.core.rules.nodes import Call, Count, Literal, Node, OneOf, Order, Variable
from edge.core.rules.rule import Formula, Leaf, Rule
from edge.core.rules.texts import (
    CALENDARS,
    LANGUAGES,
    Names,
    gate_called,
    joined,
    moment,
    sentence,
    span,
    together,
)

PARTS_MAX: Final = 2
_FOR_STAFF: Final = ("missing", "never", "unknown")
NAMES_MAX: Final = 3
_RIGID: Final = {
    "entry_status": 60, "minutes_since_first_entry": 80, "minutes_since_last_entry": 90,
    "entries_days": 100, "entries_days_since": 102, "entries_days_before": 104,
    "entries_number": 120, "entries_since": 122, "entries_before": 124, "entries_today": 140,
    "now": 200, "now_isoweekday": 210, "gate": 300, "variation": 1000, "product": 1010,
}  # fmt: skip
_TECHNICAL: Final = 1000
_OTHER: Final = 4000
_MISSING: Final = 5000
_NEVER: Final = 100_000
_MIRRORED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_OPPOSITE: Final = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
_LOOSE: Final = {"===": "==", "!==": "!="}
_MINUTES: Final = {"minutes_since_last_entry": "last", "minutes_since_first_entry": "first"}

Weight = tuple[int, float]


class Part(msgspec.Struct, frozen=True):
    """One condition that is false: where it stands, what kind of sentence, and its text."""

    path: str
    kind: str
    text: str


class Explanation(msgspec.Struct, frozen=True):
    """`text` is one sentence without a full stop; `kind` that of its first part, or `allowed`.

    `parts` are all conditions of the nearest alternative that are false, the heaviest first.
    """

    text: str
    kind: str
    parts: list[Part]


class _Choice(msgspec.Struct, frozen=True):
    weight: Weight
    leaves: tuple[tuple[Weight, Leaf], ...]


def no_names(model: str, number: int) -> None:
    """The look-up of a gate that knows no names; numbers are shown."""
    return


def explain(
    rule: Rule, facts: RuleContext, lang: str = "en", names: Names = no_names
) -> Explanation:
    """Why `rule` refuses `facts`, in `lang` (de, en or fr; any other gives en).

    `names(model, number)` gives the name of a gate, product or variation, or None.
    """
    lang = lang if lang in LANGUAGES else "en"
    if rule.check(facts):
        return Explanation(sentence(lang, "allowed"), "allowed", [])
    chosen = sorted(_nearest(rule.formula, facts).leaves, key=lambda pair: pair[0], reverse=True)
    found: dict[str, Part] = {}
    for _, leaf in chosen:
        part = _Speaker(facts, lang, names).part(leaf)
        found.setdefault(part.text, part)
    parts = list(found.values())
    # Whoever is sent to staff need not hear the rest.
    most = 1 if parts[0].kind in _FOR_STAFF else PARTS_MAX
    text = together(lang, *(part.text for part in parts[:most]))
    return Explanation(text, parts[0].kind, parts)


def weight(rule: Rule, facts: RuleContext) -> Weight:
    """How far the nearest alternative is: what it takes to change it, and how much of that."""
    return _nearest(rule.formula, facts).weight


def _nearest(formula: Formula, facts: RuleContext) -> _Choice:
    if isinstance(formula, Leaf):
        if formula.holds(facts):
            return _Choice((0, 0), ())
        found = weigh(formula, facts)
        return _Choice(found, ((found, formula),))
    choices = [_nearest(part, facts) for part in formula.parts]
    if not formula.every:
        never = _Choice((_NEVER, 0), (_never(),))
        return min(choices, key=lambda each: (each.weight, len(each.leaves)), default=never)
    heaviest = max((each.weight for each in choices), default=(0, 0))
    return _Choice(heaviest, tuple(pair for each in choices for pair in each.leaves))


def _never() -> tuple[Weight, Leaf]:
    return (_NEVER, 0), Leaf(Literal("", False), False, lambda facts: False)


def weigh(leaf: Leaf, facts: RuleContext) -> Weight:
    """What a false condition weighs."""
    if leaf.holds(facts) is None:
        return (_MISSING, 0)
    match leaf.node:
        case Literal():
            return (_NEVER, 0)
        case Order() as order:
            boundary = _boundary(order, leaf.negated, facts)
            if boundary is None:
                return (_OTHER, 0)
            return (_RIGID["now"], abs(boundary[1] - facts.now_ms))
        case OneOf(needle=Variable(name=name)):
            return (_RIGID[name], 0)
    comparison = _comparison(leaf)
    if comparison is None:
        return (_OTHER, 0)
    node, op, limit = comparison
    rigid = _RIGID[node.name]
    if node.name in _MINUTES and _is_technical(op, limit):
        rigid += _TECHNICAL
    extra = {"==": 2, "!=": 3}.get(op, 1)
    value = number(_value_of(leaf, node, facts))
    if value is None or limit is None:
        return (rigid + extra, 0)
    return (rigid + extra, abs(limit - value))


def _comparison(leaf: Leaf) -> tuple[Variable | Count, str, float | None] | None:
    """(what is compared, operator as it is wanted, number it is compared with)."""
    node = leaf.node
    if isinstance(node, Variable | Count):
        return node, "==" if leaf.negated else "!=", 0.0
    if not isinstance(node, Call):
        return None
    op = _LOOSE.get(node.op, node.op)
    match node.args:
        case (Variable() | Count() as named, Literal(value=value)):
            pass
        case (Literal(value=value), (Variable() | Count()) as named):
            op = _MIRRORED[op]
        case _:
            return None
    return named, _OPPOSITE[op] if leaf.negated else op, number(value)


def _value_of(leaf: Leaf, node: Variable | Count, facts: RuleContext) -> Any:
    if isinstance(node, Variable):
        return getattr(facts, node.name)
    at_ms = instant(node.time)(facts)
    return at_ms if at_ms is MISSING else getattr(facts, node.name)(at_ms)


def _is_technical(op: str, limit: float | None) -> bool:
    """Whether a comparison of minutes only asks if there was an entry at all."""
    if limit is None:
        return False
    if op in ("<", ">="):
        return NEVER_ENTERED < limit <= 0
    if op in ("<=", ">"):
        return NEVER_ENTERED <= limit < 0
    return limit == NEVER_ENTERED


def _boundary(order: Order, negated: bool, facts: RuleContext) -> tuple[str, int] | None:
    """(after | before, unix ms) that now must be for `order` to be as wanted."""
    if order.first.kind == "now":
        kind, at = order.op, order.second
    elif order.second.kind == "now":
        kind, at = ("isBefore" if order.op == "isAfter" else "isAfter"), order.first
    else:
        return None
    at_ms = instant(at)(facts)  # known, as it is known that `order` is not as wanted
    shift = order.tolerance_ms if kind == "isBefore" else -order.tolerance_ms
    wanted = "after" if (kind == "isAfter") is not negated else "before"
    return wanted, at_ms + shift


class _Speaker:
    def __init__(self, facts: RuleContext, lang: str, names: Names) -> None:
        self.facts = facts
        self.lang = lang
        self.names = names

    def part(self, leaf: Leaf) -> Part:
        kind, fields = self.say(leaf)
        return Part(leaf.node.path or "/", kind, sentence(self.lang, kind, **fields))

    def say(self, leaf: Leaf) -> tuple[str, dict[str, object]]:
        if leaf.holds(self.facts) is None:
            return ("missing" if _needs_date(leaf.node) else "unknown"), {}
        match leaf.node:
            case Literal():
                return "never", {}
            case Order() as order:
                boundary = _boundary(order, leaf.negated, self.facts)
                if boundary is None:
                    return "unknown", {}
                return boundary[0], {"time": self.time(boundary[1])}
            case OneOf(needle=Variable(name=name), values=values):
                wanted = [] if leaf.negated else values
                return self.one_of(leaf, name, [v for v in wanted if type(v) is int])
        comparison = _comparison(leaf)
        if comparison is None:
            return "unknown", {}
        return self.compared(leaf, *comparison)

    def one_of(self, leaf: Leaf, name: str, numbers: list[int]) -> tuple[str, dict[str, object]]:
        if name == "now_isoweekday":
            return self.weekday(leaf)
        if name == "entry_status":
            inside = self.facts.entry_status == "present"
            return ("inside" if inside else "outside"), {}
        named = [self.names(name, each) for each in numbers[: NAMES_MAX + 1]]
        if name == "gate":
            gates = [
                gate_called(self.lang, known or str(each))
                for known, each in zip(named, numbers, strict=False)
            ]
            few = 0 < len(gates) <= NAMES_MAX
            return ("gate", {"gates": joined(self.lang, gates)}) if few else ("gate_not", {})
        if name in ("product", "variation"):
            known_names = [known for known in named if known]
            if 0 < len(known_names) == len(numbers) <= NAMES_MAX:
                return "product_only", {"products": joined(self.lang, known_names)}
            return "product", {}
        return "unknown", {}

    def weekday(self, leaf: Leaf) -> tuple[str, dict[str, object]]:
        days = [day for day in range(1, 8) if leaf.holds(cast(RuleContext, _Weekday(day)))]
        if not days:
            return "never", {}
        names = [CALENDARS[self.lang].weekdays[day - 1] for day in days]
        return "weekday", {"days": joined(self.lang, names)}

    def compared(
        self, leaf: Leaf, node: Variable | Count, op: str, limit: float | None
    ) -> tuple[str, dict[str, object]]:
        name = node.name
        if name == "now_isoweekday":
            return self.weekday(leaf)
        if name in ("gate", "product", "variation", "entry_status"):
            wanted = [int(limit)] if op == "==" and limit is not None else []
            return self.one_of(leaf, name, wanted)
        value = number(_value_of(leaf, node, self.facts))
        if limit is None or value is None:
            return "unknown", {}
        if op == "==":
            op = "<=" if value > limit else ">="
        elif op == "!=" and limit == 0:
            op, limit = ">=", 1
        if name in _MINUTES:
            return self.minutes(_MINUTES[name], op, limit, value)
        return self.counted(node, op, limit)

    def counted(
        self, node: Variable | Count, op: str, limit: float
    ) -> tuple[str, dict[str, object]]:
        fields: dict[str, object] = {}
        if isinstance(node, Count):
            fields["time"] = self.time(instant(node.time)(self.facts))
        if op == "!=":
            return "count_not", {"n": int(limit)}
        if op in (">", ">="):
            least = math.floor(limit) + 1 if op == ">" else math.ceil(limit)
            return f"{node.name}_min", fields | {"n": least}
        most = math.ceil(limit) - 1 if op == "<" else math.floor(limit)
        # So many are there before this entry; it is one more, but no other one before a time
        # that has passed, and no other day when there were entries today.
        if not node.name.endswith("_before"):
            most += 1
        elif most <= 0:
            return "entries_before_none", fields
        return f"{node.name}_max", fields | {"n": most}

    def minutes(
        self, which: str, op: str, limit: float, value: float
    ) -> tuple[str, dict[str, object]]:
        if value == NEVER_ENTERED:
            return "entries_number_min", {"n": 1}
        if op == "!=":
            return "unknown", {}
        if op in (">", ">="):
            least = math.floor(limit) + 1 if op == ">" else math.ceil(limit)
            entered = self.facts.own[-1 if which == "last" else 0]
            fields: dict[str, object] = {
                "span": span(least),
                "time": self.time(entered + least * 60_000),
            }
            return f"{which}_min", fields
        if limit <= 0:
            return "first_only", {}
        return f"{which}_max", {"span": span(math.ceil(limit))}

    def time(self, at_ms: int) -> str:
        return moment(self.lang, self.facts.local(at_ms), self.facts.now_local)


class _Weekday:
    """Facts of which only the weekday matters."""

    def __init__(self, day: int) -> None:
        self.now_isoweekday = day


def _needs_date(node: Node) -> bool:
    match node:
        case Order(first=first, second=second):
            return any(at.kind.startswith("date_") for at in (first, second))
        case Count(time=at):
            return at.kind.startswith("date_")
        case Call(args=args):
            return any(map(_needs_date, args))
    return False
