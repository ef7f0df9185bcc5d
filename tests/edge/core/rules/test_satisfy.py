"""The search for facts that make a formula true: "no" is certain, and the search is bounded."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.rules import RuleContext, compile_rule
from edge.core.rules.rule import Junction, formula, refusing
from edge.core.rules.satisfy import possible
from tests.edge.core.rules.made import KNOWN, RULES, after, before, built, var


@settings(max_examples=300)
@given(RULES, RULES, st.lists(KNOWN, min_size=6, max_size=6))
def test_what_happens_is_possible(one: Any, other: Any, facts: list[RuleContext]) -> None:
    """Also of two rules at once, of which one refuses: contradictions are common there."""
    first, second = compile_rule(one), compile_rule(other)
    both = Junction(True, (formula(first.root), refusing(second.root)))
    if not possible(both, {}):
        assert not any(first.check(each) and not second.check(each) for each in facts)


@pytest.mark.parametrize(
    "raw",
    [
        {"and": [after("customtime", "10:00"), before("customtime", "10:01")]},
        {"and": [before("customtime", "10:00"), after("custom", "2026-03-14T22:00:00Z")]},
        {"and": [after("custom", "2026-03-14T22:00"), before("custom", "2026-03-14T22:00Z")]},
        {"isBefore": [built("customtime", "10:00"), var("now")]},
        {"==": [{"isBefore": [var("now"), built("date_to")]}, True]},
        {"==": [var("gate"), var("product")]},
        {"<": [var("variation"), 0]},
        {"==": [var("variation"), None]},
        {"==": [var(["variation", 5]), 5]},  # type: ignore[arg-type]
        {"<": [{"entries_since": [built("custom", "2026-03-14T22:00")]}, 1.5]},
        {"<": [{"entries_since": [built("customtime", "22:00")]}, "1.5"]},
    ],
    ids=str,
)
def test_possible(raw: Any) -> None:
    assert possible(formula(compile_rule(raw).root), {})


def test_an_unknown_will_do_for_refusing() -> None:
    less = {"<": [var("variation"), 3]}
    root = compile_rule({"or": [less, {"!": [less]}]}).root
    assert possible(refusing(root), {})
    dated = before("date_to")
    assert not possible(refusing(compile_rule({"or": [dated, {"!": [dated]}]}).root), {})
    assert not possible(
        Junction(True, (formula(compile_rule(less).root), refusing(compile_rule(less).root))), {}
    )


def test_the_search_gives_up_rather_than_claim() -> None:
    days = {"or": [{"==": [var("now_isoweekday"), 8]}, {"==": [var("now_isoweekday"), 9]}]}
    either = [{"or": [{">": [var("product"), i]}, {">": [var("gate"), i]}]} for i in range(14)]
    for few, found in ((2, False), (7, True)):
        rule = compile_rule({"and": [*either[:few], days, *either[-few:]]})
        assert possible(formula(rule.root), {}) is found
