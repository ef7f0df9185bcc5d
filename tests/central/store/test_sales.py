"""Denials: the newest word counts, also when the clock went backwards."""

from __future__ import annotations

import asyncpg
import msgspec
import pytest

from central.store import sales
from tests.central.world import NOW_MS, TENANT, Ledger, enrol

pytestmark = pytest.mark.asyncio
WORD = sales.Denial(b"house:12345678", "blocked", True, 0, "x", NOW_MS)


@pytest.mark.parametrize("later_ms", [NOW_MS + 5, NOW_MS, NOW_MS - 86_400_000])
async def test_the_newest_word_counts(connection: asyncpg.Connection, later_ms: int) -> None:
    await enrol(connection, Ledger())
    await sales.add_denial(connection, TENANT, WORD)
    assert [one.kind for one in await sales.list_denials(connection, TENANT)] == ["blocked"]
    lifted = msgspec.structs.replace(WORD, stands=False, recorded_ms=later_ms)
    await sales.add_denial(connection, TENANT, lifted)
    assert await sales.list_denials(connection, TENANT) == []
    await sales.add_denial(connection, TENANT, msgspec.structs.replace(WORD, recorded_ms=later_ms))
    assert len(await sales.list_denials(connection, TENANT)) == 1


async def test_a_gate_with_an_unknown_product_is_not_half_recorded(
    connection: asyncpg.Connection,
) -> None:
    await enrol(connection, Ledger())
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await sales.add_gate(connection, TENANT, sales.GateRow(1, "North", [9]), NOW_MS)
    assert await sales.list_gates(connection, TENANT) == []
