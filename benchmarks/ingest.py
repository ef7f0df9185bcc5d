"""Settlement at the centre: verify, store, receipt, against a raw COPY of the same rows.

Reference: `COPY` of the very rows that ingest makes, by asyncpg's `copy_records_to_table` (binary,
as ours; encoded by C from tuples that are made before the clock runs), into a table of the same
shape, key and indexes that has as many rows, one transaction a batch. Same server, connection and
durability; every other round the reference goes first. Beyond it, ingest decompresses, checks
chain and signatures, keeps the sealed blocks, moves the watermark and signs the receipt.
"""

import gc
import os
import shutil
import tempfile
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import uvloop
import zstandard

from benchmarks.measure import Report, Row, median, paired_ratio, progress, spread
from benchmarks.venue import DEVICE, GATEWAY, MADE_S, RECEIPTS, TENANT
from central.ingest import Accepted, Log, deliver
from central.migrate import migrate
from central.postgres import Embedded
from central.rows import COLUMNS
from central.store import trust
from crypto import receipt
from crypto.block import Head, read_untrusted, seal
from crypto.certificate import EpochCertificate, certify
from crypto.entry import Admitted, EpochBegun, KnownFact, PassageCompleted, encode_facts
from crypto.keys import SigningKey

BATCH_FACTS = 10_000
#: A group commit of 64 producers, and one of a gateway that is busier than its disk.
BLOCK_FACTS = (64, 250)
NOW_MS = MADE_S * 1000
EPOCH_KEY = SigningKey(bytes([6]) * 32)


def run(rounds: int = 9) -> Report:
    """Measure and report."""
    return uvloop.run(_run(rounds))


class Took(NamedTuple):
    """Seconds of one batch: by the clock, of this process and of PostgreSQL's."""

    wall: float
    ours: float
    server: float


async def _run(rounds: int) -> Report:
    folder = Path(tempfile.mkdtemp(prefix="gatehouse-bench-"))
    folder.chmod(0o755)  # as root, PostgreSQL runs as another account
    server = Embedded(folder / "pg", entropy=os.urandom)
    try:
        await server.start()
        connection = await asyncpg.connect(server.dsn("postgres"))
        found = await _measure(connection, rounds)
        await connection.close()
    finally:
        await server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    report = Report(bench="ingest", rows=[], notes=[f"batches of {BATCH_FACTS} facts"])
    for size, (copied, ingested) in found.items():
        rates = [[BATCH_FACTS / took.wall for took in each] for each in (copied, ingested)]
        ratio = paired_ratio(rates[1], rates[0])
        report.rows += [
            Row(name=f"COPY of the same rows, blocks of {size} (reference)",
                value=median(rates[0]), unit="rows/s", spread=spread(rates[0])),
            Row(name=f"ingest: verify, store, receipt, blocks of {size}",
                value=median(rates[1]), unit="facts/s", spread=spread(rates[1]), ratio=ratio,
                against="raw COPY", target="≥ 0.9", met=ratio >= 0.9),
        ]  # fmt: skip
        report.notes += [_processor(f"ingest, blocks of {size}", ingested),
                         _processor("COPY of the same rows", copied)]  # fmt: skip
    return report


def _processor(name: str, took: list[Took]) -> str:
    ours, server, wall = (
        median([getattr(one, key) for one in took]) * 1000 for key in ("ours", "server", "wall")
    )
    return f"{name}: processor {ours:.0f} ms ours + {server:.0f} ms PostgreSQL in {wall:.0f} ms"


async def _measure(connection: Any, rounds: int) -> dict[int, tuple[list[Took], list[Took]]]:
    await migrate(connection)
    await trust.add_tenant(connection, TENANT, "bench", NOW_MS)
    enrolled = trust.Gateway(GATEWAY, 1, "bench", DEVICE.public, b"certificate", None)
    await trust.add_gateway(connection, TENANT, enrolled, NOW_MS)
    await connection.execute("CREATE TABLE copied (LIKE facts INCLUDING ALL)")
    backend = await connection.fetchval("SELECT pg_backend_pid()")
    return {
        size: await _alternate(connection, backend, _Log(MADE_S + number, size), rounds)
        for number, size in enumerate(BLOCK_FACTS)
    }


