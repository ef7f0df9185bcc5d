"""Durable facts: 64 producers on one trio loop, each waiting until its fact is on disk.

Peers at the same durability: SQLite (WAL, synchronous=FULL) under the same group commit, and SQLite
as a user would write it, one commit each. All on the same disk, in alternating rounds.
"""

import contextlib
import os
import queue
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import trio

from benchmarks.measure import (
    Report,
    Row,
    alternate,
    median,
    paired_ratio,
    round_p99,
    spread,
)
from benchmarks.venue import DEVICE, GATEWAY, TENANT
from config.gateway import Ledger as LedgerConfig
from crypto.entry import Admitted, encode_fact
from edge.ledger import recover
from edge.ledger.ledger import Ledger
from edge.ledger.storage import DiskStorage

PRODUCERS = 64
FACTS = 16_000
FACTS_EACH_COMMIT = 2_000
ALONE = 1_500


def fact(hlc: int) -> Admitted:
    """What a lane writes for a guest: about 70 bytes."""
    return Admitted(
        hlc, 20260921, 120, 3, 1, b"venue:" + hlc.to_bytes(8, "big"), 1_780_000_000, 1, 1, 1, 1, b""
    )


def run(rounds: int = 7) -> Report:
    """Measure and report."""
    with tempfile.TemporaryDirectory(dir=_disk()) as folder:
        place = Path(folder)
        waits: list[list[float]] = []
        their_waits: list[list[float]] = []
        flushes: list[float] = []
        found = alternate(
            {
                "ledger": lambda: trio.run(_ledger, place, PRODUCERS, FACTS, fresh(waits)),
                "group": lambda: trio.run(_sqlite_group, place, FACTS, fresh(their_waits)),
                "bare": lambda: trio.run(_bare, FACTS),
                "each": lambda: _sqlite_each(place, FACTS_EACH_COMMIT),
                "alone": lambda: trio.run(_ledger, place, 1, ALONE, []),
                "inline": lambda: _inline(place, ALONE),
                "flush": lambda: _flush(place, flushes),
            },
            rounds,
        )
    rates = {name: [1 / seconds for seconds in values] for name, values in found.items()}
    p99, flush = round_p99(waits), median(flushes)
    grouped = paired_ratio(rates["ledger"], rates["group"])
    each = paired_ratio(rates["ledger"], rates["each"])
    alone = paired_ratio(found["alone"], found["inline"])
    return Report(
        bench="ledger",
        rows=[
            _rate("64 producers, our ledger", rates["ledger"]),
            _rate("SQLite WAL FULL, same group commit", rates["group"], ratio=grouped,
                  against="of it is ours", target="≥ 1.5", met=grouped >= 1.5),
            _rate("SQLite WAL FULL, commit each", rates["each"], ratio=each,
                  against="of it is ours", target="≥ 12", met=each >= 12),
            Row(name="p99 of a producer's wait", value=p99 * 1e3, unit="ms",
                ratio=p99 / flush, against="fdatasync p50", target="≤ 15", met=p99 <= 15 * flush),
            Row(name="p99 with SQLite, same group commit",
                value=round_p99(their_waits) * 1e3, unit="ms"),
            _rate("64 tasks on the loop, nothing written", rates["bare"],
                  ratio=paired_ratio(rates["ledger"], rates["bare"]), against="of it is ours"),
            Row(name="fdatasync of one page, p50", value=flush * 1e3, unit="ms"),
            Row(name="one producer alone", value=median(found["alone"]) * 1e6, unit="µs",
                spread=spread(found["alone"]), ratio=alone, against="the inline write",
                target="< 2", met=alone < 2),
        ],
        notes=[
            "p99: of a round, the median of all rounds",
            f"{FACTS} facts a round; disk under {_disk() or tempfile.gettempdir()}",
        ],
    )  # fmt: skip


def fresh(rounds: list[list[float]]) -> list[float]:
    """A new round's waits."""
    rounds.append([])
    return rounds[-1]


def _rate(name: str, rates: list[float], **more: Any) -> Row:
    return Row(name=name, value=median(rates), unit="facts/s", spread=spread(rates), **more)


def _disk() -> str | None:
    """A real disk: /tmp may be memory, where fdatasync costs nothing."""
    return os.environ.get("GATEHOUSE_BENCH_DIR")


@contextlib.contextmanager
def open_ledger(folder: Path) -> Iterator[Ledger]:
    """A new ledger in `folder`, big enough that no spare segment is needed while we measure."""
    config = LedgerConfig(segment_bytes=64 << 20, spare_segments=1, alarm_spare_segments=1)
    storage = DiskStorage(folder)
    moment = recover.Moment(
        1_790_000_000, lambda hlc: (hlc + 1, 20260921, 120), lambda: 1_790_000_000_000, os.urandom
    )
    who = recover.Identity(TENANT, GATEWAY, DEVICE)
    ledger = Ledger(storage, recover.recover(storage, who, moment, config), config)
    try:
        yield ledger
    finally:
        ledger.close()
        storage.close()


