"""What holds read from bands, beside what they aimed at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from central.books.unexplained import HELD, REISSUED, Row, State, began
from central.store import HEAVY_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from central.store import Connection

# Bands of which something was read that no hold aimed at which was not voided. One that took its
# own place is always among them: where its epoch began is worked out by who asks. Counted, not
# joined: fresh rows have no statistics, and each against each would take hours.
SUSPECTS = """
WITH void AS (
    SELECT v.txid FROM money AS v
    WHERE v.tenant_id = $1 AND v.kind = 35 AND NOT EXISTS (
        SELECT FROM money AS p WHERE p.tenant_id = $1 AND p.kind = 34 AND p.txid = v.txid
    )
)
SELECT s.medium FROM (
    SELECT h.medium, h.band_epoch, side.seq, side.debited, side.returned, side.seen, side.aimed
    FROM money AS h
    CROSS JOIN LATERAL (VALUES
        (h.base_seq, h.debited_minor - h.debit_minor, h.returned_minor - h.given_minor,
         true, false),
        (h.band_seq, h.debited_minor, h.returned_minor,
         false, h.txid NOT IN (SELECT v.txid FROM void AS v))
    ) AS side (seq, debited, returned, seen, aimed)
    WHERE h.tenant_id = $1 AND h.kind = 33 AND h.marks & 1 = 0
    UNION ALL
    SELECT p.medium, p.band_epoch, p.band_seq, p.debited_minor, p.returned_minor, true, false
    FROM money AS p WHERE p.tenant_id = $1 AND p.kind = 34 AND p.marks & 1 = 0
) AS s
WHERE s.seq <> 0 OR s.debited <> 0 OR s.returned <> 0
GROUP BY s.medium, s.band_epoch, s.seq, s.debited, s.returned
HAVING bool_or(s.seen) AND NOT bool_or(s.aimed)
UNION
SELECT r.medium FROM money AS r
WHERE r.tenant_id = $1 AND r.kind = 31 AND r.marks & 1 = 0 AND r.source = r.medium
"""
TOLD = """
SELECT m.kind, m.medium, m.band_epoch, m.txid, m.gateway, m.epoch, m.seq, m.hlc, m.till,
       m.base_seq, m.band_seq, m.debited_minor, m.returned_minor, m.debit_minor, m.given_minor,
       m.amount_minor, m.absorbed_minor, f.offset_min
FROM money AS m
LEFT JOIN facts AS f ON f.tenant_id = $1 AND f.gateway = m.gateway AND f.epoch = m.epoch
    AND f.seq = m.seq
WHERE m.tenant_id = $1 AND m.medium = ANY($2) AND m.marks & 1 = 0
  AND (m.kind IN (33, 34, 35) OR (m.kind = 31 AND m.source = m.medium))
"""


async def suspects(connection: Connection, tenant: bytes) -> list[bytes]:
    """Bands that may have unexplained steps, and not many others. Reads every hold."""
    return sorted(
        row["medium"] for row in await connection.fetch(SUSPECTS, tenant, timeout=HEAVY_S)
    )


async def told(connection: Connection, tenant: bytes, media: Sequence[bytes]) -> list[Row]:
    """What facts say of these bands, all epochs."""
    found = []
    for row in await connection.fetch(TOLD, tenant, list(media)):
        base = State(0, 0, 0)
        if row["kind"] == REISSUED:
            target = began(row["amount_minor"], row["absorbed_minor"] or 0)
        else:
            target = State(row["band_seq"], row["debited_minor"], row["returned_minor"])
        if row["kind"] == HELD:
            base = State(
                row["base_seq"],
                target.debited_minor - row["debit_minor"],
                target.given_minor - row["given_minor"],
            )
        found.append(
            Row(
                row["kind"], row["medium"], row["band_epoch"], row["txid"], row["gateway"],
                row["epoch"], row["seq"], row["hlc"], row["till"], base, target, row["offset_min"],
            )
        )  # fmt: skip
    return found
