"""Products, performances, gates, denials, and how foreign numbers map to ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from central.store.names import claim_name

if TYPE_CHECKING:
    from central.store import Connection

ADD_PRODUCT = """
INSERT INTO products (tenant_id, product, name, reentry, reentry_after_s, added_ms)
VALUES ($1, $2, $3, $4, $5, $6)
"""
LIST_PRODUCTS = """
SELECT product, name, reentry, reentry_after_s
FROM current_products WHERE tenant_id = $1 ORDER BY product
"""
ADD_PERFORMANCE = """
INSERT INTO performances (tenant_id, performance, name, starts_s, ends_s, admission_s, added_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
LIST_PERFORMANCES = """
SELECT performance, name, starts_s, ends_s, admission_s
FROM current_performances WHERE tenant_id = $1 ORDER BY performance
"""
ADD_GATE = "INSERT INTO gates (tenant_id, gate, name, added_ms) VALUES ($1, $2, $3, $4)"
LIST_GATES = "SELECT gate, name FROM gates WHERE tenant_id = $1 ORDER BY gate"
NEWEST_GATES = """
SELECT DISTINCT ON (gate) gate, name, products, performances
FROM gate_versions WHERE tenant_id = $1 ORDER BY gate, changed_ms DESC
"""
ADD_GATE_PRODUCT = "INSERT INTO gate_products (tenant_id, gate, product) VALUES ($1, $2, $3)"
LIST_GATE_PRODUCTS = """
SELECT gate, product FROM gate_products WHERE tenant_id = $1 ORDER BY gate, product
"""
ADD_GATE_PERFORMANCE = """
INSERT INTO gate_performances (tenant_id, gate, performance) VALUES ($1, $2, $3)
"""
LIST_GATE_PERFORMANCES = """
SELECT gate, performance FROM gate_performances WHERE tenant_id = $1 ORDER BY gate, performance
"""
ADD_FOREIGN_ROW = """
INSERT INTO foreign_rows (tenant_id, issuer, item, variation, subevent, product, performance)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
LIST_FOREIGN_ROWS = """
SELECT issuer, item, variation, subevent, product, performance
FROM foreign_rows WHERE tenant_id = $1 ORDER BY issuer, item, variation, subevent
"""
ADD_DENIAL = """
INSERT INTO denials (tenant_id, ticket, kind, recorded_ms, stands, min_issued_s, reason)
SELECT $1, $2, $3, GREATEST($4, 1 + COALESCE(max(d.recorded_ms), 0)), $5, $6, $7
FROM denials AS d WHERE d.tenant_id = $1 AND d.ticket = $2 AND d.kind = $3
"""
LIST_DENIALS = """
SELECT DISTINCT ON (ticket, kind) ticket, kind, stands, min_issued_s, reason, recorded_ms
FROM denials WHERE tenant_id = $1 ORDER BY ticket, kind, recorded_ms DESC
"""
ANY = -1


class ProductRow(msgspec.Struct, frozen=True):
    """What a ticket is of."""

    product: int
    name: str
    reentry: str = "none"
    reentry_after_s: int = 0


class PerformanceRow(msgspec.Struct, frozen=True):
    """A concert; unix seconds, 0 = open."""

    performance: int
    name: str
    starts_s: int = 0
    ends_s: int = 0
    admission_s: int = 0


class GateRow(msgspec.Struct, frozen=True):
    """A group of lanes; empty lists admit all."""

    gate: int
    name: str
    products: list[int] = []
    performances: list[int] = []


class ForeignRowRow(msgspec.Struct, frozen=True):
    """One line of the mapping from a shop's numbers; variation and subevent may be ANY."""

    issuer: str
    item: int
    variation: int
    subevent: int
    product: int
    performance: int


class Denial(msgspec.Struct, frozen=True):
    """The newest word on a ticket identity: revoked, canceled or blocked, or no longer so."""

    ticket: bytes
    kind: str
    stands: bool
    min_issued_s: int
    reason: str
    recorded_ms: int


async def add_product(connection: Connection, tenant: bytes, row: ProductRow, now_ms: int) -> None:
    """Record a product; number and name exist once. Raises NameTaken for an older name."""
    async with connection.transaction():
        await connection.execute(
            ADD_PRODUCT, tenant, row.product, row.name, row.reentry, row.reentry_after_s, now_ms
        )
        await claim_name(connection, tenant, "product", row.name, row.product)


async def list_products(connection: Connection, tenant: bytes) -> list[ProductRow]:
    """Every product, by number."""
    return [ProductRow(*row) for row in await connection.fetch(LIST_PRODUCTS, tenant)]


async def add_performance(
    connection: Connection, tenant: bytes, row: PerformanceRow, now_ms: int
) -> None:
    """Record a performance; number and name exist once. Raises NameTaken for an older name."""
    async with connection.transaction():
        await connection.execute(
            ADD_PERFORMANCE, tenant, row.performance, row.name, row.starts_s, row.ends_s,
            row.admission_s, now_ms,
        )  # fmt: skip
        await claim_name(connection, tenant, "performance", row.name, row.performance)


async def list_performances(connection: Connection, tenant: bytes) -> list[PerformanceRow]:
    """Every performance, by number."""
    return [PerformanceRow(*row) for row in await connection.fetch(LIST_PERFORMANCES, tenant)]


async def add_gate(connection: Connection, tenant: bytes, row: GateRow, now_ms: int) -> None:
    """Record a gate with what it admits, whole or not at all. Raises NameTaken."""
    async with connection.transaction():
        await connection.execute(ADD_GATE, tenant, row.gate, row.name, now_ms)
        for product in row.products:
            await connection.execute(ADD_GATE_PRODUCT, tenant, row.gate, product)
        for performance in row.performances:
            await connection.execute(ADD_GATE_PERFORMANCE, tenant, row.gate, performance)
        await claim_name(connection, tenant, "gate", row.name, row.gate)


async def list_gates(connection: Connection, tenant: bytes) -> list[GateRow]:
    """Every gate as it is now, by number."""
    products: dict[int, list[int]] = {}
    performances: dict[int, list[int]] = {}
    for row in await connection.fetch(LIST_GATE_PRODUCTS, tenant):
        products.setdefault(row["gate"], []).append(row["product"])
    for row in await connection.fetch(LIST_GATE_PERFORMANCES, tenant):
        performances.setdefault(row["gate"], []).append(row["performance"])
    changed = {row["gate"]: GateRow(*row) for row in await connection.fetch(NEWEST_GATES, tenant)}
    return [
        changed.get(gate) or GateRow(gate, name, products.get(gate, []), performances.get(gate, []))
        for gate, name in await connection.fetch(LIST_GATES, tenant)
    ]


async def add_foreign_row(connection: Connection, tenant: bytes, row: ForeignRowRow) -> None:
    """Record one line of a foreign issuer's mapping."""
    await connection.execute(
        ADD_FOREIGN_ROW, tenant, row.issuer, row.item, row.variation, row.subevent,
        row.product, row.performance,
    )  # fmt: skip


async def list_foreign_rows(connection: Connection, tenant: bytes) -> list[ForeignRowRow]:
    """Every line of every foreign issuer's mapping."""
    return [ForeignRowRow(*row) for row in await connection.fetch(LIST_FOREIGN_ROWS, tenant)]


async def add_denial(connection: Connection, tenant: bytes, denial: Denial) -> None:
    """Append a word on a ticket; later words win, whatever the clock does in between."""
    d = denial
    await connection.execute(
        ADD_DENIAL, tenant, d.ticket, d.kind, d.recorded_ms, d.stands, d.min_issued_s, d.reason
    )


async def list_denials(connection: Connection, tenant: bytes) -> list[Denial]:
    """The denials that stand."""
    rows = await connection.fetch(LIST_DENIALS, tenant)
    return [denial for row in rows if (denial := Denial(*row)).stands]
