"""The public JSON-logic table, and what a compiled rule promises whatever it is given."""

import json
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from edge.core.rules import BadRule, RuleContext, compile_rule
from edge.core.rules.context import MISSING
from edge.core.rules.rule import LEAVES_MAX

TABLE = json.loads(
    (Path(__file__).parents[3] / "vectors" / "jsonlogic.json").read_text(encoding="utf-8")
)
REFUSED = [
    (reason, rule) for reason, rows in TABLE["refused"].items() for rule, _data, _result in rows
]
NOW_MS = 1_767_268_800_000


def context(**fields: Any) -> RuleContext:
    return RuleContext(**{"now_ms": NOW_MS, "zone": UTC, **fields})


def plain(value: Any) -> Any:
    """A list for a tuple, as JSON has it."""
    return [plain(each) for each in value] if isinstance(value, tuple) else value


@pytest.mark.parametrize(("rule", "_data", "result"), TABLE["applicable"], ids=str)
def test_the_public_table(rule: Any, _data: Any, result: Any) -> None:
    value = plain(compile_rule(rule).value(context()))
    assert (type(value), value) == (type(result), result)
    assert compile_rule(rule).check(context()) is bool(result)


@pytest.mark.parametrize(("reason", "rule"), REFUSED, ids=str)
def test_what_of_the_table_is_not_ours_is_refused_and_never_false(reason: str, rule: Any) -> None:
    with pytest.raises(BadRule):
        compile_rule(rule)


def test_the_table_is_whole() -> None:
    assert len(TABLE["applicable"]) + len(REFUSED) == 275


def test_no_rule_at_all_holds() -> None:
    assert compile_rule({}).check(context())


def test_what_is_not_known_refuses_both_ways() -> None:
    dated = {"isAfter": [{"var": "now"}, {"buildTime": ["date_from"]}, 0]}
    for rule in (dated, {"!": [dated]}, {"!!": [dated]}, {"if": [dated, True, True]}):
        assert compile_rule(rule).value(context()) is MISSING
        assert not compile_rule(rule).check(context())


def test_a_truth_beside_the_unknown_is_enough() -> None:
    dated = {"isAfter": [{"var": "now"}, {"buildTime": ["date_from"]}, 0]}
    assert compile_rule({"or": [dated, True]}).check(context())
    assert not compile_rule({"or": [dated, False]}).check(context())
    assert compile_rule({"and": [dated, False]}).value(context()) is False
    assert not compile_rule({"and": [dated, True]}).check(context())


def test_the_value_of_each_part() -> None:
    rule = {"and": [{"<": [{"var": "entries_number"}, 3]}, {"inList": [{"var": "gate"}, [1]]}]}
    assert compile_rule(rule).values(context(gate=2)) == [
        ("/", False),
        ("/and/0", True),
        ("/and/0/</0", 0),
        ("/and/1", False),
        ("/and/1/inList/0", 2),
    ]


def test_conditions_inside_conditions_are_bounded() -> None:
    rule: Any = True
    for _ in range(14):
        rule = {"if": [rule, {"<": [{"var": "gate"}, 2]}, {"var": "gate"}]}
    with pytest.raises(BadRule, match=r"too many conditions") as caught:
        compile_rule(rule)
    assert caught.value.path == "/" and LEAVES_MAX < 2**14


def test_a_rule_remembers_what_it_was_read_from() -> None:
    raw = {"==": [{"var": "gate"}, 1]}
    assert compile_rule(raw).raw is raw
