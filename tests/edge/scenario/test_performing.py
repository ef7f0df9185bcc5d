"""What each step does on the real gateways."""

from typing import Any

import pytest

from tests.edge.scenario.written import VENUE, lines, scan


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


def test_staff_take_back_what_did_not_happen() -> None:
    annul = {"do": "annul", "nonce": "n1"}
    told = lines(scan(nonce="n1"), annul, annul, scan(), {"do": "crash"}, annul)
    assert [line.get("decision") for line in told] == [
        "admitted", "annulled", "refused", "admitted", None, "none",
    ]  # fmt: skip
    assert (told[1]["facts"], told[1]["inside"]) == (["Annulled"], 0)
    assert told[2]["reason"] == "annulled"


def test_staff_let_in_what_would_be_refused_and_the_barrier_opens() -> None:
    force = {"do": "force", "ticket": "Anna", "lane": 1, "guest": "hangs"}
    told = lines(scan(), force, {"do": "walk", "lane": 1, "at": "+1s"})
    assert (told[1]["overridden"], told[1]["facts"]) == ("already_redeemed", ["Overridden"])
    assert told[2]["decision"] == "walked"


def test_a_trial_writes_nothing_and_knows_other_times() -> None:
    tickets = [{"name": "Late", "product": "Day", "valid_from": "2026-07-04T00:00"}]
    venue = {"products": [{"name": "Day"}], "gates": [{"name": "North"}], "tickets": tickets}
    trial = {"do": "simulate", "ticket": "Late"}
    told = lines(trial, trial | {"when": "2026-07-04T00:00"}, trial | {"way": "exit"}, bundle=venue)
    assert [line["decision"] for line in told] == ["refused", "admitted", "admitted"]
    assert [line["facts"] for line in told] == [[], [], []]
    assert all(line["simulated"] for line in told)


def test_a_scan_of_before_is_recorded_for_when_it_happened() -> None:
    upload = {"do": "upload", "ticket": "Anna", "then": "2026-07-03T11:00"}
    told = lines({"do": "wait"}, upload, scan())
    assert told[1]["facts"] == ["Admitted", "PassageCompleted"]
    assert "11:00" in told[2]["text"]


def test_a_band_with_tickets_that_fit_alike_asks_and_takes_the_choice() -> None:
    tickets = [{"name": name, "product": "Day"} for name in ("One", "Two")]
    venue = {
        "products": [{"name": "Day"}], "gates": [{"name": "North"}], "tickets": tickets,
        "media": [{"name": "Band", "code": "04AABB", "tickets": ["One", "Two"]}],
    }  # fmt: skip
    show = {"do": "scan", "medium": "Band"}
    told = lines(show, show | {"choice": "Two"}, scan("Two"), bundle=venue)
    assert (told[0]["reason"], told[0]["choices"]) == ("ambiguous", ["One", "Two"])
    assert [line["decision"] for line in told[1:]] == ["admitted", "refused"]


def test_the_help_desk_finds_names_and_the_guest_list_survives_a_restart() -> None:
    find = {"do": "find", "name": "mueller"}
    guests = [{"name": "Mia Müller"}, {"name": "Anna Meyer"}]
    newer = {"do": "bundle", "bundle": {"guests": [{"name": "Otto Mueller"}]}}
    told = lines(find, {"do": "restart"}, find, newer, find, bundle=VENUE | {"guests": guests})
    assert [line.get("found") for line in told] == [
        ["Mia Müller"], None, ["Mia Müller"], None, ["Otto Mueller"],
    ]  # fmt: skip


def test_every_gateway_ticks() -> None:
    gateways = [{"name": "a"}, {"name": "b"}]
    hanging = scan(gateway="b", guest="hangs")
    told = lines(hanging, {"do": "wait", "gateway": "b", "at": "+40s"}, gateways=gateways)
    assert told[1]["facts"] == ["PassageUnknown"]
