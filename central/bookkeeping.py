"""The books of a tenant, from the sealed blocks that are held: a second opinion on the rows.

Rows and bookings were made by statements when blocks came in. Here the same blocks are read again
and booked by `central.books`, which shares no line with them: what both say of a wallet must agree.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from central import price_lists
from central.books.ledger import Books
from central.books.postings import given, moved
from central.replaced import HELD
from central.rows import rows_of
from central.store import logs, money, replaced, wallets
from crypto import block as blocks_of
from crypto.entry import BundleApplied
from crypto.money import KnownMoney

if TYPE_CHECKING:
    from central.store import Connection

BLOCKS_AT_ONCE = 256


async def books(connection: Connection, tenant: bytes) -> Books:
    """All that is posted, booked anew.

    Reads every block: a minute or two per million facts of money.
    """
    lists = await price_lists.load(connection, tenant)
    made = Books(lists.rates_of if lists is not None else lambda _: {})
    async for gateway, fact in posted(connection, tenant):
        made.take(gateway, fact)
    for credit in await wallets.list_credits(connection, tenant):
        if credit.medium is not None and credit.source != HELD:
            made.post(given(credit.medium, credit.source, credit.amount_minor), 0)
    for old, medium, amount in await replaced.released(connection, tenant):
        made.post(moved(old, medium, amount), 0)
    return made


async def posted(connection: Connection, tenant: bytes) -> AsyncIterator[tuple[bytes, KnownMoney]]:
    """Every fact of money that has rows, with its gateway, log by log."""
    for mark in await logs.list_watermarks(connection, tenant):
        seq = 1
        while seq <= mark.posted_seq:
            sealed = await logs.read_blocks(
                connection, tenant, mark.gateway, mark.epoch, seq, BLOCKS_AT_ONCE
            )
            assert sealed, f"blocks of {mark.gateway.hex()} from seq {seq} on are missing"
            for raw in sealed:
                block, _ = blocks_of.read_untrusted(raw)
                seq = block.last_seq + 1
                if block.last_seq > mark.posted_seq:
                    break
                for _, fact in rows_of(tenant, block).more:
                    if not isinstance(fact, BundleApplied):
                        yield mark.gateway, fact


async def differences(
    connection: Connection, tenant: bytes, made: Books
) -> list[dict[str, str | int]]:
    """Wallets of which rows and books say different things."""
    told = made.wallets()
    rows = await money.balances(connection, tenant)
    booked = {row["medium"].hex(): row["balance_minor"] for row in rows}
    return [
        {"medium": medium, "rows_minor": booked.get(medium, 0), "books_minor": told.get(medium, 0)}
        for medium in sorted({*told, *booked})
        if booked.get(medium, 0) != told.get(medium, 0)
    ]
