"""Quarantines: the newest word per gateway counts."""

from __future__ import annotations

import asyncpg
import pytest

from central.store import trouble
from tests.central.world import GATEWAY, NOW_MS, OTHER, TENANT, Ledger, enrol

pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize("later_ms", [NOW_MS + 5, NOW_MS, NOW_MS - 86_400_000])
async def test_the_newest_word_counts(connection: asyncpg.Connection, later_ms: int) -> None:
    await enrol(connection, Ledger(), Ledger(OTHER, seed=2))
    assert not await trouble.quarantined(connection, TENANT, GATEWAY)
    await trouble.set_quarantine(connection, TENANT, GATEWAY, True, "fork", NOW_MS)
    assert await trouble.quarantined(connection, TENANT, GATEWAY)
    assert not await trouble.quarantined(connection, TENANT, OTHER)
    assert await trouble.list_quarantined(connection, TENANT) == {GATEWAY: "fork"}
    await trouble.set_quarantine(connection, TENANT, GATEWAY, False, "looked at", later_ms)
    assert not await trouble.quarantined(connection, TENANT, GATEWAY)
    assert await trouble.list_quarantined(connection, TENANT) == {}
