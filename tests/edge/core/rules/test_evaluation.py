"""Values, comparisons and the unknown, beyond the public table."""

from datetime import UTC
from typing import Any

import pytest
from hypothesis import example, given, settings

from edge.core.rules import RuleContext, compile_rule
from edge.core.rules.context import MISSING
from edge.core.rules.evaluation import number, numbers
from edge.core.rules.rule import Formula, Leaf
from tests.edge.core.rules.made import ANY, RULES, built, facts, var

UNKNOWN = {"<": [var("variation"), 1]}  # nothing is less than null


def value(raw: Any, **fields: Any) -> Any:
    return compile_rule(raw).value(facts(**fields))


def kleene(formula: Formula, context: RuleContext) -> bool | None:
    if isinstance(formula, Leaf):
        return formula.holds(context)
    parts = [kleene(part, context) for part in formula.parts]
    decisive = not formula.every
    if decisive in parts:
        return decisive
    return None if None in parts else not decisive


@settings(max_examples=500)
@example({"!": {"if": [{"inList": [var("product"), [1]]}, False]}}, facts())
@given(RULES, ANY)
def test_a_rule_and_its_alternatives_decide_alike(raw: Any, context: RuleContext) -> None:
    rule = compile_rule(raw)
    found = rule.value(context)
    assert kleene(rule.formula, context) is (None if found is MISSING else bool(found))


@pytest.mark.parametrize(
    ("raw", "result"),
    [
        ({"==": [None, None]}, True),
        ({"==": [None, 0]}, False),
        ({"==": [True, 1]}, True),
        ({"===": [True, 1]}, False),
        ({"===": ["a", "a"]}, True),
        ({"!==": [1, 1.0]}, False),
        ({"==": ["a", "b"]}, False),
        ({"==": ["a", 1]}, False),
        ({"==": [" 1 ", 1]}, True),
        ({"<": ["10", "9"]}, True),
        ({"<": ["ten", 9]}, False),
        ({"<": [9, "ten"]}, False),
        ({"<": [False, True]}, True),
        ({"==": [{"and": [[], True]}, 0]}, False),
        ({"===": [{"and": [[], True]}, {"and": [[], True]}]}, False),
        ({"<": [{"and": [[], True]}, 1]}, False),
        ({"and": []}, True),
        ({"or": []}, False),
        ({"inList": [1, [1, 2]]}, True),
        ({"inList": [True, [1, 2]]}, False),
        ({"inList": ["1", [1, 2]]}, False),
        ({"inList": [None, []]}, False),
        ({"lookup": ["gate", "7", "North"]}, 7),
        ({"var": ["gate", 4]}, 4),
        ({"var": ["variation", "none"]}, "none"),
        ({"var": ["entries_number", 4]}, 0),
    ],
    ids=str,
)
def test_values(raw: Any, result: Any) -> None:
    assert value(raw) == result and type(value(raw)) is type(result)


@pytest.mark.parametrize(
    ("raw", "result"),
    [
        (UNKNOWN, MISSING),
        ({"<": [1, var("variation")]}, MISSING),
        ({"<": [5, 1, var("variation")]}, False),
        ({"<": [1, 5, var("variation")]}, MISSING),
        ({"==": [var("gate"), 1]}, MISSING),
        ({"==": [1, var("product")]}, MISSING),
        ({"inList": [var("gate"), [1]]}, MISSING),
        ({"entries_since": [built("date_from")]}, MISSING),
        ({"isBefore": [built("date_from"), var("now")]}, MISSING),
        ({"if": [UNKNOWN, 1, 2]}, MISSING),
        ({"if": [UNKNOWN, 0, 2]}, MISSING),
        ({"if": [UNKNOWN, 2, 0]}, MISSING),
        ({"if": [UNKNOWN, 0, 0]}, 0),
        ({"if": [UNKNOWN, 0, True, 0, 5]}, 0),
        ({"if": [UNKNOWN, UNKNOWN, 0]}, MISSING),
        ({"if": [False, 1, UNKNOWN]}, MISSING),
    ],
    ids=str,
)
def test_the_unknown(raw: Any, result: Any) -> None:
    assert value(raw) is result


def test_times() -> None:
    now = "2026-03-14T11:30:00+00:00"
    for text, before in (
        ("2026-03-14T12:30:00.001+01:00", True),
        ("2026-03-14T12:30:00+01:00", False),
        ("2026-03-14T12:30:01", True),
        ("2026-03-14T12:30", False),
        ("2026-03-15", True),
    ):
        assert value({"isBefore": [var("now"), built("custom", text)]}, now=now) is before
    assert value({"isBefore": [var("now"), built("custom", "2026-03-14T11:30:01")]}, zone=UTC)


def test_numbers_are_what_spells_one() -> None:
    assert [number(each) for each in ("-1.5", "1_0", "inf", "nan", "", "٣", None, True)] == [
        -1.5, None, None, None, None, None, None, True,
    ]  # fmt: skip
    assert numbers([1, ("2", (3.5, "x")), None]) == [1, 2.0, 3.5]
