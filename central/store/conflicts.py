"""What gateways have found that cannot both be right (`MoneyConflictFound`), once each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from central.store import HEAVY_S

if TYPE_CHECKING:
    from central.store import Connection

# Several gateways may find the same: it is known by what it is and by both transactions. A fork
# that the centre has found itself stands in `wallet_forks` already.
CONFLICTS = """
SELECT DISTINCT ON (c.said, LEAST(c.txid, c.source), GREATEST(c.txid, c.source))
       c.said AS what, c.medium, c.amount_minor, LEAST(c.txid, c.source) AS first_txid,
       GREATEST(c.txid, c.source) AS second_txid, c.gateway, c.till, c.hlc, f.offset_min
FROM money AS c
LEFT JOIN facts AS f ON f.tenant_id = $1 AND f.gateway = c.gateway AND f.epoch = c.epoch
    AND f.seq = c.seq
WHERE c.tenant_id = $1 AND c.kind = 54 AND NOT EXISTS (
    SELECT FROM wallet_forks AS w
    WHERE w.tenant_id = $1 AND c.said = 'fork' AND w.medium = c.medium
      AND w.first_txid = LEAST(c.txid, c.source) AND w.second_txid = GREATEST(c.txid, c.source)
)
ORDER BY c.said, LEAST(c.txid, c.source), GREATEST(c.txid, c.source),
         c.hlc, c.gateway, c.epoch, c.seq
"""


async def conflicts(connection: Connection, tenant: bytes) -> list[dict[str, Any]]:
    """Codes and grants used twice, bands overdrawn, sales taken back twice, forks that only a
    gateway could see; the first record of each. Reads every row of money."""
    return [dict(row) for row in await connection.fetch(CONFLICTS, tenant, timeout=HEAVY_S)]
