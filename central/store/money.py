"""Facts of money as rows, what they book on wallets, and what people ask of wallets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from central.money_rows import LINE_COLUMNS, MONEY_COLUMNS, Row, line_rows, money_row
from central.store import HEAVY_S, conflicts
from crypto.money import KnownMoney, MoneyConflictFound

if TYPE_CHECKING:
    from central.store import Connection

# A debit counts once its hold and a posting of it are here, from whichever gateways and in
# whichever order: of several postings the first by clock is named. What is taken back gives promo
# and vouchers back.
BOOK_DEBITS = """
INSERT INTO wallet_movements
SELECT $1, h.medium, h.txid,
       CASE WHEN h.debit_minor >= h.given_minor THEN 'debit' ELSE 'give_back' END,
       h.given_minor - h.debit_minor, s.sign * h.promo_minor, s.sign * h.vouchers,
       p.day, p.gateway, p.epoch, p.seq
FROM money AS h
JOIN LATERAL (
    SELECT q.day, q.gateway, q.epoch, q.seq FROM money AS q
    WHERE q.tenant_id = $1 AND q.txid = h.txid AND q.kind = 34
    ORDER BY q.hlc, q.gateway, q.epoch, q.seq LIMIT 1
) AS p ON true
CROSS JOIN LATERAL (
    SELECT CASE WHEN h.movement IN ('reversal', 'refund') THEN 1 ELSE -1 END AS sign
) AS s
WHERE h.tenant_id = $1 AND h.txid = ANY($2) AND h.kind = 33 AND h.marks & 1 = 0
ON CONFLICT DO NOTHING
"""
# What went by promo alone, or beside cash, takes from the ledger and touches no band.
BOOK_PROMO = """
INSERT INTO wallet_movements
SELECT $1, m.medium, CASE WHEN m.kind = 41 THEN m.source ELSE m.txid END, 'promo', 0,
       s.sign * m.promo_minor, s.sign * m.vouchers,
       m.day, m.gateway, m.epoch, m.seq
FROM money AS m
CROSS JOIN LATERAL (
    SELECT CASE WHEN m.kind = 41 OR m.movement IN ('reversal', 'refund') THEN 1 ELSE -1 END AS sign
) AS s
WHERE m.tenant_id = $1 AND m.txid = ANY($2) AND m.kind IN (37, 41) AND m.medium IS NOT NULL
  AND m.marks & 1 = 0 AND (m.promo_minor <> 0 OR m.vouchers <> 0)
ORDER BY m.hlc, m.gateway, m.epoch, m.seq
ON CONFLICT DO NOTHING
"""
BOOK_TOP_UPS = """
INSERT INTO wallet_movements
SELECT $1, m.medium, m.txid, 'top_up', m.amount_minor, 0, 0, m.day, m.gateway, m.epoch, m.seq
FROM money AS m
WHERE m.tenant_id = $1 AND m.txid = ANY($2) AND m.kind = 38 AND m.marks & 1 = 0
ORDER BY m.hlc, m.gateway, m.epoch, m.seq
ON CONFLICT DO NOTHING
"""
BOOK_VOIDED_TOP_UPS = """
INSERT INTO wallet_movements
SELECT $1, v.medium, v.txid, 'top_up_voided', -m.amount_minor, 0, 0,
       v.day, v.gateway, v.epoch, v.seq
FROM money AS v
JOIN money AS m ON m.tenant_id = $1 AND m.txid = v.txid AND m.kind = 38 AND m.medium = v.medium
WHERE v.tenant_id = $1 AND v.txid = ANY($2) AND v.kind = 40 AND v.marks & 1 = 0
ORDER BY v.hlc, v.gateway, v.epoch, v.seq
ON CONFLICT DO NOTHING
"""
BOOK_REISSUES = """
INSERT INTO wallet_movements
SELECT $1, side.medium, m.txid, side.what, side.amount, 0, 0, m.day, m.gateway, m.epoch, m.seq
FROM money AS m
CROSS JOIN LATERAL (VALUES
    (m.medium, 'carried', m.amount_minor), (m.source, 'carried_away', -m.amount_minor)
) AS side (medium, what, amount)
WHERE m.tenant_id = $1 AND m.txid = ANY($2) AND m.kind = 31 AND m.marks & 1 = 0
ON CONFLICT DO NOTHING
"""
# A hold and its posting, or two postings of one band, may come from two gateways at once,
# and neither transaction sees the other's rows: whoever books second must begin after the first.
ONE_AT_A_TIME = """
SELECT pg_advisory_xact_lock(hashtextextended(encode(t.tenant_id, 'hex'), 33))
FROM tenants AS t WHERE t.tenant_id = $1
"""
BOOKINGS = (BOOK_DEBITS, BOOK_PROMO, BOOK_TOP_UPS, BOOK_VOIDED_TOP_UPS, BOOK_REISSUES)
FIND_FORKS = """
INSERT INTO wallet_forks
SELECT DISTINCT ON (a.medium, a.band_epoch, a.band_seq, a.txid, b.txid)
       $1, a.medium, a.band_epoch, a.band_seq, a.txid, b.txid, COALESCE(h.debit_minor, 0), $3
