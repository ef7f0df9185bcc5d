"""Rules at a gate: which apply, what they read of a ticket's history, what they say."""

import json
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crypto.bundle import ForeignIssuer, ForeignRow, Gate, Performance
from crypto.terms import GatePolicy, RuleText, Terms, Zone
from edge.core.decision import Direction
from edge.core.texts import Texts, saying
from tests.crypto import pretix_codes
from tests.edge.core.desk import (
    AFTER_EXIT,
    NORTH,
    ONCE,
    SHOP_SEED,
    SOUTH,
    TONIGHT,
    UNLIMITED,
    A,
    Desk,
    make_code,
    shop_code,
    told,
)

V, RULES = "admitted", "rules"
TOKYO, BERLIN = ZoneInfo("Asia/Tokyo"), ZoneInfo("Europe/Berlin")
NOW = {"var": "now"}


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def time_of(kind: str, *rest: Any) -> Any:
    return {"buildTime": [kind, *rest]}


def custom(text: str) -> Any:
    return time_of("custom", text)


def ruled(rule: Any, zone: tzinfo = TOKYO, gate: int = 0, product: int = 0, **more: Any) -> Desk:
    """The event of the cases: 2020-01-01 10:00Z to 14:00Z, admission 09:00Z, in Tokyo."""
    fields: dict[str, Any] = {
        "terms": Terms(rules=[RuleText(json.dumps(rule), gate, product)]),
        "performances": [
            Performance(
                TONIGHT, "Demo", utc("2020-01-01T10:00"), utc("2020-01-01T14:00"),
                utc("2020-01-01T09:00") - 86_400,
            )
        ],
        "foreign_issuers": [
            ForeignIssuer(
                "shop", [pretix_codes.public(SHOP_SEED)], [ForeignRow(1, UNLIMITED)]
            )
        ],
    }  # fmt: skip
    return Desk(zone, **(fields | more))


def says(desk: Desk, *at: str, way: Direction = "entry", product: int = UNLIMITED) -> list[str]:
    """Scans at these times (UTC), by the list that allows several entries."""
    answers = []
    for each in at:
        moment, _, exits = each.partition(" ")
        desk.now_s = utc(moment)
        direction: Direction = "exit" if exits else way
        code = make_code(product=product, issued_at=1)
        answers.append(told(desk.scan(code, way=direction)))
    return answers


def test_rule_false() -> None:
    desk = ruled({"and": [False, True]})
    assert says(desk, "2020-01-01T10:00", "2020-01-01T10:00 exit") == [RULES, V]


def gate_rule(*gates: int) -> Any:
    return {"inList": [{"var": "gate"}, {"objectList": [
        {"lookup": ["gate", str(n), "x"]} for n in gates
    ]}]}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "gates", "answer"),
    [("rule_gate_wrong", [SOUTH], RULES), ("rule_gate_ok", [NORTH, SOUTH], V)],
)
def test_rule_gate(name: str, gates: list[int], answer: str) -> None:
    desk = ruled(gate_rule(*gates))
    assert told(desk.scan(make_code())) == answer
    assert told(desk.scan(shop_code(item=1))) == answer


def test_rule_gate_unset() -> None:
    # A gate that the bundle does not name is no gate of any list.
    assert told(ruled(gate_rule(NORTH)).scan(make_code(), gate=9)) == RULES


TODAY = {"<": [{"var": "entries_today"}, 3]}
DAY_1 = ["2020-01-01T10:00", "2020-01-01T10:00", "2020-01-01T10:00 exit"]


def test_rule_entries_today() -> None:
    desk = ruled(TODAY)
    assert says(desk, *DAY_1, "2020-01-01T10:00", "2020-01-01T10:00") == [V, V, V, V, RULES]
    assert says(desk, "2020-01-01T14:50") == [RULES]  # rule_entries_today_before_local_midnight
    after = ["2020-01-01T15:10", "2020-01-01T15:10", "2020-01-01T15:10 exit", "2020-01-01T15:10"]
    # rule_entries_today_after_local_midnight
    assert says(desk, *after, "2020-01-01T15:10") == [V, V, V, V, RULES]


def test_rule_entries_before() -> None:
    x = custom("2020-01-01T22:00:00.000Z")
    rule = {"or": [
        {"isBefore": [NOW, x, None]},
        {"and": [{"isAfter": [NOW, x, None]}, {">=": [{"entries_before": [x]}, 1]}]},
    ]}  # fmt: skip
    assert says(ruled(rule), "2020-01-01T21:00", "2020-01-01T22:10") == [V, V]
    assert says(ruled(rule), "2020-01-01T22:10") == [RULES]


