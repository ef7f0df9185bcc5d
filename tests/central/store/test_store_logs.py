"""Watermarks and sealed blocks: locked by one, read from any place, each log for itself."""

from __future__ import annotations

import asyncio

import asyncpg
import msgspec
import pytest

from central.store import logs
from crypto.block import Head
from tests.central.world import GATEWAY, NOW_MS, OTHER, TENANT, Ledger, enrol

pytestmark = pytest.mark.asyncio
MARK = logs.Watermark(GATEWAY, 5, 9, b"h" * 32, 4, NOW_MS, NOW_MS + 3)


async def test_a_watermark_begins_at_nothing_and_moves(connection: asyncpg.Connection) -> None:
    await enrol(connection, Ledger(), Ledger(OTHER, seed=2))
    assert await logs.lock_watermark(connection, TENANT, GATEWAY, 5) == logs.Locked(Head(), 0)
    assert await logs.list_watermarks(connection, TENANT) == [], "an empty log is none"
    await logs.move_watermark(connection, TENANT, MARK)
    locked = await logs.lock_watermark(connection, TENANT, GATEWAY, 5)
    assert locked == logs.Locked(Head(9, b"h" * 32), 4)
    await logs.post_through(connection, TENANT, GATEWAY, 5, 9)
    moved = msgspec.structs.replace(MARK, posted_seq=9)
    later = msgspec.structs.replace(MARK, epoch=6)
    others = msgspec.structs.replace(MARK, gateway=OTHER)
    for mark in (later, others):
        await logs.lock_watermark(connection, TENANT, mark.gateway, mark.epoch)
        await logs.move_watermark(connection, TENANT, mark)
    assert await logs.list_watermarks(connection, TENANT) == [moved, later, others]
    assert await logs.list_watermarks(connection, TENANT, GATEWAY) == [moved, later]


async def test_a_locked_watermark_is_waited_for(dsn: str, connection: asyncpg.Connection) -> None:
    await enrol(connection, Ledger())
    await logs.lock_watermark(connection, TENANT, GATEWAY, 5)
    second = await asyncpg.connect(dsn)
    async with connection.transaction():
        await logs.lock_watermark(connection, TENANT, GATEWAY, 5)
        waits = asyncio.create_task(logs.lock_watermark(second, TENANT, GATEWAY, 5))
        blocked = (
            "SELECT 1 FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid() AND pid = $1"
        )
        pid = second.get_server_pid()
        while not await connection.fetchval(blocked, pid):
            assert not waits.done(), "two hold one watermark"
        await logs.move_watermark(connection, TENANT, MARK)
    assert (await waits).head.seq == 9
    await second.close()


async def test_blocks_are_read_from_the_one_that_holds_a_seq(
    connection: asyncpg.Connection,
) -> None:
    ledger, other = Ledger().fill(4), Ledger(OTHER, seed=2).fill(1)  # seqs 1, 2-5, 6-9, …, 14-17
    await enrol(connection, ledger, other)
    await logs.add_blocks(connection, TENANT, ledger.read() + other.read())

    async def read(seq: int, most: int = 10) -> list[bytes]:
        return await logs.read_blocks(connection, TENANT, GATEWAY, 5, seq, most)

    assert await read(1) == ledger.blocks
    assert await read(6) == await read(9) == ledger.blocks[2:]
    assert await read(10, most=1) == ledger.blocks[3:4]
    assert await read(17) == ledger.blocks[4:]
    assert await read(18) == []
    hashes = [block.hash for block in ledger.read()]
    held = await logs.held_hashes(connection, TENANT, GATEWAY, 5, 2, 9)
    assert held == {2: hashes[1], 6: hashes[2]}
    assert await logs.covering_hash(connection, TENANT, GATEWAY, 5, 8) == hashes[2]
    assert await logs.covering_hash(connection, TENANT, GATEWAY, 6, 8) is None


async def test_the_first_key_of_an_epoch_stays(connection: asyncpg.Connection) -> None:
    await enrol(connection, Ledger())
    assert await logs.epoch_key(connection, TENANT, GATEWAY, 5) is None
    for key in (b"1" * 32, b"2" * 32):
        await logs.add_epoch_key(connection, TENANT, GATEWAY, 5, key, b"certificate", NOW_MS)
    assert await logs.epoch_key(connection, TENANT, GATEWAY, 5) == b"1" * 32
    assert await logs.epoch_key(connection, TENANT, GATEWAY, 6) is None


async def test_a_block_of_a_usual_size_stays_in_its_row(connection: asyncpg.Connection) -> None:
    """Beside the row it costs ingest an index more; what a row has no room for goes there."""
    beside = """
        SELECT pg_relation_size(reltoastrelid) FROM pg_class
        WHERE relname = 'blocks' AND relnamespace = current_schema()::regnamespace
    """
    usual, large = Ledger().fill(1, each=100), Ledger(OTHER, seed=2).fill(1, each=300)
    assert 4000 < len(usual.blocks[1]) < 8000 < len(large.blocks[1])
    await enrol(connection, usual, large)
    await logs.add_blocks(connection, TENANT, usual.read())
    assert await connection.fetchval(beside) == 0
    await logs.add_blocks(connection, TENANT, large.read())
    assert await connection.fetchval(beside) > 0
    for one in (usual, large):
        read = await logs.read_blocks(connection, TENANT, one.gateway, 5, 2, 1)
        assert read == one.blocks[1:]
