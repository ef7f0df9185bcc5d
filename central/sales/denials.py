"""Taking a right back: a ticket is revoked (a newer code counts), canceled or blocked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from central.store import sales, tickets
from crypto import pretix, ticket
from crypto.claim import make_identity
from crypto.errors import BadCode

if TYPE_CHECKING:
    from central.keys import Keys
    from central.store import Connection

Kind = Literal["revoked", "canceled", "blocked", "unapproved", "unpaid"]
ID_BYTES = (8, 32)


class NoTicket(Exception):
    """The text names no ticket."""


def identity_of(text: str, own_issuer: str, foreign: list[str]) -> bytes:
    """The identity that a code, or `issuer:hex` as we print it, means. Raises NoTicket.

    A pretix code does not say whose it is: with several foreign issuers, give `issuer:hex`.
    """
    issuer, colon, raw = text.strip().partition(":")
    if colon and (issuer == own_issuer or issuer in foreign):
        try:
            ticket_id = bytes.fromhex(raw)
        except ValueError:
            ticket_id = b""
        if len(ticket_id) in ID_BYTES:
            return make_identity(issuer, ticket_id)
        raise NoTicket(f"{text!r} is no identity: after the issuer stand 16 or 64 hex digits")
    try:
        return make_identity(
            own_issuer, ticket.decode_untrusted(text.strip().encode()).ticket.ticket_id
        )
    except BadCode as own_error:
        try:
            signed = pretix.decode_untrusted(text.strip().encode())
        except BadCode:
            raise NoTicket(f"neither a code nor issuer:hex: {own_error}") from own_error
    if len(foreign) != 1:
        raise NoTicket("this code is of a foreign shop; say which, as issuer:hex")
    return make_identity(foreign[0], signed.identity)


async def deny(
    connection: Connection, keys: Keys, identity: bytes, kind: Kind, *, stands: bool,
    reason: str, now_ms: int,
) -> None:  # fmt: skip
    """Append the word on a ticket; revoked means every code issued up to now."""
    min_issued_s = 0
    if kind == "revoked":
        # After a clock that stood ahead, the newest code may be dated later than now.
        newest = None
        issuer, _, ticket_id = identity.partition(b":")
        if issuer == keys.issuer_name.encode():
            newest = await tickets.newest_ticket(
                connection, keys.tenant, keys.issuer_name, ticket_id
            )
        min_issued_s = max(now_ms // 1000, newest.issued_at if newest else 0) + 1
    denial = sales.Denial(
        ticket=identity,
        kind=kind,
        stands=stands,
        min_issued_s=min_issued_s,
        reason=reason,
        recorded_ms=now_ms,
    )
    await sales.add_denial(connection, keys.tenant, denial)
