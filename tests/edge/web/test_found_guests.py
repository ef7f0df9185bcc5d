"""Guests found by name, over HTTP: decided as for a code, once, and the fact says by whom."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from crypto.claim import show_identity
from crypto.entry import Admitted, Overridden
from crypto.guests import Guest
from edge.core.guests import GuestBook
from edge.core.policy import Policy
from tests.edge.web.desk import AT_TWO, NONCE, OTHER, SCANNER, SUPERVISOR, ask, signed_in
from tests.edge.web.house import NOW_S, House, rules

PATH = "/v1/lanes/2/guests"
MIA, NOAH, LATE = b"shop:" + b"\x01" * 8, b"shop:" + b"\x02" * 8, b"shop:" + b"\x03" * 8
GUESTS = [
    Guest("1", "Mia Meier", MIA, 7, persons=2),
    Guest("2", "Noah Nowak", NOAH, 9),
    Guest("3", "Lena Late", LATE, 7, valid_from=NOW_S + 60),
    Guest("4", "No Ticket"),
]


def house() -> House:
    at = House([SCANNER, SUPERVISOR, AT_TWO])
    at.gateway.policy.take_guests(GuestBook(GUESTS))
    return at


def body(ticket: bytes = MIA, nonce: str = NONCE, **more: Any) -> dict[str, Any]:
    return {"ticket": show_identity(ticket), "nonce": nonce, **more}


def admissions(at: House) -> list[Any]:
    return [fact for fact in at.log.facts if isinstance(fact, Admitted)]


@pytest.mark.trio
async def test_a_guest_is_admitted_and_the_fact_says_by_whom() -> None:
    at = house()
    async with signed_in(at, 8) as client:
        status, told = await ask(client, PATH, body(count=2))
    assert (status, told["decision"], told["granted"], told["persons"]) == (200, "admitted", 2, 2)
    assert (told["scheme"], told["identity"]) == ("guest_list", show_identity(MIA))
    assert (told["name"], told["product"]) == ("Mia Meier", "Day ticket")
    assert "overridden" not in told
    (fact,) = admissions(at)
    assert type(fact) is Overridden
    assert (fact.who, fact.why, fact.reason) == ("8", "found_by_name", 0)
    assert (fact.ticket, fact.nonce, fact.lane) == (MIA, bytes.fromhex(NONCE), 2)


@pytest.mark.trio
async def test_the_same_nonce_admits_once_and_another_one_is_refused() -> None:
    at = house()
    async with signed_in(at, 8) as client:
        first = await ask(client, PATH, body(count=2))
        again = await ask(client, PATH, body(count=2))
        other = await ask(client, PATH, body(count=1))
        used = await ask(client, PATH, body(nonce=OTHER))
    assert not first[1].get("repeated") and again[1]["repeated"]
    assert (other[0], other[1]["problem"]) == (409, "nonce_reused")
    assert (used[1]["decision"], used[1]["reason"]) == ("refused", "already_redeemed")
    assert len(admissions(at)) == 1


@pytest.mark.trio
@pytest.mark.parametrize(
    ("ticket", "reason"),
    [(NOAH, "product"), (LATE, "invalid_time"), (b"shop:unknown!", "invalid")],
)
async def test_the_order_of_checks_is_that_of_a_code(ticket: bytes, reason: str) -> None:
    at = house()
    async with signed_in(at, 8) as client:
        _, told = await ask(client, PATH, body(ticket))
    assert (told["decision"], told["reason"]) == ("refused", reason)
    assert admissions(at) == []


@pytest.mark.trio
async def test_lists_count_for_a_guest_without_a_code() -> None:
    at = house()
    denied = msgspec.structs.replace(rules(), canceled=[MIA], blocked=[NOAH])
    at.gateway.policy = Policy(denied, guests=GuestBook(GUESTS))
    async with signed_in(at, 8) as client:
        _, mia = await ask(client, PATH, body(MIA, NONCE))
        _, noah = await ask(client, PATH, body(NOAH, OTHER))
    assert (mia["reason"], noah["reason"]) == ("canceled", "blocked")


@pytest.mark.trio
async def test_what_was_refused_can_be_overridden_by_name() -> None:
    at = house()
    async with signed_in(at, 8) as client:
        _, told = await ask(client, PATH, body(LATE, OTHER, why="late_or_early"))
    assert (told["decision"], told["overridden"]) == ("admitted", "invalid_time")
    (fact,) = admissions(at)
    assert (fact.who, fact.why, fact.reason) == ("8", "late_or_early", 90)


@pytest.mark.trio
async def test_trying_records_nothing_and_may_be_at_another_time() -> None:
    at = house()
    async with signed_in(at, 8) as client:
        tried = {"ticket": show_identity(LATE), "simulate": True}
        _, now = await ask(client, PATH, tried)
        _, later = await ask(client, PATH, tried | {"at": "2026-12-31T23:30:00+01:00"})
        odd = await ask(client, PATH, tried | {"at": "1850-12-31T23:30:00+01:00"})
    assert (now["decision"], now["reason"], now["simulated"]) == ("refused", "invalid_time", True)
    assert (later["decision"], later["simulated"]) == ("admitted", True)
    assert (odd[0], odd[1]["field"]) == (400, "at")
    assert at.log.facts == []


@pytest.mark.trio
@pytest.mark.parametrize(("number", "lane", "status"), [(7, 2, 403), (10, 1, 403), (10, 2, 200)])
async def test_only_by_who_may_search_there(number: int, lane: int, status: int) -> None:
    at = house()
    async with signed_in(at, number) as client:
        assert (await ask(client, f"/v1/lanes/{lane}/guests", body()))[0] == status
    assert len(admissions(at)) == (status == 200)


@pytest.mark.trio
@pytest.mark.parametrize(
    ("why", "simulate", "right"),
    [(None, False, "scan"), ("other", False, "override"), (None, True, "simulate")],
)
async def test_searching_alone_is_not_enough(
    why: str | None, simulate: bool, right: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = house()
    may = at.door.may
    monkeypatch.setattr(at.door, "may", lambda r, what, lane=None: what != right and may(r, what))
    async with signed_in(at, 8) as client:
        more = {"why": why} if why else {}
        status, told = await ask(client, PATH, body(simulate=simulate, **more))
    assert (status, told["detail"].split(" at ")[0]) == (403, f"you may not {right}")
    assert at.log.facts == []


@pytest.mark.trio
async def test_where_nobody_signs_in_nobody_is_found() -> None:
    at = House()
    async with at.client() as client:
        assert (await ask(client, PATH, body()))[0] == 403


BAD: list[tuple[dict[str, Any], str]] = [
    ({"ticket": "shop"}, "ticket"),
    ({"ticket": "shop:0"}, "ticket"),
    ({"ticket": "shöp:00"}, "ticket"),
    ({"nonce": "0"}, "nonce"),
    ({"nonce": None}, "nonce"),
    ({"count": 0}, "count"),
    ({"why": "because"}, "why"),
    ({"direction": "exit"}, "direction"),
]


@pytest.mark.trio
@pytest.mark.parametrize(("change", "field"), BAD, ids=[str(row[0]) for row in BAD])
async def test_what_is_wrong_is_named(change: dict[str, Any], field: str) -> None:
    at = house()
    async with signed_in(at, 8) as client:
        status, told = await ask(client, PATH, body() | change)
    assert (status, told["field"]) == (400, field)
    assert at.log.facts == []


@pytest.mark.trio
async def test_a_lane_for_exits_admits_nobody_by_name() -> None:
    at = house()
    at.two.both, at.two.direction = False, "exit"
    async with signed_in(at, 8) as client:
        status, told = await ask(client, PATH, body())
    assert (status, told["field"]) == (400, "direction")
