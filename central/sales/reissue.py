"""A ticket's code again: the same right, a later date of issue, and the older code replaced."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from central.sales.issue import HOLDER_KEY_BYTES
from central.store import sales, tickets
from crypto.keys import VerifyKey
from crypto.ticket import (
    FLAG_ROTATING,
    ROTATION_STEP_S,
    decode_untrusted,
    issue,
    rotation_suffix,
    verify,
)

if TYPE_CHECKING:
    from central.keys import Keys
    from central.store import Connection

SECONDS_MAX = 0xFFFFFFFF


class CannotReissue(Exception):
    """There is no code to issue again, or nothing it could be used for; says why."""


class Rotated(msgspec.Struct, frozen=True):
    """A rotating code as the guest's phone shows it now; a new one follows at `until_s`."""

    code: str
    until_s: int


def own_ticket_id(keys: Keys, identity: bytes) -> bytes:
    """The ticket id of one of our identities. Raises CannotReissue for a foreign one."""
    issuer, _, ticket_id = identity.partition(b":")
    if issuer != keys.issuer_name.encode():
        raise CannotReissue("this ticket is of another shop: let that shop issue it again")
    return ticket_id


async def reissue(
    connection: Connection, keys: Keys, identity: bytes, *, now_ms: int,
    entropy: Callable[[int], bytes], prefix: str = "",
) -> str:  # fmt: skip
    """A new code of the same ticket; codes issued before it are revoked, whole or not at all.

    Raises CannotReissue, or ValueError for a prefix no code can have.
    """
    old = await tickets.newest_ticket(
        connection, keys.tenant, keys.issuer_name, own_ticket_id(keys, identity)
    )
    if old is None:
        raise CannotReissue("no code was issued for this ticket here")
    issued_s = max(now_ms // 1000, old.issued_at + 1)
    for denial in await sales.list_denials(connection, keys.tenant):
        if denial.ticket != identity:
            continue
        if denial.kind == "revoked":
            issued_s = max(issued_s, denial.min_issued_s)
        else:
            raise CannotReissue(f"this ticket is {denial.kind}: its new code would admit nobody")
    if issued_s > SECONDS_MAX:
        raise CannotReissue("its codes are dated too far in the future: issue another ticket")
    ticket = msgspec.structs.replace(old, issued_at=issued_s, key_id=keys.issuer.key_id)
    code = issue(ticket, keys.issuer, prefix)
    word = sales.Denial(identity, "revoked", True, issued_s, "issued again", now_ms)
    async with connection.transaction():
        await tickets.add_tickets(connection, keys.tenant, keys.issuer_name, [ticket])
        await sales.add_denial(connection, keys.tenant, word)
        if ticket.flags & FLAG_ROTATING:
            held = {identity: entropy(HOLDER_KEY_BYTES)}
            await tickets.add_holder_keys(connection, keys.tenant, issued_s, held)
    return code


async def rotate(
    connection: Connection, keys: Keys, identity: bytes, code: str, now_s: int
) -> Rotated:
    """`code` with the suffix of this half minute. Raises BadCode, or CannotReissue."""
    code = code.strip().partition(".")[0]
    signed = decode_untrusted(code.encode())
    if not verify(signed, VerifyKey(keys.issuer.public)):
        raise CannotReissue("this code is not signed with our key")
    newest = await tickets.newest_ticket(
        connection, keys.tenant, keys.issuer_name, own_ticket_id(keys, identity)
    )
    if newest is None:
        raise CannotReissue("no code was issued for this ticket here")
    if newest != signed.ticket:
        raise CannotReissue("this code was replaced: rotate the newest one")
    key = await tickets.holder_key(connection, keys.tenant, identity)
    if key is None or not newest.flags & FLAG_ROTATING:
        raise CannotReissue("this code does not rotate: it counts as it is")
    step = now_s // ROTATION_STEP_S
    suffix = rotation_suffix(signed.payload, key, step)
    return Rotated(code + suffix, (step + 1) * ROTATION_STEP_S)
