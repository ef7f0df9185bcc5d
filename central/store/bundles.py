"""Bundles as they were published, bytes unchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from central.store import Connection

LATEST_VERSION = "SELECT COALESCE(max(version), 0) FROM bundles WHERE tenant_id = $1"
GET_LATEST = """
SELECT version, raw FROM bundles WHERE tenant_id = $1 ORDER BY version DESC LIMIT 1
"""
GET_BUNDLE = "SELECT raw FROM bundles WHERE tenant_id = $1 AND version = $2"
ADD_BUNDLE = """
INSERT INTO bundles (tenant_id, version, content_hash, raw, published_ms)
VALUES ($1, $2, $3, $4, $5)
"""


async def latest_version(connection: Connection, tenant: bytes) -> int:
    """The newest published version; 0 before the first."""
    return int(await connection.fetchval(LATEST_VERSION, tenant))


async def latest(connection: Connection, tenant: bytes) -> tuple[int, bytes] | None:
    """Version and bytes of the newest bundle."""
    row = await connection.fetchrow(GET_LATEST, tenant)
    return (row["version"], row["raw"]) if row is not None else None


async def get(connection: Connection, tenant: bytes, version: int) -> bytes | None:
    """The bytes of one version."""
    raw: bytes | None = await connection.fetchval(GET_BUNDLE, tenant, version)
    return raw


async def add(
    connection: Connection, tenant: bytes, version: int, content_hash: bytes, raw: bytes,
    now_ms: int,
) -> None:  # fmt: skip
    """Append a bundle; a version exists once (asyncpg.UniqueViolationError)."""
    await connection.execute(ADD_BUNDLE, tenant, version, content_hash, raw, now_ms)
