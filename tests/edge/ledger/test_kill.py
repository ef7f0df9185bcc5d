"""`kill -9` in a loop, under load, on a real disk: no acknowledged fact is ever missing."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from crypto.entry import AdmissionRefused
from edge.ledger.storage import DiskStorage
from tests.edge.ledger.appender import ACKNOWLEDGED, CONFIG
from tests.edge.ledger.logs import start

REPOSITORY = Path(__file__).parents[3]


def one_life(folder: Path, first: int, kill_after: int) -> list[tuple[int, int, int]]:
    """Start, load, kill; what the process had said by then."""
    command = [sys.executable, "-m", "tests.edge.ledger.appender", str(folder), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=REPOSITORY) as child:
        assert child.stdout is not None
        heard = b""
        while len(heard) < kill_after * ACKNOWLEDGED.size:
            chunk = os.read(child.stdout.fileno(), 1 << 16)
            assert chunk, "the process ended by itself"
            heard += chunk
        child.send_signal(signal.SIGKILL)
        heard += child.stdout.read()
        assert child.wait() == -signal.SIGKILL
    whole = len(heard) - len(heard) % ACKNOWLEDGED.size
    return [(e, s, n) for e, s, n in ACKNOWLEDGED.iter_unpack(heard[:whole])]


def rounds(folder: Path, count: int) -> None:
    dice = random.Random(count)
    said: dict[tuple[int, int], int] = {}
    first = 1
    for _ in range(count):
        for epoch, seq, number in one_life(folder, first, dice.randrange(1, 1500)):
            assert said.setdefault((epoch, seq), number) == number, "a seq was used twice"
        first += 1_000_000
        held = read_back(folder)
        missing = {place for place, number in said.items() if held.get(place) != number}
        assert not missing, f"{len(missing)} acknowledged facts are gone: {sorted(missing)[:5]}"


def read_back(folder: Path) -> dict[tuple[int, int], int]:
    # A start, not an audit: a kill may leave the block in flight torn, between two pages.
    storage = DiskStorage(folder)
    try:
        facts = start(storage, config=CONFIG).facts
    finally:
        storage.close()
    return {place: f.count for place, f in facts.items() if isinstance(f, AdmissionRefused)}


def test_twenty_kills(tmp_path: Path) -> None:
    rounds(tmp_path / "ledger", 20)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_two_hundred_kills(tmp_path: Path) -> None:
    rounds(tmp_path / "ledger", 200)
