"""The bundle: read from the tables, signed, stored with the next version when anything changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

import asyncpg
import msgspec

from central import replaced, wallets
from central.cashless_keys import CashlessKeys
from central.store import bundles, entry, sales, tickets, trust
from crypto import bundle as format_of
from crypto import delta as deltas
from crypto.bundle import (
    Bundle,
    ForeignIssuer,
    ForeignRow,
    Gate,
    GatewayCard,
    HolderKey,
    Issuer,
    IssuerKey,
    Performance,
    Product,
    Revocation,
)
from crypto.guests import GuestList
from crypto.keys import SigningKey, VerifyKey
from crypto.terms import Terms

if TYPE_CHECKING:
    from central.store import Connection

ATTEMPTS = 20


async def build(
    connection: Connection, tenant: bytes, secrets: CashlessKeys | None = None
) -> Bundle:
    """The content of a bundle from the tables as they are now; version 0, no time.

    `secrets` of the wallets are needed once prices were set. Raises KeysMissing without them.
    """
    keys = await trust.list_issuer_keys(connection, tenant)
    mapping = await sales.list_foreign_rows(connection, tenant)
    own, foreign = [], []
    for issuer in await trust.list_issuers(connection, tenant):
        held = [key for key in keys if key.issuer == issuer.issuer]
        if issuer.scheme == "GH1":
            windows = [IssuerKey(k.public_key, k.valid_from_s, k.valid_until_s) for k in held]
            own.append(Issuer(issuer.issuer, windows))
        else:
            rows = [foreign_row(row) for row in mapping if row.issuer == issuer.issuer]
            foreign.append(ForeignIssuer(issuer.issuer, [k.public_key for k in held], rows))
    denials = await sales.list_denials(connection, tenant)
    return Bundle(
        tenant=tenant,
        issuers=own,
        foreign_issuers=foreign,
        products=[
            Product(p.product, p.name, cast(Reentry, p.reentry), p.reentry_after_s)
            for p in await sales.list_products(connection, tenant)
        ],
        performances=[
            Performance(p.performance, p.name, p.starts_s, p.ends_s, p.admission_s)
            for p in await sales.list_performances(connection, tenant)
        ],
        gates=[
            Gate(g.gate, g.name, g.products, g.performances)
            for g in await sales.list_gates(connection, tenant)
        ],
        revoked=[Revocation(d.ticket, d.min_issued_s) for d in denials if d.kind == "revoked"],
        canceled=[d.ticket for d in denials if d.kind == "canceled"],
        blocked=[d.ticket for d in denials if d.kind == "blocked"],
        holder_keys=[
            HolderKey(ticket, key)
            for ticket, key in await tickets.list_holder_keys(connection, tenant)
        ],
        gateways=[
            GatewayCard(g.gateway, g.index, g.name, g.device_key, g.revoked_ms is not None)
            for g in await trust.list_gateways(connection, tenant)
        ],
        terms=await _terms(connection, tenant, denials),
        cashless=await wallets.build(connection, tenant, secrets),
    )


async def _terms(
    connection: Connection, tenant: bytes, denials: list[sales.Denial]
) -> Terms | msgspec.UnsetType:
    """The terms that were set, and the orders that wait; unset when there are none."""
    content = await entry.newest_terms(connection, tenant)
    terms = msgspec.msgpack.decode(content, type=Terms) if content else Terms()
    waiting: dict[str, list[bytes]] = {
        kind: sorted({*listed, *(d.ticket for d in denials if d.kind == kind)})
        for kind, listed in (("unapproved", terms.unapproved), ("unpaid", terms.unpaid))
    }
    terms = msgspec.structs.replace(terms, **waiting)
    return msgspec.UNSET if terms == Terms() else terms


async def guest_list(connection: Connection, tenant: bytes) -> GuestList:
    """The guest list as it is now, with what the codes of its tickets say."""
    # One snapshot, so that no version has the names of the next one.
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        version, changed_ms = await entry.newest_list(connection, tenant)
        codes = await entry.codes_of_guests(connection, tenant)
        guests = [
            msgspec.structs.replace(one, **codes.get(one.ticket, {}))
            for one in await entry.list_guests(connection, tenant)
        ]
    return GuestList(version=version, tenant=tenant, issued_at_ms=changed_ms, guests=guests)


Reentry = Literal["none", "after_exit", "unlimited"]


def foreign_row(row: sales.ForeignRowRow) -> ForeignRow:
    """A stored line of a mapping as the bundle says it; None matches any."""
    return ForeignRow(
        item=row.item,
        product=row.product,
        performance=row.performance,
        variation=None if row.variation == sales.ANY else row.variation,
        subevent=None if row.subevent == sales.ANY else row.subevent,
    )


def delta_between(base_raw: bytes, newest_raw: bytes, key: SigningKey) -> bytes | None:
    """The signed delta from one published bundle to another, if only lists changed and it is
    smaller than the newest bundle, else None. Takes as long as reading both. Pure."""
    public = VerifyKey(key.public)
    base = format_of.read_untrusted(base_raw, public)
    newest = format_of.read_untrusted(newest_raw, public)
    delta = deltas.between(base, format_of.content_hash(base_raw), newest)
    if delta is None:
        return None
    try:
        raw = deltas.sign(delta, key)
    except ValueError:  # longer than a delta may be
        return None
    return raw if len(raw) < len(newest_raw) else None


async def publish(
    connection: Connection, tenant: bytes, key: SigningKey, now_ms: int,
    secrets: CashlessKeys | None = None,
) -> tuple[int, bool]:  # fmt: skip
    """Sign and store a bundle if the tables say something new: (newest version, published now).

    Two publishers at once get two versions in a row: the version is the database's to give.
    """
    for _ in range(ATTEMPTS):
        # One snapshot for all tables, so that no bundle names a product that it does not hold.
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            newest = await bundles.latest(connection, tenant)
            content = await build(connection, tenant, secrets)
        version = 1
        if newest is not None:
            held = format_of.read_untrusted(newest[1], VerifyKey(key.public))
            if msgspec.structs.replace(held, version=0, issued_at_ms=0) == content:
                await replaced.note_version(connection, tenant, newest[0], content.cashless)
                return newest[0], False
            version = newest[0] + 1
        content = msgspec.structs.replace(content, version=version, issued_at_ms=now_ms)
        raw = format_of.sign(content, key)
        try:
            hashed = format_of.content_hash(raw)
            async with connection.transaction():
                await bundles.add(connection, tenant, version, hashed, raw, now_ms)
                await replaced.note_version(connection, tenant, version, content.cashless)
        except asyncpg.UniqueViolationError:
            continue
        return version, True
    raise RuntimeError("somebody else publishes bundles all the time")
