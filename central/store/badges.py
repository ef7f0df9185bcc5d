"""Whose badge a band is: rows are only added, and the newest per medium counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crypto.cashless import Badge

if TYPE_CHECKING:
    from central.store import Connection

NOBODY = 0
# A clock that was set back must not make the newest word an old one.
SAY = """
INSERT INTO badge_words (tenant_id, medium, said_ms, operator)
SELECT $1, $2, GREATEST($3, 1 + COALESCE(max(b.said_ms), 0)), $4
FROM badge_words AS b WHERE b.tenant_id = $1 AND b.medium = $2
"""
BADGES = """
SELECT n.medium, n.operator FROM (
    SELECT DISTINCT ON (b.medium) b.medium, b.operator
    FROM badge_words AS b WHERE b.tenant_id = $1 ORDER BY b.medium, b.said_ms DESC
) AS n
WHERE n.operator <> 0 ORDER BY n.medium
"""


async def say(
    connection: Connection, tenant: bytes, medium: bytes, operator: int, now_ms: int
) -> None:
    """From now on the band is this operator's badge (1 to 65535); `NOBODY`: no badge any more."""
    await connection.execute(SAY, tenant, medium, now_ms, operator)


async def badges(connection: Connection, tenant: bytes) -> list[Badge]:
    """The badges there are, by medium."""
    return [Badge(*row) for row in await connection.fetch(BADGES, tenant)]
