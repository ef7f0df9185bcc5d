"""Who shows copies where; and what is said about how they fared."""

from __future__ import annotations

from typing import Any

import pytest

from edge.demo.beliefs import ADMITTED
from edge.demo.copies import APART_S, copies_of, hex_of, judge, needed, plan_copies, plan_pairs
from edge.demo.guests import Code, Guest, Show
from edge.demo.settings import sites

CODES = [Code(f"code {n}".encode(), f"us:{n:016x}") for n in range(9)]
GATEWAYS = sites(3)


def owner(lane: int) -> str:
    return next(site.name for site in GATEWAYS if lane in site.lanes)


def test_each_copy_is_shown_at_two_gateways() -> None:
    copies = plan_copies(1, CODES, GATEWAYS, 50, 2.0)
    assert [guest.number for guest in copies] == list(range(50, 59))
    for guest in copies:
        one, other = guest.shows
        assert owner(one.lane) != owner(other.lane)
        assert APART_S[0] <= other.after_s <= APART_S[1]
        assert 0 <= guest.at_s <= 2.0
    assert {owner(guest.shows[0].lane) for guest in copies} == {site.name for site in GATEWAYS}


def test_each_pair_is_at_two_gateways_at_once_and_must_be_let_in() -> None:
    pairs = plan_pairs(1, CODES[:4], GATEWAYS, 60)
    assert [guest.number for guest in pairs] == list(range(60, 68))
    for one, other in zip(pairs[::2], pairs[1::2], strict=True):
        assert one.code == other.code
        assert owner(one.shows[0].lane) != owner(other.shows[0].lane)
        assert one.reason == other.reason == ADMITTED


def test_the_same_seed_plans_the_same() -> None:
    assert plan_copies(3, CODES, GATEWAYS, 1, 2) == plan_copies(3, CODES, GATEWAYS, 1, 2)
    assert needed(300) > copies_of(300) > copies_of(1)


def test_an_identity_is_named_as_rows_name_it() -> None:
    assert hex_of("us:00ff") == (b"us:\x00\xff").hex()


GUEST = Guest(7, "copy", 0.0, CODES[0], (Show(1), Show(4)))
IN: dict[str, Any] = {"decision": "admitted"}
USED: dict[str, Any] = {"reason": "already_redeemed", "earlier": {"lane": 1, "here": False}}


def names(*said: dict[str, Any]) -> list[str]:
    return [finding.name for finding in judge([GUEST], {7: said}).findings[:1]]


def test_a_copy_that_is_refused_with_its_place_is_well() -> None:
    judged = judge([GUEST], {7: [IN, USED]})
    assert (judged.shown, judged.admitted_twice, judged.findings) == (1, 0, [])


def test_a_copy_that_is_let_in_is_counted_and_named() -> None:
    judged = judge([GUEST], {7: [IN, IN]})
    assert (judged.shown, judged.admitted_twice) == (1, 1)
    (finding,) = judged.findings
    assert finding.name == "copies-are-admitted-once"
    assert "let in on lane 1, was let in on lane 4" in finding.rows[0]


def test_whose_first_passage_lapsed_shows_no_copy() -> None:
    other = Guest(8, "copy", 0.0, CODES[1], (Show(2), Show(3)))
    said: dict[int, list[dict[str, Any]]] = {
        7: [IN, IN], 8: [IN, USED | {"earlier": {"lane": 2, "here": False}}]
    }  # fmt: skip
    judged = judge([GUEST, other], said, {hex_of(GUEST.code.identity)})
    assert (judged.shown, judged.admitted_twice, judged.findings) == (1, 0, [])
    assert len(judge([GUEST, other], said, {hex_of(other.code.identity)}).findings) == 1
    (finding,) = judge([GUEST], said, {hex_of(GUEST.code.identity)}).findings
    assert finding.name == "copies-were-shown"
    assert judge([], {}).findings == []


@pytest.mark.parametrize(
    "said",
    [
        (IN, {"reason": "already_redeemed"}),
        (IN, {"reason": "already_redeemed", "earlier": {"lane": 2, "here": False}}),
        (IN, {"reason": "already_redeemed", "earlier": {"lane": 1, "here": True}}),
        (IN, {"reason": "blocked", "earlier": {"lane": 1, "here": False}}),
        ({"reason": "blocked"}, USED),
        (IN,),
        (IN, {}),
        (),
    ],
)
def test_an_answer_that_does_not_tell_where_is_named(said: tuple[dict[str, Any], ...]) -> None:
    assert names(*said) == ["copies-are-told-where"]
