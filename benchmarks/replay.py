"""Starting a gateway that has seen a lot: from the whole log, and from a snapshot.

500,000 guests came and passed: 1,000,000 facts in the ledger, made once and opened again and again
exactly as the daemon opens it.
"""

import contextlib
import os
import tempfile
import time
from pathlib import Path

from benchmarks.ledger import fact
from benchmarks.measure import Report, Row, median, progress, spread
from benchmarks.venue import DEVICE, GATEWAY, TENANT
from config.gateway import Ledger as LedgerConfig
from crypto.block import Block
from crypto.entry import AnyFact, PassageCompleted, encode_fact
from edge.core.state import State
from edge.ledger import recover
from edge.ledger.storage import DiskStorage
from edge.ledger.take import take_snapshot
from edge.ledger.writer import Pending

GUESTS = 500_000
BLOCK_FACTS = 256
CONFIG = LedgerConfig(
    segment_bytes=64 << 20, spare_segments=1, alarm_spare_segments=1, group_facts_max=4096
)


def run(rounds: int = 5) -> Report:
    """Make the log, then measure both ways of opening it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        facts = fill(folder)
        full = [_open(folder)[0] for _ in range(rounds)]
        _snapshot(folder)
        short = [_open(folder)[0] for _ in range(rounds)]
        tickets = len(_open(folder)[1].tickets)
    assert tickets == GUESTS, "the snapshot's state is not the log's"
    rates = [facts / seconds for seconds in full]
    rate, start = median(rates), median(short)
    return Report(
        bench="replay",
        rows=[
            Row(name="full replay", value=rate, unit="facts/s", spread=spread(rates),
                target="≥ 200,000", met=rate >= 200_000),
            Row(name="start by full replay", value=median(full), unit="s"),
            Row(name="start from a snapshot", value=start, unit="s", spread=spread(short),
                ratio=start / median(full), against="full replay", target="< 2 s", met=start < 2),
        ],
        notes=[f"{facts} facts of {GUESTS} guests in blocks of {BLOCK_FACTS}"],
    )  # fmt: skip


def _moment() -> recover.Moment:
    return recover.Moment(
        1_790_000_000, lambda hlc: (hlc + 1, 20260921, 120), lambda: 1_790_000_000_000, os.urandom
    )


def fill(folder: Path, guests: int = GUESTS) -> int:
    """Write the log of `guests` who came and passed; the number of facts."""
    with contextlib.closing(DiskStorage(folder)) as storage:
        who = recover.Identity(TENANT, GATEWAY, DEVICE)
        opened = recover.recover(storage, who, _moment(), CONFIG)
        writer, seq, hlc = opened.writer, 1, 1 << 40
        for start in range(0, guests, BLOCK_FACTS // 2):
            batch: list[Pending] = []
            for _ in range(min(BLOCK_FACTS // 2, guests - start)):
                seq, hlc = seq + 2, hlc + 2
                came = fact(hlc)
                passed = PassageCompleted(
                    hlc + 1, 20260921, 120, 3, came.ticket, writer.epoch, seq - 1, 1
                )
                batch += [(encode_fact(came), hlc), (encode_fact(passed), hlc + 1)]
            writer.commit(batch)
            progress(start + BLOCK_FACTS // 2, guests, "guests")
    return seq


def _open(folder: Path) -> tuple[float, State]:
    found = [State()]

    def load(raw: bytes) -> None:
        found[0] = State.load(raw)

    def fold(block: Block, facts: list[AnyFact]) -> None:
        found[0].apply_run(block.gateway, block.epoch, block.first_seq, facts)

    started = time.perf_counter()
    with contextlib.closing(DiskStorage(folder)) as storage:
        who = recover.Identity(TENANT, GATEWAY, DEVICE)
        recover.recover(storage, who, _moment(), CONFIG, load=load, fold=fold)
        return time.perf_counter() - started, found[0]


def _snapshot(folder: Path) -> None:
    with contextlib.closing(DiskStorage(folder)) as storage:
        who = recover.Identity(TENANT, GATEWAY, DEVICE)
        opened = recover.recover(storage, who, _moment(), CONFIG)
        take_snapshot(
            storage, GATEWAY, opened.heads,
            lambda raw: State() if raw is None else State.load(raw),
        )  # fmt: skip
