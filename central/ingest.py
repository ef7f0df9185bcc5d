"""Settlement: a run of sealed blocks becomes durable rows, whole or not at all.

    bytes → bounded decompression → blocks → key of the epoch
          → [ lock the watermark → accept() → COPY blocks
              → per portion: signatures → rows packed → COPY → move the watermark ] → receipt

Between the brackets is one transaction. Signatures are checked portion by portion while PostgreSQL
is busy with the portion before; the first bad one undoes everything. Chain and signatures decide,
never clocks: a centre whose clock is a day off stores the same rows. ARCHITECTURE.md, Formats 5.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import TYPE_CHECKING, assert_never

import msgspec
import zstandard

from central.rows import Letter, rows_of
from central.store import ISOLATION, facts, logs, money, replaced, trouble, trust
from crypto import block as blocks_of
from crypto import certificate
from crypto.block import Block, Fork, Gap, Head, Same, Stored
from crypto.entry import BundleApplied, EpochBegun, decode_facts_untrusted
from crypto.errors import BadBlock, BadCertificate, BadEntry
from crypto.keys import VerifyKey
from crypto.money import KnownMoney

if TYPE_CHECKING:
    from central.store import Connection

RUN_BYTES_MAX = 16 * 1024 * 1024
WINDOW_BYTES_MAX = 8 * 1024 * 1024
CHUNK_BYTES = 256 * 1024
POST_BLOCKS = 256
THREAD_BYTES = 32 * 1024
FIRST_PORTION_FACTS = 64
PORTION_FACTS = 512


class TooLarge(Exception):
    """The run would be larger than allowed once decompressed."""


class BadRun(Exception):
    """The delivered bytes are no run of blocks of this log; says which block and why."""


class NotEnrolled(Exception):
    """No such gateway, or one that was revoked."""


class Log(msgspec.Struct, frozen=True):
    """Which log a delivery belongs to, and which gateway brought it."""

    tenant: bytes
    gateway: bytes
    epoch: int
    delivered_by: bytes


class Run(msgspec.Struct, frozen=True):
    """Consecutive blocks of one epoch and the key that must have signed every one of them.

    `certificate` stands in the first block of an epoch, which brings the key.
    """

    log: Log
    blocks: list[Block]
    public_key: bytes
    certificate: bytes | None


class Accepted(msgspec.Struct, frozen=True):
    """The log is held through `head`; `stored` facts of them are new.

    `wall_ms`: the gateway's clock in the last block of the run.
    """

    head: Head
    stored: int
    wall_ms: int


class Refused(msgspec.Struct, frozen=True):
    """Nothing was stored: `problem` is gap (send from `seq`) or fork (at `seq`)."""

    problem: str
    seq: int


def unpack_run(packed: bytes, most_bytes: int = RUN_BYTES_MAX) -> bytes:
    """Decompress one zstd frame into at most `most_bytes`. Raises TooLarge or BadRun.

    A claimed size is checked before anything is allocated, and a frame that claims none is read
    piece by piece, so a small body can neither claim nor become a large one.
    """
    try:
        claimed = zstandard.frame_content_size(packed)
        if claimed > most_bytes:
            raise TooLarge(f"a run has at most {most_bytes} bytes, this claims {claimed}")
        opened = zstandard.ZstdDecompressor(max_window_size=WINDOW_BYTES_MAX)
        if claimed >= 0:
            return opened.decompress(packed, max_output_size=claimed, allow_extra_data=False)
        raw = bytearray()
        reader = opened.stream_reader(packed, read_across_frames=False)
        while piece := reader.read(CHUNK_BYTES):
            raw += piece
            if len(raw) > most_bytes:
                raise TooLarge(f"a run has at most {most_bytes} bytes")
        return bytes(raw)
    except zstandard.ZstdError as error:
        raise BadRun(f"the body is not one frame of zstd: {error}") from error


def read_run(log: Log, first_seq: int, raw: bytes) -> list[Block]:
    """The consecutive blocks of `raw`. Raises BadRun naming the first that does not belong."""
    blocks: list[Block] = []
    wanted = first_seq
    try:
        for block in blocks_of.read_run_untrusted(raw):
            if (block.gateway, block.epoch) != (log.gateway, log.epoch):
                raise BadRun(f"the block after seq {wanted - 1} is of another log")
            if block.first_seq != wanted:
                raise BadRun(f"the block at seq {block.first_seq} stands where {wanted} belongs")
            blocks.append(block)
            wanted = block.last_seq + 1
    except BadBlock as error:
        raise BadRun(f"the block at seq {wanted} is broken: {error}") from error
    if not blocks:
        raise BadRun("the run is empty")
    return blocks


def prepare(
    log: Log, blocks: list[Block], device_key: bytes, held_key: bytes | None
) -> Run | Refused:
    """Find the key of the epoch: in the run's first block, else the one held since. Pure.

    The first block of an epoch brings its certificate, signed by the gateway's device key. Raises
    BadRun.
    """
    if blocks[0].first_seq == 1:
        begun, public = read_certificate(log, blocks[0], device_key)
        return Run(log, blocks, public, begun)
    return Refused("gap", 1) if held_key is None else Run(log, blocks, held_key, None)


def check_signatures(blocks: Sequence[Block], key: VerifyKey) -> None:
    """Raises BadRun naming the first block that `key` did not sign."""
    for block in blocks:
        if not blocks_of.verify(block, key):
            raise BadRun(f"the block at seq {block.first_seq} is not signed by its epoch's key")


def portions(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    """The blocks in portions of about PORTION_FACTS facts, the first smaller.

    PostgreSQL waits for the first, and has more than a portion to do from then on.
    """
    portion: list[Block] = []
    size, enough = 0, FIRST_PORTION_FACTS
    for block in blocks:
        portion.append(block)
        size += block.count
        if size >= enough:
            yield portion
            portion, size, enough = [], 0, PORTION_FACTS
    if portion:
        yield portion


def read_certificate(log: Log, block: Block, device_key: bytes) -> tuple[bytes, bytes]:
    """Certificate and public key that the first fact of an epoch carries. Raises BadRun."""
    try:
        first = decode_facts_untrusted(block.body)[0]
    except (BadEntry, IndexError) as error:
        raise BadRun("the first block of an epoch cannot be read") from error
    if not isinstance(first, EpochBegun):
        raise BadRun("the first fact of an epoch must be EpochBegun with its certificate")
    try:
        read = certificate.read_untrusted(first.certificate, VerifyKey(device_key))
    except BadCertificate as error:
        raise BadRun(str(error)) from error
    if (read.tenant, read.gateway, read.epoch) != (log.tenant, log.gateway, log.epoch):
        raise BadRun("the epoch certificate is of another log")
    return first.certificate, read.public


async def store(connection: Connection, run: Run, now_ms: int) -> Accepted | Refused:
    """Append what is new of `run` in one transaction; a fork is kept as evidence instead.

    Whoever delivers the same blocks at the same time waits at the watermark and then finds them.
    """
    log = run.log
    async with connection.transaction(isolation=ISOLATION):
        held = await logs.lock_watermark(connection, log.tenant, log.gateway, log.epoch)
        first, last = run.blocks[0].first_seq, run.blocks[-1].last_seq
        hashes: dict[int, bytes] = {}
        if first <= held.head.seq:
            hashes = await logs.held_hashes(
                connection, log.tenant, log.gateway, log.epoch, first, last
            )
        match blocks_of.accept(held.head, hashes, run.blocks):
            case Same(head=head):
                return Accepted(head, 0, run.blocks[-1].wall_ms)
            case Gap(wanted=wanted):
                return Refused("gap", wanted)
            case Fork(seq=seq, block=block):
                # Nobody may frame a gateway: evidence is what its own key has signed.
                check_signatures([block], VerifyKey(run.public_key))
                await keep_fork(connection, log, held.head, block, now_ms)
                return Refused("fork", seq)
            case Stored(head=head, blocks=fresh):
                await append(connection, run, held, fresh, now_ms)
                return Accepted(head, head.seq - held.head.seq, fresh[-1].wall_ms)
            case never:
                assert_never(never)


async def append(
    connection: Connection, run: Run, held: logs.Locked, fresh: list[Block], now_ms: int
) -> None:
    """Store accepted blocks, their rows and the new watermark; inside the transaction."""
    log = run.log
    if run.certificate is not None and held.head.seq == 0:
        await logs.add_epoch_key(
            connection, log.tenant, log.gateway, log.epoch, run.public_key, run.certificate, now_ms
        )
    await logs.add_blocks(connection, log.tenant, fresh)
    letters: list[Letter] = []
    booked: list[tuple[int, KnownMoney | BundleApplied]] = []
    rows = verified_rows(run, fresh, letters, booked)
    posted, end = held.posted_seq, fresh[-1]
    if await trouble.quarantined(connection, log.tenant, log.gateway):
        async for _ in rows:
            pass
    else:
        if posted < held.head.seq:
            await post_held(connection, log, posted, held.head.seq, now_ms)
        await facts.add_rows(connection, rows)
        await add_more(connection, log, booked, now_ms)
        posted = end.last_seq
    if letters:
        await trouble.add_letters(connection, log.tenant, log.gateway, log.epoch, letters, now_ms)
    mark = logs.Watermark(
        log.gateway, log.epoch, end.last_seq, end.hash, posted, end.wall_ms, now_ms
    )
    await logs.move_watermark(connection, log.tenant, mark)


async def verified_rows(
    run: Run, blocks: list[Block], letters: list[Letter],
    booked: list[tuple[int, KnownMoney | BundleApplied]],
) -> AsyncIterator[bytes]:  # fmt: skip
    """The rows of `blocks` in portions, each verified first; adds to `letters` what has no row,
    and to `booked` what has more rows than one.

    Raises BadRun at the first bad signature, which undoes the transaction around it.
    """
    key = VerifyKey(run.public_key)

    for portion in portions(blocks):
        check_signatures(portion, key)
        rows = [rows_of(run.log.tenant, block) for block in portion]
        letters.extend(letter for one in rows for letter in one.letters)
        booked.extend(fact for one in rows for fact in one.more)
        yield b"".join([one.packed for one in rows])
        # A millisecond of work, then others may run. A thread would be no help: it holds the
        # interpreter while it packs, and PostgreSQL would wait for its next portion.
        await asyncio.sleep(0)


async def keep_fork(
    connection: Connection, log: Log, head: Head, offered: Block, now_ms: int
) -> None:
    """Keep the offered block beside the held one and stop posting; receiving goes on."""
    held_hash = head.hash
    if offered.first_seq <= head.seq:
        found = await logs.covering_hash(
            connection, log.tenant, log.gateway, log.epoch, offered.first_seq
        )
        held_hash = found if found is not None else head.hash
    evidence = trouble.ForkFound(
        log.gateway, log.epoch, offered.first_seq, held_hash, offered.hash, log.delivered_by, now_ms
    )
    await trouble.add_fork(connection, log.tenant, evidence, offered.raw)
    if not await trouble.quarantined(connection, log.tenant, log.gateway):
        reason = f"fork in epoch {log.epoch} at seq {offered.first_seq}"
        await trouble.set_quarantine(connection, log.tenant, log.gateway, True, reason, now_ms)


def last_seq_of(sealed: bytes) -> int:
    """Last seq of a stored block."""
    return blocks_of.read_untrusted(sealed)[0].last_seq


async def add_more(
    connection: Connection, log: Log, booked: list[tuple[int, KnownMoney | BundleApplied]],
    now_ms: int,
) -> None:  # fmt: skip
    """Rows and bookings of the facts of money in one log, and the bundles it followed."""
    bundles = [(seq, fact) for seq, fact in booked if isinstance(fact, BundleApplied)]
    of_money = [(seq, fact) for seq, fact in booked if not isinstance(fact, BundleApplied)]
    if bundles:
        await replaced.add_applied(connection, log.tenant, log.gateway, log.epoch, bundles)
    if of_money:
        await money.add_money(connection, log.tenant, log.gateway, log.epoch, of_money, now_ms)


async def post_held(
    connection: Connection, log: Log, after_seq: int, through_seq: int, now_ms: int
) -> None:
    """Post what was received but not posted; the watermark's row must be held."""
    while after_seq < through_seq:
        sealed = await logs.read_blocks(
            connection, log.tenant, log.gateway, log.epoch, after_seq + 1, POST_BLOCKS
        )
        blocks = [blocks_of.read_untrusted(raw)[0] for raw in sealed]
        blocks = [block for block in blocks if after_seq < block.last_seq <= through_seq]
        assert blocks, f"blocks of {log.gateway.hex()} after seq {after_seq} are missing"
        rows = [rows_of(log.tenant, block) for block in blocks]
        await facts.add_rows(connection, whole(b"".join([one.packed for one in rows])))
        await add_more(connection, log, [fact for one in rows for fact in one.more], now_ms)
        after_seq = blocks[-1].last_seq


