"""Ticket codes: signed, recorded, written to a file and drawn as QR pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from central.keys import Keys
from central.store import tickets
from crypto.claim import make_identity
from crypto.ticket import FLAG_ROTATING, Ticket, issue

if TYPE_CHECKING:
    from central.store import Connection

BATCH = 1000
COUNT_MAX = 1_000_000
TICKET_ID_BYTES = 8
HOLDER_KEY_BYTES = 32


class Order(msgspec.Struct, frozen=True):
    """What the codes say. Times in unix seconds, 0 = no limit; `flags` as in `crypto.ticket`."""

    performance: int
    product: int
    persons: int = 1
    valid_from_s: int = 0
    valid_until_s: int = 0
    flags: int = 0


def sign_codes(
    keys: Keys, order: Order, ids: list[bytes], issued_s: int, prefix: str = ""
) -> list[tuple[Ticket, str]]:
    """One ticket and its code per id. Raises ValueError for a field out of range."""
    made = []
    for ticket_id in ids:
        ticket = Ticket(
            key_id=keys.issuer.key_id,
            performance=order.performance,
            ticket_id=ticket_id,
            product=order.product,
            valid_from=order.valid_from_s,
            valid_until=order.valid_until_s,
            persons=order.persons,
            flags=order.flags,
            issued_at=issued_s,
        )
        made.append((ticket, issue(ticket, keys.issuer, prefix)))
    return made


async def issue_codes(
    connection: Connection,
    keys: Keys,
    order: Order,
    count: int,
    *,
    issued_s: int,
    entropy: Callable[[int], bytes],
    prefix: str = "",
    progress: Callable[[int], None] = lambda done: None,
) -> list[str]:
    """Sign and record `count` codes, all or none; `progress` hears how many are done."""
    codes: list[str] = []
    async with connection.transaction():
        for size in batches(count):
            ids = [entropy(TICKET_ID_BYTES) for _ in range(size)]
            made = sign_codes(keys, order, ids, issued_s, prefix)
            await tickets.add_tickets(
                connection, keys.tenant, keys.issuer_name, [ticket for ticket, _ in made]
            )
            if order.flags & FLAG_ROTATING:
                held = {
                    make_identity(keys.issuer_name, one): entropy(HOLDER_KEY_BYTES) for one in ids
                }
                await tickets.add_holder_keys(connection, keys.tenant, issued_s, held)
            codes += [code for _, code in made]
            progress(len(codes))
    return codes


def batches(count: int) -> Iterator[int]:
    """Sizes that add up to `count`."""
    while count > 0:
        yield min(count, BATCH)
        count -= BATCH


def write_codes(out: Path, codes: list[str]) -> None:
    """One code a line; the file appears whole or not at all, readable by its owner only."""
    part = out.with_name(out.name + ".part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    part.write_text("".join(f"{code}\n" for code in codes), encoding="ascii")
    part.rename(out)


def write_pictures(
    folder: Path, codes: list[str], progress: Callable[[int], None] = lambda done: None
) -> None:
    """A QR picture per code: 000001.png, 000002.png, … in the order of the codes.

    Readable by their owner only, as the file of codes: a picture is a ticket.
    """
    import segno

    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for number, code in enumerate(codes, 1):
        picture = segno.make(code, error="m", micro=False)
        file = folder / f"{number:06}.png"
        file.unlink(missing_ok=True)
        file.touch(mode=0o600)
        picture.save(str(file), scale=4, border=4)
        progress(number)
