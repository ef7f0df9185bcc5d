"""What each step does on the real gateways."""

from typing import Any

import pytest

from tests.edge.scenario.written import lines, scan


def test_time_passes_between_steps_and_the_gateway_ticks() -> None:
    told = lines(scan(guest="hangs"), {"at": "+29s", "do": "wait"}, {"at": "+3s", "do": "wait"})
    assert [line["facts"] for line in told] == [["Admitted"], [], ["PassageUnknown"]]


def test_a_month_passes_too() -> None:
    (_, line) = lines(scan(guest="hangs"), {"at": "+900d", "do": "wait"})
    assert line["facts"] == ["PassageUnknown"]


@pytest.mark.parametrize(
    ("guest", "facts", "inside"),
    [
        ("walks", ["Admitted", "PassageCompleted"], 1),
        ("turns_back", ["Admitted", "PassageLapsed"], 0),
        ("hangs", ["Admitted"], 1),
    ],
)
def test_what_a_guest_does(guest: str, facts: list[str], inside: int) -> None:
    (line,) = lines(scan(guest=guest))
    assert (line["facts"], line["inside"]) == (facts, inside)


def test_some_of_a_group_walk() -> None:
    tickets = [{"name": "Tour", "product": "Day", "persons": 5}]
    venue = {"products": [{"name": "Day"}], "gates": [{"name": "North"}], "tickets": tickets}
    told = lines(scan("Tour", count=4, passed=3), scan("Tour", count=2), bundle=venue)
    assert told[0]["facts"] == ["Admitted", "PassageCompleted", "PassageLapsed"]
    assert [line["inside"] for line in told] == [3, 5]


def test_who_was_queued_gets_the_answer_when_the_first_has_walked() -> None:
    told = lines(
        scan("Anna", guest="hangs", lane=1), scan("Mia", lane=1, at="+1s"),
        {"do": "walk", "lane": 1, "at": "+1s"},
    )  # fmt: skip
    assert [line["decision"] for line in told] == ["admitted", "queued", "admitted"]
    assert told[2]["inside"] == 2


def test_walk_and_turn_back_say_whether_somebody_was_there() -> None:
    walk: dict[str, Any] = {"do": "walk", "lane": 1, "at": "+1s"}
    back = {"do": "turn_back", "lane": 1, "at": "+1s"}
    told = lines(scan(guest="hangs"), walk, walk, scan("Mia", guest="hangs"), back, back)
    assert [line.get("decision") for line in told] == [
        "admitted", "walked", "none", "admitted", "turned_back", "none",
    ]  # fmt: skip


def test_a_dead_gateway_answers_nobody_and_lives_again() -> None:
    told = lines(scan(), {"do": "crash"}, scan("Mia"), {"do": "restart"}, scan(), scan("Mia"))
    assert [line.get("decision") for line in told] == [
        "admitted", None, "none", None, "refused", "admitted",
    ]  # fmt: skip


def test_a_newer_bundle_replaces_the_lists_that_it_names() -> None:
    told = lines(
        scan("Anna", guest="turns_back"), {"do": "bundle", "bundle": {"blocked": ["Anna"]}},
        scan("Anna"), {"do": "bundle", "bundle": {"canceled": ["Mia"]}}, scan("Anna"), scan("Mia"),
        {"do": "bundle", "bundle": {"blocked": []}}, scan("Anna"),
    )  # fmt: skip
    reasons = [line.get("reason", "") for line in told]
    assert reasons == ["", "", "blocked", "", "blocked", "canceled", "", ""]


def test_a_medium_is_shown_by_what_is_read_off_it() -> None:
    told = lines({"do": "scan", "code": "04AABB"}, {"do": "scan", "code": ""})
    assert [line["reason"] for line in told] == ["invalid", "invalid"]


def test_an_exit_lane_lets_out_only() -> None:
    gateways = [{"name": "a", "lanes": [{"number": 9, "gate": "North", "direction": "exit"}]}]
    (line,) = lines({"do": "exit", "ticket": "Anna"}, gateways=gateways)
    assert (line["decision"], line["lane"]) == ("admitted", 9)
    assert line["facts"] == ["ExitRecorded", "PassageCompleted"]
