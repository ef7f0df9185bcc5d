"""Bands by the digits that people type, and what the centre gave to one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from central.store import Connection

MEDIUM_BYTES = 16
#: Fewer name too many bands to be meant.
DIGITS_MIN = 4
# Each side is a range of an index, so that few digits cost no more than many.
MATCHING = """
SELECT b.medium FROM (
    SELECT m.medium FROM money AS m WHERE m.tenant_id = $1 AND m.medium BETWEEN $2 AND $3
    UNION
    SELECT w.medium FROM wallet_movements AS w
    WHERE w.tenant_id = $1 AND w.medium BETWEEN $2 AND $3
    UNION
    SELECT s.medium FROM wallet_words AS s WHERE s.tenant_id = $1 AND s.medium BETWEEN $2 AND $3
) AS b ORDER BY b.medium LIMIT $4
"""
CREDITS_OF = """
SELECT c.source, c.reference, c.amount_minor, COALESCE(b.bound_ms, c.made_ms) AS at_ms
FROM centre_credits AS c
LEFT JOIN credit_bindings AS b
    ON b.tenant_id = $1 AND b.source = c.source AND b.reference = c.reference
WHERE c.tenant_id = $1 AND COALESCE(c.medium, b.medium) = $2
ORDER BY at_ms, c.source, c.reference
"""


async def matching(connection: Connection, tenant: bytes, digits: str, most: int) -> list[bytes]:
    """Bands that anything is known of whose pseudonym begins with these hex digits, at most `most`.

    Up to 32 lower-case digits; whoever asks has checked them.
    """
    lowest, highest = (bytes.fromhex(digits.ljust(2 * MEDIUM_BYTES, fill)) for fill in "0f")
    rows = await connection.fetch(MATCHING, tenant, lowest, highest, most)
    return [row["medium"] for row in rows]


async def credits_of(connection: Connection, tenant: bytes, medium: bytes) -> list[dict[str, Any]]:
    """What the centre gave to a band (presale, what was held back of a lost one), oldest first."""
    return [dict(row) for row in await connection.fetch(CREDITS_OF, tenant, medium)]
