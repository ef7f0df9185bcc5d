"""What staff say beside a code: asked for by one answer, said by the next presentation."""

from __future__ import annotations

from typing import Any

import pytest

from crypto.claim import show_identity
from crypto.entry import Admitted, Overridden
from edge.web.beside import ANSWERS_MAX, QUESTION_CHARS_MAX
from tests.edge.web.asking import (
    AGE,
    ASKED,
    CARD,
    COUPLE,
    ENDS_S,
    OWED,
    TASTERS,
    asking,
    identity,
)
from tests.edge.web.desk import AT_TWO, NONCE, OTHER, SCANNER, SUPERVISOR, ask, signed_in
from tests.edge.web.house import House, code

PATH = "/v1/lanes/2/presentations"
TRY = "/v1/lanes/2/simulations"
GUESTS = "/v1/lanes/2/guests"
FORCE = "/v1/lanes/2/override"
STAFF = [SCANNER, SUPERVISOR, AT_TWO]
CLASS = {"code": code(28, product=ASKED, persons=28), "count": 28}
UNPAID = {"code": code(5), "accept_unpaid": True}


def admissions(house: House) -> list[Any]:
    return [fact for fact in house.log.facts if isinstance(fact, Admitted)]


def named(number: int) -> str:
    return show_identity(identity(number))


# -- questions -------------------------------------------------------------------------------------


@pytest.mark.trio
async def test_a_class_of_28_enters_once_all_is_confirmed() -> None:
    house = asking()
    _, first = await house.post({**CLASS, "nonce": NONCE}, lane=2)
    assert (first["decision"], first["reason"]) == ("refused", "questions")
    assert first["questions"] == [AGE, CARD]
    _, half = await house.post({**CLASS, "nonce": OTHER, "answers": [AGE]}, lane=2)
    assert (half["reason"], half["questions"]) == ("questions", [CARD])
    _, all_of_it = await house.post({**CLASS, "nonce": "0c", "answers": [AGE, CARD]}, lane=2)
    assert (all_of_it["decision"], all_of_it["granted"]) == ("admitted", 28)
    (fact,) = admissions(house)
    assert (type(fact), fact.granted, fact.nonce) == (Admitted, 28, b"\x0c")


@pytest.mark.trio
@pytest.mark.parametrize(
    "more",
    [{"answers": [AGE]}, {"choice": named(21)}, {"accept_unpaid": True}],
    ids=["answers", "choice", "accept_unpaid"],
)
async def test_another_word_by_the_same_nonce_is_another_presentation(
    more: dict[str, Any],
) -> None:
    house = asking(STAFF)
    async with signed_in(house, 8) as client:
        said = {**CLASS, "nonce": NONCE}
        first = await ask(client, PATH, said | more)
        again = await ask(client, PATH, said | more)
        without = await ask(client, PATH, said)
    assert (first[0], again[0], again[1]["repeated"]) == (200, 200, True)
    assert (without[0], without[1]["problem"]) == (409, "nonce_reused")


@pytest.mark.trio
async def test_an_answer_that_came_twice_admits_once() -> None:
    house = asking()
    said = {**CLASS, "nonce": NONCE, "answers": [AGE, CARD]}
    _, first = await house.post(said, lane=2)
    _, again = await house.post(said, lane=2)
    assert again == first | {"repeated": True}
    assert len(admissions(house)) == 1


@pytest.mark.trio
async def test_a_guest_found_by_name_is_asked_the_same() -> None:
    house = asking(STAFF)
    async with signed_in(house, 8) as client:
        body = {"ticket": named(7)}
        _, first = await ask(client, GUESTS, body | {"nonce": NONCE})
        assert first["questions"] == [AGE, CARD]
        _, then = await ask(client, GUESTS, body | {"nonce": OTHER, "answers": [AGE, CARD]})
        changed = await ask(client, GUESTS, body | {"nonce": OTHER, "answers": [AGE]})
    assert then["decision"] == "admitted"
    assert (changed[0], changed[1]["problem"]) == (409, "nonce_reused")
    (fact,) = admissions(house)
    assert (fact.why, fact.reason) == ("found_by_name", 0)


# -- several tickets -------------------------------------------------------------------------------


@pytest.mark.trio
async def test_of_two_tickets_the_one_that_is_chosen_is_used() -> None:
    house = asking()
    _, several = await house.post({"code": COUPLE}, lane=2)
    assert several["reason"] == "ambiguous"
    assert [one["product"] for one in several["choices"]] == ["Day ticket"] * 2
    assert [one["valid_until_ms"] for one in several["choices"]] == [ENDS_S * 1000] * 2
    assert COUPLE not in str(several) and "identity" not in several
    chosen = several["choices"][1]["identity"]
    _, told = await house.post({"code": COUPLE, "choice": chosen}, lane=2)
    assert (told["decision"], told["identity"]) == ("admitted", named(22))
    assert [fact.ticket for fact in admissions(house)] == [identity(22)]


