"""What the centre says of wallets: prices, credit, codes, blocked media, keys of top-up points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from central.money_rows import EVERY_EPOCH as EVERY_EPOCH
from crypto.cashless import CreditKey, TopUpCode, Wallet

if TYPE_CHECKING:
    from central.store import Connection

# A clock that was set back must not make the newest word an old one.
SET_TERMS = """
INSERT INTO cashless_terms (tenant_id, set_ms, content)
SELECT $1, GREATEST($2, 1 + COALESCE(max(t.set_ms), 0)), $3
FROM cashless_terms AS t WHERE t.tenant_id = $1
"""
NEWEST_TERMS = """
SELECT (SELECT count(*) FROM cashless_terms WHERE tenant_id = $1) AS number, content
FROM cashless_terms WHERE tenant_id = $1 ORDER BY set_ms DESC LIMIT 1
"""
ADD_CREDIT = """
INSERT INTO centre_credits (tenant_id, source, reference, medium, amount_minor, made_ms)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING
"""
FIND_CREDITS = """
SELECT c.source, c.reference, COALESCE(c.medium, b.medium) AS medium, c.amount_minor
FROM centre_credits AS c
LEFT JOIN credit_bindings AS b
    ON b.tenant_id = $1 AND b.source = c.source AND b.reference = c.reference
WHERE c.tenant_id = $1 AND ($2::text IS NULL OR c.source = $2)
ORDER BY c.source, c.reference
"""
BIND_CREDIT = """
INSERT INTO credit_bindings (tenant_id, source, reference, medium, bound_ms)
VALUES ($1, $2, $3, $4, $5)
"""
BOOK_CREDIT = """
INSERT INTO wallet_movements (tenant_id, medium, txid, what, amount_minor, promo_minor, vouchers,
    day, gateway, epoch, seq)
VALUES ($1, $2, $3, 'credit', $4, 0, 0, $5, $6, 0, 0) ON CONFLICT DO NOTHING
"""
ADD_CODE = """
INSERT INTO top_up_codes (tenant_id, code_hash, amount_minor, made_ms) VALUES ($1, $2, $3, $4)
"""
ADD_PRESALE_CODE = """
INSERT INTO presale_codes (tenant_id, source, reference, code_hash)
VALUES ($1, 'presale', $2, $3) ON CONFLICT (tenant_id, reference) DO NOTHING
"""
LIST_PRESALE_CODES = """
SELECT p.reference, p.code_hash FROM presale_codes AS p WHERE p.tenant_id = $1
"""
# A code that somebody redeemed need not travel any more, nor that of an order that has its band.
# Where the band never got the credit the guest still has the code.
OPEN_CODES = """
SELECT c.code_hash, c.amount_minor FROM (
    SELECT t.code_hash, t.amount_minor FROM top_up_codes AS t WHERE t.tenant_id = $1
    UNION ALL
    SELECT p.code_hash, o.amount_minor FROM presale_codes AS p
    JOIN centre_credits AS o
        ON o.tenant_id = $1 AND o.source = p.source AND o.reference = p.reference
    LEFT JOIN credit_bindings AS b
        ON b.tenant_id = $1 AND b.source = p.source AND b.reference = p.reference
    WHERE p.tenant_id = $1 AND COALESCE(o.medium, b.medium) IS NULL
) AS c
WHERE NOT EXISTS (
    SELECT FROM money AS m
    WHERE m.tenant_id = $1 AND m.kind = 38 AND m.said = 'voucher' AND m.source = c.code_hash
      AND NOT EXISTS (
        SELECT FROM money AS v WHERE v.tenant_id = $1 AND v.kind = 40 AND v.txid = m.txid
    )
)
ORDER BY c.code_hash
"""
# Orders whose secret was typed at a till: the medium that got the credit, and the one that the
# centre gave it to as well, if it did.
REDEEMED_ORDERS = """
SELECT p.reference, m.medium, COALESCE(o.medium, b.medium) AS bound, m.amount_minor
FROM presale_codes AS p
JOIN centre_credits AS o
    ON o.tenant_id = $1 AND o.source = p.source AND o.reference = p.reference
LEFT JOIN credit_bindings AS b
    ON b.tenant_id = $1 AND b.source = p.source AND b.reference = p.reference
JOIN money AS m
    ON m.tenant_id = $1 AND m.kind = 38 AND m.said = 'voucher' AND m.source = p.code_hash
WHERE p.tenant_id = $1 AND NOT EXISTS (
    SELECT FROM money AS v WHERE v.tenant_id = $1 AND v.kind = 40 AND v.txid = m.txid
)
ORDER BY p.reference, m.hlc
"""
SAY = """
INSERT INTO wallet_words (tenant_id, medium, changed_ms, min_epoch, hold_minor, promo_minor,
    vouchers, because)
