"""Watermarks, sealed blocks and epoch keys: how far each gateway's log is held."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from crypto.block import Block, Head

if TYPE_CHECKING:
    from central.store import Connection

GET_EPOCH_KEY = """
SELECT public_key FROM gateway_keys WHERE tenant_id = $1 AND gateway = $2 AND epoch = $3
"""
ADD_EPOCH_KEY = """
INSERT INTO gateway_keys (tenant_id, gateway, epoch, public_key, certificate, accepted_ms)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO NOTHING
"""
OPEN_WATERMARK = """
INSERT INTO watermarks
    (tenant_id, gateway, epoch, through_seq, head, posted_seq, wall_ms, accepted_ms)
VALUES ($1, $2, $3, 0, decode(repeat('00', 32), 'hex'), 0, 0, 0)
ON CONFLICT DO NOTHING
"""
LOCK_WATERMARK = """
SELECT through_seq, head, posted_seq FROM watermarks
WHERE tenant_id = $1 AND gateway = $2 AND epoch = $3
FOR UPDATE
"""
MOVE_WATERMARK = """
UPDATE watermarks
SET through_seq = $4, head = $5, posted_seq = $6, wall_ms = $7, accepted_ms = $8
WHERE tenant_id = $1 AND gateway = $2 AND epoch = $3
"""
POST_THROUGH = """
UPDATE watermarks SET posted_seq = $4 WHERE tenant_id = $1 AND gateway = $2 AND epoch = $3
"""
LIST_WATERMARKS = """
SELECT gateway, epoch, through_seq, head, posted_seq, wall_ms, accepted_ms
FROM watermarks WHERE tenant_id = $1 AND through_seq > 0 ORDER BY gateway, epoch
"""
LIST_HEADS = """
SELECT gateway, epoch, through_seq, head, posted_seq, wall_ms, accepted_ms
FROM watermarks WHERE tenant_id = $1 AND gateway = $2 AND through_seq > 0 ORDER BY epoch
"""
HELD_HASHES = """
SELECT first_seq, hash FROM blocks
WHERE tenant_id = $1 AND gateway = $2 AND epoch = $3 AND first_seq BETWEEN $4 AND $5
"""
COVERING_HASH = """
SELECT hash FROM blocks
WHERE tenant_id = $1 AND gateway = $2 AND epoch = $3 AND first_seq <= $4
ORDER BY first_seq DESC LIMIT 1
"""
# The block that holds seq $4 and those after it, a limited number at a time.
READ_BLOCKS = """
SELECT sealed FROM blocks
WHERE tenant_id = $1 AND gateway = $2 AND epoch = $3
  AND first_seq >= COALESCE((
      SELECT b.first_seq FROM blocks AS b
      WHERE b.tenant_id = $1 AND b.gateway = $2 AND b.epoch = $3 AND b.first_seq <= $4
      ORDER BY b.first_seq DESC LIMIT 1), $4)
  AND last_seq >= $4
ORDER BY first_seq LIMIT $5
"""
FIRST_BLOCKS = """
SELECT w.gateway, w.epoch, b.sealed
FROM watermarks AS w
JOIN blocks AS b
    ON b.tenant_id = $1 AND b.gateway = w.gateway AND b.epoch = w.epoch AND b.first_seq = 1
WHERE w.tenant_id = $1 ORDER BY w.gateway, w.epoch
"""
BLOCK_COLUMNS = ("tenant_id", "gateway", "epoch", "first_seq", "last_seq", "hash", "sealed")


class Watermark(msgspec.Struct, frozen=True):
    """How far a log is held and posted; `wall_ms` is the gateway's clock in its last block."""

    gateway: bytes
    epoch: int
    through_seq: int
    head: bytes
    posted_seq: int
    wall_ms: int
    accepted_ms: int


class Locked(msgspec.Struct, frozen=True):
    """A watermark whose row this transaction holds."""

    head: Head
    posted_seq: int


