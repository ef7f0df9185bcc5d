"""Cases from the test suites of pretix and libpretixsync, and those that none of them has.

Each case bears its name in the notes of the field; times, rules and answers are theirs. The
event is in Tokyo, on 1 January 2020 from 10:00 to 14:00 UTC with admission at 09:00, or (`b_`)
in Berlin.
"""

from datetime import tzinfo
from typing import Any

import pytest

from edge.core.rules import Event, RuleContext, compile_rule, explain
from tests.edge.core.rules.made import BERLIN, TOKYO, after, before, built, ms, one_of, var

X = "2020-01-01T22:00:00+00:00"


class Guest:
    """Somebody with a ticket who comes and goes."""

    def __init__(self, rule: Any, zone: tzinfo = TOKYO, **fields: Any) -> None:
        dates = {
            "date_from_ms": ms("2020-01-01T10:00:00Z"),
            "date_to_ms": ms("2020-01-01T14:00:00Z"),
        }
        dates["date_admission_ms"] = ms("2020-01-01T09:00:00Z")
        self.rule = compile_rule(rule)
        self.zone = zone
        self.fields = {**dates, "product": 1, "gate": 1, **fields}
        self.events: list[Event] = []

    def facts(self, at: str) -> RuleContext:
        return RuleContext(now_ms=ms(at), zone=self.zone, events=list(self.events), **self.fields)

    def enters(self, *times: str) -> str:
        """V or R (rules) for each time; who is let in has entered."""
        answers = ""
        for at in times:
            fine = self.rule.check(self.facts(at))
            answers += "V" if fine else "R"
            if fine:
                self.events.append(Event(ms(at)))
        return answers

    def leaves(self, at: str) -> None:
        self.events.append(Event(ms(at), is_exit=True))


def test_rule_false() -> None:
    assert Guest({"and": [False, True]}).enters("2020-01-01T10:00:00Z") == "R"


@pytest.mark.parametrize(
    ("case", "gate", "listed", "answer"),
    [
        ("rule_gate_unset", 0, [1], "R"),
        ("rule_gate_wrong", 2, [1], "R"),
        ("rule_gate_ok", 2, [1, 2], "V"),
    ],
)
def test_gates(case: str, gate: int, listed: list[int], answer: str) -> None:
    assert Guest(one_of("gate", *listed), gate=gate).enters("2020-01-01T10:00:00Z") == answer


def test_a_gate_that_is_not_known_is_not_another_gate_either() -> None:
    assert Guest({"!": [one_of("gate", 1)]}, gate=0).enters("2020-01-01T10:00:00Z") == "R"


def test_rule_entries_today_and_around_local_midnight() -> None:
    guest = Guest({"<": [var("entries_today"), 3]})
    ten = "2020-01-01T10:00:00Z"
    assert guest.enters(ten, ten) == "VV"
    guest.leaves(ten)
    assert guest.enters(ten, ten) == "VR"
    # rule_entries_today_before_local_midnight: 23:50 in Tokyo
    assert guest.enters("2020-01-01T14:50:00Z") == "R"
    # rule_entries_today_after_local_midnight: 00:10 in Tokyo
    ten_past = "2020-01-01T15:10:00Z"
    assert guest.enters(ten_past, ten_past) == "VV"
    guest.leaves(ten_past)
    assert guest.enters(ten_past, ten_past) == "VR"


def test_rule_entries_before() -> None:
    seen = {">=": [{"entries_before": [built("custom", X)]}, 1]}
    rule = {"or": [before("custom", X), {"and": [after("custom", X), seen]}]}
    guest = Guest(rule)
    assert guest.enters("2020-01-01T21:00:00Z", "2020-01-01T22:10:00Z") == "VV"
    assert Guest(rule).enters("2020-01-01T22:10:00Z") == "R"


def test_rule_entries_days_since() -> None:
    since = {"<=": [{"entries_days_since": [built("custom", X)]}, 0]}
    again = {"or": [{">": [var("entries_today"), 0]}, since]}
    rule = {"or": [{"<=": [var("entries_number"), 0]}, {"and": [after("custom", X), again]}]}
    guest = Guest(rule, BERLIN)
    assert guest.enters("2020-01-01T21:00:00Z", "2020-01-01T21:00:00Z") == "VR"
    assert guest.enters("2020-01-02T22:10:00Z", "2020-01-02T22:10:00Z") == "VV"
    assert guest.enters("2020-01-03T22:10:00Z") == "R"


