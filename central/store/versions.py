"""Changes of products, performances and gates: a new row each time, the newest counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from central.store.names import claim_name
from central.store.sales import GateRow, PerformanceRow, ProductRow

if TYPE_CHECKING:
    from central.store import Connection

# As with denials: a later word is later, whatever the clock does in between.
CHANGE_PRODUCT = """
INSERT INTO product_versions (tenant_id, product, changed_ms, name, reentry, reentry_after_s)
SELECT $1, $2, GREATEST($3, 1 + COALESCE(max(v.changed_ms), 0)), $4, $5, $6
FROM product_versions AS v WHERE v.tenant_id = $1 AND v.product = $2
"""
CHANGE_PERFORMANCE = """
INSERT INTO performance_versions
    (tenant_id, performance, changed_ms, name, starts_s, ends_s, admission_s)
SELECT $1, $2, GREATEST($3, 1 + COALESCE(max(v.changed_ms), 0)), $4, $5, $6, $7
FROM performance_versions AS v WHERE v.tenant_id = $1 AND v.performance = $2
"""
CHANGE_GATE = """
INSERT INTO gate_versions (tenant_id, gate, changed_ms, name, products, performances)
SELECT $1, $2, GREATEST($3, 1 + COALESCE(max(v.changed_ms), 0)), $4, $5, $6
FROM gate_versions AS v WHERE v.tenant_id = $1 AND v.gate = $2
"""


async def change_product(
    connection: Connection, tenant: bytes, row: ProductRow, now_ms: int
) -> None:
    """From now on the product is as `row` says. Raises NameTaken."""
    async with connection.transaction():
        await connection.execute(
            CHANGE_PRODUCT, tenant, row.product, now_ms, row.name, row.reentry, row.reentry_after_s
        )
        await claim_name(connection, tenant, "product", row.name, row.product)


async def change_performance(
    connection: Connection, tenant: bytes, row: PerformanceRow, now_ms: int
) -> None:
    """From now on the performance is as `row` says. Raises NameTaken."""
    async with connection.transaction():
        await connection.execute(
            CHANGE_PERFORMANCE, tenant, row.performance, now_ms, row.name, row.starts_s,
            row.ends_s, row.admission_s,
        )  # fmt: skip
        await claim_name(connection, tenant, "performance", row.name, row.performance)


async def change_gate(connection: Connection, tenant: bytes, row: GateRow, now_ms: int) -> None:
    """From now on the gate is as `row` says, its lists included. Raises NameTaken."""
    async with connection.transaction():
        await connection.execute(
            CHANGE_GATE, tenant, row.gate, now_ms, row.name, row.products, row.performances
        )
        await claim_name(connection, tenant, "gate", row.name, row.gate)
