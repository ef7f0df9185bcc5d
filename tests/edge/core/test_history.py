"""How often, and again: limits, the same day, anti-passback, zones, and everybody's exit."""

from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crypto.bundle import Gate
from crypto.entry import (
    MARK_INNER,
    MARK_PER_DAY,
    MARK_REENTRY_AFTER_EXIT,
    MARK_REENTRY_UNLIMITED,
    Admitted,
)
from crypto.terms import EntryPolicy, GatePolicy, Limit, Terms, Zone
from edge.core.decision import Decision, Direction
from tests.edge.core.desk import (
    AFTER_EXIT,
    NORTH,
    ONCE,
    UNLIMITED,
    Desk,
    make_code,
    told,
)

V, USED = "admitted", "already_redeemed"
BERLIN = ZoneInfo("Europe/Berlin")
DAY = 86_400


def limited(product: int, *limits: Limit, **more: Any) -> Desk:
    return Desk(terms=Terms(policies=[EntryPolicy(product, limits=list(limits), **more)]))


def marks_of(decision: Decision) -> int:
    assert isinstance(decision.fact, Admitted)
    return decision.fact.marks


def times(desk: Desk, count: int, **shown: Any) -> list[str]:
    return [told(desk.scan(make_code(**shown))) for _ in range(count)]


# -- limits --------------------------------------------------------------------------------------


def test_a_pass_for_three_entries_is_used_up_with_the_third() -> None:
    assert times(limited(ONCE, Limit(3)), 4) == [V, V, V, USED]


def test_a_season_ticket_enters_once_each_day() -> None:
    desk = limited(ONCE, Limit(1, per_day=True))
    assert times(desk, 2) == [V, USED]
    desk.now_s += DAY
    assert times(desk, 2) == [V, USED]


def test_all_limits_hold_at_once() -> None:
    desk = limited(ONCE, Limit(1, per_day=True), Limit(2))
    for answer in (V, V, USED):
        assert times(desk, 1) == [answer]
        desk.now_s += DAY


def test_a_limit_is_each_persons() -> None:
    desk = limited(ONCE, Limit(2))
    assert times(desk, 7, persons=3) == [V] * 6 + [USED]


def test_a_group_larger_than_its_code_is_refused_before_any_limit() -> None:
    assert told(limited(ONCE, Limit(2)).scan(make_code(persons=2), count=3)) == USED


def test_what_lapsed_counts_for_no_limit() -> None:
    desk = limited(ONCE, Limit(1))
    desk.lapses(desk.hold(make_code()))
    assert times(desk, 2) == [V, USED]


def test_two_cannot_walk_on_one_right_at_the_same_moment() -> None:
    desk = limited(ONCE, Limit(5))
    first = desk.hold(make_code(), lane=1)
    refused = desk.hold(make_code(), lane=2)
    assert told(refused) == USED
    assert refused.earlier is not None and refused.earlier.open
    desk.passes(first)
    assert told(desk.hold(make_code(), lane=2)) == V


def test_with_exits_a_limit_does_not_replace_them() -> None:
    desk = limited(AFTER_EXIT, Limit(2))
    code = make_code(product=AFTER_EXIT)
    said = [
        told(desk.scan(code, way=way))
        for way in ("entry", "entry", "exit", "entry", "exit", "entry")
    ]
    assert said == [V, USED, V, V, V, USED]


def test_the_refusal_names_the_use_that_took_the_last_of_it() -> None:
    desk = limited(ONCE, Limit(1, per_day=True), Limit(2))
    desk.scan(make_code(), lane=1)
    desk.scan(make_code(2), lane=2)
    refused = desk.scan(make_code(), lane=3)
    assert refused.earlier is not None and refused.earlier.lane == 1


RIGHTS = [
    (ONCE, [], 0),
    (ONCE, [Limit(1, per_day=True)], MARK_PER_DAY),
    (ONCE, [Limit(2, per_day=True)], MARK_REENTRY_UNLIMITED),
    (ONCE, [Limit(1, per_day=True, per_zone=True)], MARK_REENTRY_UNLIMITED),
    (AFTER_EXIT, [Limit(1, per_day=True)], MARK_REENTRY_AFTER_EXIT),
    (UNLIMITED, [], MARK_REENTRY_UNLIMITED),
]


