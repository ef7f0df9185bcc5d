"""Overrides over HTTP: only by who may, once, and the fact says who and why."""

from __future__ import annotations

from typing import Any

import pytest

from crypto.entry import Overridden
from edge.lane import Lane
from tests.edge.web.desk import NONCE, OTHER, STAFF, ask, signed_in
from tests.edge.web.house import House, code

PATH = "/v1/lanes/2/override"


def body(number: int = 1, nonce: str = OTHER, **more: Any) -> dict[str, Any]:
    return {"code": code(number), "nonce": nonce, "why": "was_outside", **more}


def overridden(house: House) -> list[Overridden]:
    return [fact for fact in house.log.facts if isinstance(fact, Overridden)]


@pytest.mark.trio
@pytest.mark.parametrize(("number", "status"), [(7, 403), (8, 200), (9, 200), (10, 200)])
async def test_who_may_admits_a_used_ticket_and_is_named_by_number(
    number: int, status: int
) -> None:
    house = House(STAFF)
    async with signed_in(house, number) as client:
        await ask(client, "/v1/lanes/2/presentations", {"code": code(), "nonce": NONCE})
        told = await ask(client, PATH, body())
    assert told[0] == status
    facts = overridden(house)
    if status == 403:
        assert (told[1]["problem"], facts) == ("forbidden", [])
        return
    assert told[1]["decision"], told[1]["overridden"] == ("admitted", "already_redeemed")
    (fact,) = facts
    assert (fact.who, fact.why, fact.reason) == (str(number), "was_outside", 100)
    assert fact.nonce == bytes.fromhex(OTHER)


@pytest.mark.trio
async def test_a_supervisor_of_one_lane_overrides_at_no_other() -> None:
    house = House(STAFF)
    async with signed_in(house, 10) as client:
        status, told = await ask(client, "/v1/lanes/1/override", body())
    assert (status, told["detail"]) == (403, "you may not override at lane 1")
    assert house.log.facts == []


@pytest.mark.trio
async def test_where_nobody_signs_in_nobody_overrides() -> None:
    house = House()
    async with house.client() as client:
        status, told = await ask(client, PATH, body())
    assert (status, told["problem"], told["hint"]) == (403, "forbidden", "configure [[staff]]")
    assert house.log.facts == []


@pytest.mark.trio
async def test_the_same_nonce_overrides_once_and_no_scan_by_another_name() -> None:
    house = House(STAFF)
    async with signed_in(house, 8) as client:
        path = "/v1/lanes/2/presentations"
        await ask(client, path, {"code": code(), "nonce": NONCE})
        reused = await ask(client, PATH, body(nonce=NONCE))
        first = await ask(client, PATH, body())
        again = await ask(client, PATH, body())
        other = await ask(client, PATH, body(why="other"))
    assert (reused[0], reused[1]["problem"]) == (409, "nonce_reused")
    assert not first[1].get("repeated") and again[1]["repeated"]
    assert (other[0], other[1]["problem"]) == (409, "nonce_reused")
    assert len(overridden(house)) == 1


@pytest.mark.trio
async def test_a_text_that_is_no_ticket_stays_refused() -> None:
    house = House(STAFF)
    async with signed_in(house, 8) as client:
        status, told = await ask(client, PATH, {**body(), "code": "no ticket"})
    assert (status, told["decision"]) == (200, "refused")
    assert overridden(house) == []


@pytest.mark.trio
@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        (b"{", "", "too early"),
        ({"why": "other", "nonce": OTHER}, "code", "missing"),
        ({"code": "x", "why": "other"}, "nonce", "missing"),
        ({"code": "x", "nonce": OTHER}, "why", "missing"),
        ({"code": "x", "nonce": OTHER, "why": "I know him"}, "why", "wrong"),
        ({"code": "x", "nonce": "0", "why": "other"}, "nonce", "hex"),
        ({"code": "x", "nonce": OTHER, "why": "other", "count": 0}, "count", "wrong"),
        ({"code": "x", "nonce": OTHER, "why": "other", "who": "1"}, "who", "no field"),
    ],
)
async def test_a_wrong_body_is_said_what_is_wrong(wrong: Any, field: str, words: str) -> None:
    house = House(STAFF)
    async with signed_in(house, 8) as client:
        status, told = await ask(client, PATH, wrong)
    assert (status, told.get("field", "")) == (400, field)
    assert words in told["detail"]
    assert house.log.facts == []


@pytest.mark.trio
async def test_nobody_is_forced_out() -> None:
    house = House(STAFF)
    house.gateway.lanes[3] = Lane(house.gateway, 3, "Out", 1, "exit")
    async with signed_in(house, 8) as client:
        status, told = await ask(client, "/v1/lanes/3/override", body())
    assert (status, told["detail"]) == (400, "lane 3 is for exit only")
    assert house.log.facts == []
