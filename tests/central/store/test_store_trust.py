"""Tenants, gateways and issuers: what is read back, in which order, and what exists once."""

from __future__ import annotations

import asyncpg
import msgspec
import pytest

from central.store import trust
from crypto.keys import key_id
from tests.central.world import GATEWAY, NOW_MS, OTHER, TENANT

pytestmark = pytest.mark.asyncio
NORTH = trust.Gateway(GATEWAY, 2, "north", b"n" * 32, b"der n", None)
SOUTH = trust.Gateway(OTHER, 1, "south", b"s" * 32, b"der s", None)


async def fill(db: asyncpg.Connection) -> None:
    await trust.add_tenant(db, TENANT, "Open Air", NOW_MS)
    await trust.add_gateway(db, TENANT, NORTH, NOW_MS)
    await trust.add_gateway(db, TENANT, SOUTH, NOW_MS)


async def test_gateways_are_listed_by_index_and_found_by_id(
    connection: asyncpg.Connection,
) -> None:
    assert await trust.tenant_name(connection, TENANT) is None
    await fill(connection)
    assert await trust.tenant_name(connection, TENANT) == "Open Air"
    assert await trust.list_gateways(connection, TENANT) == [SOUTH, NORTH]
    assert await trust.find_gateway(connection, TENANT, GATEWAY) == NORTH
    assert await trust.find_gateway(connection, TENANT, b"?" * 16) is None
    assert await trust.find_gateway(connection, bytes(16), GATEWAY) is None
    assert await trust.next_index(connection, TENANT) == 3
    assert await trust.next_index(connection, bytes(16)) == 1


async def test_the_first_revocation_counts(connection: asyncpg.Connection) -> None:
    await fill(connection)
    for at_ms in (NOW_MS, NOW_MS + 9):
        await trust.revoke_gateway(connection, TENANT, GATEWAY, at_ms, "lost")
    revoked = msgspec.structs.replace(NORTH, revoked_ms=NOW_MS)
    assert await trust.find_gateway(connection, TENANT, GATEWAY) == revoked
    assert await trust.list_gateways(connection, TENANT) == [SOUTH, revoked]
    assert await trust.next_index(connection, TENANT) == 3


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"gateway": GATEWAY}, "gateways_pk"),
        ({"index": 1}, "gateways_index_once"),
        ({"name": "south"}, "gateways_name_once"),
        ({"device_key": b"n" * 32}, "gateways_device_key_once"),
        ({"index": 256}, "gateways_index_fits_a_byte"),
        ({"device_key": b"short"}, "gateways_device_key_has_32_bytes"),
    ],
)
async def test_a_gateway_that_breaks_a_rule(
    connection: asyncpg.Connection, changes: dict[str, object], rule: str
) -> None:
    await fill(connection)
    new = trust.Gateway(b"g" * 16, 3, "west", b"w" * 32, b"der w", None)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as caught:
        changed = msgspec.structs.replace(new, **changes)
        await trust.add_gateway(connection, TENANT, changed, NOW_MS)
    assert caught.value.constraint_name == rule


async def test_issuers_and_their_keys_oldest_first(connection: asyncpg.Connection) -> None:
    await fill(connection)
    shop = trust.IssuerRow("shop", "A shop", "pretix_sig1")
    house = trust.IssuerRow("house", "We", "GH1")
    for issuer in (shop, house):
        await trust.add_issuer(connection, TENANT, issuer, NOW_MS)
    assert await trust.list_issuers(connection, TENANT) == [house, shop]
    keys = [
        trust.IssuerKeyRow("house", key_id(public), public, n, n + 1)
        for n, public in enumerate([b"1" * 32, b"2" * 32, b"3" * 32])
    ]
    for at_ms, key in ((NOW_MS + 5, keys[1]), (NOW_MS + 9, keys[2]), (NOW_MS, keys[0])):
        await trust.add_issuer_key(connection, TENANT, key, at_ms)
    assert await trust.list_issuer_keys(connection, TENANT) == keys
    stranger = trust.IssuerKeyRow("stranger", b"1234", b"x" * 32, 0, 0)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await trust.add_issuer_key(connection, TENANT, stranger, NOW_MS)
