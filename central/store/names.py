"""Names of products, performances and gates: one that was ever used stays its owner's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from central.store import Connection

CLAIM_NAME = """
INSERT INTO catalogue_names (tenant_id, kind, name, number) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING
"""
NAME_OWNER = """
SELECT number FROM catalogue_names WHERE tenant_id = $1 AND kind = $2 AND name = $3
"""
Noun = Literal["product", "performance", "gate"]


class NameTaken(Exception):
    """Another of the same kind has, or had, this name."""


async def claim_name(
    connection: Connection, tenant: bytes, kind: Noun, name: str, number: int
) -> None:
    """Make `name` this one's for ever. Raises NameTaken when it is another's."""
    await connection.execute(CLAIM_NAME, tenant, kind, name, number)
    if await connection.fetchval(NAME_OWNER, tenant, kind, name) != number:
        raise NameTaken(name)
