"""Bundles: complete, signed, only rising, and only when something changed."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from central.publish import build, publish
from central.store import bundles, sales, trust
from crypto.bundle import read_untrusted
from crypto.keys import SigningKey, VerifyKey, key_id
from tests.central.world import GATEWAY, NOW_MS, TENANT, Ledger, enrol

pytestmark = pytest.mark.asyncio
KEY = SigningKey(b"b" * 32)
ISSUER = SigningKey(b"i" * 32)


async def fill(db: asyncpg.Connection) -> None:
    await enrol(db, Ledger())
    await trust.add_issuer(db, TENANT, trust.IssuerRow("house", "Open Air", "GH1"), NOW_MS)
    key = trust.IssuerKeyRow("house", ISSUER.key_id, ISSUER.public, 5, 9)
    await trust.add_issuer_key(db, TENANT, key, NOW_MS)
    await sales.add_product(db, TENANT, sales.ProductRow(1, "Day", "after_exit", 60), NOW_MS)
    await sales.add_performance(db, TENANT, sales.PerformanceRow(3, "Sat", 10, 20, 5), NOW_MS)
    await sales.add_gate(db, TENANT, sales.GateRow(2, "North", [1], [3]), NOW_MS)


async def test_everything_the_tables_say_is_in_it(connection: asyncpg.Connection) -> None:
    await fill(connection)
    for kind in ("revoked", "canceled", "blocked"):
        word = sales.Denial(b"house:" + kind[0].encode() * 8, kind, True, 77, "", NOW_MS)
        await sales.add_denial(connection, TENANT, word)
    version, new = await publish(connection, TENANT, KEY, NOW_MS)
    raw = await bundles.get(connection, TENANT, version)
    assert new and raw is not None
    read = read_untrusted(raw, VerifyKey(KEY.public))
    assert (read.version, read.tenant, read.issued_at_ms) == (1, TENANT, NOW_MS)
    assert (read.issuers[0].name, read.issuers[0].keys[0].public) == ("house", ISSUER.public)
    assert (read.issuers[0].keys[0].not_before, read.issuers[0].keys[0].not_after) == (5, 9)
    assert (read.products[0].reentry, read.products[0].reentry_after_s) == ("after_exit", 60)
    assert (read.performances[0].number, read.performances[0].admission_from) == (3, 5)
    assert (read.gates[0].products, read.gates[0].performances) == ([1], [3])
    assert read.revoked[0].min_issued_at == 77
    assert (read.canceled, read.blocked) == ([b"house:cccccccc"], [b"house:bbbbbbbb"])
    assert (read.gateways[0].gateway, read.gateways[0].revoked) == (GATEWAY, False)


async def test_versions_rise_only_with_changes(connection: asyncpg.Connection) -> None:
    await fill(connection)
    assert await publish(connection, TENANT, KEY, NOW_MS) == (1, True)
    assert await publish(connection, TENANT, KEY, NOW_MS + 5) == (1, False)
    await trust.revoke_gateway(connection, TENANT, GATEWAY, NOW_MS, "lost")
    # a clock that went backwards changes nothing about the order of versions
    assert await publish(connection, TENANT, KEY, NOW_MS - 86_400_000) == (2, True)
    assert (await build(connection, TENANT)).gateways[0].revoked


async def test_many_publishers_give_each_version_once(
    dsn: str, connection: asyncpg.Connection
) -> None:
    await fill(connection)
    several = [await asyncpg.connect(dsn) for _ in range(4)]

    said: list[int] = []

    async def work(db: asyncpg.Connection, number: int) -> None:
        for step in range(5):
            row = sales.ProductRow(10 * number + step + 10, f"P{number}.{step}")
            await sales.add_product(db, TENANT, row, NOW_MS)
            version, new = await publish(db, TENANT, KEY, NOW_MS)
            said.extend([version] if new else [])

    await asyncio.gather(*(work(db, n) for n, db in enumerate(several)))
    version, _ = await publish(connection, TENANT, KEY, NOW_MS)
    assert len(said) == len(set(said)), "two publishers both say they made one version"
    raw = await bundles.get(connection, TENANT, version)
    assert raw is not None
    assert len(read_untrusted(raw, VerifyKey(KEY.public)).products) == 21
    assert await connection.fetchval("SELECT count(*) FROM bundles") == version
    for db in several:
        await db.close()


async def test_two_keys_with_one_id_are_refused(connection: asyncpg.Connection) -> None:
    await fill(connection)
    twin = trust.IssuerKeyRow("house", key_id(ISSUER.public), b"x" * 32, 0, 0)
    with pytest.raises(asyncpg.UniqueViolationError) as caught:
        await trust.add_issuer_key(connection, TENANT, twin, NOW_MS)
    assert caught.value.constraint_name == "issuer_keys_pk"
