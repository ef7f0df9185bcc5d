"""Two parts are the same part when they mean the same, wherever they stand."""

from hypothesis import given

from edge.core.rules.nodes import children, key
from edge.core.rules.parsing import parse
from edge.core.rules.rule import walk
from tests.edge.core.rules.made import RULES, after, before, built, one_of, var


@given(RULES)
def test_the_place_does_not_matter(raw: object) -> None:
    moved = parse({"and": [True, raw]})
    assert key(children(moved)[1]) == key(parse(raw if raw != {} else True))


def test_different_parts_differ() -> None:
    rules = [
        after("date_from"), before("date_from"), after("date_to"), after("date_from", tolerance=1),
        after("customtime", "10:00"), after("customtime", "11:00"), after("custom", "2026-01-01"),
        var("gate"), {"var": ["gate", 1]}, var("product"), one_of("gate", 1), one_of("gate", 2),
        {"entries_since": [built("date_from")]}, {"entries_before": [built("date_from")]},
        {"==": [var("gate"), 1]}, {"==": [var("gate"), True]}, {"!=": [var("gate"), 1]}, 1, "1",
    ]  # fmt: skip
    assert len({key(parse(rule)) for rule in rules}) == len(rules)


def test_every_path_is_one_place() -> None:
    rule = {"if": [{"<": [0, var("gate"), 3]}, one_of("gate", 1), {"!": var("product")}]}
    paths = [node.path for node in walk(parse(rule))]
    assert len(set(paths)) == len(paths)
