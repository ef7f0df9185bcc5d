"""What is no rule is refused with a path and a hint, and with nothing but `BadRule`."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.rules import BadRule, RuleContext, compile_rule
from edge.core.rules.evaluation import _CALLS
from edge.core.rules.nodes import DEPTH_MAX, NODES_MAX, Call, OneOf, Order
from edge.core.rules.parsing import parse
from tests.edge.core.rules.made import ANY, RULES, built, var

NOW = var("now")
BAD: list[tuple[Any, str, str]] = [
    ({"xor": [1, 2]}, "/", "unknown operator 'xor'"),
    ({5: [1]}, "/", "unknown operator int"),
    ({"and": [True, {"cat": ["a"]}]}, "/and/1", "unknown operator 'cat'"),
    ({"and": [], "or": []}, "/", "an operation has one operator, this has 2"),
    ({"and": [{}]}, "/and/0", "an operation has one operator, this has 0"),
    ({"!": []}, "/!", "0 arguments; it takes 1"),
    ({"<": [1]}, "/<", "1 arguments; it takes 2 to 3"),
    ({">": [1, 2, 3]}, "/>", "3 arguments; it takes 2"),
    ({"?:": [1, 2]}, "/?:", "2 arguments; it takes 3"),
    ({"if": [1] * 65}, "/if", "65 arguments; it takes 0 to 64"),
    ({"==": [1, [1]]}, "/==/1", "== compares no lists; use inList"),
    ({"<": [float("nan"), 1]}, "/</0", "nan is no value of a rule"),
    ({"<": [float("inf"), 1]}, "/</0", "inf is no value of a rule"),
    ({"<": [10**5000, 1]}, "/</0", "int is no value of a rule"),
    ({"==": ["x" * 201, 1]}, "/==/0", "is no value of a rule"),
    ({"==": [b"x", 1]}, "/==/0", "bytes is no value of a rule"),
    ([{"var": "gate"}], "/0", "an operation inside a list"),
    ({"var": "seat"}, "/var", "unknown variable 'seat'"),
    ({"var": 1}, "/var", "unknown variable int"),
    ({"var": []}, "/var", "0 arguments; it takes 1 to 2"),
    ({"==": [NOW, 1]}, "/==/0/var", "now alone is no answer"),
    (built("date_from"), "/buildTime", "a time alone is no answer"),
    ({"objectList": []}, "/objectList", "a list alone is no answer"),
    ({"isBefore": [NOW]}, "/isBefore", "1 arguments; it takes 2 to 3"),
    ({"isBefore": [NOW, "12:00"]}, "/isBefore/1", "'12:00' is no time"),
    ({"isBefore": [NOW, var("gate")]}, "/isBefore/1", "var gives no time"),
    ({"isBefore": [NOW, built("noon")]}, "/isBefore/1/buildTime", "unknown time 'noon'"),
    ({"isBefore": [NOW, built("custom")]}, "/isBefore/1/buildTime", "the time itself is missing"),
    ({"isBefore": [NOW, built("custom", "soon")]}, "/isBefore/1/buildTime", "'soon' is no such"),
    ({"isBefore": [NOW, built("custom", "1969-01-01")]}, "/isBefore/1/buildTime", "the year 1969"),
    ({"isBefore": [NOW, built("customtime", "25:00")]}, "/isBefore/1/buildTime", "no such time"),
    ({"isBefore": [NOW, built("customtime", "22:00Z")]}, "/isBefore/1/buildTime", "with an offset"),
    ({"isBefore": [NOW, NOW, "a lot"]}, "/isBefore/2", "'a lot' is no tolerance"),
    ({"isBefore": [NOW, NOW, True]}, "/isBefore/2", "True is no tolerance"),
    ({"isBefore": [NOW, NOW, 10**400]}, "/isBefore/2", "int is no tolerance"),
    ({"isBefore": [NOW, NOW, "9" * 201]}, "/isBefore/2", "is no tolerance"),
    ({"isAfter": [NOW, NOW, "inf"]}, "/isAfter/2", "'inf' is no tolerance"),
    ({"isAfter": [NOW, NOW, 10**6]}, "/isAfter/2", "write minutes, a year at most"),
    ({"entries_since": [5]}, "/entries_since/0", "int is no time"),
    ({"entries_since": []}, "/entries_since", "0 arguments; it takes 1"),
    ({"inList": [1]}, "/inList", "1 arguments; it takes 2"),
    ({"inList": [1, 2]}, "/inList/1", "int is no list"),
    ({"inList": [1, var("gate")]}, "/inList/1", "var gives no list"),
    ({"inList": [1, {"objectList": [var("gate")]}]}, "/inList/1/objectList/0", "names no object"),
    (
        {"inList": [var("gate"), {"objectList": [{"lookup": ["product", 1, "x"]}]}]},
        "/inList/1/objectList/0",
        "a product in a list that is compared with gate; look up a gate",
    ),
    ({"lookup": ["seat", 1, "x"]}, "/lookup", "nothing to look up as 'seat'"),
    ({"lookup": ["gate", "one", "x"]}, "/lookup", "'one' is no number of a gate"),
    ({"lookup": ["gate", "1.5", "x"]}, "/lookup", "'1.5' is no number of a gate"),
    ({"lookup": ["gate", [], "x"]}, "/lookup", "list is no number of a gate"),
    ({"lookup": ["gate"]}, "/lookup", "1 arguments; it takes 2 to 3"),
]


@pytest.mark.parametrize(("raw", "path", "problem"), BAD, ids=[each[2] for each in BAD])
def test_bad_rules(raw: Any, path: str, problem: str) -> None:
    with pytest.raises(BadRule) as caught:
        compile_rule(raw)
    error = caught.value
    assert error.path == path
    assert problem in str(error)
    assert str(error) == f"{path}: {error.problem}; {error.hint}"


def nested(depth: int) -> Any:
    raw: Any = True
    for _ in range(depth):
        raw = {"!": [raw]}
    return raw


def test_depth_and_length_are_bounded() -> None:
    compile_rule(nested(DEPTH_MAX - 1))
    for raw in (nested(DEPTH_MAX), nested(900), {"or": [True] * NODES_MAX}):
        with pytest.raises(BadRule, match="deeper than"):
            compile_rule(raw)
    compile_rule({"or": [True] * (NODES_MAX - 1)})
    lists: Any = []
    for _ in range(900):
        lists = [lists]
    with pytest.raises(BadRule, match="deeper than"):
        compile_rule(lists)


def test_as_pretix_writes_it() -> None:
    node = parse(
        {
            "and": [
                {"isAfter": [NOW, built("date_admission"), "10"]},
                {
                    "inList": [
                        {"var": "product"},
                        {"objectList": [{"lookup": ["product", "12", "Day"]}, 13]},
                    ]
                },
            ]
        }
    )
    assert isinstance(node, Call)
    order, one_of = node.args
    assert isinstance(order, Order) and order.tolerance_ms == 600_000
    assert isinstance(one_of, OneOf) and one_of.values == (12, 13)


@pytest.mark.parametrize("tolerance", [None, 0, "", "0", False])
def test_no_tolerance(tolerance: Any) -> None:
    node = parse({"isBefore": [NOW, NOW, tolerance]})
    assert isinstance(node, Order) and node.tolerance_ms == 0


def test_every_operation_that_is_read_can_be_evaluated() -> None:
    assert {"and", "or", "!", "!!", "if", "<", "<=", ">", ">=", "==", "!=", "===", "!=="} == set(
        _CALLS
    )


JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5),
        st.sampled_from(["now", "gate", "custom", "customtime", "10:00", "2026-01-01", "product"]),
    ),
    lambda part: st.one_of(
        st.lists(part, max_size=4),
        st.dictionaries(st.text(max_size=3), part, max_size=2),
        st.builds(
            lambda op, args: {op: args},
            st.sampled_from(
                [*_CALLS, "?:", "inList", "objectList", "lookup", "var", "isBefore", "isAfter",
                 "buildTime", "entries_since", "entries_days_before"]
            ),
            st.one_of(part, st.lists(part, max_size=4)),
        ),
    ),
    max_leaves=12,
)  # fmt: skip


@given(JSON, ANY)
def test_whatever_json_holds_it_is_a_rule_or_a_bad_one(raw: Any, facts: RuleContext) -> None:
    try:
        rule = compile_rule(raw)
    except BadRule as bad:
        assert bad.path.startswith("/") and bad.problem and bad.hint
    else:
        assert isinstance(rule.check(facts), bool)


@given(RULES, ANY)
def test_what_is_compiled_never_raises(raw: Any, facts: RuleContext) -> None:
    rule = compile_rule(raw)
    assert isinstance(rule.check(facts), bool)
    assert rule.values(facts) or not isinstance(raw, dict)
