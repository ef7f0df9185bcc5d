"""What went wrong and is kept: dead letters, forks, quarantines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from central.rows import Letter

if TYPE_CHECKING:
    from central.store import Connection

LETTER_COLUMNS = (
    "tenant_id", "gateway", "epoch", "seq", "kind", "reason", "raw", "received_ms",
)  # fmt: skip
LIST_LETTERS = """
SELECT d.gateway, d.epoch, d.seq, d.kind, d.reason, d.raw, d.received_ms
FROM dead_letters AS d
WHERE d.tenant_id = $1 AND NOT EXISTS (
    SELECT 1 FROM redriven_letters AS r
    WHERE r.tenant_id = $1 AND r.gateway = d.gateway AND r.epoch = d.epoch AND r.seq = d.seq)
ORDER BY d.gateway, d.epoch, d.seq LIMIT $2
"""
ADD_REDRIVEN = """
INSERT INTO redriven_letters (tenant_id, gateway, epoch, seq, redriven_ms)
VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
"""
ADD_FORK = """
INSERT INTO forks (
    tenant_id, gateway, epoch, seq, offered_hash, held_hash, offered, delivered_by, found_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT DO NOTHING
"""
LIST_FORKS = """
SELECT gateway, epoch, seq, held_hash, offered_hash, delivered_by, found_ms
FROM forks WHERE tenant_id = $1 ORDER BY found_ms, gateway, epoch, seq LIMIT 1000
"""
QUARANTINED = """
SELECT stands FROM quarantines WHERE tenant_id = $1 AND gateway = $2
ORDER BY changed_ms DESC LIMIT 1
"""
SET_QUARANTINE = """
INSERT INTO quarantines (tenant_id, gateway, changed_ms, stands, reason)
SELECT $1, $2, GREATEST($3, 1 + COALESCE(max(q.changed_ms), 0)), $4, $5
FROM quarantines AS q WHERE q.tenant_id = $1 AND q.gateway = $2
"""
LIST_QUARANTINED = """
SELECT DISTINCT ON (gateway) gateway, stands, reason, changed_ms
FROM quarantines WHERE tenant_id = $1 ORDER BY gateway, changed_ms DESC
"""


class DeadLetter(msgspec.Struct, frozen=True):
    """A fact that was not understood when it came, and has not been since."""

    gateway: bytes
    epoch: int
    seq: int
    kind: int
    reason: str
    raw: bytes
    received_ms: int


class ForkFound(msgspec.Struct, frozen=True):
    """Two signed blocks for one place of one log."""

    gateway: bytes
    epoch: int
    seq: int
    held_hash: bytes
    offered_hash: bytes
    delivered_by: bytes
    found_ms: int


async def add_letters(
    connection: Connection, tenant: bytes, gateway: bytes, epoch: int,
    letters: list[Letter], now_ms: int,
) -> None:  # fmt: skip
    """Keep what could not become rows."""
    records = [
        (tenant, gateway, epoch, one.seq, one.kind, one.reason, one.raw, now_ms) for one in letters
    ]
    await connection.copy_records_to_table("dead_letters", columns=LETTER_COLUMNS, records=records)


async def list_letters(
    connection: Connection, tenant: bytes, limit: int = 1000
) -> list[DeadLetter]:
    """The letters that are still dead, in the order of the logs."""
    return [DeadLetter(*row) for row in await connection.fetch(LIST_LETTERS, tenant, limit)]


async def add_redriven(
    connection: Connection, tenant: bytes, letter: DeadLetter, now_ms: int
) -> None:
    """This letter has become rows."""
    await connection.execute(ADD_REDRIVEN, tenant, letter.gateway, letter.epoch, letter.seq, now_ms)


async def add_fork(connection: Connection, tenant: bytes, found: ForkFound, offered: bytes) -> None:
    """Keep the offered block beside the held one. The same evidence twice is kept once."""
    f = found
    await connection.execute(
        ADD_FORK, tenant, f.gateway, f.epoch, f.seq, f.offered_hash, f.held_hash, offered,
        f.delivered_by, f.found_ms,
    )  # fmt: skip


async def list_forks(connection: Connection, tenant: bytes) -> list[ForkFound]:
    """Every fork found, oldest first."""
    return [ForkFound(*row) for row in await connection.fetch(LIST_FORKS, tenant)]


async def quarantined(connection: Connection, tenant: bytes, gateway: bytes) -> bool:
    """Whether nothing of this gateway may be posted now."""
    return bool(await connection.fetchval(QUARANTINED, tenant, gateway))


async def set_quarantine(
    connection: Connection, tenant: bytes, gateway: bytes, stands: bool, reason: str, now_ms: int
) -> None:
    """Begin or end a quarantine; a clock that went backwards cannot hide the newest word."""
    await connection.execute(SET_QUARANTINE, tenant, gateway, now_ms, stands, reason)


async def list_quarantined(connection: Connection, tenant: bytes) -> dict[bytes, str]:
    """Gateway -> reason, for those that stand under quarantine."""
    rows = await connection.fetch(LIST_QUARANTINED, tenant)
    return {row["gateway"]: row["reason"] for row in rows if row["stands"]}