async def _ledger(place: Path, producers: int, facts: int, waits: list[float]) -> float:
    with tempfile.TemporaryDirectory(dir=place) as folder, open_ledger(Path(folder)) as ledger:
        left = iter(range(facts))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ledger.run)
            # Zero-filling a spare segment is not what we measure, and nobody tells when it is done.
            while ledger.spares_count == 0:  # noqa: ASYNC110
                await trio.sleep(0.01)
            started = time.perf_counter()
            async with trio.open_nursery() as at_work:
                for _ in range(producers):
                    at_work.start_soon(_produce, ledger, left, waits)
            seconds = time.perf_counter() - started
            nursery.cancel_scope.cancel()
    return seconds / facts


async def _produce(ledger: Ledger, left: Iterator[int], waits: list[float]) -> None:
    for number in left:
        asked = time.perf_counter()
        await ledger.wait(ledger.append(fact(number + 1)))
        waits.append(time.perf_counter() - asked)


async def _bare(facts: int) -> float:
    """The floor: as many tasks make and encode the same facts, and are woken all at once."""
    left, parked = iter(range(facts)), trio.lowlevel.ParkingLot()

    async def produce() -> None:
        for number in left:
            encode_fact(fact(number + 1))
            await parked.park()

    started = time.perf_counter()
    async with trio.open_nursery() as nursery:
        for _ in range(PRODUCERS):
            nursery.start_soon(produce)
        while nursery.child_tasks:
            parked.unpark_all()
            await trio.lowlevel.checkpoint()
    return (time.perf_counter() - started) / facts


def _inline(place: Path, facts: int) -> float:
    """The same blocks written by a plain loop: what one fact costs without any hand-over."""
    with tempfile.TemporaryDirectory(dir=place) as folder, open_ledger(Path(folder)) as ledger:
        writer = ledger._committer._writer  # type: ignore[attr-defined]
        started = time.perf_counter()
        for number in range(facts):
            made = fact(number + 1)
            writer.commit([(encode_fact(made), made.hlc)])
        return (time.perf_counter() - started) / facts


def _connect(place: Path, name: str) -> sqlite3.Connection:
    connection = sqlite3.connect(place / name, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE facts (seq INTEGER PRIMARY KEY, raw BLOB NOT NULL)")
    return connection


async def _sqlite_group(place: Path, facts: int, waits: list[float]) -> float:
    """64 producers, one writer thread that takes what has gathered into one transaction."""
    with tempfile.TemporaryDirectory(dir=place) as folder:
        inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        token = trio.lowlevel.current_trio_token()
        writer = threading.Thread(
            target=_sqlite_writer, args=(Path(folder), inbox, token), daemon=True
        )
        writer.start()
        left = iter(range(facts))
        started = time.perf_counter()
        async with trio.open_nursery() as nursery:
            for _ in range(PRODUCERS):
                nursery.start_soon(_sqlite_producer, inbox, left, waits)
        seconds = time.perf_counter() - started
        inbox.put(None)
        writer.join()
    return seconds / facts


async def _sqlite_producer(
    inbox: "queue.SimpleQueue[Any]", left: Iterator[int], waits: list[float]
) -> None:
    for number in left:
        asked = time.perf_counter()
        done = trio.Event()
        inbox.put((encode_fact(fact(number + 1)), done))
        await done.wait()
        waits.append(time.perf_counter() - asked)


def _sqlite_writer(
    folder: Path, inbox: "queue.SimpleQueue[Any]", token: trio.lowlevel.TrioToken
) -> None:
    connection = _connect(folder, "group.db")
    seq = 0
    while True:
        batch = [inbox.get()]
        while not inbox.empty() and len(batch) < 512:
            batch.append(inbox.get())
        rows = [(seq + i, raw) for i, (raw, _) in enumerate(filter(None, batch))]
        seq += len(rows)
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO facts VALUES (?, ?)", rows)
        connection.execute("COMMIT")
        token.run_sync_soon(partial(_tell, [done.set for _, done in filter(None, batch)]))
        if None in batch:
            connection.close()
            return


def _tell(calls: list[Callable[[], None]]) -> None:
    for call in calls:
        call()


def _sqlite_each(place: Path, facts: int) -> float:
    """A commit for each fact, as a user would write it; SQLite takes one writer at a time."""
    with tempfile.TemporaryDirectory(dir=place) as folder:
        connection = _connect(Path(folder), "each.db")
        started = time.perf_counter()
        for number in range(facts):
            connection.execute(
                "INSERT INTO facts VALUES (?, ?)", (number, encode_fact(fact(number + 1)))
            )
        seconds = time.perf_counter() - started
        connection.close()
    return seconds / facts


def flush_ms() -> float:
    """fdatasync of one page on the benchmarks' disk, p50."""
    with tempfile.TemporaryDirectory(dir=_disk()) as folder:
        return _flush(Path(folder), []) * 1e3


def _flush(place: Path, flushes: list[float]) -> float:
    page, count = os.urandom(4096), 300
    path = place / "flush"
    path.write_bytes(bytes(4096 * count))
    fd = os.open(path, os.O_WRONLY)
    os.fsync(fd)
    times = []
    for number in range(count):
        started = time.perf_counter()
        os.pwrite(fd, page, number * 4096)
        os.fdatasync(fd)
        times.append(time.perf_counter() - started)
    os.close(fd)
    flushes.append(median(times))
    return median(times)
