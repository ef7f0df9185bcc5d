"""Windows: dates, weekdays, times of day and zones, on the venue's clocks."""

from zoneinfo import ZoneInfo

import pytest

from crypto.bundle import Performance
from crypto.entry import MARK_NO_WINDOW
from crypto.terms import EntryPolicy, GatePolicy, Terms, Window, Zone
from edge.core.texts import Texts, saying
from edge.core.validity import ends_s, span_s
from tests.edge.core.desk import NORTH, ONCE, SOUTH, TONIGHT, A, Desk, identity, make_code, told

BERLIN = ZoneInfo("Europe/Berlin")
V, TIME = "admitted", "invalid_time"


def desk_with(*windows: Window, **terms: object) -> Desk:
    said = Terms(policies=[EntryPolicy(ONCE, list(windows))], **terms)  # type: ignore[arg-type]
    return Desk(BERLIN, terms=said)


# 2026-01-02 is a Friday.
ROWS = [
    ("any time", Window(), "2026-01-02T03:00", V),
    ("before its first day", Window(first_day=20260103), "2026-01-02T23:59", TIME),
    ("on its first day", Window(first_day=20260103), "2026-01-03T00:00", V),
    ("on its last day", Window(last_day=20260103), "2026-01-03T23:59", V),
    ("after its last day", Window(last_day=20260103), "2026-01-04T00:00", TIME),
    ("on its weekday", Window(weekdays=[5, 6]), "2026-01-02T12:00", V),
    ("on another weekday", Window(weekdays=[5, 6]), "2026-01-04T12:00", TIME),
    ("before its hours", Window(from_min=600, until_min=840), "2026-01-02T09:59", TIME),
    ("as they begin", Window(from_min=600, until_min=840), "2026-01-02T10:00", V),
    ("as they end", Window(from_min=600, until_min=840), "2026-01-02T14:00", TIME),
    ("Friday night", Window(weekdays=[5], from_min=1080, until_min=120), "2026-01-02T18:00", V),
    ("past midnight", Window(weekdays=[5], from_min=1080, until_min=120), "2026-01-03T01:59", V),
    ("as it ends", Window(weekdays=[5], from_min=1080, until_min=120), "2026-01-03T02:00", TIME),
    ("the night before", Window(weekdays=[5], from_min=1080, until_min=120),
     "2026-01-02T01:00", TIME),
    ("a day and a night", Window(last_day=20260102, from_min=360, until_min=360),
     "2026-01-03T05:59", V),
    ("and no more", Window(last_day=20260102, from_min=360, until_min=360),
     "2026-01-03T06:00", TIME),
]  # fmt: skip


@pytest.mark.parametrize(("name", "window", "at", "answer"), ROWS, ids=[row[0] for row in ROWS])
def test_windows(name: str, window: Window, at: str, answer: str) -> None:
    assert told(desk_with(window).at(at).scan(make_code())) == answer


def test_one_of_several_windows_is_enough() -> None:
    desk = desk_with(Window(last_day=20260101), Window(first_day=20260105))
    assert told(desk.at("2026-01-03T12:00").scan(make_code())) == TIME
    assert told(desk.at("2026-01-05T12:00").scan(make_code())) == V


def test_a_window_for_a_zone_holds_at_its_gates_only() -> None:
    desk = desk_with(
        Window(zones=[1]), zones=[Zone(1, "Arena")], gates=[GatePolicy(NORTH, zones=[1])]
    )
    desk.publish(gates=[*desk.policy.bundle.gates[:1], type(desk.policy.bundle.gates[0])(3, "W")])
    assert told(desk.scan(make_code(), gate=3)) == TIME
    assert told(desk.scan(make_code(), gate=NORTH)) == V


def test_hours_are_those_of_the_venues_clocks_through_both_changes() -> None:
    night = Window(from_min=150, until_min=210)  # 02:30 to 03:30
    for day, expected in (("2026-03-29T", [TIME, V, V]), ("2026-10-25T", [TIME, V, V])):
        desk = desk_with(night)
        answers = [
            told(desk.at(day + at).hold(make_code(n), lane=n))
            for n, at in enumerate(("01:59", "03:00", "03:29"), 1)
        ]
        assert answers == expected
    desk = desk_with(night).at("2026-10-25T02:30")
    desk.now_s += 3600  # the same time of day once more
    assert told(desk.scan(make_code())) == V


