"""Terms of entry, and the guest list, whose rows are the only ones that are ever deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crypto.guests import Guest

if TYPE_CHECKING:
    from central.store import Connection

# A clock that was set back must not make the newest word an old one.
SET_TERMS = """
INSERT INTO entry_terms (tenant_id, set_ms, content)
SELECT $1, GREATEST($2, 1 + COALESCE(max(t.set_ms), 0)), $3
FROM entry_terms AS t WHERE t.tenant_id = $1
"""
NEWEST_TERMS = """
SELECT content FROM entry_terms WHERE tenant_id = $1 ORDER BY set_ms DESC LIMIT 1
"""
ADD_GUEST = """
INSERT INTO guests (tenant_id, guest, name, ticket, product, birthday, note, imported_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
LIST_GUESTS = """
SELECT guest, name, ticket, product, birthday, note
FROM guests WHERE tenant_id = $1 ORDER BY guest
"""
# What the newest code of each listed ticket of ours says.
CODES_OF_GUESTS = r"""
SELECT DISTINCT ON (g.ticket)
    g.ticket, t.product, t.performance, t.valid_from_s, t.valid_until_s, t.persons
FROM guests AS g
JOIN tickets AS t ON t.tenant_id = g.tenant_id
    AND t.issuer = convert_from(
        substring(g.ticket FROM 1 FOR position('\x3a'::bytea IN g.ticket) - 1), 'UTF8')
    AND t.ticket_id = substring(g.ticket FROM position('\x3a'::bytea IN g.ticket) + 1)
WHERE g.tenant_id = $1 AND t.tenant_id = $1 AND g.ticket <> ''
ORDER BY g.ticket, t.issued_s DESC
"""
DELETE_GUEST = "DELETE FROM guests WHERE tenant_id = $1 AND guest = $2"
ADD_LIST = """
INSERT INTO guest_lists (tenant_id, version, changed_ms)
SELECT $1, 1 + COALESCE(max(g.version), 0), $2 FROM guest_lists AS g WHERE g.tenant_id = $1
"""
NEWEST_LIST = """
SELECT version, changed_ms FROM guest_lists WHERE tenant_id = $1 ORDER BY version DESC LIMIT 1
"""


async def set_terms(connection: Connection, tenant: bytes, content: bytes, now_ms: int) -> None:
    """From now on these terms count."""
    await connection.execute(SET_TERMS, tenant, now_ms, content)


async def newest_terms(connection: Connection, tenant: bytes) -> bytes | None:
    """The terms that count, None if none were ever set."""
    content: bytes | None = await connection.fetchval(NEWEST_TERMS, tenant)
    return content


async def list_guests(connection: Connection, tenant: bytes) -> list[Guest]:
    """Every guest, by key."""
    return [Guest(*row) for row in await connection.fetch(LIST_GUESTS, tenant)]


async def codes_of_guests(connection: Connection, tenant: bytes) -> dict[bytes, dict[str, int]]:
    """ticket -> what its code says, as the fields of `Guest`; of foreign tickets nothing."""
    return {
        row["ticket"]: {
            "product": row["product"],
            "performance": row["performance"],
            "valid_from": row["valid_from_s"],
            "valid_until": row["valid_until_s"],
            "persons": row["persons"],
        }
        for row in await connection.fetch(CODES_OF_GUESTS, tenant)
    }


async def put_guests(
    connection: Connection, tenant: bytes, put: Sequence[Guest], gone: Sequence[str], now_ms: int
) -> None:
    """Put these rows in the place of those with their keys, take `gone` away: a new version."""
    async with connection.transaction():
        keys = [*gone, *(one.key for one in put)]
        await connection.executemany(DELETE_GUEST, [(tenant, key) for key in keys])
        rows = [
            (tenant, g.key, g.name, g.ticket, g.product, g.birthday, g.note, now_ms) for g in put
        ]
        await connection.executemany(ADD_GUEST, rows)
        await connection.execute(ADD_LIST, tenant, now_ms)


async def newest_list(connection: Connection, tenant: bytes) -> tuple[int, int]:
    """(version, changed at, unix ms) of the guest list; version 0 before the first."""
    row = await connection.fetchrow(NEWEST_LIST, tenant)
    return (row["version"], row["changed_ms"]) if row else (0, 0)