def test_rule_is_after_tolerance() -> None:
    guest = Guest(after("date_admission", tolerance=10))
    times = ["2020-01-01T08:45:00Z", "2020-01-01T08:51:00Z", "2020-01-01T09:10:00Z"]
    assert guest.enters(*times) == "RVV"


def test_rule_is_after_subevent() -> None:
    dates = {"date_admission_ms": ms("2020-02-01T09:00:00Z")}
    guest = Guest(after("date_admission", tolerance=10), **dates)
    times = ["2020-02-01T08:45:00Z", "2020-02-01T08:51:00Z", "2020-02-01T09:10:00Z"]
    assert guest.enters(*times) == "RVV"


def test_rule_custom_datetime() -> None:
    guest = Guest(after("custom", X))
    assert guest.enters("2020-01-01T21:51:00Z", "2020-01-01T22:01:00Z") == "RV"


def test_rule_custom_time() -> None:
    guest = Guest(after("customtime", "14:00"))
    assert guest.enters("2020-01-01T04:50:00Z", "2020-01-01T05:01:00Z") == "RV"


def test_rule_isoweekday() -> None:
    guest = Guest({">=": [var("now_isoweekday"), 6]})
    assert guest.enters("2022-04-06T21:55:00Z", "2022-04-09T22:05:00Z") == "RV"


def test_b_explain_product() -> None:
    guest = Guest(one_of("product", 2), BERLIN)
    told = explain(guest.rule, guest.facts("2020-01-01T10:00:00Z"))
    assert told.text == "Ticket type not allowed"


def test_b_explain_minutes() -> None:
    rule = {
        "or": [
            {"<=": [var("minutes_since_last_entry"), -1]},
            {">": [var("minutes_since_last_entry"), 180]},
        ]
    }
    guest = Guest(rule, BERLIN)
    at = "2020-01-01T12:55:00+01:00"
    assert guest.enters("2020-01-01T10:00:00+01:00", at, "2020-01-01T13:01:00+01:00") == "VRV"
    guest.events = guest.events[:1]
    told = explain(guest.rule, guest.facts(at)).text
    assert told == "Minimum time since last entry: 3 h 1 min, possible from 13:01"


def test_minutes_since_first_entry() -> None:
    rule = {
        "or": [
            {"<=": [var("minutes_since_first_entry"), -1]},
            {"<": [var("minutes_since_first_entry"), 180]},
        ]
    }
    times = ["2020-01-01T10:00:00Z", "2020-01-01T12:55:00Z", "2020-01-01T16:02:00Z"]
    assert Guest(rule).enters(*times) == "VVR"


def test_b_tolerance_text() -> None:
    admission = {"date_admission_ms": ms("2020-01-01T12:00:00+01:00")}
    guest = Guest(after("date_admission", tolerance=10), BERLIN, **admission)
    early = "2020-01-01T10:45:00Z"
    assert guest.enters(early, "2020-01-01T10:51:00Z") == "RV"
    assert explain(guest.rule, guest.facts(early)).text == "Only allowed after 11:50"


def test_b_before_tolerance() -> None:
    ends = {"date_to_ms": ms("2020-01-01T12:00:00+01:00")}
    guest = Guest(before("date_to", tolerance=10), BERLIN, **ends)
    late = "2020-01-01T11:11:00Z"
    assert guest.enters(late, "2020-01-01T11:09:00Z") == "RV"
    assert explain(guest.rule, guest.facts(late)).text == "Only allowed before 12:10"


def test_b_customtime_22() -> None:
    guest = Guest(after("customtime", "22:00"), BERLIN)
    assert guest.enters("2020-01-01T21:55:00+01:00", "2020-01-01T22:05:00+01:00") == "RV"


def test_x_rule_counter_after_upload() -> None:
    """Entries are counted from the facts, which stay when they have been sent to the centre."""
    guest = Guest({"<": [var("entries_number"), 3]})
    assert guest.enters(*["2020-01-01T10:00:00Z"] * 4) == "VVVR"


def test_x_null_admission_rule() -> None:
    guest = Guest(after("date_admission", tolerance=10), date_admission_ms=None)
    assert guest.enters("2020-01-01T09:49:00Z", "2020-01-01T09:51:00Z") == "RV"


def test_an_event_without_an_end_ends_when_it_begins() -> None:
    guest = Guest(before("date_to"), date_to_ms=None)
    assert guest.enters("2020-01-01T09:59:00Z", "2020-01-01T10:00:00Z") == "VR"