FROM money AS a
JOIN money AS b ON b.tenant_id = $1 AND b.kind = 34 AND b.medium = a.medium
    AND b.band_epoch = a.band_epoch AND b.band_seq = a.band_seq AND b.txid > a.txid
LEFT JOIN money AS h ON h.tenant_id = $1 AND h.txid = b.txid AND h.kind = 33
WHERE a.tenant_id = $1 AND a.kind = 34 AND a.medium = ANY($2)
ORDER BY a.medium, a.band_epoch, a.band_seq, a.txid, b.txid
ON CONFLICT DO NOTHING
"""
# The second debit may have been found before its hold was here: how much it was is read anew.
LIST_FORKS = """
SELECT f.medium, f.band_epoch, f.band_seq, f.first_txid, f.second_txid,
       COALESCE(h.debit_minor, f.amount_minor) AS amount_minor, f.found_ms
FROM wallet_forks AS f
LEFT JOIN LATERAL (
    SELECT m.debit_minor FROM money AS m
    WHERE m.tenant_id = $1 AND m.txid = f.second_txid AND m.kind = 33
    ORDER BY m.hlc, m.gateway, m.epoch, m.seq LIMIT 1
) AS h ON true
WHERE f.tenant_id = $1
ORDER BY f.found_ms, f.medium, f.band_epoch, f.band_seq, f.first_txid, f.second_txid
"""
# Every row of money has one of `facts`, which knows the local time of its gateway.
PROOFS = """
SELECT m.txid, m.gateway, m.epoch, m.seq, m.hlc, m.till, f.offset_min
FROM money AS m
LEFT JOIN facts AS f ON f.tenant_id = $1 AND f.gateway = m.gateway AND f.epoch = m.epoch
    AND f.seq = m.seq
WHERE m.tenant_id = $1 AND m.kind = 34 AND m.txid = ANY($2)
ORDER BY m.txid, m.hlc, m.gateway, m.epoch, m.seq
"""
BALANCES = """
SELECT w.medium, sum(w.amount_minor)::bigint AS balance_minor,
       sum(w.promo_minor)::bigint AS promo_minor, sum(w.vouchers)::bigint AS vouchers,
       count(*) AS movements
FROM wallet_movements AS w
WHERE w.tenant_id = $1 AND ($2::bytea IS NULL OR w.medium = $2)
GROUP BY w.medium ORDER BY w.medium
"""
TOTALS = """
SELECT w.what, count(*) AS count, sum(w.amount_minor)::bigint AS amount_minor
FROM wallet_movements AS w WHERE w.tenant_id = $1 GROUP BY w.what ORDER BY w.what
"""
# Held, and neither posted nor voided: nobody knows until somebody sees the band. An adjustment
# locks a band and moves nothing: nobody has to look for it.
IN_DOUBT = """
SELECT d.txid, d.medium, d.gateway, d.till, d.operator, d.day, d.hlc, f.offset_min, d.movement,
       d.debit_minor, d.given_minor
FROM (
    SELECT h.* FROM money AS h
    WHERE h.tenant_id = $1 AND h.kind = 33 AND h.marks & 1 = 0 AND h.movement <> 'adjustment'
    AND NOT EXISTS (
        SELECT FROM money AS o WHERE o.tenant_id = $1 AND o.txid = h.txid AND o.kind IN (34, 35)
    )
    ORDER BY h.hlc, h.gateway, h.epoch, h.seq LIMIT $2
) AS d
LEFT JOIN facts AS f ON f.tenant_id = $1 AND f.gateway = d.gateway AND f.epoch = d.epoch
    AND f.seq = d.seq
ORDER BY d.hlc, d.gateway, d.epoch, d.seq
"""
COUNT_IN_DOUBT = """
SELECT count(*), COALESCE(sum(abs(h.debit_minor - h.given_minor)), 0)::bigint
FROM money AS h
WHERE h.tenant_id = $1 AND h.kind = 33 AND h.marks & 1 = 0 AND h.movement <> 'adjustment'
AND NOT EXISTS (
    SELECT FROM money AS o WHERE o.tenant_id = $1 AND o.txid = h.txid AND o.kind IN (34, 35)
)
"""
HISTORY = """
SELECT m.hlc, f.offset_min, k.name, m.gateway, m.till, m.operator, m.band_epoch, m.band_seq,
       m.movement, m.debit_minor, m.given_minor, m.amount_minor, m.promo_minor, m.vouchers,
       m.said, m.txid
