"""Guests by name: for supervisors only, three letters at least, twenty hits at most."""

from __future__ import annotations

import pytest

from crypto.guests import Guest
from edge.core.guests import GuestBook
from tests.edge.web.desk import STAFF, signed_in
from tests.edge.web.house import House

MANY = [Guest(f"k{n}", f"Maier {n:02}") for n in range(25)]
JOERG = Guest("j", "Jörg Müller", b"shop:" + bytes(range(8)), 7, 921, "wheelchair")


def house() -> House:
    made = House(STAFF)
    made.gateway.policy.take_guests(GuestBook([JOERG, *MANY], version=2, issued_at_ms=77))
    return made


@pytest.mark.trio
async def test_a_guest_is_found_however_the_name_is_written() -> None:
    async with signed_in(house(), 8) as client:
        told = (await client.get("/v1/guests", params={"name": " mueler "})).json()
    row = {
        "name": "Jörg Müller", "slips": 1, "ticket": "shop:0001020304050607",
        "product": "Day ticket", "note": "wheelchair",
    }  # fmt: skip
    assert told == {"guests": [row], "more": False, "listed": 26, "issued_at_ms": 77}


@pytest.mark.trio
async def test_no_more_than_twenty_and_it_says_that_there_are_more() -> None:
    async with signed_in(house(), 9) as client:
        told = (await client.get("/v1/guests?name=mai")).json()
    assert (len(told["guests"]), told["more"]) == (20, True)


@pytest.mark.trio
@pytest.mark.parametrize("query", ["", "?name=", "?name=ma", "?name=+m+-.a", "?name=" + "a" * 101])
async def test_less_than_three_letters_list_nobody(query: str) -> None:
    async with signed_in(house(), 8) as client:
        answer = await client.get("/v1/guests" + query)
    assert (answer.status_code, answer.json()["field"]) == (400, "name")


@pytest.mark.trio
async def test_who_only_scans_reads_no_names_and_nor_does_who_has_none() -> None:
    async with signed_in(house(), 7) as client:
        assert (await client.get("/v1/guests?name=mai")).status_code == 403
    async with House().client() as client:
        answer = await client.get("/v1/guests?name=mai")
    assert (answer.status_code, answer.json()["hint"]) == (403, "configure [[staff]]")