async def _alternate(
    connection: Any, backend: int, writer: "_Log", rounds: int
) -> tuple[list[Took], list[Took]]:
    """COPY and ingest by turns; what is copied was ingested before, so that either may go first."""
    copied: list[Took] = []
    ingested: list[Took] = []
    waiting = await _batch(connection, writer)
    log = Log(TENANT, GATEWAY, writer.epoch, GATEWAY)
    for number in range(rounds + 1):
        first = writer.head.seq + 1
        packed = zstandard.ZstdCompressor(level=3).compress(writer.batch())
        turns = [(copied, _copy(connection, waiting)),
                 (ingested, _ingest(connection, log, first, packed))]  # fmt: skip
        for took, work in turns if number % 2 else reversed(turns):
            took.append(await _timed(backend, work))
        waiting = await _rows(connection, writer.epoch, first)
        if number:
            progress(number, rounds)
    return copied[1:], ingested[1:]


async def _batch(connection: Any, writer: "_Log") -> list[tuple[Any, ...]]:
    """The first batch of a log, which only fills the tables; its rows."""
    log = Log(TENANT, GATEWAY, writer.epoch, GATEWAY)
    await _ingest(connection, log, 1, zstandard.ZstdCompressor(level=3).compress(writer.batch()))
    return await _rows(connection, writer.epoch, 1)


async def _rows(connection: Any, epoch: int, first: int) -> list[tuple[Any, ...]]:
    rows = await connection.fetch(
        f"SELECT {', '.join(COLUMNS)} FROM facts"
        " WHERE tenant_id = $1 AND gateway = $2 AND epoch = $3 AND seq >= $4 ORDER BY seq LIMIT $5",
        TENANT, GATEWAY, epoch, first, BATCH_FACTS,
    )  # fmt: skip
    assert len(rows) == BATCH_FACTS
    return [tuple(row) for row in rows]


async def _timed(backend: int, work: Awaitable[None]) -> Took:
    gc.collect()
    server, ours, wall = _processor_s(backend), time.process_time(), time.perf_counter()
    await work
    wall, ours = time.perf_counter() - wall, time.process_time() - ours
    return Took(wall, ours, _processor_s(backend) - server)


def _processor_s(pid: int) -> float:
    """Processor time of another process; 0 where the kernel does not say."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except (OSError, ValueError):
        return 0.0


async def _ingest(connection: Any, log: Log, first: int, packed: bytes) -> None:
    accepted = await deliver(connection, log, first, packed, NOW_MS)
    assert isinstance(accepted, Accepted), accepted
    held = receipt.Receipt(
        TENANT, GATEWAY, log.epoch, accepted.head.seq, accepted.head.hash, NOW_MS
    )
    receipt.sign(held, RECEIPTS)


async def _copy(connection: Any, rows: list[tuple[Any, ...]]) -> None:
    async with connection.transaction():
        await connection.copy_records_to_table("copied", records=rows, columns=COLUMNS)


class _Log:
    """A gateway's log, grown by a batch at a time."""

    def __init__(self, epoch: int, block_facts: int) -> None:
        self.epoch = epoch
        self.head = Head()
        self._block_facts = block_facts

    def batch(self) -> bytes:
        """A run of blocks with BATCH_FACTS facts; the first begins with the epoch's certificate."""
        run = b""
        left = BATCH_FACTS
        if self.head.seq == 0:
            named = EpochCertificate(TENANT, GATEWAY, self.epoch, EPOCH_KEY.public)
            begun = certify(named, DEVICE)
            run = self._block([EpochBegun(1, 20260921, 120, begun, 0, 0, bytes(32), "first")])
            left -= 1
        while left:
            facts = _guests(self.head.seq, self.epoch, min(self._block_facts, left))
            run += self._block(facts)
            left -= len(facts)
        return run

    def _block(self, facts: list[KnownFact]) -> bytes:
        raw = seal(
            gateway=GATEWAY, epoch=self.epoch, head=self.head, count=len(facts),
            body=encode_facts(facts), wall_ms=NOW_MS, last_hlc=facts[-1].hlc, key=EPOCH_KEY,
        )  # fmt: skip
        block, _ = read_untrusted(raw)
        self.head = Head(block.last_seq, block.hash)
        return raw


def _guests(seq: int, epoch: int, count: int) -> list[KnownFact]:
    """Guests who are admitted and walk through, `count` facts after `seq`."""
    facts: list[KnownFact] = []
    for number in range(seq + 1, seq + count + 1, 2):
        ticket = b"venue:" + (epoch << 32 | number).to_bytes(8, "big")
        when = (NOW_MS << 16 | number & 0xFFFF, 20260921, 120)
        facts.append(Admitted(*when, 3, 1, ticket, epoch, 1, 1, 1, 1, b""))
        facts.append(PassageCompleted(*when, 3, ticket, epoch, number, 1))
    return facts[:count]