async def epoch_key(
    connection: Connection, tenant: bytes, gateway: bytes, epoch: int
) -> bytes | None:
    """The 32-byte public key that signs this epoch, if its first block has been accepted."""
    key: bytes | None = await connection.fetchval(GET_EPOCH_KEY, tenant, gateway, epoch)
    return key


async def add_epoch_key(
    connection: Connection, tenant: bytes, gateway: bytes, epoch: int,
    public: bytes, certificate: bytes, now_ms: int,
) -> None:  # fmt: skip
    """Keep the key of a new epoch with its certificate."""
    await connection.execute(ADD_EPOCH_KEY, tenant, gateway, epoch, public, certificate, now_ms)


async def lock_watermark(
    connection: Connection, tenant: bytes, gateway: bytes, epoch: int
) -> Locked:
    """Hold the row of this log until the transaction ends; made at seq 0 when there is none."""
    row = await connection.fetchrow(LOCK_WATERMARK, tenant, gateway, epoch)
    if row is None:
        await connection.execute(OPEN_WATERMARK, tenant, gateway, epoch)
        row = await connection.fetchrow(LOCK_WATERMARK, tenant, gateway, epoch)
        assert row is not None
    return Locked(Head(row["through_seq"], row["head"]), row["posted_seq"])


async def move_watermark(connection: Connection, tenant: bytes, mark: Watermark) -> None:
    """Write where the log now ends; the row must be held by `lock_watermark`."""
    m = mark
    await connection.execute(
        MOVE_WATERMARK, tenant, m.gateway, m.epoch, m.through_seq, m.head, m.posted_seq,
        m.wall_ms, m.accepted_ms,
    )  # fmt: skip


async def post_through(
    connection: Connection, tenant: bytes, gateway: bytes, epoch: int, seq: int
) -> None:
    """Facts through `seq` now stand in `facts`; the row must be held."""
    await connection.execute(POST_THROUGH, tenant, gateway, epoch, seq)


async def list_watermarks(
    connection: Connection, tenant: bytes, gateway: bytes | None = None
) -> list[Watermark]:
    """Every log of the tenant, or of one gateway, that holds something."""
    if gateway is None:
        rows = await connection.fetch(LIST_WATERMARKS, tenant)
    else:
        rows = await connection.fetch(LIST_HEADS, tenant, gateway)
    return [Watermark(*row) for row in rows]


async def held_hashes(
    connection: Connection, tenant: bytes, gateway: bytes, epoch: int, first: int, last: int
) -> dict[int, bytes]:
    """First seq -> hash of the blocks held that begin in [first, last]."""
    rows = await connection.fetch(HELD_HASHES, tenant, gateway, epoch, first, last)
    return {row["first_seq"]: row["hash"] for row in rows}


async def covering_hash(
    connection: Connection, tenant: bytes, gateway: bytes, epoch: int, seq: int
) -> bytes | None:
    """Hash of the held block that begins at `seq` or last before it."""
    value: bytes | None = await connection.fetchval(COVERING_HASH, tenant, gateway, epoch, seq)
    return value


async def add_blocks(connection: Connection, tenant: bytes, blocks: list[Block]) -> None:
    """Append sealed blocks, bytes unchanged."""
    await connection.copy_records_to_table(
        "blocks",
        columns=BLOCK_COLUMNS,
        records=[
            (tenant, b.gateway, b.epoch, b.first_seq, b.last_seq, b.hash, b.raw) for b in blocks
        ],
    )


async def first_blocks(connection: Connection, tenant: bytes) -> list[tuple[bytes, int, bytes]]:
    """(gateway, epoch, sealed) of the block that begins each epoch."""
    return [tuple(row) for row in await connection.fetch(FIRST_BLOCKS, tenant)]


async def read_blocks(
    connection: Connection, tenant: bytes, gateway: bytes, epoch: int, from_seq: int, most: int
) -> list[bytes]:
    """Up to `most` sealed blocks in order, beginning with the one that holds `from_seq`."""
    rows = await connection.fetch(READ_BLOCKS, tenant, gateway, epoch, from_seq, most)
    return [row["sealed"] for row in rows]
