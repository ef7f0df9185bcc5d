"""What guests may expect of the gate, by what was seen."""

from __future__ import annotations

import pytest

from edge.demo.beliefs import LATENCY_S, Beliefs

T = "us:01"
LATER_S = 10 * LATENCY_S


def known(persons: int = 1, reason: str = "") -> Beliefs:
    beliefs = Beliefs()
    beliefs.know(T, persons, 1, reason)
    return beliefs


def admit(beliefs: Beliefs, at_s: float, seq: int, lane: int = 1, count: int = 1) -> None:
    beliefs.decided(at_s, lane, T, "admitted", count, seq)


def test_a_fresh_ticket_is_admitted() -> None:
    assert known().expected(0, 1, T) == {"admitted"}


def test_while_held_the_lane_repeats_and_the_others_refuse() -> None:
    beliefs = known()
    admit(beliefs, 0, 5)
    assert beliefs.expected(LATER_S, 1, T) == {"repeated"}
    assert beliefs.expected(LATER_S, 2, T) == {"already_redeemed"}


@pytest.mark.parametrize(
    ("outcome", "passed", "then"),
    [
        ("completed", 1, "already_redeemed"),
        ("lapsed", 0, "admitted"),
        ("unknown", 0, "already_redeemed"),
    ],
)
def test_what_follows_a_passage(outcome: str, passed: int, then: str) -> None:
    beliefs = known()
    admit(beliefs, 0, 5)
    assert beliefs.settled(0, 1, 5, outcome, passed) == T
    assert beliefs.expected(LATER_S, 1, T) == {then}


def test_a_decision_may_have_been_made_just_before_the_news() -> None:
    beliefs = known()
    admit(beliefs, 0, 5)
    beliefs.settled(LATER_S, 1, 5, "lapsed", 0)
    assert beliefs.expected(LATER_S + 0.1, 1, T) == {"repeated", "admitted"}
    assert beliefs.expected(3 * LATER_S, 1, T) == {"admitted"}


def test_a_second_admission_is_a_surprise() -> None:
    beliefs = known()
    admit(beliefs, 0, 5)
    beliefs.settled(1, 1, 5, "completed", 1)
    admit(beliefs, LATER_S, 9, lane=2)
    (surprise,) = beliefs.surprises
    assert str(surprise) == "lane 2: us:01 was answered admitted, expected already_redeemed"


def test_a_group_is_admitted_until_it_is_complete() -> None:
    beliefs = known(persons=3)
    admit(beliefs, 0, 5, count=3)
    beliefs.settled(0, 1, 5, "completed", 2)
    assert beliefs.expected(LATER_S, 1, T) == {"admitted"}
    assert beliefs.expected(LATER_S, 1, T, count=2) == {"already_redeemed"}


def test_a_reason_of_the_code_stands_above_its_history() -> None:
    assert known(reason="blocked").expected(0, 1, T) == {"blocked"}


def test_a_reason_holds_on_the_lane_it_was_said_for() -> None:
    beliefs = known(reason="product")
    beliefs.know(T, 1, 2, "")
    assert beliefs.expected(0, 2, T) == {"admitted"}


def test_what_nobody_knows_is_invalid() -> None:
    assert Beliefs().expected(0, 1, "text 00") == {"invalid"}


def test_on_two_lanes_at_once_one_of_them_may_be_told_first() -> None:
    beliefs = known()
    beliefs.shows(T, True)
    beliefs.shows(T, True)
    assert beliefs.expected(0, 1, T) == {"admitted", "already_redeemed"}
    beliefs.shows(T, False)
    assert beliefs.expected(0, 1, T) == {"admitted"}


def test_a_kill_leaves_in_doubt_what_was_under_way_and_nothing_else() -> None:
    beliefs = known()
    beliefs.know("us:02", 1, 1, "")
    beliefs.decided(0, 1, "us:02", "admitted", 1, 1)
    beliefs.settled(0, 1, 1, "completed", 1)
    admit(beliefs, LATER_S, 5)
    beliefs.killed(LATER_S, range(1, 5))
    assert beliefs.expected(2 * LATER_S, 1, T) == {"admitted", "repeated", "already_redeemed"}
    assert beliefs.expected(2 * LATER_S, 1, "us:02") == {"already_redeemed"}


@pytest.mark.parametrize("answer", ["wait", "device"])
def test_answers_of_the_lane_are_never_surprises(answer: str) -> None:
    beliefs = known()
    beliefs.decided(0, 1, T, answer, 1, 0)
    assert beliefs.surprises == []
    assert beliefs.expected_count == 1


def test_an_outcome_of_an_unknown_hold_is_ignored() -> None:
    assert known().settled(0, 1, 99, "completed", 1) == ""


def test_a_death_leaves_the_lanes_of_other_gateways_alone() -> None:
    beliefs = known()
    admit(beliefs, 0, 5, lane=3)
    beliefs.killed(LATER_S, (1, 2))
    assert beliefs.open_holds((1, 2)) == []
    assert beliefs.open_holds((3, 4)) == [3]
    assert beliefs.expected(LATER_S, 3, T) == {"repeated"}
    beliefs.killed(LATER_S, (3, 4))
    assert beliefs.open_holds((3, 4)) == []
    assert len(beliefs.expected(LATER_S, 1, T)) == 3


def test_a_code_that_must_be_let_in_twice_is() -> None:
    beliefs = known(reason="admitted")
    beliefs.know(T, 1, 3, "admitted")
    admit(beliefs, 0, 5)
    admit(beliefs, LATER_S, 5, lane=3)
    assert beliefs.surprises == []
    beliefs.decided(2 * LATER_S, 3, T, "already_redeemed", 1, 0)
    assert len(beliefs.surprises) == 1
