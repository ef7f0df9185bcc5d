"""Dead letters, tried again after an upgrade: what is understood now becomes rows at last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from central.ingest import Log, add_more, whole
from central.rows import WHOLE_BODY, rows_of
from central.store import ISOLATION, facts, logs, trouble
from crypto import block as blocks_of
from crypto.block import Block
from crypto.entry import decode_facts_untrusted
from crypto.errors import BadEntry

if TYPE_CHECKING:
    from central.store import Connection


async def redrive(connection: Connection, tenant: bytes, now_ms: int) -> tuple[int, int]:
    """Try every dead letter again after an upgrade: (understood now, still dead)."""
    understood = still = 0
    for letter in await trouble.list_letters(connection, tenant, limit=1_000_000):
        if await redrive_letter(connection, tenant, letter, now_ms):
            understood += 1
        else:
            still += 1
    return understood, still


async def redrive_letter(
    connection: Connection, tenant: bytes, letter: trouble.DeadLetter, now_ms: int
) -> bool:
    """Make rows of one dead letter; False while it is not understood or its gateway waits."""
    block = as_block(letter)
    if block is None:
        return False
    async with connection.transaction(isolation=ISOLATION):
        held = await logs.lock_watermark(connection, tenant, letter.gateway, letter.epoch)
        if block.last_seq > held.posted_seq:
            return False
        posted = await facts.posted_seqs(
            connection, tenant, letter.gateway, letter.epoch, letter.seq, block.last_seq
        )
        rows = rows_of(tenant, block, without=posted)
        if rows.letters:
            return False
        if rows.count:
            await facts.add_rows(connection, whole(rows.packed))
            log = Log(tenant, letter.gateway, letter.epoch, letter.gateway)
            await add_more(connection, log, rows.more, now_ms)
        await trouble.add_redriven(connection, tenant, letter, now_ms)
    return True


def as_block(letter: trouble.DeadLetter) -> Block | None:
    """The letter as a block of its own, for `rows_of`; None while it cannot be read at all."""
    body = letter.raw if letter.kind == WHOLE_BODY else b"\x91" + letter.raw
    try:
        count = len(decode_facts_untrusted(body))
    except BadEntry:
        return None
    raw = bytes(blocks_of.HEADER_BYTES) + body + bytes(blocks_of.TAIL_BYTES)
    return Block(letter.gateway, letter.epoch, letter.seq, count, 0, 0, b"", b"", b"", raw)
