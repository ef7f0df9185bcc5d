"""Mistakes of a bundle about when and where people are let in, found before doors open."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crypto.bundle import Bundle, ForeignIssuer, ForeignRow, Gate, Performance, Product
from crypto.terms import (
    EntryPolicy,
    GatePolicy,
    Medium,
    MediumTicket,
    RuleText,
    Terms,
    Window,
    Zone,
)
from edge.core.openings import doubts

BERLIN = ZoneInfo("Europe/Berlin")
FROM_S, ENDS_S = 1_783_094_400, 1_783_116_000  # Friday 2026-07-03, 18:00 to 24:00 in Berlin
FRIDAY = Performance(7, "Friday", FROM_S, ENDS_S, FROM_S)
OPEN_SHOW = Performance(8, "Some day")
DAY, SEASON = Product(1, "Day ticket"), Product(2, "Season")
SHOP = ForeignIssuer("shop", [], [ForeignRow(5, 1, 7)])
BAND = Medium(b"55", [MediumTicket(b"a:1", 1, 7)])


def found(*windows: Window, **changes: Any) -> list[tuple[str, str]]:
    """(kind, path) of what is found where the day ticket has these windows."""
    terms = {
        key: changes.pop(key) for key in ("zones", "rules", "media", "policies") if key in changes
    }
    if windows:
        terms["policies"] = [EntryPolicy(1, list(windows))]
    gates = changes.pop("gate_policies", [])
    fields: dict[str, Any] = {
        "products": [DAY, SEASON], "performances": [FRIDAY], "gates": [Gate(1, "North")],
        "terms": Terms(**terms, gates=gates),
    }  # fmt: skip
    return [(one.kind, one.path) for one in doubts(Bundle(**(fields | changes)), BERLIN)]


def test_a_bundle_without_mistakes() -> None:
    assert found() == []
    assert found(Window(weekdays=[5]), foreign_issuers=[SHOP]) == []


def test_tickets_of_a_performance_without_times_are_valid_on_any_date() -> None:
    bundle = Bundle(products=[DAY, SEASON], performances=[OPEN_SHOW], gates=[Gate(1, "North", [1])])
    (one,) = doubts(bundle, BERLIN)
    assert (one.kind, one.path, one.because) == ("no_window", "performances/8", ["Day ticket"])
    assert "any date" in one.message


@pytest.mark.parametrize("times", [{"admission_from": 1}, {"ends_at": 1}])
def test_one_end_is_a_window(times: dict[str, int]) -> None:
    assert found(performances=[Performance(8, "S", **times)]) == []


def test_windows_of_the_product_do_as_well() -> None:
    both = [EntryPolicy(number, [Window(weekdays=[5])]) for number in (1, 2)]
    assert found(performances=[OPEN_SHOW], policies=both) == []
    assert found(performances=[OPEN_SHOW], policies=both[:1]) == [("no_window", "performances/8")]


def test_a_performance_that_no_gate_takes_admits_nobody_at_any_date() -> None:
    gates = [Gate(1, "North", [], [7])]
    assert found(performances=[FRIDAY, OPEN_SHOW], gates=gates) == []


def test_a_performance_that_ends_before_it_begins() -> None:
    late = Performance(8, "S", 0, 5, 5)
    assert found(performances=[late]) == [("never_open", "performances/8")]


NEVER = [
    ("ends before it begins", Window(first_day=20260704, last_day=20260703)),
    ("no such weekday", Window(first_day=20260703, last_day=20260704, weekdays=[1, 2, 3, 4, 7])),
    ("to a zone without a gate", Window(zones=[9])),
    ("no such day", Window(first_day=20260231, last_day=20260231)),
]


@pytest.mark.parametrize(("name", "window"), NEVER, ids=[row[0] for row in NEVER])
def test_a_window_that_is_never_open(name: str, window: Window) -> None:
    zones = [Zone(9, "Stage")]
    assert found(window, zones=zones) == [("never_open", "policies/1")]
    one = ("never_open", "policies/1/windows/1")
    assert found(Window(weekdays=[5]), window, zones=zones) == [one]


EVER = [
    Window(first_day=20260703, last_day=20260703, weekdays=[5]),
    Window(last_day=20260703, weekdays=[6]),
    Window(first_day=20260101, last_day=20260703, weekdays=[6]),
    Window(first_day=20260101, last_day=20261231, weekdays=[7]),
    Window(first_day=20260704),
    Window(from_min=600, until_min=600),
]


@pytest.mark.parametrize("window", EVER, ids=str)
def test_a_window_that_is_open_some_day(window: Window) -> None:
    assert found(window) == []


def test_a_zone_with_a_gate_that_takes_the_product() -> None:
    more = {"zones": [Zone(9, "Stage")], "gate_policies": [GatePolicy(1, [9])]}
    assert found(Window(zones=[9]), **more) == []
    gates = [Gate(1, "North", [2])]
    assert found(Window(zones=[9]), gates=gates, **more) == [("never_open", "policies/1")]


CLOSED = [
    ("another weekday", [Window(weekdays=[6])], True),
    ("the day before", [Window(last_day=20260702)], True),
    ("in the morning", [Window(until_min=1080)], True),
    ("as it begins", [Window(until_min=1081)], False),
    ("past midnight only", [Window(first_day=20260704)], True),
    ("the night before", [Window(weekdays=[4], from_min=1380, until_min=360)], True),
    ("since the night before", [Window(weekdays=[4], from_min=1380, until_min=1140)], False),
    ("one of two", [Window(weekdays=[6]), Window(weekdays=[5])], False),
]


@pytest.mark.parametrize(("name", "windows", "closed"), CLOSED, ids=[row[0] for row in CLOSED])
@pytest.mark.parametrize(
    "sold", [{"foreign_issuers": [SHOP]}, {"media": [BAND]}], ids=["shop", "band"]
)
def test_windows_that_are_closed_while_the_performance_lets_people_in(
    name: str, windows: list[Window], closed: bool, sold: dict[str, Any]
) -> None:
    expected = [("closed_during", "policies/1")] if closed else []
    assert found(*windows, **sold) == expected
    assert found(*windows) == []  # nobody says that they belong together


@pytest.mark.parametrize(
    ("show", "window", "closed"),
    [
        (Performance(7, "F", 0, 0, FROM_S), Window(last_day=20260702), True),
        (Performance(7, "F", 0, 0, FROM_S), Window(last_day=20260703), False),
        (Performance(7, "F", 0, 0, FROM_S), Window(weekdays=[1]), False),
        (Performance(7, "F", 0, ENDS_S), Window(first_day=20260704), True),
        (Performance(7, "F", 0, ENDS_S), Window(weekdays=[1]), False),
        (Performance(7, "F", 0, ENDS_S, 1), Window(first_day=20991231), False),
        (Performance(7, "F"), Window(last_day=20260702), False),
        (Performance(7, "F", 0, 2**63 - 1, FROM_S), Window(last_day=20260702), False),
        (Performance(7, "F", 0, 0, 2**62), Window(last_day=20260702), True),
    ],
)
def test_a_performance_with_one_end_or_none(
    show: Performance, window: Window, closed: bool
) -> None:
    season = EntryPolicy(2, [Window()])
    terms = Terms(policies=[EntryPolicy(1, [window]), season])
    bundle = Bundle(
        products=[DAY, SEASON], performances=[show], gates=[Gate(1, "N")], terms=terms,
        foreign_issuers=[SHOP],
    )  # fmt: skip
    kinds = [one.kind for one in doubts(bundle, BERLIN)]
    assert kinds == (["closed_during"] if closed else [])


def test_numbers_that_are_not_there_are_named_or_left_to_others() -> None:
    shop = ForeignIssuer("shop", [], [ForeignRow(5, 9, 7), ForeignRow(6, 1, 9)])
    policies = [EntryPolicy(9, [Window()])]
    assert found(policies=policies, foreign_issuers=[shop]) == [("unknown_product", "policies/9")]


def test_rules_are_looked_through_too() -> None:
    rules = [
        RuleText('{"<": [{"var": "entries_number"}, 3]}'),
        RuleText('{"and": [{"<": [{"var": "entries_number"}, 0]}, true]}'),
        RuleText("{"),
        RuleText('{"xor": []}'),
        RuleText('{"!": [{"inList": [{"var": "gate"}, {"objectList": ['
                 '{"lookup": ["gate", "5", "X"]}]}]}]}'),
    ]  # fmt: skip
    said = found(rules=rules)
    assert ("never", "rules/1") in said
    assert ("unreadable", "rules/2") in said
    assert ("unreadable", "rules/3") in said
    assert any(kind == "unknown_gate" and path.startswith("rules/4/") for kind, path in said)
    assert not any(path.startswith("rules/0") for _, path in said)
