"""Lint is never wrong: what it says is tried against facts. And it finds what people write."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.bundle import Bundle, Gate, Product
from edge.core.rules import RuleContext, compile_rule, lint
from edge.core.rules.lint import PARTS_MAX, Finding
from tests.edge.core.rules.made import KNOWN, RULES, after, before, built, one_of, var

BUNDLE = Bundle(products=[Product(1, "Day"), Product(2, "Season")], gates=[Gate(1, "North")])


def found(rule: Any, bundle: Bundle | None = None) -> list[tuple[str, str]]:
    return [(each.kind, each.path) for each in lint(compile_rule(rule), bundle)]


@settings(max_examples=400)
@given(RULES, st.lists(KNOWN, min_size=8, max_size=8))
def test_never_and_always_are_never_wrong(raw: Any, facts: list[RuleContext]) -> None:
    rule = compile_rule(raw)
    kinds = {finding.kind for finding in lint(rule)}
    for each in facts:
        if "never" in kinds:
            assert not rule.check(each)
        if "always" in kinds:
            assert rule.check(each)


@settings(max_examples=400)
@given(RULES, st.lists(KNOWN, min_size=8, max_size=8))
def test_a_rule_is_the_same_without_its_idle_parts(raw: Any, facts: list[RuleContext]) -> None:
    rule = compile_rule(raw)
    for finding in lint(rule):
        if finding.kind in ("idle", "part_never", "part_always"):
            without = compile_rule(_without(raw, finding.path.split("/")[1:]))
            for each in facts:
                assert rule.check(each) is without.check(each)
            break  # later findings suppose that this part is gone


def _without(raw: Any, path: list[str]) -> Any:
    op, at = path[0], int(path[1])
    parts = list(raw[op]) if isinstance(raw[op], list) else [raw[op]]
    parts[at] = _without(parts[at], path[2:]) if len(path) > 2 else op == "and"
    return {op: parts}


@given(RULES, st.lists(KNOWN, min_size=8, max_size=8))
def test_parts_that_exclude_each_other_do(raw: Any, facts: list[RuleContext]) -> None:
    for finding in lint(compile_rule({"and": [raw, raw, {"<": [var("gate"), 2]}]})):
        if finding.because:
            parts = [raw, raw, {"<": [var("gate"), 2]}]
            core = compile_rule({"and": [parts[int(p.split("/")[2])] for p in finding.because]})
            assert not any(core.check(each) for each in facts)


NEVER = [
    ({"and": [{"<": [var("entries_today"), 3]}, {">": [var("entries_today"), 4]}]}, "counts"),
    (
        {"and": [{">=": [var("entries_today"), 3]}, {"<": [var("entries_number"), 2]}]},
        "today > all",
    ),
    (
        {"and": [{"==": [var("entries_number"), 0]}, {">": [var("minutes_since_last_entry"), 9]}]},
        "-1",
    ),
    ({"and": [{"==": [var("entries_number"), 0]}, {"==": [var("entry_status"), "present"]}]}, "in"),
    ({"<": [var("entries_number"), 0]}, "below nothing"),
    ({"==": [var("now_isoweekday"), 0]}, "no such day"),
    ({"and": [{"==": [var("now_isoweekday"), 6]}, {"<": [var("now_isoweekday"), 6]}]}, "days"),
    ({"and": [one_of("gate", 1, 2), one_of("gate", 3)]}, "gates"),
    ({"and": [one_of("product", 1), {"!": [one_of("product", 1, 2)]}]}, "products"),
    (one_of("product"), "an empty list"),
    ({"and": [after("customtime", "17:00"), before("customtime", "09:00")]}, "time of day"),
    ({"and": [after("date_to"), before("date_to")]}, "dates"),
    ({"and": [after("date_to"), before("date_to", tolerance=-10)]}, "dates apart"),
    (
        {
            "and": [
                after("custom", "2026-03-14T22:00:00+01:00"),
                before("custom", "2026-03-14T22:00:00+02:00"),
            ]
        },
        "offsets",
    ),
    (
        {"and": [after("custom", "2026-03-16T22:00"), before("custom", "2026-03-14T22:00+02:00")]},
        "an offset is missing",
    ),
    ({"isBefore": [var("now"), var("now")]}, "itself"),
    (
        {"and": [{"entries_since": [built("date_from")]}, {"==": [var("entries_number"), 0]}]},
        "since",
    ),
    ({"or": [False, {"and": [{"==": [var("gate"), 1]}, {"==": [var("gate"), 2]}]}]}, "every way"),
    ({"<": [None, 1]}, "null"),
    (
        {
            "and": [
                {"==": [var("gate"), var("product")]},
                {"!": [{"==": [var("gate"), var("product")]}]},
            ]
        },
        "both",
    ),
    ({"or": []}, "nothing to choose"),
]


@pytest.mark.parametrize("rule", [rule for rule, _ in NEVER], ids=[name for _, name in NEVER])
def test_rules_that_can_never_hold_are_found(rule: Any) -> None:
    assert found(rule) == [("never", "/")]


POSSIBLE = [
    {"and": [after("customtime", "02:45"), before("customtime", "02:15")]},  # clocks may skip it
    {"and": [after("date_from"), before("date_to")]},
    {"and": [after("date_from"), before("date_from", tolerance=5)]},
    {"and": [{">=": [var("entries_today"), 3]}, {"<": [var("entries_days"), 2]}]},
    {"and": [{">=": [var("entries_number"), 2]}, {"==": [var("entry_status"), "present"]}]},
    {"==": [var("variation"), None]},
    {"and": [{">": [var("gate"), 4]}, {"<": [var("gate"), 6]}]},
    {"and": [{"==": [var("minutes_since_last_entry"), 0]}, {"==": [var("entries_today"), 1]}]},
    {"and": [one_of("gate", 1, 2), one_of("gate", 2, 3)]},
]


@pytest.mark.parametrize("rule", POSSIBLE, ids=str)
def test_rules_that_can_hold_are_left_alone(rule: Any) -> None:
    assert found(rule) == []


def test_the_parts_that_exclude_each_other_are_named() -> None:
    rule = {"and": [one_of("gate", 1), before("date_to"), {"!=": [var("gate"), 1]}]}
    (finding,) = lint(compile_rule(rule))
    assert finding.because == ["/and/0", "/and/2"]
    assert finding.message == (
        "can never hold: nobody will be let in; /and/0 and /and/2 exclude each other"
    )


def test_a_rule_that_refuses_nobody() -> None:
    assert found({"or": [before("date_to"), {"!": [before("date_to")]}]}) == [("always", "/")]
    assert found({"<": [var("now_isoweekday"), 8]}) == [("always", "/")]


def test_no_rule_is_not_a_mistake() -> None:
    assert found({}) == []
    assert found(True) == []


def test_null_is_never_less_nor_more_so_nothing_always_holds_for_it() -> None:
    less = {"<": [var("variation"), 3]}
    assert found({"or": [less, {">=": [var("variation"), 3]}]}) == []
    assert found({"or": [less, {"!": [less]}]}) == []


def test_parts_that_never_matter() -> None:
    few = {"<": [var("entries_today"), 3]}
    fewer = {"<": [var("entries_today"), 2]}
    assert found({"and": [few, fewer]}) == [("idle", "/and/0")]
    assert found({"and": [few, few]}) == [("idle", "/and/0")]
    assert found({"or": [few, {"==": [var("now_isoweekday"), 9]}]}) == [("part_never", "/or/1")]
    assert found({"and": [few, {">=": [var("gate"), 0]}]}) == [("part_always", "/and/1")]
    impossible = {"and": [one_of("gate", 1), one_of("gate", 2)]}
    present = {"==": [var("entry_status"), "present"]}
    assert found({"and": [present, {">": [var("entries_number"), 0]}]}) == [("idle", "/and/1")]
    nested = {"!": [{"and": [few, {"or": [one_of("product", 1), impossible]}]}]}
    assert found(nested) == [("part_never", "/!/0/and/1/or/1")]


def test_a_long_rule_is_judged_as_a_whole_only() -> None:
    few = {"<": [var("entries_today"), 3]}
    assert found({"and": [few] * (PARTS_MAX // 3 + 2)}) == []


def test_too_many_alternatives_are_never_called_impossible() -> None:
    either = [
        {"or": [{"==": [var("gate"), 2 * i]}, {"==": [var("product"), 2 * i + 1]}]}
        for i in range(1, 14)
    ]
    rule = {"and": [*either, {"==": [var("gate"), var("product")]}]}
    assert ("always", "/") not in found(rule)


def test_numbers_the_bundle_does_not_know() -> None:
    rule = {"or": [one_of("gate", 1, 7), {"==": [5, var("product")]}, one_of("variation", 9)]}
    assert found(rule, BUNDLE)[:2] == [("unknown_gate", "/or/0"), ("unknown_product", "/or/1")]
    assert lint(compile_rule(rule), BUNDLE)[0] == Finding(
        "unknown_gate", "/or/0", "the bundle has no gate 7"
    )


def test_with_a_bundle_only_its_gates_and_products_can_come() -> None:
    assert found({"!=": [var("gate"), 1]}, BUNDLE) == [("never", "/")]
    assert found(one_of("product", 1, 2), BUNDLE) == [("always", "/")]
    assert found(one_of("product", 1), BUNDLE) == []
