"""People with rights, and what they ask of the API beside presentations."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import trio

from edge.web.signin import COOKIE
from tests.edge.web.house import House, person

SCANNER = person(7, "Anna")
SUPERVISOR = person(8, "Ben", "supervisor")
TECHNICIAN = person(9, "Cem", "technician")
AT_TWO = person(10, "Dora", "supervisor", (2,))
STAFF = [SCANNER, SUPERVISOR, TECHNICIAN, AT_TWO]
NONCE = "0a" * 16
OTHER = "0b" * 16


@asynccontextmanager
async def signed_in(house: House, number: int) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of that person; signing in itself is tested elsewhere."""
    (staff,) = [one for one in STAFF if one.number == number]
    token, _ = house.door.sessions.begin(staff, trio.current_time())
    async with house.client() as client:
        client.cookies.set(COOKIE, token)
        yield client


async def ask(client: httpx2.AsyncClient, path: str, body: Any) -> tuple[int, Any]:
    """POST: status and answer."""
    data = {"content": body} if isinstance(body, bytes) else {"json": body}
    answer = await client.post(path, **data)
    return answer.status_code, answer.json()
