"""What a guest is told, word for word, and that the nearest alternative is the one told."""

from itertools import product
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.rules import RuleContext, compile_rule, explain
from edge.core.rules.explain import weigh, weight
from edge.core.rules.rule import Formula, Leaf
from tests.edge.core.rules.made import (
    ANY,
    RULES,
    after,
    before,
    built,
    facts,
    one_of,
    var,
)

GOLDEN = Path(__file__).with_name("explained.txt")
NAMES = {("gate", 2): "North", ("gate", 3): "Gate South", ("product", 7): "VIP"}


def names(model: str, number: int) -> str | None:
    return NAMES.get((model, number))


def alternatives(formula: Formula) -> list[list[Leaf]]:
    """Every alternative, written out: what `explain` gets around."""
    if isinstance(formula, Leaf):
        return [[formula]]
    if not formula.every:
        return [found for part in formula.parts for found in alternatives(part)]
    ways = product(*(alternatives(part) for part in formula.parts))
    return [[leaf for part in way for leaf in part] for way in ways]


@settings(max_examples=300)
@given(RULES, ANY)
def test_the_lightest_alternative_is_found_without_writing_them_out(
    raw: Any, context: RuleContext
) -> None:
    rule = compile_rule(raw)
    weights = [
        max((weigh(leaf, context) for leaf in way if not leaf.holds(context)), default=(0, 0))
        for way in alternatives(rule.formula)
    ]
    assert weight(rule, context) == min(weights, default=(100_000, 0))


@given(RULES, ANY, st.sampled_from(["de", "en", "fr", "pl"]))
def test_every_refusal_is_explained_and_nothing_raises(
    raw: Any, context: RuleContext, lang: str
) -> None:
    rule = compile_rule(raw)
    told = explain(rule, context, lang)
    assert (told.kind == "allowed") is rule.check(context)
    assert told.text and "{" not in told.text and not told.text.endswith(".")
    assert not told.parts or told.parts[0].kind == told.kind


def count(name: str) -> dict[str, Any]:
    return {name: [built("custom", "2026-03-10T18:00:00+01:00")]}


