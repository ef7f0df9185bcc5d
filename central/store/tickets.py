"""Ticket codes as they were issued, and the secrets of rotating ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from crypto.ticket import Ticket

if TYPE_CHECKING:
    from central.store import Connection

TICKET_COLUMNS = (
    "tenant_id", "issuer", "ticket_id", "issued_s", "key_id", "performance", "product",
    "valid_from_s", "valid_until_s", "persons", "flags",
)  # fmt: skip
HOLDER_COLUMNS = ("tenant_id", "ticket", "issued_s", "holder_key")
COUNT_TICKETS = """
SELECT performance, product, count(DISTINCT (issuer, ticket_id)) AS count FROM tickets
WHERE tenant_id = $1 GROUP BY performance, product ORDER BY performance, product
"""
NEWEST_TICKET = """
SELECT key_id, performance, ticket_id, product, valid_from_s, valid_until_s, persons, flags,
       issued_s
FROM tickets WHERE tenant_id = $1 AND issuer = $2 AND ticket_id = $3
ORDER BY issued_s DESC LIMIT 1
"""
GET_HOLDER_KEY = """
SELECT holder_key FROM holder_keys WHERE tenant_id = $1 AND ticket = $2
ORDER BY issued_s DESC LIMIT 1
"""
LIST_HOLDER_KEYS = """
SELECT DISTINCT ON (ticket) ticket, holder_key
FROM holder_keys WHERE tenant_id = $1 ORDER BY ticket, issued_s DESC
"""


async def add_tickets(
    connection: Connection, tenant: bytes, issuer: str, tickets: Sequence[Ticket]
) -> None:
    """Record issued codes; an identity issued twice in one second is refused."""
    await connection.copy_records_to_table(
        "tickets",
        columns=TICKET_COLUMNS,
        records=[
            (
                tenant, issuer, t.ticket_id, t.issued_at, t.key_id, t.performance, t.product,
                t.valid_from, t.valid_until, t.persons, t.flags,
            )
            for t in tickets
        ],
    )  # fmt: skip


async def count_tickets(connection: Connection, tenant: bytes) -> dict[tuple[int, int], int]:
    """(performance, product) -> tickets issued; a ticket issued again counts once."""
    rows = await connection.fetch(COUNT_TICKETS, tenant)
    return {(row["performance"], row["product"]): row["count"] for row in rows}


async def newest_ticket(
    connection: Connection, tenant: bytes, issuer: str, ticket_id: bytes
) -> Ticket | None:
    """What the newest code of this ticket says, or None when we issued none."""
    row = await connection.fetchrow(NEWEST_TICKET, tenant, issuer, ticket_id)
    return Ticket(*row) if row is not None else None


async def add_holder_keys(
    connection: Connection, tenant: bytes, issued_s: int, keys: Mapping[bytes, bytes]
) -> None:
    """Record the secrets (by identity) of rotating codes issued at `issued_s`."""
    await connection.copy_records_to_table(
        "holder_keys",
        columns=HOLDER_COLUMNS,
        records=[(tenant, ticket, issued_s, key) for ticket, key in keys.items()],
    )


async def holder_key(connection: Connection, tenant: bytes, ticket: bytes) -> bytes | None:
    """The secret of this identity's newest code, or None when it does not rotate."""
    key: bytes | None = await connection.fetchval(GET_HOLDER_KEY, tenant, ticket)
    return key


async def list_holder_keys(connection: Connection, tenant: bytes) -> list[tuple[bytes, bytes]]:
    """(identity, secret) of every rotating ticket."""
    rows = await connection.fetch(LIST_HOLDER_KEYS, tenant)
    return [(row["ticket"], row["holder_key"]) for row in rows]