@pytest.mark.trio
async def test_one_answer_after_the_other_leads_in() -> None:
    house = asking()
    said: dict[str, Any] = {"code": TASTERS}
    _, first = await house.post(said, lane=2)
    said["answers"] = first["questions"]
    _, then = await house.post(said, lane=2)
    assert (first["reason"], then["reason"]) == ("questions", "ambiguous")
    said["choice"] = then["choices"][0]["identity"]
    without = {key: value for key, value in said.items() if key != "answers"}
    _, forgotten = await house.post(without, lane=2)
    _, told = await house.post(said, lane=2)
    assert (forgotten["reason"], told["decision"]) == ("questions", "admitted")
    assert [fact.ticket for fact in admissions(house)] == [identity(31)]


@pytest.mark.trio
async def test_a_ticket_of_somebody_else_cannot_be_chosen() -> None:
    house = asking()
    _, told = await house.post({"code": COUPLE, "choice": named(1)}, lane=2)
    assert (told["decision"], told["reason"]) == ("refused", "medium_unknown")
    assert admissions(house) == []


@pytest.mark.trio
async def test_which_ticket_is_overridden_is_chosen_too() -> None:
    house = asking(STAFF)
    forced = {"code": COUPLE, "nonce": NONCE, "why": "was_outside"}
    async with signed_in(house, 8) as client:
        _, several = await ask(client, FORCE, forced | {"nonce": "0c"})
        for number in (21, 22):
            await ask(client, PATH, {"code": COUPLE, "choice": named(number)})
        _, told = await ask(client, FORCE, forced | {"choice": named(22)})
        other = await ask(client, FORCE, forced | {"choice": named(21)})
    assert several["reason"] == "ambiguous"
    assert (told["overridden"], told["identity"]) == ("already_redeemed", named(22))
    assert (other[0], other[1]["problem"]) == (409, "nonce_reused")


# -- not paid --------------------------------------------------------------------------------------


@pytest.mark.trio
async def test_an_unpaid_ticket_is_taken_by_who_may_and_they_are_named() -> None:
    house = asking(STAFF)
    async with signed_in(house, 8) as client:
        _, first = await ask(client, PATH, {"code": code(5), "nonce": NONCE})
        _, then = await ask(client, PATH, UNPAID | {"nonce": OTHER})
    assert (first["reason"], first["may_accept_unpaid"]) == ("unpaid", True)
    assert (then["decision"], then["overridden"]) == ("admitted", "unpaid")
    (fact,) = admissions(house)
    assert type(fact) is Overridden and fact.ticket == OWED
    assert (fact.who, fact.why, fact.reason) == ("8", "unpaid_accepted", 60)


@pytest.mark.trio
@pytest.mark.parametrize("path", [PATH, TRY])
@pytest.mark.parametrize(("number", "lane", "status"), [(7, 2, 403), (10, 1, 403), (10, 2, 200)])
async def test_the_right_to_it_is_asked_for(path: str, number: int, lane: int, status: int) -> None:
    house = asking(STAFF)
    async with signed_in(house, number) as client:
        told = await ask(client, path.replace("/2/", f"/{lane}/"), UNPAID)
    assert told[0] == status
    assert (status == 200) == (told[1].get("decision") == "admitted")
    assert len(admissions(house)) == (status == 200 and path == PATH)


@pytest.mark.trio
@pytest.mark.parametrize("path", [PATH, TRY])
async def test_where_nobody_signs_in_nobody_takes_it(path: str) -> None:
    house = asking()
    async with house.client() as client:
        status, told = await ask(client, path, UNPAID)
    assert (status, told["detail"]) == (403, "nobody may accept_unpaid where nobody signs in")
    assert house.log.facts == []


@pytest.mark.trio
async def test_at_a_gate_that_takes_none_even_supervisors_get_a_no() -> None:
    house = asking(STAFF, accepts=False)
    async with signed_in(house, 8) as client:
        _, first = await ask(client, PATH, {"code": code(5)})
        _, then = await ask(client, PATH, UNPAID)
    assert "may_accept_unpaid" not in first
    assert (then["decision"], then["reason"]) == ("refused", "unpaid")
    assert admissions(house) == []


