"""Lines that were sold for merchants, added up, and the price lists that say their taxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from central.books.merchants import Receipts, Sum
from central.store import HEAVY_S

if TYPE_CHECKING:
    from central.store import Connection

# A hold counts on the day of its first posting; the same transaction brought twice counts once.
_SOLD = """
FROM sale_lines AS l
JOIN money AS m ON m.tenant_id = $1 AND m.gateway = l.gateway AND m.epoch = l.epoch
    AND m.seq = l.seq
LEFT JOIN LATERAL (
    SELECT q.day FROM money AS q
    WHERE m.kind = 33 AND q.tenant_id = $1 AND q.txid = m.txid AND q.kind = 34
    ORDER BY q.hlc, q.gateway, q.epoch, q.seq LIMIT 1
) AS p ON true
WHERE l.tenant_id = $1 AND l.merchant > 0 AND ($2::integer IS NULL OR l.merchant = $2)
  AND m.marks & 1 = 0 AND (m.kind = 37 OR p.day IS NOT NULL)
  AND COALESCE(p.day, m.day) BETWEEN $3 AND $4
  AND NOT EXISTS (
    SELECT FROM money AS e
    WHERE e.tenant_id = $1 AND e.txid = m.txid AND e.kind = m.kind
      AND (e.hlc, e.gateway, e.epoch, e.seq) < (m.hlc, m.gateway, m.epoch, m.seq)
)
"""
SUMS = f"""
SELECT l.merchant, COALESCE(p.day, m.day) AS day, m.movement, l.kind, l.tax,
       COALESCE(m.prices, 0) AS prices, l.quantity < 0 AS back, sum(l.total_minor)::bigint
{_SOLD}
GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7
"""
RECEIPTS = f"""
SELECT l.merchant, COALESCE(p.day, m.day) AS day, m.movement, count(DISTINCT m.txid)
{_SOLD}
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
TERMS = "SELECT t.content FROM cashless_terms AS t WHERE t.tenant_id = $1 ORDER BY t.set_ms"


async def sums(
    connection: Connection, tenant: bytes, merchant: int | None, first: int, last: int
) -> list[Sum]:
    """Lines of merchants, or of one, on the business days `first` to `last` (YYYYMMDD)."""
    rows = await connection.fetch(SUMS, tenant, merchant, first, last, timeout=HEAVY_S)
    return [Sum(*row) for row in rows]


async def receipts(
    connection: Connection, tenant: bytes, merchant: int | None, first: int, last: int
) -> list[Receipts]:
    """How many receipts have such lines."""
    rows = await connection.fetch(RECEIPTS, tenant, merchant, first, last, timeout=HEAVY_S)
    return [Receipts(*row) for row in rows]


async def all_terms(connection: Connection, tenant: bytes) -> list[bytes]:
    """Every price list that was ever set, the first one first: its version is its place, from 1."""
    return [row["content"] for row in await connection.fetch(TERMS, tenant)]
