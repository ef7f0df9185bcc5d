"""Changes: the newest word counts, also when the clock went backwards; nothing is overwritten."""

from __future__ import annotations

import asyncpg
import pytest

from central.ingest import deliver
from central.store import facts, sales, versions
from central.store.names import NameTaken
from tests.central.world import NOW_MS, TENANT, Ledger, admitted, enrol, packed

pytestmark = pytest.mark.asyncio
DAY = sales.ProductRow(7, "Day")


@pytest.mark.parametrize("later_ms", [NOW_MS + 5, NOW_MS, NOW_MS - 86_400_000])
async def test_the_newest_word_counts(connection: asyncpg.Connection, later_ms: int) -> None:
    await enrol(connection, Ledger())
    await sales.add_product(connection, TENANT, DAY, NOW_MS)
    await sales.add_performance(connection, TENANT, sales.PerformanceRow(3, "Sat"), NOW_MS)
    await sales.add_gate(connection, TENANT, sales.GateRow(2, "North", [7], [3]), NOW_MS)
    for name, at_ms in (("One", NOW_MS), ("Two", later_ms)):
        product = sales.ProductRow(7, name, "unlimited", 5)
        performance = sales.PerformanceRow(3, name, 10, 20, 5)
        gate = sales.GateRow(2, name, [], [3])
        await versions.change_product(connection, TENANT, product, at_ms)
        await versions.change_performance(connection, TENANT, performance, at_ms)
        await versions.change_gate(connection, TENANT, gate, at_ms)
        assert await sales.list_products(connection, TENANT) == [product]
        assert await sales.list_performances(connection, TENANT) == [performance]
        assert await sales.list_gates(connection, TENANT) == [gate]
    assert await connection.fetchval("SELECT count(*) FROM product_versions") == 2


async def test_a_changed_right_counts_for_double_admissions(connection: asyncpg.Connection) -> None:
    ledger = Ledger()
    await enrol(connection, ledger)
    await sales.add_product(connection, TENANT, DAY, NOW_MS)
    ledger.begin()
    ledger.add([admitted(1), admitted(1)])
    await deliver(connection, ledger.log(), 1, packed(ledger.blocks), NOW_MS)
    assert len(await facts.double_admissions(connection, TENANT)) == 1
    changed = sales.ProductRow(7, "Day", "unlimited")
    await versions.change_product(connection, TENANT, changed, NOW_MS)
    assert await facts.double_admissions(connection, TENANT) == []


async def test_a_taken_name_changes_nothing(connection: asyncpg.Connection) -> None:
    await enrol(connection, Ledger())
    await sales.add_product(connection, TENANT, DAY, NOW_MS)
    await sales.add_product(connection, TENANT, sales.ProductRow(8, "Night"), NOW_MS)
    with pytest.raises(NameTaken, match="Night"):
        taken = sales.ProductRow(7, "Night")
        await versions.change_product(connection, TENANT, taken, NOW_MS)
    assert (await sales.list_products(connection, TENANT))[0] == DAY
