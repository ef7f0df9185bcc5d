"""Scans taken back over HTTP: by who may, in time, durable, and once."""

from __future__ import annotations

from typing import Any

import pytest
import trio
import trio.testing

from crypto.entry import Annulled
from edge.core.staff import ANNUL_WINDOW_MS
from tests.edge.web.desk import NONCE, OTHER, STAFF, ask, signed_in
from tests.edge.web.house import House, code, until

PATH = "/v1/annulments"
BODY = {"nonce": NONCE, "why": "did_not_turn"}
SCAN = {"code": code(), "nonce": NONCE}


@pytest.mark.trio
@pytest.mark.parametrize(("number", "status"), [(7, 403), (8, 200), (9, 200), (10, 200)])
async def test_who_may_gives_the_ticket_back(number: int, status: int) -> None:
    house = House(STAFF)
    async with signed_in(house, number) as client:
        _, scan = await ask(client, "/v1/lanes/2/presentations", SCAN)
        told = await ask(client, PATH, BODY)
        again = await ask(client, "/v1/lanes/2/presentations", {**SCAN, "nonce": OTHER})
    assert told[0] == status
    facts = [fact for fact in house.log.facts if isinstance(fact, Annulled)]
    if status == 403:
        assert (facts, again[1]["decision"]) == ([], "refused")
        return
    assert told[1] == {"lane": 2, "seq": scan["seq"], "fact_seq": scan["seq"] + 2}
    assert [(fact.who, fact.why) for fact in facts] == [(str(number), "did_not_turn")]
    assert again[1]["decision"] == "admitted"


@pytest.mark.trio
async def test_a_supervisor_of_one_lane_takes_nothing_back_at_another() -> None:
    house = House(STAFF)
    house.one.barrier = None
    async with signed_in(house, 8) as client:
        await ask(client, "/v1/lanes/1/presentations", SCAN)
    async with signed_in(house, 10) as client:
        status, told = await ask(client, PATH, BODY)
    assert (status, told["detail"]) == (403, "you may not annul at lane 1")
    assert "Annulled" not in house.log.kinds()


@pytest.mark.trio
async def test_where_nobody_signs_in_nothing_is_taken_back() -> None:
    house = House()
    await house.post(SCAN, lane=2)
    async with house.client() as client:
        status, told = await ask(client, PATH, BODY)
    assert (status, told["hint"]) == (403, "configure [[staff]]")
    assert "Annulled" not in house.log.kinds()


@pytest.mark.trio
async def test_what_cannot_be_taken_back_says_why() -> None:
    house = House(STAFF)
    async with signed_in(house, 8) as client:
        unknown = await ask(client, PATH, BODY)
        await ask(client, "/v1/lanes/1/presentations", SCAN)  # the arm has not turned yet
        still_open = await ask(client, PATH, BODY)
        house.one.completed(house.arm.granted[0], 1)
        house.clock.ms += ANNUL_WINDOW_MS + 1
        late = await ask(client, PATH, BODY)
        house.clock.ms -= 2
        done = await ask(client, PATH, BODY)
        twice = await ask(client, PATH, BODY)
    problems = [(status, told["problem"]) for status, told in (unknown, still_open, late, twice)]
    wanted = ["unknown_nonce", "open", "too_late", "annulled"]
    assert problems == [(409, problem) for problem in wanted]
    assert all(told["detail"] and told["hint"] for _, told in (unknown, still_open, late, twice))
    assert done[0] == 200
    assert house.log.kinds().count("Annulled") == 1


@pytest.mark.trio
async def test_a_full_disk_is_said_and_changes_nothing() -> None:
    house = House(STAFF)
    async with signed_in(house, 8) as client:
        await ask(client, "/v1/lanes/2/presentations", SCAN)
        house.log.full = True
        status, told = await ask(client, PATH, BODY)
        house.log.full = False
        assert (status, told["problem"]) == (503, "no_room")
        assert (await ask(client, PATH, BODY))[0] == 200


@pytest.mark.trio
async def test_the_answer_waits_until_the_fact_is_on_disk() -> None:
    house = House(STAFF)
    answers: list[Any] = []
    async with signed_in(house, 8) as client:
        await ask(client, "/v1/lanes/2/presentations", SCAN)
        house.log.holding = True

        async def annul() -> None:
            answers.append(await ask(client, PATH, BODY))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(annul)
            await until(lambda: "Annulled" in house.log.kinds())
            await trio.testing.wait_all_tasks_blocked()
            assert not answers
            house.log.sync()
    assert answers[0][0] == 200


@pytest.mark.trio
@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (b"", ""),
        ({"why": "other"}, "nonce"),
        ({"nonce": NONCE}, "why"),
        ({"nonce": "xy", "why": "other"}, "nonce"),
        ({"nonce": NONCE, "why": "because"}, "why"),
        ({**BODY, "lane": 1}, "lane"),
    ],
)
async def test_a_wrong_body_is_said_what_is_wrong(wrong: Any, field: str) -> None:
    house = House(STAFF)
    async with signed_in(house, 8) as client:
        status, told = await ask(client, PATH, wrong)
    assert (status, told.get("field", "")) == (400, field)