@pytest.mark.trio
async def test_a_guest_by_name_who_has_not_paid(monkeypatch: pytest.MonkeyPatch) -> None:
    house = asking(STAFF)
    body = {"ticket": named(6), "nonce": NONCE, "accept_unpaid": True}
    async with signed_in(house, 8) as client:
        both = await ask(client, GUESTS, body | {"why": "other"})
        _, told = await ask(client, GUESTS, body)
        may = house.door.may
        monkeypatch.setattr(
            house.door, "may", lambda r, what, lane=None: what != "accept_unpaid" and may(r, what)
        )
        no = await ask(client, GUESTS, body | {"nonce": OTHER})
        tried = await ask(client, GUESTS, body | {"simulate": True})
    assert (both[0], both[1]["field"]) == (400, "accept_unpaid")
    assert told["overridden"] == "unpaid"
    (fact,) = admissions(house)
    assert (fact.who, fact.why, fact.reason) == ("8", "found_by_name", 60)
    assert (no[0], tried[0]) == (403, 403)


# -- trying ----------------------------------------------------------------------------------------


@pytest.mark.trio
async def test_all_of_it_can_be_tried_and_nothing_is_written() -> None:
    house = asking(STAFF)
    async with signed_in(house, 8) as client:
        for body in (
            CLASS | {"answers": [AGE, CARD]},
            {"code": COUPLE, "choice": named(21)},
            UNPAID,
        ):
            _, told = await ask(client, TRY, body)
            assert (told["decision"], told["simulated"]) == ("admitted", True), body
        _, guest = await ask(
            client, GUESTS, {"ticket": named(7), "simulate": True, "answers": [AGE, CARD]}
        )
    assert guest["decision"] == "admitted"
    assert house.log.facts == []


# -- wrong bodies ----------------------------------------------------------------------------------

BAD: list[tuple[dict[str, Any], str]] = [
    ({"answers": AGE}, "answers"),
    ({"answers": None}, "answers"),
    ({"answers": [1]}, "answers"),
    ({"answers": [""]}, "answers"),
    ({"answers": ["x" * (QUESTION_CHARS_MAX + 1)]}, "answers"),
    ({"answers": ["x"] * (ANSWERS_MAX + 1)}, "answers"),
    ({"choice": ""}, "choice"),
    ({"choice": "shop"}, "choice"),
    ({"choice": "shop:0"}, "choice"),
    ({"choice": "shöp:00"}, "choice"),
    ({"choice": 1}, "choice"),
    ({"accept_unpaid": "yes"}, "accept_unpaid"),
    ({"accept_unpaid": 1}, "accept_unpaid"),
]


@pytest.mark.trio
@pytest.mark.parametrize("path", [PATH, TRY])
@pytest.mark.parametrize(("wrong", "field"), BAD, ids=[str(row[0])[:30] for row in BAD])
async def test_what_is_wrong_is_named(path: str, wrong: dict[str, Any], field: str) -> None:
    house = asking()
    async with house.client() as client:
        status, told = await ask(client, path, {"code": code(1)} | wrong)
    assert (status, told.get("field")) == (400, field)
    assert told["hint"]
    assert house.log.facts == []


@pytest.mark.trio
@pytest.mark.parametrize(
    ("path", "wrong", "field"),
    [
        (GUESTS, {"ticket": named(6), "choice": named(6)}, "choice"),
        (FORCE, {"code": "x", "why": "other", "answers": [AGE]}, "answers"),
        (FORCE, {"code": "x", "why": "other", "accept_unpaid": True}, "accept_unpaid"),
        (FORCE, {"code": "x", "why": "other", "choice": "x"}, "choice"),
    ],
)
async def test_what_makes_no_sense_there_is_no_field_there(
    path: str, wrong: dict[str, Any], field: str
) -> None:
    house = asking(STAFF)
    async with signed_in(house, 8) as client:
        status, told = await ask(client, path, wrong | {"nonce": NONCE})
    assert (status, told["field"]) == (400, field)
    assert house.log.facts == []


@pytest.mark.trio
async def test_it_is_described() -> None:
    _, told = await asking().get("/openapi.json")
    schemas = told["components"]["schemas"]
    for name, fields in {
        "Presented": {"answers", "choice", "accept_unpaid"},
        "Simulated": {"answers", "choice", "accept_unpaid"},
        "Found": {"answers", "accept_unpaid"},
        "Overriding": {"choice"},
    }.items():
        said = schemas[name]["properties"]
        assert fields == {"answers", "choice", "accept_unpaid"} & set(said)
        assert all("description" in str(said[field]) for field in fields)
    assert "needs the right" in schemas["Presented"]["properties"]["accept_unpaid"]["description"]
    assert {"identity", "valid_from_ms", "persons"} < set(schemas["Choice"]["properties"])
    assert "may_accept_unpaid" in schemas["Answer"]["properties"]