def test_rule_entries_days_since() -> None:
    x = custom("2020-01-01T22:00:00.000Z")
    rule = {"or": [
        {"and": [{"isBefore": [NOW, x, None]}, {"<=": [{"entries_before": [x]}, 0]}]},
        {"and": [{"isAfter": [NOW, x, None]}, {"or": [
            {">": [{"var": "entries_today"}, 0]}, {"<=": [{"entries_days_since": [x]}, 0]},
        ]}]},
    ]}  # fmt: skip
    story = [
        "2020-01-01T21:00", "2020-01-01T21:00", "2020-01-02T22:10", "2020-01-02T22:10",
        "2020-01-03T22:10",
    ]  # fmt: skip
    assert says(ruled(rule), *story) == [V, RULES, V, V, RULES]


def admission(tolerance: int | None) -> Any:
    return {"isAfter": [NOW, time_of("date_admission"), tolerance]}


def at_event(**times: int) -> list[Performance]:
    return [Performance(TONIGHT, "Demo", **times)]


def tonight(desk: Desk, *at: str) -> list[str]:
    answers = []
    for number, moment in enumerate(at, 1):
        desk.now_s = utc(moment)
        code = make_code(number, performance=TONIGHT, issued_at=1)
        answers.append(told(desk.scan(code)))
    return answers


def test_rule_is_after_tolerance() -> None:
    # Doors of the bundle are the same hour, and hold before any rule: so they are left open here,
    # and the rule falls back to the beginning (x_null_admission_rule).
    desk = ruled(admission(10), performances=at_event(starts_at=utc("2020-01-01T09:00")))
    assert tonight(desk, "2020-01-01T08:45", "2020-01-01T08:51", "2020-01-01T09:10") == [
        RULES, V, V,
    ]  # fmt: skip


def test_rule_is_after_subevent() -> None:
    desk = ruled(admission(10), performances=at_event(starts_at=utc("2020-02-01T09:00")))
    assert tonight(desk, "2020-02-01T08:45", "2020-02-01T08:51") == [RULES, V]


def test_b_before_tolerance() -> None:
    rule = {"isBefore": [NOW, time_of("date_to"), 10]}
    desk = ruled(
        rule, BERLIN,
        performances=at_event(starts_at=1, ends_at=utc("2020-01-01T23:00")),
    )  # fmt: skip
    assert tonight(desk, "2020-01-01T11:09") == [V]


def test_rule_custom_datetime() -> None:
    rule = {"isAfter": [NOW, custom("2020-01-01T22:00:00.000Z"), None]}
    assert says(ruled(rule), "2020-01-01T21:51", "2020-01-01T22:01") == [RULES, V]


def test_rule_custom_time() -> None:
    rule = {"isAfter": [NOW, time_of("customtime", "14:00"), None]}
    assert says(ruled(rule), "2020-01-01T04:50", "2020-01-01T05:01") == [RULES, V]


def test_b_customtime_22() -> None:
    rule = {"isAfter": [NOW, time_of("customtime", "22:00"), None]}
    assert says(ruled(rule, BERLIN), "2020-01-01T20:55", "2020-01-01T21:05") == [RULES, V]


def test_rule_isoweekday() -> None:
    rule = {">=": [{"var": "now_isoweekday"}, 6]}
    assert says(ruled(rule), "2022-04-06T21:55", "2022-04-09T22:05") == [RULES, V]


def test_x_rule_counter_after_upload() -> None:
    rule = {"<": [{"var": "entries_number"}, 3]}
    assert says(ruled(rule), *["2020-01-01T10:00"] * 4) == [V, V, V, RULES]


def test_b_explain_product() -> None:
    rule = {"inList": [{"var": "product"}, {"objectList": [{"lookup": ["product", "77", "VIP"]}]}]}
    refused = ruled(rule).scan(make_code())
    assert refused.why is not None
    assert set(refused.why) == {"de", "en", "fr"}
    assert "ticket type" in refused.why["en"].lower()


def test_b_explain_minutes() -> None:
    rule = {"or": [
        {"<=": [{"var": "minutes_since_last_entry"}, -1]},
        {">": [{"var": "minutes_since_last_entry"}, 180]},
    ]}  # fmt: skip
    desk = ruled(rule)
    assert says(desk, "2020-01-01T10:00", "2020-01-01T12:55") == [V, RULES]
    refused = desk.scan(make_code(product=UNLIMITED, issued_at=1))
    assert refused.why is not None and "13:01" not in refused.why["en"]
    assert "entry" in refused.why["en"]


def test_b_tolerance_text() -> None:
    rule = {"isAfter": [NOW, time_of("date_admission"), 10]}
    desk = ruled(rule, BERLIN, performances=at_event(starts_at=utc("2020-01-01T11:00")))
    assert tonight(desk, "2020-01-01T10:45") == [RULES]
    refused = desk.scan(make_code(7, performance=TONIGHT, issued_at=1))
    assert refused.why is not None
    assert "11:50" in refused.why["en"] and "11:50" in refused.why["de"]
    assert refused.why["fr"].endswith(".")
    assert tonight(desk, "2020-01-01T10:51") == [V]


