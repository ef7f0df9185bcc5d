"""Bands that were replaced, who decides by which bundle, and what was let go of what was held."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from crypto.entry import BundleApplied

if TYPE_CHECKING:
    from central.store import Connection

APPLIED_COLUMNS = ("tenant_id", "gateway", "epoch", "seq", "hlc", "version")
# One look into the index per gateway: asked twice a second while a lost band waits.
APPLIED = """
SELECT g.gateway, a.version, a.hlc
FROM gateways AS g
CROSS JOIN LATERAL (
    SELECT b.version, b.hlc FROM bundles_applied AS b
    WHERE b.tenant_id = $1 AND b.gateway = g.gateway
    ORDER BY b.epoch DESC, b.seq DESC LIMIT 1
) AS a
WHERE g.tenant_id = $1 ORDER BY g.gateway
"""
# Only who may sign credit may say that one band takes the place of another: what is left of the
# old one becomes credit of the new one here.
_REISSUES = """
FROM money AS m
LEFT JOIN reissue_releases AS l ON l.tenant_id = $1 AND l.txid = m.txid
WHERE m.tenant_id = $1 AND m.kind = 31 AND m.marks & 1 = 0 AND m.replaces_epoch IS NOT NULL
  AND EXISTS (SELECT FROM credit_keys AS k WHERE k.tenant_id = $1 AND k.gateway = m.gateway)
"""
REISSUES = f"""
SELECT DISTINCT ON (m.txid) m.txid, m.gateway, m.hlc, m.medium, m.band_epoch, m.source,
       m.replaces_epoch, m.amount_minor, m.given_minor, COALESCE(m.absorbed_minor, 0),
       l.amount_minor
{_REISSUES}  AND ($2::bytea IS NULL OR m.medium = $2 OR m.source = $2)
ORDER BY m.txid, m.hlc, m.gateway, m.epoch, m.seq
"""
WAITING = f"""
SELECT DISTINCT m.txid, m.source, m.replaces_epoch {_REISSUES} AND l.txid IS NULL
"""
SINCE = """
SELECT DISTINCT ON (b.txid) b.txid, b.version, b.blocks
FROM reissue_bundles AS b WHERE b.tenant_id = $1 ORDER BY b.txid, b.version DESC
"""
NOTE = """
INSERT INTO reissue_bundles (tenant_id, txid, version, blocks) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING
"""
LET_GO = """
INSERT INTO reissue_releases (tenant_id, txid, medium, amount_minor, released_ms, because)
VALUES ($1, $2, $3, $4, $5, $6)
"""
RELEASED = """
SELECT DISTINCT ON (l.txid) m.source, l.medium, l.amount_minor
FROM reissue_releases AS l
JOIN money AS m ON m.tenant_id = $1 AND m.txid = l.txid AND m.kind = 31
WHERE l.tenant_id = $1 ORDER BY l.txid, m.hlc, m.gateway, m.epoch, m.seq
"""
MOVE = """
INSERT INTO wallet_movements (tenant_id, medium, txid, what, amount_minor, promo_minor, vouchers,
    day, gateway, epoch, seq)
