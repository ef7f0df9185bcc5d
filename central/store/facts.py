"""Facts as rows, and what people ask of them: admissions, counts per gate, double admissions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import msgspec

from central.rows import COLUMNS, COPY_HEADER, COPY_TRAILER
from crypto.entry import MARK_FORCED

if TYPE_CHECKING:
    import asyncpg

    from central.store import Connection

# The newest outcome of the hold `a`; what was annulled stays so, as at the gate. The tenant stands
# in it once more as a parameter: from a.tenant_id alone the planner would not see that one
# partition is enough.
_OUTCOME = """
LEFT JOIN LATERAL (
    SELECT f.kind, f.persons FROM facts AS f
    WHERE f.tenant_id = $1 AND f.gateway = a.gateway
      AND f.of_epoch = a.epoch AND f.of_seq = a.seq AND f.of_seq IS NOT NULL
    ORDER BY (f.kind = 17) DESC, f.hlc DESC, f.epoch DESC, f.seq DESC LIMIT 1
) AS o ON true
"""
LIST_ADMISSIONS = f"""
SELECT a.gateway, a.epoch, a.seq, a.hlc, a.day, a.lane, a.gate, a.ticket, a.product,
       a.performance, a.persons, o.kind, o.persons
FROM (
    SELECT * FROM facts AS f
    WHERE f.tenant_id = $1 AND f.kind IN (10, 16)
      AND ($2::bytea IS NULL OR f.ticket = $2) AND ($3::integer IS NULL OR f.gate = $3)
    ORDER BY f.hlc DESC, f.gateway, f.epoch, f.seq DESC
    LIMIT $4
) AS a {_OUTCOME}
ORDER BY a.hlc DESC, a.gateway, a.epoch, a.seq DESC
"""
COUNT_BY_GATE = """
SELECT gate, count(*) AS admitted, sum(persons) AS granted, max(hlc) AS last_hlc
FROM facts WHERE tenant_id = $1 AND kind IN (10, 16) GROUP BY gate ORDER BY gate
"""
COUNT_REFUSED = """
SELECT gate, code AS reason, sum(persons) AS refused
FROM facts WHERE tenant_id = $1 AND kind = 11 GROUP BY gate, code ORDER BY gate, code
"""
COUNT_KINDS = """
SELECT kind, count(*) AS count FROM facts WHERE tenant_id = $1 GROUP BY kind ORDER BY kind
"""
# An open hold and one with an unknown end count as used, as they do at the gate. What staff let in
# in spite of a refusal is no double admission: it was meant. Whom they only found by name, or let
# owe the money, had to pass all the other checks, and counts as everybody does.
DOUBLE_ADMISSIONS = f"""
SELECT d.ticket, count(*) AS admissions, max(d.ticket_persons) AS persons, sum(d.used) AS used
FROM (
    SELECT a.ticket, a.ticket_persons,
           CASE WHEN o.kind IN (12, 13, 17) THEN o.persons ELSE a.persons END AS used
    FROM facts AS a
    LEFT JOIN current_products AS p ON p.tenant_id = $1 AND p.product = a.product {_OUTCOME}
    WHERE a.tenant_id = $1 AND a.kind IN (10, 16) AND (a.kind = 10 OR a.code & {MARK_FORCED} = 0)
      AND COALESCE(p.reentry, 'none') = 'none'
) AS d
GROUP BY d.ticket
HAVING sum(d.used) > max(d.ticket_persons)
ORDER BY d.ticket
LIMIT 1000
"""
POSTED_SEQS = """
SELECT seq FROM facts
WHERE tenant_id = $1 AND gateway = $2 AND epoch = $3 AND seq BETWEEN $4 AND $5
"""


class Admission(msgspec.Struct, frozen=True):
    """An Admitted with its newest outcome; `outcome_kind` None while the hold is open."""

    gateway: bytes
    epoch: int
    seq: int
    hlc: int
    day: int
    lane: int
    gate: int
    ticket: bytes
    product: int
    performance: int
    granted: int
    outcome_kind: int | None
    passed: int | None


async def add_rows(connection: Connection, packed: AsyncIterator[bytes]) -> None:
    """Append rows packed by `central.rows`, sent as they come. A row that stands is an error."""

    async def framed() -> AsyncIterator[bytes]:
        yield COPY_HEADER
        async for rows in packed:
            yield rows
        yield COPY_TRAILER

    await connection.copy_to_table("facts", source=framed(), columns=COLUMNS, format="binary")


async def posted_seqs(
    connection: Connection, tenant: bytes, gateway: bytes, epoch: int, first: int, last: int
) -> set[int]:
    """Which seqs of [first, last] stand as rows already."""
    rows = await connection.fetch(POSTED_SEQS, tenant, gateway, epoch, first, last)
    return {row["seq"] for row in rows}


async def list_admissions(
    connection: Connection,
    tenant: bytes,
    *,
    ticket: bytes | None = None,
    gate: int | None = None,
    limit: int = 1000,
) -> list[Admission]:
    """The newest admissions first."""
    rows = await connection.fetch(LIST_ADMISSIONS, tenant, ticket, gate, limit)
    return [Admission(*row) for row in rows]


async def count_by_gate(connection: Connection, tenant: bytes) -> list[dict[str, Any]]:
    """Per gate: admitted, granted persons, time of the last, refusals by reason number."""
    gates: dict[int, dict[str, Any]] = {}

    def at(gate: int) -> dict[str, Any]:
        empty: dict[str, Any] = {
            "gate": gate,
            "admitted": 0,
            "granted": 0,
            "last_ms": None,
            "refused": {},
        }
        return gates.setdefault(gate, empty)

    row: asyncpg.Record
    for row in await connection.fetch(COUNT_BY_GATE, tenant):
        found = at(row["gate"])
        found["admitted"], found["granted"] = row["admitted"], int(row["granted"])
        found["last_ms"] = row["last_hlc"] >> 16
    for row in await connection.fetch(COUNT_REFUSED, tenant):
        at(row["gate"])["refused"][str(row["reason"])] = int(row["refused"])
    return [gates[number] for number in sorted(gates)]


async def count_kinds(connection: Connection, tenant: bytes) -> dict[int, int]:
    """How many facts of each kind are booked."""
    return {row["kind"]: row["count"] for row in await connection.fetch(COUNT_KINDS, tenant)}


async def double_admissions(connection: Connection, tenant: bytes) -> list[dict[str, Any]]:
    """Tickets without re-entry that let in more persons than they are for."""
    rows = await connection.fetch(DOUBLE_ADMISSIONS, tenant)
    return [
        {
            "ticket": row["ticket"],
            "admissions": row["admissions"],
            "persons": row["persons"],
            "used": int(row["used"]),
        }
        for row in rows
    ]