def test_names_of_gates_and_products_stand_in_the_sentence() -> None:
    refused = ruled(gate_rule(SOUTH)).scan(make_code())
    assert refused.why is not None and "South gate" in refused.why["de"]
    rule = {
        "inList": [
            {"var": "product"},
            {"objectList": [{"lookup": ["product", str(AFTER_EXIT), ""]}]},
        ]
    }
    refused = ruled(rule).scan(make_code())
    assert refused.why is not None and "Day ticket with re-entry" in refused.why["en"]
    refused = ruled(gate_rule(77)).scan(make_code())
    assert refused.why is not None and "77" in refused.why["en"]


def test_a_rule_for_another_gate_or_product_says_nothing() -> None:
    assert told(ruled(False, gate=SOUTH).scan(make_code())) == V
    assert told(ruled(False, product=AFTER_EXIT).scan(make_code())) == V
    assert told(ruled(False, gate=NORTH, product=ONCE).scan(make_code())) == RULES


@pytest.mark.parametrize("logic", ['{"unheard": [1]}', "{", ""])
def test_a_rule_that_cannot_be_read_refuses_all_and_says_so(logic: str) -> None:
    desk = ruled(True, terms=Terms(rules=[RuleText(logic), RuleText("true")]))
    refused = desk.scan(make_code())
    assert told(refused) == RULES
    assert refused.why is None
    assert len(desk.policy.faults) == 1
    assert "so it refuses all" in desk.policy.faults[0]


def test_a_variation_of_a_shop_is_read() -> None:
    desk = ruled({"==": [{"var": "variation"}, 5]})
    assert told(desk.scan(shop_code(item=1, variation=5))) == V
    assert told(desk.scan(shop_code("other", item=1, variation=6))) == RULES


def test_each_person_of_a_group_must_be_allowed() -> None:
    desk = ruled({"<": [{"var": "entries_number"}, 1]})
    code = make_code(product=UNLIMITED, persons=3)
    assert told(desk.scan(code, count=2)) == V
    assert told(desk.scan(code, count=2)) == RULES
    assert told(desk.scan(code, count=1)) == V


def test_everybodys_exit_makes_guests_absent() -> None:
    rule = {"==": [{"var": "entry_status"}, "absent"]}
    terms = Terms(rules=[RuleText(json.dumps(rule))], exit_all_at=180)
    desk = ruled(True, BERLIN, terms=terms)
    assert says(desk, "2020-01-01T20:00", "2020-01-01T21:00", "2020-01-02T01:00",
                "2020-01-02T12:00", "2020-01-02T12:01") == [V, RULES, RULES, V, RULES]  # fmt: skip


def test_everybodys_exit_between_two_entries_is_seen() -> None:
    rule = {"==": [{"var": "entry_status"}, "absent"]}
    desk = ruled(True, BERLIN, terms=Terms(rules=[RuleText(json.dumps(rule))], exit_all_at=180))
    code = make_code(product=UNLIMITED, persons=2, issued_at=1)
    answers = []
    for at in ("01T20:00", "01T20:01", "01T20:02", "02T12:00", "02T12:01", "02T12:02"):
        desk.now_s = utc(f"2020-01-{at}")
        answers.append(told(desk.scan(code)))
    assert answers == [V, V, RULES, V, V, RULES]


def test_what_lapsed_is_no_entry_for_a_rule() -> None:
    desk = ruled({"<": [{"var": "entries_number"}, 1]})
    desk.lapses(desk.hold(make_code()))
    assert told(desk.scan(make_code())) == V


def test_entries_elsewhere_do_not_count_for_a_zone() -> None:
    rule = RuleText(json.dumps({"<": [{"var": "entries_number"}, 1]}))
    terms = Terms(rules=[rule], zones=[Zone(1, "Hall")], gates=[GatePolicy(3, [1], inner=True)])
    desk = ruled(True, terms=terms, gates=[Gate(NORTH, "North"), Gate(3, "Hall")])
    code = make_code(product=UNLIMITED)
    assert [told(desk.scan(code, gate=gate)) for gate in (NORTH, 3, 3)] == [V, V, RULES]


def test_the_sentence_is_what_staff_and_guest_are_told() -> None:
    desk = ruled(gate_rule(SOUTH))
    refused = desk.scan(make_code())
    said = saying(refused, desk.policy, A, NORTH, "entry", desk.moment)
    assert said.key == "rules.why"
    assert "South gate" in Texts(staff_language="de").staff(said)
    assert set(Texts().guest(said)) == {"de", "en", "fr"}
    broken = ruled(True, terms=Terms(rules=[RuleText("{")]))
    said = saying(broken.scan(make_code()), broken.policy, A, NORTH, "entry", broken.moment)
    assert said.key == "rules"