def test_leaving_is_possible_at_any_time() -> None:
    desk = desk_with(Window(last_day=20250101))
    assert told(desk.scan(make_code(), way="exit")) == V


OPENS = [
    (Window(first_day=20260110), "2026-01-02T12:00", "2026-01-10T00:00"),
    (Window(weekdays=[7], from_min=600), "2026-01-02T12:00", "2026-01-04T10:00"),
    (Window(from_min=600, until_min=660), "2026-01-02T12:00", "2026-01-03T10:00"),
    (Window(last_day=20260101), "2026-01-02T12:00", None),
    (Window(first_day=20260231, last_day=20260231), "2026-01-02T12:00", None),
]


@pytest.mark.parametrize(("window", "at", "opens"), OPENS)
def test_a_refusal_says_when_it_opens(window: Window, at: str, opens: str | None) -> None:
    desk = desk_with(window).at(at)
    refused = desk.scan(make_code())
    assert told(refused) == TIME
    expected = desk.at(opens).now_s * 1000 if opens else 0
    assert refused.opens_ms == expected


def test_a_ticket_from_tomorrow_on_says_so() -> None:
    desk = Desk()
    assert desk.scan(make_code(valid_from=desk.now_s + 60)).opens_ms == (desk.now_s + 60) * 1000
    desk.publish(performances=[Performance(TONIGHT, "T", admission_from=desk.now_s + 90)])
    assert desk.scan(make_code(performance=TONIGHT)).opens_ms == (desk.now_s + 90) * 1000


def test_a_far_future_is_no_date() -> None:
    desk = Desk(performances=[Performance(TONIGHT, "T", admission_from=1 << 60)])
    assert desk.scan(make_code(performance=TONIGHT)).opens_ms == 0


def test_where_windows_say_when_nothing_is_flagged() -> None:
    desk = desk_with(Window(last_day=20300101))
    assert not desk.scan(make_code()).marks & MARK_NO_WINDOW
    assert desk.scan(make_code(2, product=2)).marks & MARK_NO_WINDOW


def test_the_end_of_a_right() -> None:
    desk = desk_with(Window(last_day=20260102), Window(last_day=20260104))
    claim = desk.scan(make_code()).claim
    assert claim is not None
    assert ends_s(desk.policy, claim) == desk.at("2026-01-05T00:00").now_s
    desk.publish(terms=Terms(policies=[EntryPolicy(ONCE, [Window(last_day=20260102), Window()])]))
    assert ends_s(desk.policy, claim) > 1 << 60
    assert claim.identity == identity()


def test_a_day_that_is_no_date_stands_for_one_near_it() -> None:
    desk = desk_with(Window(last_day=20260002))
    claim = desk.scan(make_code()).claim
    assert claim is not None
    assert 0 < ends_s(desk.policy, claim) < desk.now_s + 40 * 86_400
    assert SOUTH in desk.policy.gates


def test_guests_are_told_when_their_window_opens() -> None:
    desk = desk_with(Window(first_day=20260110, from_min=600)).at("2026-01-02T12:00")
    said = saying(desk.scan(make_code()), desk.policy, A, NORTH, "entry", desk.moment)
    assert said.key == "invalid_time.early"
    assert "10:00" in Texts(zone=BERLIN, staff_language="de").staff(said)


def test_from_when_to_when_a_right_is_good() -> None:
    desk = Desk(BERLIN)
    spans = []
    cases: list[dict[str, int]] = [
        {},
        {"valid_from": 5, "valid_until": 9},
        {"performance": TONIGHT},
    ]
    for more in cases:
        claim = desk.hold(make_code(9, **more)).claim
        assert claim is not None
        spans.append(span_s(desk.policy, claim))
    show = desk.policy.performances[TONIGHT]
    assert spans == [(0, 0), (5, 9), (show.admission_from, show.ends_at)]
