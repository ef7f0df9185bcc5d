"""What a lane would say, over HTTP: nothing is written, whoever asks."""

from __future__ import annotations

from typing import Any

import pytest

from edge.core.moments import Moment
from tests.edge.web.desk import STAFF, ask, signed_in
from tests.edge.web.house import NOW_S, House, code

PATH = "/v1/lanes/2/simulations"


@pytest.mark.trio
@pytest.mark.parametrize("number", [7, 8, 9, 10])
async def test_everybody_who_scans_may_try_and_nothing_is_written(number: int) -> None:
    house = House(STAFF)
    async with signed_in(house, number) as client:
        for _ in range(2):
            status, told = await ask(client, PATH + "?lang=fr", {"code": code()})
            assert (status, told["decision"], told["simulated"]) == (200, "admitted", True)
            assert list(told["guest_text"]) == ["fr"]
        assert (await ask(client, PATH, {"code": "x"}))[1]["decision"] == "refused"
    assert house.log.facts == []
    assert house.two.last is None


@pytest.mark.trio
async def test_it_is_allowed_where_nobody_signs_in() -> None:
    house = House()
    async with house.client() as client:
        told = await ask(client, PATH, {"code": code(persons=4), "count": 4})
    assert (told[0], told[1]["granted"]) == (200, 4)
    assert house.log.facts == []


@pytest.mark.trio
async def test_the_lanes_of_somebody_are_theirs_for_trying_too() -> None:
    house = House(STAFF)
    async with signed_in(house, 10) as client:
        status, _ = await ask(client, "/v1/lanes/1/simulations", {"code": code()})
    assert status == 403


@pytest.mark.trio
async def test_at_another_time(monkeypatch: pytest.MonkeyPatch) -> None:
    house, asked = House(), list[int]()
    before = house.clock.at

    def at_time(ms: int) -> Moment:
        asked.append(ms)
        return before(ms)

    monkeypatch.setattr(house.clock, "at", at_time)
    async with house.client() as client:
        at = "2026-09-21T15:33:20.5+01:20"
        status, _ = await ask(client, PATH, {"code": code(), "at": at})
    assert status == 200
    assert asked[0] == NOW_S * 1000 + 500


@pytest.mark.trio
@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (b"[]", ""),
        ({}, "code"),
        ({"code": "x", "at": "2026-09-21T15:33:20"}, "at"),
        ({"code": "x", "at": "tomorrow"}, "at"),
        ({"code": "x", "at": "0001-01-01T00:00:00+10:00"}, "at"),
        ({"code": "x", "at": "9999-12-31T23:59:59-10:00"}, "at"),
        ({"code": "x", "count": 256}, "count"),
        ({"code": "x", "direction": "in"}, "direction"),
        ({"code": "x", "direction": "exit", "count": 2}, "count"),
        ({"code": "x", "nonce": "00"}, "nonce"),
    ],
)
async def test_a_wrong_body_is_said_what_is_wrong(wrong: Any, field: str) -> None:
    async with House().client() as client:
        status, told = await ask(client, PATH, wrong)
    assert (status, told.get("field", "")) == (400, field)
