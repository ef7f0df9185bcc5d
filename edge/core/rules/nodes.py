"""What a rule consists of, after reading: every name known, every time and number bounded."""

from datetime import datetime
from datetime import time as time_of_day
from typing import Final

import msgspec

Value = bool | int | float | str | None | tuple["Value", ...]

DEPTH_MAX: Final = 32
NODES_MAX: Final = 2000
TEXT_CHARS_MAX: Final = 200
NUMBER_MAX: Final = 2**53
TOLERANCE_MINUTES_MAX: Final = 366 * 24 * 60

NUMBERS: Final = frozenset(
    {
        "now_isoweekday", "entries_number", "entries_today", "entries_days",
        "minutes_since_last_entry", "minutes_since_first_entry",
    }
)  # fmt: skip
IDS: Final = frozenset({"product", "variation", "gate"})
VARIABLES: Final = NUMBERS | IDS | {"entry_status"}
COUNTS: Final = frozenset(
    {"entries_since", "entries_before", "entries_days_since", "entries_days_before"}
)
DATES: Final = frozenset({"date_from", "date_to", "date_admission"})
COMPARISONS: Final = frozenset({"<", "<=", ">", ">=", "==", "!=", "===", "!=="})


class BadRule(ValueError):
    """A rule that cannot be decided by: `path` names the part, `hint` says what to do about it."""

    def __init__(self, path: str, problem: str, hint: str) -> None:
        super().__init__(f"{path or '/'}: {problem}; {hint}")
        self.path = path or "/"
        self.problem = problem
        self.hint = hint


class Literal(msgspec.Struct, frozen=True):
    """A value written in the rule."""

    path: str
    value: Value


class Variable(msgspec.Struct, frozen=True):
    """One of `VARIABLES`; `default` stands in for a value that is not there."""

    path: str
    name: str
    default: Value = None


class Time(msgspec.Struct, frozen=True):
    """A point in time: `kind` is now, custom (`at`), customtime (`of_day`) or one of `DATES`."""

    path: str
    kind: str
    at: datetime | None = None
    of_day: time_of_day | None = None


class Count(msgspec.Struct, frozen=True):
    """How many entries, or days with one, lie before a time or since it."""

    path: str
    name: str
    time: Time


class Call(msgspec.Struct, frozen=True):
    """and, or, !, !!, if, or a comparison."""

    path: str
    op: str
    args: "tuple[Node, ...]"


class OneOf(msgspec.Struct, frozen=True):
    """inList: whether `needle` is one of `values`."""

    path: str
    needle: "Node"
    values: tuple[Value, ...]


class Order(msgspec.Struct, frozen=True):
    """isBefore or isAfter; the tolerance widens what is allowed."""

    path: str
    op: str
    first: Time
    second: Time
    tolerance_ms: int = 0


Node = Literal | Variable | Count | Call | OneOf | Order


def key(node: Node | Time) -> tuple[object, ...]:
    """The same for two parts that mean the same, wherever they stand."""
    match node:
        case Literal(value=value):
            return ("literal", repr(value))
        case Variable(name=name, default=default):
            return (name, repr(default))
        case Time(kind=kind, at=at, of_day=of_day):
            return (kind, at, of_day)
        case Count(name=name, time=time):
            return (name, key(time))
        case Call(op=op, args=args):
            return (op, *map(key, args))
        case OneOf(needle=needle, values=values):
            return ("inList", key(needle), repr(values))
    return (node.op, key(node.first), key(node.second), node.tolerance_ms)


def children(node: Node) -> "tuple[Node, ...]":
    """The parts of a part."""
    if isinstance(node, Call):
        return node.args
    return (node.needle,) if isinstance(node, OneOf) else ()
