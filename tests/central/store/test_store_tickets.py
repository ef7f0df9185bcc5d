"""Issued codes: the newest of a ticket is found, and so is its secret."""

from __future__ import annotations

import asyncpg
import msgspec
import pytest

from central.store import sales, tickets, trust
from crypto.keys import SigningKey
from crypto.ticket import Ticket
from tests.central.world import NOW_MS, TENANT, Ledger, enrol

pytestmark = pytest.mark.asyncio
KEY = SigningKey(b"i" * 32)
OLD = Ticket(KEY.key_id, 0, b"abcdefgh", 1, 5, 9, 2, 4, 100)
NEW = msgspec.structs.replace(OLD, issued_at=101)
IDENTITY = b"house:abcdefgh"


async def fill(db: asyncpg.Connection) -> None:
    await enrol(db, Ledger())
    await trust.add_issuer(db, TENANT, trust.IssuerRow("house", "Open Air", "GH1"), NOW_MS)
    row = trust.IssuerKeyRow("house", KEY.key_id, KEY.public, 0, 0)
    await trust.add_issuer_key(db, TENANT, row, NOW_MS)
    await sales.add_product(db, TENANT, sales.ProductRow(1, "Day"), NOW_MS)


async def test_the_newest_code_of_a_ticket_counts(connection: asyncpg.Connection) -> None:
    await fill(connection)
    other = msgspec.structs.replace(NEW, ticket_id=b"ABCDEFGH", issued_at=200)
    await tickets.add_tickets(connection, TENANT, "house", [NEW, OLD, other])
    assert await tickets.newest_ticket(connection, TENANT, "house", b"abcdefgh") == NEW
    assert await tickets.newest_ticket(connection, TENANT, "house", b"--------") is None
    assert await tickets.newest_ticket(connection, TENANT, "shop", b"abcdefgh") is None
    assert await tickets.count_tickets(connection, TENANT) == {(0, 1): 2}
    with pytest.raises(asyncpg.UniqueViolationError):
        await tickets.add_tickets(connection, TENANT, "house", [NEW])


async def test_the_newest_secret_counts(connection: asyncpg.Connection) -> None:
    await fill(connection)
    await tickets.add_holder_keys(connection, TENANT, 101, {IDENTITY: b"n" * 32})
    await tickets.add_holder_keys(connection, TENANT, 100, {IDENTITY: b"o" * 32, b"x": b"x" * 32})
    assert await tickets.holder_key(connection, TENANT, IDENTITY) == b"n" * 32
    assert await tickets.holder_key(connection, TENANT, b"nobody") is None
    held = [(IDENTITY, b"n" * 32), (b"x", b"x" * 32)]
    assert await tickets.list_holder_keys(connection, TENANT) == held