SELECT $1, $2, GREATEST($3, 1 + COALESCE(max(w.changed_ms), 0)), $4, $5, $6, $7, $8
FROM wallet_words AS w WHERE w.tenant_id = $1 AND w.medium = $2
"""
WORDS = """
SELECT DISTINCT ON (w.medium) w.medium, w.min_epoch, w.hold_minor, w.promo_minor, w.vouchers,
       w.because, w.changed_ms
FROM wallet_words AS w WHERE w.tenant_id = $1 ORDER BY w.medium, w.changed_ms DESC
"""
# What gateways have blocked themselves, and bands that were replaced; one whose slots were gone
# takes its own place, and only its epochs before are refused.
BLOCKED_BY_GATEWAYS = """
SELECT m.medium, max(m.epoch_from) AS min_epoch, max(m.hlc) AS hlc, max(m.because) AS because
FROM (
    SELECT b.medium, b.band_epoch::bigint AS epoch_from, b.hlc, b.said AS because
    FROM money AS b WHERE b.tenant_id = $1 AND b.kind = 32
    UNION ALL
    SELECT r.source, CASE WHEN r.source = r.medium THEN r.band_epoch ELSE 65536 END, r.hlc,
           'replaced'
    FROM money AS r WHERE r.tenant_id = $1 AND r.kind = 31
) AS m
GROUP BY m.medium ORDER BY m.medium
"""
COUNT_NEWS = """
SELECT (
    SELECT count(*) FROM money AS m
    WHERE m.tenant_id = $1 AND (m.kind IN (31, 32) OR (m.kind = 38 AND m.said = 'voucher'))
) + (SELECT count(*) FROM money AS d WHERE d.tenant_id = $1 AND d.kind = 47)
  + (SELECT count(*) FROM money AS v WHERE v.tenant_id = $1 AND v.kind = 40)
  + (SELECT count(*) FROM reissue_releases AS l WHERE l.tenant_id = $1)
"""
# Loaded by cards that were approved and declined afterwards: the money never came.
LATE_DECLINED = """
SELECT t.medium, sum(t.amount_minor)::bigint AS amount_minor
FROM money AS t
WHERE t.tenant_id = $1 AND t.kind = 38 AND t.said = 'card' AND t.marks & 1 = 0
  AND EXISTS (SELECT FROM money AS d
              WHERE d.tenant_id = $1 AND d.kind = 47 AND d.txid = t.source)
  AND EXISTS (SELECT FROM money AS a
              WHERE a.tenant_id = $1 AND a.kind = 46 AND a.txid = t.source)
  AND NOT EXISTS (SELECT FROM money AS v
                  WHERE v.tenant_id = $1 AND v.kind = 40 AND v.txid = t.txid)
GROUP BY t.medium ORDER BY t.medium
"""
SETTLED_CREDIT = """
SELECT m.medium, max(m.credited_minor) AS credited_minor
FROM money AS m WHERE m.tenant_id = $1 AND m.kind = 38 AND m.marks & 1 = 0
GROUP BY m.medium ORDER BY m.medium
"""
ADD_KEY = """
INSERT INTO credit_keys (tenant_id, key_index, gateway, public_key, limit_minor, added_ms)
SELECT $1, 1 + COALESCE(max(k.key_index), 0), $2, $3, $4, $5
FROM credit_keys AS k WHERE k.tenant_id = $1
RETURNING key_index
"""
REVOKE_KEY = """
INSERT INTO credit_key_revocations (tenant_id, key_index, revoked_ms, because)
VALUES ($1, $2, $3, $4)
"""
LIST_KEYS = """
SELECT k.key_index, k.public_key, k.gateway, k.limit_minor, r.key_index IS NOT NULL AS revoked
FROM credit_keys AS k
LEFT JOIN credit_key_revocations AS r ON r.tenant_id = $1 AND r.key_index = k.key_index
WHERE k.tenant_id = $1 ORDER BY k.key_index
"""


class Credit(msgspec.Struct, frozen=True):
    """Credit from the centre; `medium` None: it waits to be bound."""

    source: str
    reference: str
    medium: bytes | None
    amount_minor: int


async def set_terms(connection: Connection, tenant: bytes, content: bytes, now_ms: int) -> None:
    """From now on tills decide by this."""
    await connection.execute(SET_TERMS, tenant, now_ms, content)


async def newest_terms(connection: Connection, tenant: bytes) -> tuple[int, bytes] | None:
    """(how many there were, the one that counts); None if none were ever set."""
    row = await connection.fetchrow(NEWEST_TERMS, tenant)
    return None if row is None else (row["number"], row["content"])


async def list_credits(
    connection: Connection, tenant: bytes, source: str | None = None
) -> list[Credit]:
    """Every credit that the centre gave, bound or not."""
    return [Credit(*row) for row in await connection.fetch(FIND_CREDITS, tenant, source)]


async def add_credits(
    connection: Connection, tenant: bytes, credit: Sequence[Credit], now_ms: int
) -> None:
    """Keep new credit; what stands under its reference already stays as it is."""
    rows = [(tenant, c.source, c.reference, c.medium, c.amount_minor, now_ms) for c in credit]
    await connection.executemany(ADD_CREDIT, rows)


async def add_presale_codes(
    connection: Connection, tenant: bytes, codes: Sequence[tuple[str, bytes]]
) -> None:
    """Keep (order, hash of its secret). Raises UniqueViolationError for a secret of two orders."""
    await connection.executemany(ADD_PRESALE_CODE, [(tenant, *each) for each in codes])


async def presale_codes(connection: Connection, tenant: bytes) -> dict[str, bytes]:
    """Order -> hash of its secret."""
    return {row[0]: row[1] for row in await connection.fetch(LIST_PRESALE_CODES, tenant)}


async def redeemed_orders(connection: Connection, tenant: bytes) -> list[dict[str, Any]]:
    """Orders whose secret was typed at a till; `bound` is set where the centre bound it, too."""
    return [dict(row) for row in await connection.fetch(REDEEMED_ORDERS, tenant)]


async def bind_credit(
    connection: Connection, tenant: bytes, credit: Credit, medium: bytes, now_ms: int
) -> None:
    """From now on the credit is this medium's. Raises UniqueViolationError if it is bound."""
    await connection.execute(BIND_CREDIT, tenant, credit.source, credit.reference, medium, now_ms)