@pytest.mark.parametrize(("product", "limits", "marks"), RIGHTS)
def test_the_fact_says_what_the_product_allows(
    product: int, limits: list[Limit], marks: int
) -> None:
    decision = limited(product, *limits).scan(make_code(product=product, valid_from=1))
    assert marks_of(decision) == marks


# -- the same day, and anti-passback -------------------------------------------------------------


def test_the_same_day_only() -> None:
    desk = limited(AFTER_EXIT, same_day=True)
    code = make_code(product=AFTER_EXIT)
    assert [told(desk.scan(code, way=way)) for way in ("entry", "exit", "entry", "exit")] == [V] * 4
    desk.now_s += DAY
    assert told(desk.scan(code)) == USED


def test_who_has_not_been_in_may_come_on_another_day() -> None:
    desk = limited(AFTER_EXIT, same_day=True)
    code = make_code(product=AFTER_EXIT, persons=2)
    desk.scan(code)
    desk.now_s += DAY
    assert [told(desk.scan(code)) for _ in range(2)] == [V, USED]


def test_anti_passback_by_time() -> None:
    desk = limited(UNLIMITED, passback_s=300)
    code = make_code(product=UNLIMITED)
    assert told(desk.scan(code)) == V
    desk.now_s += 299
    assert told(desk.scan(code)) == USED
    desk.now_s += 1
    assert told(desk.scan(code)) == V


def test_anti_passback_lets_the_rest_of_a_group_in() -> None:
    desk = limited(UNLIMITED, passback_s=300)
    assert times(desk, 3, product=UNLIMITED, persons=2) == [V, V, USED]


# -- zones ---------------------------------------------------------------------------------------

HALL, STAGE = 3, 4


def zoned(*policies: EntryPolicy, **more: Any) -> Desk:
    """Gate NORTH into the venue, HALL within it into zone 1, STAGE from the street into zone 2."""
    terms = Terms(
        policies=list(policies),
        zones=[Zone(1, "Hall"), Zone(2, "Stage")],
        gates=[GatePolicy(HALL, [1], inner=True), GatePolicy(STAGE, [2])],
        **more,
    )
    gates = [Gate(NORTH, "North"), Gate(HALL, "Hall"), Gate(STAGE, "Stage")]
    return Desk(terms=terms, gates=gates)


def test_a_ticket_is_used_once_in_each_zone() -> None:
    desk = zoned()
    said = [told(desk.scan(make_code(), gate=gate)) for gate in (NORTH, HALL, HALL, NORTH, STAGE)]
    assert said == [V, V, USED, USED, USED]  # by STAGE one comes into the venue again


def test_leaving_a_zone_is_not_leaving_the_venue() -> None:
    desk = zoned()
    code = make_code(product=AFTER_EXIT)
    story: list[tuple[int, Direction]] = [
        (NORTH, "entry"), (HALL, "entry"), (HALL, "exit"), (NORTH, "entry"), (HALL, "entry"),
    ]  # fmt: skip
    said = [told(desk.scan(code, gate=gate, way=way)) for gate, way in story]
    assert said == [V, V, V, USED, V]


def test_anti_passback_by_zone() -> None:
    desk = zoned(EntryPolicy(UNLIMITED, passback_s=300))
    code = make_code(product=UNLIMITED)
    said = [told(desk.scan(code, gate=gate)) for gate in (NORTH, HALL, HALL, NORTH)]
    assert said == [V, V, USED, USED]


def test_limits_by_zone_and_in_all() -> None:
    desk = zoned(EntryPolicy(ONCE, limits=[Limit(2, per_zone=True), Limit(3)]))
    gates = (NORTH, NORTH, NORTH, HALL, HALL, HALL, STAGE, STAGE)
    said = [told(desk.scan(make_code(), gate=gate)) for gate in gates]
    # At NORTH, into no zone, "each zone" means the venue; STAGE leads into it for the third time.
    assert said == [V, V, USED, V, V, USED, V, USED]


