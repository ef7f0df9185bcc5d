"""Deliveries to a database, and what is held after them."""

from __future__ import annotations

import asyncpg

from central.ingest import Accepted, Refused, deliver
from crypto.block import read_untrusted
from tests.central.world import (
    NOW_MS,
    Ledger,
    packed,
)


async def send(
    db: asyncpg.Connection, ledger: Ledger, first: int = 0, last: int | None = None
) -> Accepted | Refused:
    """Deliver blocks [first, last) of the ledger."""
    chosen = ledger.blocks[first:last]
    seq = read_untrusted(chosen[0])[0].first_seq
    return await deliver(db, ledger.log(), seq, packed(chosen), NOW_MS)


async def counts(db: asyncpg.Connection) -> tuple[int, int]:
    """(blocks, facts) held."""
    return (
        await db.fetchval("SELECT count(*) FROM blocks"),
        await db.fetchval("SELECT count(*) FROM facts"),
    )