IN_TODAY = {"entries": ["2026-03-14T09:00:00+01:00", "2026-03-14T10:00:00+01:00"]}
OUT = {**IN_TODAY, "exits": ["2026-03-14T11:00:00+01:00"]}
ADMISSION = {"date_admission": "2026-03-14T14:00:00+01:00"}
# Now is 12:30 on Saturday 14 March 2026 in Berlin.
TOLD: list[tuple[Any, dict[str, Any]]] = [
    (after("date_admission", tolerance=10), ADMISSION),
    (before("customtime", "12:00", tolerance=10), {}),
    (after("custom", "2026-03-15T08:00:00+01:00"), {}),
    (after("custom", "2027-01-02T08:00:15+01:00"), {}),
    ({"!": [after("customtime", "10:00")]}, {}),
    ({"isBefore": [built("customtime", "13:00"), var("now")]}, {}),
    ({"isAfter": [built("customtime", "11:00"), var("now")]}, {}),
    (after("date_from"), {}),
    ({"<": [var("entries_today"), 2]}, IN_TODAY),
    ({"<": [var("entries_today"), 1]}, IN_TODAY),
    ({"<=": [var("entries_number"), 1]}, IN_TODAY),
    ({"==": [var("entries_number"), 0]}, IN_TODAY),
    ({"!=": [var("entries_number"), 2]}, IN_TODAY),
    ({">": [1, var("entries_days")]}, IN_TODAY),
    ({"<": [count("entries_since"), 2]}, IN_TODAY),
    ({"<": [count("entries_days_since"), 1]}, IN_TODAY),
    ({"<": [count("entries_before"), 2]}, {"entries": ["2026-03-01T09:00:00Z"] * 2}),
    ({"<": [count("entries_days_before"), 1]}, {"entries": ["2026-03-01T09:00:00Z"] * 2}),
    ({">=": [var("entries_number"), 1]}, {}),
    (var("entries_number"), {}),
    ({"!": [var("entries_number")]}, IN_TODAY),
    ({">": [var("entries_today"), 2]}, IN_TODAY),
    ({">=": [var("entries_days"), 2]}, IN_TODAY),
    ({">=": [count("entries_since"), 3]}, IN_TODAY),
    ({">=": [count("entries_before"), 1]}, IN_TODAY),
    ({">=": [count("entries_days_since"), 2]}, IN_TODAY),
    ({">=": [count("entries_days_before"), 2]}, IN_TODAY),
    ({">=": [var("minutes_since_last_entry"), 180]}, IN_TODAY),
    ({">": [var("minutes_since_first_entry"), 269.5]}, IN_TODAY),
    ({">=": [var("minutes_since_last_entry"), 180]}, {}),
    ({"!=": [var("minutes_since_last_entry"), -1]}, {}),
    ({"<": [var("minutes_since_first_entry"), 45]}, IN_TODAY),
    ({"<=": [var("minutes_since_last_entry"), 90]}, IN_TODAY),
    ({"<": [var("minutes_since_last_entry"), 0]}, IN_TODAY),
    ({"!=": [var("minutes_since_last_entry"), 150]}, IN_TODAY),
    ({"<=": [var("now_isoweekday"), 5]}, {}),
    ({"==": [var("now_isoweekday"), 7]}, {}),
    ({"inList": [var("now_isoweekday"), [1, 7]]}, {}),
    ({"==": [var("now_isoweekday"), 9]}, {}),
    (one_of("gate", 2), {"gate": 1}),
    (one_of("gate", 2, 3, 4), {"gate": 1}),
    (one_of("gate", 2, 3, 4, 5), {"gate": 1}),
    ({"!": [one_of("gate", 1)]}, {"gate": 1}),
    ({"==": [var("gate"), 2]}, {"gate": 1}),
    ({"!=": [var("gate"), 1]}, {"gate": 1}),
    (one_of("gate", 2), {}),
    (one_of("product", 7), {"product": 1}),
    (one_of("product", 7, 8), {"product": 1}),
    ({"==": [var("variation"), 3]}, {}),
    ({"==": [var("entry_status"), "absent"]}, IN_TODAY),
    ({"==": [var("entry_status"), "present"]}, OUT),
    ({"inList": [var("entry_status"), ["present"]]}, {}),
    (False, {}),
    ({"or": []}, {}),
    ({"==": [var("gate"), var("product")]}, {"gate": 1, "product": 2}),
    ({"inList": [var("entries_number"), [5]]}, {}),
    ({"isBefore": [built("customtime", "13:00"), built("customtime", "12:00")]}, {}),
    ({"<": [var("entries_number"), "many"]}, {}),
    ({"==": [var("minutes_since_last_entry"), "many"]}, {}),
    ({"inList": [1, [2]]}, {}),
    ({"==": [after("date_to"), True]}, {}),
    ({"<": [{"entries_since": [built("date_from")]}, 2]}, {}),
    ({"and": [one_of("product", 7), {"<": [var("entries_today"), 2]}]}, {**IN_TODAY, "product": 1}),
    (
        {
            "or": [
                {"and": [one_of("product", 1), before("customtime", "12:00")]},
                {"and": [one_of("product", 7), before("customtime", "18:00")]},
            ]
        },
        {"product": 1},
    ),
    (
        {
            "or": [
                {"<=": [var("minutes_since_last_entry"), -1]},
                {">=": [var("minutes_since_last_entry"), 180]},
            ]
        },
        IN_TODAY,
    ),
    (
        {
            "or": [
                {"<=": [var("minutes_since_last_entry"), -1]},
                {">=": [var("minutes_since_last_entry"), 180]},
            ]
        },
        {"entries": ["2026-03-14T12:30:00+01:00"]},
    ),
    ({"<": [var("entries_today"), 3]}, IN_TODAY),
]


def test_the_sentences_read_aloud() -> None:
    lines = []
    for raw, fields in TOLD:
        rule = compile_rule(raw)
        told = [explain(rule, facts(**fields), lang, names).text for lang in ("en", "de", "fr")]
        lines += [*told, ""]
    told_now = "\n".join(lines)
    assert told_now == GOLDEN.read_text(encoding="utf-8")
