"""Settlement at the centre: verify, store, receipt, against a raw COPY of the same rows.

Reference: `COPY` of the very rows that ingest makes, by asyncpg's `copy_records_to_table`, into a
table of the same shape and key, one transaction a batch. Same server, alternating rounds.
"""

import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

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
BLOCK_FACTS = 64
NOW_MS = MADE_S * 1000
EPOCH_KEY = SigningKey(bytes([6]) * 32)


def run(rounds: int = 9) -> Report:
    """Measure and report."""
    return uvloop.run(_run(rounds))


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
    rates = {name: [BATCH_FACTS / seconds for seconds in took] for name, took in found.items()}
    ratio = paired_ratio(rates["ingest"], rates["copy"])
    return Report(
        bench="ingest",
        rows=[
            Row(name="raw COPY of the same rows (reference)", value=median(rates["copy"]),
                unit="rows/s", spread=spread(rates["copy"])),
            Row(name="ingest: verify, store, receipt", value=median(rates["ingest"]),
                unit="facts/s", spread=spread(rates["ingest"]), ratio=ratio, against="raw COPY",
                target="≥ 0.9", met=ratio >= 0.9),
        ],
        notes=[f"batches of {BATCH_FACTS} facts in blocks of {BLOCK_FACTS}"],
    )  # fmt: skip


async def _measure(connection: Any, rounds: int) -> dict[str, list[float]]:
    await migrate(connection)
    await connection.execute("CREATE TABLE copied (LIKE facts INCLUDING ALL)")
    await trust.add_tenant(connection, TENANT, "bench", NOW_MS)
    enrolled = trust.Gateway(GATEWAY, 1, "bench", DEVICE.public, b"certificate", None)
    await trust.add_gateway(connection, TENANT, enrolled, NOW_MS)
    log = Log(TENANT, GATEWAY, MADE_S, GATEWAY)
    writer = _Log()
    found: dict[str, list[float]] = {"ingest": [], "copy": []}
    for number in range(rounds + 1):
        first = writer.head.seq + 1
        packed = zstandard.ZstdCompressor(level=3).compress(writer.batch())
        took = await _ingest(connection, log, first, packed)
        rows = await connection.fetch(
            f"SELECT {', '.join(COLUMNS)} FROM facts WHERE tenant_id = $1 AND seq >= $2",
            TENANT, first,
        )  # fmt: skip
        copied = await _copy(connection, [tuple(row) for row in rows])
        assert len(rows) >= BATCH_FACTS
        if number:
            found["ingest"].append(took)
            found["copy"].append(copied)
            progress(number, rounds)
    return found


async def _ingest(connection: Any, log: Log, first: int, packed: bytes) -> float:
    started = time.perf_counter()
    accepted = await deliver(connection, log, first, packed, NOW_MS)
    assert isinstance(accepted, Accepted), accepted
    held = receipt.Receipt(
        TENANT, GATEWAY, log.epoch, accepted.head.seq, accepted.head.hash, NOW_MS
    )
    receipt.sign(held, RECEIPTS)
    return time.perf_counter() - started


async def _copy(connection: Any, rows: list[tuple[Any, ...]]) -> float:
    started = time.perf_counter()
    async with connection.transaction():
        await connection.copy_records_to_table("copied", records=rows, columns=COLUMNS)
    return (time.perf_counter() - started) * BATCH_FACTS / len(rows)


class _Log:
    """A gateway's log, grown by a batch at a time."""

    def __init__(self) -> None:
        self.head = Head()

    def batch(self) -> bytes:
        """A run of blocks with BATCH_FACTS facts, the epoch's certificate before the first."""
        run = b""
        if self.head.seq == 0:
            named = EpochCertificate(TENANT, GATEWAY, MADE_S, EPOCH_KEY.public)
            begun = certify(named, DEVICE)
            run = self._block([EpochBegun(1, 20260921, 120, begun, 0, 0, bytes(32), "first")])
        for _ in range(0, BATCH_FACTS, BLOCK_FACTS):
            run += self._block(_guests(self.head.seq))
        return run

    def _block(self, facts: list[KnownFact]) -> bytes:
        raw = seal(
            gateway=GATEWAY, epoch=MADE_S, head=self.head, count=len(facts),
            body=encode_facts(facts), wall_ms=NOW_MS, last_hlc=facts[-1].hlc, key=EPOCH_KEY,
        )  # fmt: skip
        block, _ = read_untrusted(raw)
        self.head = Head(block.last_seq, block.hash)
        return raw


def _guests(seq: int) -> list[KnownFact]:
    facts: list[KnownFact] = []
    for number in range(seq + 1, seq + BLOCK_FACTS, 2):
        ticket = b"venue:" + number.to_bytes(8, "big")
        when = (NOW_MS << 16 | number & 0xFFFF, 20260921, 120)
        facts.append(Admitted(*when, 3, 1, ticket, MADE_S, 1, 1, 1, 1, b""))
        facts.append(PassageCompleted(*when, 3, ticket, MADE_S, number, 1))
    return facts