async def book_credits(
    connection: Connection, tenant: bytes, booked: Sequence[tuple[bytes, bytes, int]], day: int
) -> None:
    """Book (medium, transaction id, amount) of credit that the centre gave, each once."""
    rows = [(tenant, medium, txid, amount, day, bytes(16)) for medium, txid, amount in booked]
    await connection.executemany(BOOK_CREDIT, rows)


async def add_codes(
    connection: Connection, tenant: bytes, hashes: Sequence[bytes], amount_minor: int, now_ms: int
) -> None:
    """Keep the hashes of new codes, each worth `amount_minor`."""
    rows = [(tenant, code_hash, amount_minor, now_ms) for code_hash in hashes]
    await connection.executemany(ADD_CODE, rows)


async def open_codes(connection: Connection, tenant: bytes) -> list[TopUpCode]:
    """Codes that nobody has redeemed yet."""
    return [TopUpCode(*row) for row in await connection.fetch(OPEN_CODES, tenant)]


async def say(connection: Connection, tenant: bytes, word: Wallet, now_ms: int) -> None:
    """The newest word on a medium: least epoch, what is held back, promo and vouchers."""
    await connection.execute(
        SAY, tenant, word.medium, now_ms, word.min_epoch, word.hold_minor, word.promo_minor,
        word.vouchers, word.because,
    )  # fmt: skip


async def words(connection: Connection, tenant: bytes) -> dict[bytes, dict[str, Any]]:
    """The newest word per medium."""
    return {row["medium"]: dict(row) for row in await connection.fetch(WORDS, tenant)}


async def blocked_by_gateways(
    connection: Connection, tenant: bytes
) -> dict[bytes, tuple[int, int, str]]:
    """Per medium what gateways say: (least epoch, unix ms, why)."""
    rows = await connection.fetch(BLOCKED_BY_GATEWAYS, tenant)
    return {r["medium"]: (r["min_epoch"], r["hlc"] >> 16, r["because"]) for r in rows}


async def count_news(connection: Connection, tenant: bytes) -> int:
    """Rises when gateways have blocked, replaced, redeemed or undone something, and when what was
    held back was let go."""
    news: int = await connection.fetchval(COUNT_NEWS, tenant)
    return news


async def late_declined(connection: Connection, tenant: bytes) -> dict[bytes, int]:
    """Per medium what cards have loaded that were declined afterwards."""
    rows = await connection.fetch(LATE_DECLINED, tenant)
    return {row["medium"]: row["amount_minor"] for row in rows}


async def settled_credit(connection: Connection, tenant: bytes) -> dict[bytes, int]:
    """Per medium the highest credited total of a top-up that was settled."""
    rows = await connection.fetch(SETTLED_CREDIT, tenant)
    return {row["medium"]: row["credited_minor"] for row in rows}


async def add_key(
    connection: Connection, tenant: bytes, gateway: bytes, public: bytes, limit_minor: int,
    now_ms: int,
) -> int:  # fmt: skip
    """The index of a top-up point's new key. Raises UniqueViolationError for a known one."""
    index: int = await connection.fetchval(ADD_KEY, tenant, gateway, public, limit_minor, now_ms)
    return index


async def revoke_key(
    connection: Connection, tenant: bytes, index: int, because: str, now_ms: int
) -> None:
    """The key signs no more. Raises UniqueViolationError when it is revoked already."""
    await connection.execute(REVOKE_KEY, tenant, index, now_ms, because)


async def list_keys(connection: Connection, tenant: bytes) -> list[CreditKey]:
    """Keys of top-up points by index."""
    rows = await connection.fetch(LIST_KEYS, tenant)
    return [
        CreditKey(r["key_index"], r["public_key"], r["gateway"], r["limit_minor"], r["revoked"])
        for r in rows
    ]