def test_a_use_at_a_gate_that_nobody_knows_any_more_counts_everywhere() -> None:
    desk = zoned()
    desk.scan(make_code(), gate=HALL)
    desk.publish(gates=[gate for gate in desk.policy.bundle.gates if gate.number != HALL])
    assert told(desk.scan(make_code(), gate=STAGE)) == USED


def test_the_fact_says_that_it_was_within() -> None:
    desk = zoned()
    assert marks_of(desk.scan(make_code(valid_from=1), gate=HALL)) == MARK_INNER
    assert marks_of(desk.scan(make_code(2, valid_from=1), gate=STAGE)) == 0


# -- everybody's exit ----------------------------------------------------------------------------


def test_b_auto_exit_all() -> None:
    desk = Desk(BERLIN, terms=Terms(exit_all_at=180)).at("2026-01-01T22:00")
    code = make_code(product=AFTER_EXIT)
    assert [told(desk.scan(code)) for _ in range(2)] == [V, USED]
    assert told(desk.at("2026-01-02T02:55").scan(code)) == USED
    assert told(desk.at("2026-01-02T03:05").scan(code)) == V
    assert told(desk.scan(code)) == USED
    assert marks_of(desk.at("2026-01-03T03:05").scan(code)) & MARK_PER_DAY


def test_b_auto_exit_only_inside() -> None:
    # Who was out already, or never in, is as out as before: nothing is stored.
    desk = Desk(BERLIN, terms=Terms(exit_all_at=180)).at("2026-01-01T22:00")
    code = make_code(product=AFTER_EXIT)
    desk.scan(code)
    desk.scan(code, way="exit")
    facts = len(desk.facts)
    desk.at("2026-01-02T03:05")
    assert desk.policy.emptied_ms(desk.now_s * 1000) > 0
    assert len(desk.facts) == facts
    assert [told(desk.scan(code)) for _ in range(2)] == [V, USED]


def test_an_automatic_exit_gives_no_single_use_back() -> None:
    desk = Desk(BERLIN, terms=Terms(exit_all_at=180)).at("2026-01-01T22:00")
    assert told(desk.scan(make_code())) == V
    assert told(desk.at("2026-01-02T12:00").scan(make_code())) == USED


CHANGES = [
    # exit at 02:30: a time that is skipped comes an hour later, of one that comes twice the first.
    ("2026-03-29T01:59", 150, "2026-03-28T02:30"),
    ("2026-03-29T03:29", 150, "2026-03-28T02:30"),
    ("2026-03-29T03:30", 150, "2026-03-29T03:30"),
    ("2026-03-30T02:30", 150, "2026-03-30T02:30"),
    ("2026-10-25T02:29", 150, "2026-10-24T02:30"),
    ("2026-10-25T02:30", 150, "2026-10-25T02:30"),
    ("2026-10-25T12:00", 150, "2026-10-25T02:30"),
    ("2026-01-01T00:00", 0, "2026-01-01T00:00"),
]


@pytest.mark.parametrize(("now", "exit_at", "emptied"), CHANGES)
def test_everybodys_exit_through_both_changes_of_the_clocks(
    now: str, exit_at: int, emptied: str
) -> None:
    desk = Desk(BERLIN, terms=Terms(exit_all_at=exit_at))
    expected = desk.at(emptied).now_s * 1000
    assert desk.policy.emptied_ms(desk.at(now).now_s * 1000) == expected
    assert desk.policy.emptied_ms(desk.now_s * 1000) == expected


def test_the_second_hour_of_a_long_night_does_not_empty_the_venue_twice() -> None:
    desk = Desk(BERLIN, terms=Terms(exit_all_at=150)).at("2026-10-25T02:30")
    first = desk.policy.emptied_ms(desk.now_s * 1000)
    assert desk.policy.emptied_ms(desk.now_s * 1000 + 3_600_000) == first


def test_without_such_a_time_nobody_is_ever_taken_to_have_left() -> None:
    assert Desk(UTC).policy.emptied_ms(1 << 41) == 0