FROM money AS m JOIN fact_kinds AS k ON k.kind = m.kind
LEFT JOIN facts AS f ON f.tenant_id = $1 AND f.gateway = m.gateway AND f.epoch = m.epoch
    AND f.seq = m.seq
WHERE m.tenant_id = $1 AND m.medium = $2
ORDER BY m.hlc, m.gateway, m.epoch, m.seq
"""


async def add_money(
    connection: Connection, tenant: bytes, gateway: bytes, epoch: int,
    facts: list[tuple[int, KnownMoney]], now_ms: int,
) -> None:  # fmt: skip
    """Append the facts of money (seq, fact) of one log and book what they make count.

    Inside the transaction that stores their block; from here to its end no other of the tenant
    books money. A row that stands already is an error.
    """
    rows: list[Row] = []
    lines: list[Row] = []
    txids: set[bytes] = set()
    media: set[bytes] = set()
    for seq, fact in facts:
        place = (tenant, gateway, epoch, seq)
        rows.append(money_row(place, fact))
        lines += line_rows(place, fact)
        if not isinstance(fact, MoneyConflictFound):
            txids.add(fact.txid)
            media.add(getattr(fact, "medium", b""))
    await connection.copy_records_to_table("money", records=rows, columns=MONEY_COLUMNS)
    if lines:
        await connection.copy_records_to_table("sale_lines", records=lines, columns=LINE_COLUMNS)
    await one_at_a_time(connection, tenant)
    for statement in BOOKINGS:
        await connection.execute(statement, tenant, list(txids))
    await connection.execute(FIND_FORKS, tenant, list(media - {b""}), now_ms)


async def one_at_a_time(connection: Connection, tenant: bytes) -> None:
    """From here to the end of the transaction nobody else books money of the tenant."""
    await connection.execute(ONE_AT_A_TIME, tenant)


async def balances(
    connection: Connection, tenant: bytes, medium: bytes | None = None
) -> list[dict[str, Any]]:
    """Per medium: balance, promo and vouchers by what is booked; with `medium` that one alone."""
    return [dict(row) for row in await connection.fetch(BALANCES, tenant, medium, timeout=HEAVY_S)]


async def totals(connection: Connection, tenant: bytes) -> dict[str, dict[str, int]]:
    """What was booked on all wallets, by kind of movement."""
    rows = await connection.fetch(TOTALS, tenant)
    return {r["what"]: {"count": r["count"], "amount_minor": r["amount_minor"]} for r in rows}


async def in_doubt(connection: Connection, tenant: bytes, limit: int) -> list[dict[str, Any]]:
    """Holds that nobody has posted or voided, oldest first."""
    return [dict(row) for row in await connection.fetch(IN_DOUBT, tenant, limit, timeout=HEAVY_S)]


async def count_in_doubt(connection: Connection, tenant: bytes) -> tuple[int, int]:
    """How many of them there are, and what they would move."""
    row = await connection.fetchrow(COUNT_IN_DOUBT, tenant, timeout=HEAVY_S)
    assert row is not None
    return (row[0], row[1])


async def history(connection: Connection, tenant: bytes, medium: bytes) -> list[dict[str, Any]]:
    """Every fact about a medium in the order of clocks."""
    return [dict(row) for row in await connection.fetch(HISTORY, tenant, medium)]


async def forks(connection: Connection, tenant: bytes) -> list[dict[str, Any]]:
    """Proven clones; `proof` names the two facts, whose signed blocks are kept.

    Also those that gateways have found alone: of two debits from one slot, one of which had
    skipped a seq. `band_seq` is None for them.
    """
    found = [dict(row) for row in await connection.fetch(LIST_FORKS, tenant)]
    found += [
        {
            "medium": one["medium"], "band_epoch": None, "band_seq": None,
            "first_txid": one["first_txid"], "second_txid": one["second_txid"],
            "amount_minor": one["amount_minor"], "found_ms": one["hlc"] >> 16,
        }
        for one in await conflicts.conflicts(connection, tenant) if one["what"] == "fork"
    ]  # fmt: skip
    txids = [fork[side] for fork in found for side in ("first_txid", "second_txid")]
    proofs: dict[bytes, dict[str, Any]] = {}
    for row in await connection.fetch(PROOFS, tenant, txids):
        proofs.setdefault(row["txid"], dict(row))
    for fork in found:
        sides = (fork["first_txid"], fork["second_txid"])
        fork["proof"] = [proofs[side] for side in sides if side in proofs]
    return found