VALUES ($1, $2, $3, $4, $5, 0, 0, $6, $7, 0, 0)
"""
# What the band $2 was worth in its epoch $3 by what is booked. Money that came in counts where a
# gateway with a key of its own signed for it; what bars gave back counts up to what was debited.
# `absorbed`: what the centre gave it, less what it had from the start of that epoch.
WORTH = """
SELECT COALESCE((
    SELECT sum(w.amount_minor) FROM wallet_movements AS w
    WHERE w.tenant_id = $1 AND w.medium = $2 AND w.what IN ('top_up', 'top_up_voided')
      AND EXISTS (
        SELECT FROM money AS t
        JOIN credit_keys AS k ON k.tenant_id = $1 AND k.gateway = t.gateway
        WHERE t.tenant_id = $1 AND t.txid = w.txid AND t.kind = 38 AND t.band_epoch = $3
    )
), 0)::bigint AS topped_up, COALESCE((
    SELECT sum(w.amount_minor) FROM wallet_movements AS w
    WHERE w.tenant_id = $1 AND w.medium = $2 AND w.what IN ('debit', 'give_back')
      AND EXISTS (
        SELECT FROM money AS h
        WHERE h.tenant_id = $1 AND h.txid = w.txid AND h.kind = 33 AND h.band_epoch = $3
    )
), 0)::bigint AS debits, COALESCE((
    SELECT sum(GREATEST(0, h.debit_minor - h.given_minor)) FROM money AS h
    WHERE h.tenant_id = $1 AND h.medium = $2 AND h.kind = 33 AND h.band_epoch = $3
      AND h.marks & 1 = 0 AND NOT EXISTS (
        SELECT FROM money AS o
        WHERE o.tenant_id = $1 AND o.txid = h.txid AND o.kind IN (34, 35)
    )
), 0)::bigint AS doubt, COALESCE((
    SELECT sum(c.amount_minor) FROM centre_credits AS c
    LEFT JOIN credit_bindings AS b
        ON b.tenant_id = $1 AND b.source = c.source AND b.reference = c.reference
    WHERE c.tenant_id = $1 AND COALESCE(c.medium, b.medium) = $2
), 0)::bigint AS given
"""


class Reissue(msgspec.Struct, frozen=True):
    """`medium` began in `epoch` in the place of `old`, which had ended with `old_epoch`.

    `carried_minor` was on the new band at once, `held_minor` not; `absorbed_minor`: Cc that it
    began with. `released_minor` None: still held.
    """

    txid: bytes
    gateway: bytes
    hlc: int
    medium: bytes
    epoch: int
    old: bytes
    old_epoch: int
    carried_minor: int
    held_minor: int
    absorbed_minor: int
    released_minor: int | None


class Worth(msgspec.Struct, frozen=True):
    """What came to a band in one epoch and left it: topped up, debited (negative), held without
    an outcome, given by the centre in all epochs."""

    topped_up_minor: int
    debits_minor: int
    doubt_minor: int
    given_minor: int


async def add_applied(
    connection: Connection, tenant: bytes, gateway: bytes, epoch: int,
    facts: Sequence[tuple[int, BundleApplied]],
) -> None:  # fmt: skip
    """Append the bundles that a gateway followed; inside the transaction of their blocks."""
    rows = [(tenant, gateway, epoch, seq, fact.hlc, fact.version) for seq, fact in facts]
    await connection.copy_records_to_table("bundles_applied", records=rows, columns=APPLIED_COLUMNS)


async def applied(connection: Connection, tenant: bytes) -> dict[bytes, tuple[int, int]]:
    """Per gateway (version, HLC) of the bundle that it follows by its own log."""
    rows = await connection.fetch(APPLIED, tenant)
    return {row["gateway"]: (row["version"], row["hlc"]) for row in rows}


async def reissues(
    connection: Connection, tenant: bytes, medium: bytes | None = None
) -> list[Reissue]:
    """Replacements in the order of clocks; with `medium` those on either side of which it is."""
    rows = [Reissue(*row) for row in await connection.fetch(REISSUES, tenant, medium)]
    return sorted(rows, key=lambda one: (one.hlc, one.txid))


async def waiting(connection: Connection, tenant: bytes) -> dict[bytes, tuple[bytes, int]]:
    """Replacements of which nothing was let go yet: transaction -> (old medium, its epoch)."""
    rows = await connection.fetch(WAITING, tenant)
    return {row["txid"]: (row["source"], row["replaces_epoch"]) for row in rows}


async def blocked_since(connection: Connection, tenant: bytes) -> dict[bytes, tuple[int, bool]]:
    """Per replacement (version, whether bundles from it on refuse the old band)."""
    rows = await connection.fetch(SINCE, tenant)
    return {row["txid"]: (row["version"], row["blocks"]) for row in rows}


async def note_version(
    connection: Connection, tenant: bytes, version: int, blocks: dict[bytes, bool]
) -> None:
    """From bundle `version` on the bands of these replacements are refused, or are not."""
    rows = [(tenant, txid, version, blocked) for txid, blocked in blocks.items()]
    await connection.executemany(NOTE, rows)


async def worth(connection: Connection, tenant: bytes, medium: bytes, epoch: int) -> Worth:
    """What is booked of a band in one epoch."""
    row = await connection.fetchrow(WORTH, tenant, medium, epoch)
    assert row is not None
    return Worth(*row)


async def let_go(
    connection: Connection, tenant: bytes, txid: bytes, medium: bytes, amount_minor: int,
    now_ms: int, because: str,
) -> None:  # fmt: skip
    """What was held becomes credit of `medium`. Raises UniqueViolationError the second time."""
    await connection.execute(LET_GO, tenant, txid, medium, amount_minor, now_ms, because)


async def released(connection: Connection, tenant: bytes) -> list[tuple[bytes, bytes, int]]:
    """(old medium, who got it, amount) of all that was let go."""
    return [tuple(row) for row in await connection.fetch(RELEASED, tenant)]


async def move(
    connection: Connection, tenant: bytes, txid: bytes, old: bytes, medium: bytes,
    amount_minor: int, day: int,
) -> None:  # fmt: skip
    """Book what goes from one wallet to another by the centre's word."""
    sides = ((medium, "carried", amount_minor), (old, "carried_away", -amount_minor))
    rows = [(tenant, one, txid, what, minor, day, bytes(16)) for one, what, minor in sides]
    await connection.executemany(MOVE, rows)
