"""Bundles: kept for ever, the newest found, a version exists once."""

from __future__ import annotations

import asyncpg
import pytest

from central.store import bundles
from tests.central.world import NOW_MS, TENANT

pytestmark = pytest.mark.asyncio
OTHER_TENANT = bytes(16)


async def test_every_version_stays_and_the_newest_is_known(connection: asyncpg.Connection) -> None:
    assert await bundles.latest_version(connection, TENANT) == 0
    assert await bundles.latest(connection, TENANT) is None
    for version in (9, 10, 2):  # by number, not by time or text
        raw = b"raw %d" % version
        await bundles.add(connection, TENANT, version, bytes(32), raw, NOW_MS)
    await bundles.add(connection, OTHER_TENANT, 99, bytes(32), b"theirs", NOW_MS)
    assert await bundles.latest_version(connection, TENANT) == 10
    assert await bundles.latest(connection, TENANT) == (10, b"raw 10")
    assert await bundles.get(connection, TENANT, 2) == b"raw 2"
    assert await bundles.get(connection, TENANT, 99) is None


async def test_a_version_exists_once(connection: asyncpg.Connection) -> None:
    await bundles.add(connection, TENANT, 1, bytes(32), b"first", NOW_MS)
    with pytest.raises(asyncpg.UniqueViolationError):
        await bundles.add(connection, TENANT, 1, bytes(32), b"second", NOW_MS)
    assert await bundles.get(connection, TENANT, 1) == b"first"
    with pytest.raises(asyncpg.CheckViolationError):
        await bundles.add(connection, TENANT, 0, bytes(32), b"zero", NOW_MS)