async def whole(packed: bytes) -> AsyncIterator[bytes]:
    """Rows that are all there already, as a source for COPY."""
    yield packed


async def release(connection: Connection, tenant: bytes, gateway: bytes, now_ms: int) -> int:
    """Post what waited and end a gateway's quarantine; returns how many facts that were.

    The quarantine ends last, with what came meanwhile: a release that was cut short is asked for
    again, and a gateway that is gone for ever brings nothing that would post the rest.
    """
    waited = await post_waiting(connection, tenant, gateway, now_ms)
    async with connection.transaction(isolation=ISOLATION):
        waited += await post_waiting(connection, tenant, gateway, now_ms)
        await trouble.set_quarantine(connection, tenant, gateway, False, "released", now_ms)
    return waited


async def post_waiting(connection: Connection, tenant: bytes, gateway: bytes, now_ms: int) -> int:
    """Post what is received of a gateway and not posted, log by log; how many facts that were."""
    waited = 0
    for mark in await logs.list_watermarks(connection, tenant, gateway):
        async with connection.transaction(isolation=ISOLATION):
            held = await logs.lock_watermark(connection, tenant, gateway, mark.epoch)
            log = Log(tenant, gateway, mark.epoch, gateway)
            await post_held(connection, log, held.posted_seq, held.head.seq, now_ms)
            await logs.post_through(connection, tenant, gateway, mark.epoch, held.head.seq)
            waited += held.head.seq - held.posted_seq
    return waited


async def deliver(
    connection: Connection, log: Log, first_seq: int, packed: bytes, now_ms: int,
    raw_bytes_max: int = RUN_BYTES_MAX,
) -> Accepted | Refused:  # fmt: skip
    """One delivery from the wire to the disk. Raises NotEnrolled, TooLarge, BadRun.

    A revoked gateway delivers nothing, but a sibling still may bring what it held of its log: who
    burnt at noon is revoked at one, and the guests of the morning were let in all the same.
    """
    gateway = await trust.find_gateway(connection, log.tenant, log.gateway)
    own = log.delivered_by == log.gateway
    if gateway is None or (own and gateway.revoked_ms is not None):
        state = "not known here" if gateway is None else "revoked"
        raise NotEnrolled(f"gateway {log.gateway.hex()} is {state}")
    held_key = await logs.epoch_key(connection, log.tenant, log.gateway, log.epoch)

    def work() -> Run | Refused:
        blocks = read_run(log, first_seq, unpack_run(packed, raw_bytes_max))
        return prepare(log, blocks, gateway.device_key, held_key)

    run = work() if len(packed) < THREAD_BYTES else await asyncio.to_thread(work)
    return run if isinstance(run, Refused) else await store(connection, run, now_ms)
