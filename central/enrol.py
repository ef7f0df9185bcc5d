"""Bootstrap of trust: the tenant's own keys, and gateways approved by people (Formats 7)."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import asyncpg

from central.keys import Keys
from central.store import trust as store
from crypto import trust
from crypto.authority import make_device_certificate

if TYPE_CHECKING:
    from central.store import Connection

INDEX_MAX = 255


class NotApproved(Exception):
    """The request contradicts what is recorded; says what to do."""


async def record_tenant(connection: Connection, keys: Keys, now_ms: int) -> bool:
    """Write tenant, own issuer and its key into an empty database; False if they stand there."""
    if await store.tenant_name(connection, keys.tenant) is not None:
        return False
    async with connection.transaction():
        await store.add_tenant(connection, keys.tenant, keys.name, now_ms)
        issuer = store.IssuerRow(keys.issuer_name, keys.name, "GH1")
        await store.add_issuer(connection, keys.tenant, issuer, now_ms)
        key = store.IssuerKeyRow(keys.issuer_name, keys.issuer.key_id, keys.issuer.public, 0, 0)
        await store.add_issuer_key(connection, keys.tenant, key, now_ms)
    return True


async def approve(
    connection: Connection, keys: Keys, request: trust.Request, url: str,
    now_ms: int, serial: int,
) -> bytes:  # fmt: skip
    """The trust file for a gateway's request; approving the same request again gives one anew.

    Raises NotApproved for a name, id or key that belongs to another gateway.
    """
    gateway, public = request.gateway_id, request.public
    pem = make_device_certificate(
        keys.authority, keys.tenant, gateway, public, now_ms // 1000, serial
    )
    index = await _recorded(connection, keys, request, pem, now_ms)
    return trust.encode_trust(
        trust.Trust(
            tenant=keys.tenant.hex(),
            gateway=request.gateway,
            index=index,
            name=request.name,
            device_pem=pem,
            ca_pem=keys.authority.pem,
            bundle_key=keys.bundle.public.hex(),
            receipt_key=keys.receipt.public.hex(),
            central_url=url,
        )
    )


async def _recorded(
    connection: Connection, keys: Keys, request: trust.Request, pem: str, now_ms: int
) -> int:
    """The gateway's index, after writing it down unless it stands there already."""
    gateway, public = request.gateway_id, request.public
    for _ in range(INDEX_MAX):
        held = await store.find_gateway(connection, keys.tenant, gateway)
        if held is not None:
            if held.revoked_ms is not None:
                raise NotApproved(f"gateway {request.name} was revoked: begin with a new folder")
            if (held.device_key, held.name) != (public, request.name):
                raise NotApproved(
                    f"gateway {request.gateway} is recorded as {held.name} with another key or "
                    "name: begin with a new folder"
                )
            return held.index
        index = await store.next_index(connection, keys.tenant)
        if index > INDEX_MAX:
            raise NotApproved(f"a tenant has at most {INDEX_MAX} gateways")
        der = ssl.PEM_cert_to_DER_cert(pem)
        row = store.Gateway(gateway, index, request.name, public, der, None)
        try:
            await store.add_gateway(connection, keys.tenant, row, now_ms)
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name == "gateways_name_once":
                raise NotApproved(
                    f"a gateway named {request.name} exists: choose another name (edge init --name)"
                ) from error
            if error.constraint_name == "gateways_device_key_once":
                raise NotApproved("this device key belongs to another gateway") from error
            continue  # somebody took the index in between
        return index
    raise NotApproved("somebody else approves gateways all the time: try again")
