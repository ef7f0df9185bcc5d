"""Tenants, gateways, issuers and their public keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from central.store import Connection

ADD_TENANT = "INSERT INTO tenants (tenant_id, name, created_ms) VALUES ($1, $2, $3)"
GET_TENANT = "SELECT name FROM tenants WHERE tenant_id = $1"
ADD_GATEWAY = """
INSERT INTO gateways (tenant_id, gateway, index, name, device_key, certificate, approved_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
NEXT_INDEX = "SELECT COALESCE(MAX(index), 0) + 1 FROM gateways WHERE tenant_id = $1"
GET_GATEWAY = """
SELECT g.gateway, g.index, g.name, g.device_key, g.certificate, r.revoked_ms
FROM gateways AS g
LEFT JOIN gateway_revocations AS r ON r.tenant_id = g.tenant_id AND r.gateway = g.gateway
WHERE g.tenant_id = $1 AND g.gateway = $2
"""
LIST_GATEWAYS = """
SELECT g.gateway, g.index, g.name, g.device_key, g.certificate, r.revoked_ms
FROM gateways AS g
LEFT JOIN gateway_revocations AS r ON r.tenant_id = g.tenant_id AND r.gateway = g.gateway
WHERE g.tenant_id = $1
ORDER BY g.index
"""
REVOKE_GATEWAY = """
INSERT INTO gateway_revocations (tenant_id, gateway, revoked_ms, reason) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING
"""
ADD_ISSUER = """
INSERT INTO issuers (tenant_id, issuer, name, scheme, created_ms) VALUES ($1, $2, $3, $4, $5)
"""
LIST_ISSUERS = "SELECT issuer, name, scheme FROM issuers WHERE tenant_id = $1 ORDER BY issuer"
ADD_ISSUER_KEY = """
INSERT INTO issuer_keys
    (tenant_id, key_id, issuer, public_key, valid_from_s, valid_until_s, added_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
LIST_ISSUER_KEYS = """
SELECT issuer, key_id, public_key, valid_from_s, valid_until_s
FROM issuer_keys WHERE tenant_id = $1 ORDER BY issuer, added_ms, key_id
"""


class Gateway(msgspec.Struct, frozen=True):
    """An approved gateway. `device_key`: 32-byte public key; `revoked_ms` None while trusted."""

    gateway: bytes
    index: int
    name: str
    device_key: bytes
    certificate: bytes
    revoked_ms: int | None


class IssuerRow(msgspec.Struct, frozen=True):
    """Who signs tickets; `scheme` is GH1 (we) or pretix_sig1."""

    issuer: str
    name: str
    scheme: str


class IssuerKeyRow(msgspec.Struct, frozen=True):
    """One public key; the window in unix seconds, 0 = no limit."""

    issuer: str
    key_id: bytes
    public_key: bytes
    valid_from_s: int
    valid_until_s: int


async def add_tenant(connection: Connection, tenant: bytes, name: str, now_ms: int) -> None:
    """Record the operator; once per tenant."""
    await connection.execute(ADD_TENANT, tenant, name, now_ms)


async def tenant_name(connection: Connection, tenant: bytes) -> str | None:
    """The operator's name, or None when this database does not know the tenant."""
    name: str | None = await connection.fetchval(GET_TENANT, tenant)
    return name


async def next_index(connection: Connection, tenant: bytes) -> int:
    """The next free gateway index (1 to 255); a revoked one is never used again."""
    return int(await connection.fetchval(NEXT_INDEX, tenant))


async def add_gateway(connection: Connection, tenant: bytes, gateway: Gateway, now_ms: int) -> None:
    """Record an approved gateway. Names, indices, ids and device keys exist once."""
    g = gateway
    await connection.execute(
        ADD_GATEWAY, tenant, g.gateway, g.index, g.name, g.device_key, g.certificate, now_ms
    )


async def find_gateway(connection: Connection, tenant: bytes, gateway: bytes) -> Gateway | None:
    """The gateway with this id, revoked or not."""
    row = await connection.fetchrow(GET_GATEWAY, tenant, gateway)
    return Gateway(*row) if row is not None else None


async def list_gateways(connection: Connection, tenant: bytes) -> list[Gateway]:
    """Every gateway, by index."""
    return [Gateway(*row) for row in await connection.fetch(LIST_GATEWAYS, tenant)]


async def revoke_gateway(
    connection: Connection, tenant: bytes, gateway: bytes, now_ms: int, reason: str
) -> None:
    """Take nothing from this gateway any more. Idempotent."""
    await connection.execute(REVOKE_GATEWAY, tenant, gateway, now_ms, reason)


async def add_issuer(connection: Connection, tenant: bytes, issuer: IssuerRow, now_ms: int) -> None:
    """Record who signs tickets."""
    await connection.execute(ADD_ISSUER, tenant, issuer.issuer, issuer.name, issuer.scheme, now_ms)


async def list_issuers(connection: Connection, tenant: bytes) -> list[IssuerRow]:
    """Ours and the foreign ones."""
    return [IssuerRow(*row) for row in await connection.fetch(LIST_ISSUERS, tenant)]


async def add_issuer_key(
    connection: Connection, tenant: bytes, key: IssuerKeyRow, now_ms: int
) -> None:
    """Record a public key; a second key with the same 4-byte id is refused by the database."""
    await connection.execute(
        ADD_ISSUER_KEY, tenant, key.key_id, key.issuer, key.public_key,
        key.valid_from_s, key.valid_until_s, now_ms,
    )  # fmt: skip


async def list_issuer_keys(connection: Connection, tenant: bytes) -> list[IssuerKeyRow]:
    """Every key, grouped by issuer, oldest first."""
    return [IssuerKeyRow(*row) for row in await connection.fetch(LIST_ISSUER_KEYS, tenant)]
