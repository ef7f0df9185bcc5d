"""Sales over nfcpy's wire, end to end: emulated bands over UDP, nfcpy in a process of its own.

A tap lasts from the moment a band was sensed until the till says "paid". The reader's own time is
what its calls took; the rest is ours: deciding, two facts on disk, waking up.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import trio

from benchmarks.ledger import _disk
from benchmarks.till import BEER, LOADED_MINOR, _counter
from drivers.reader import Sensed
from drivers.reader.nfcpy import NfcpyReader, nfcpy_link
from edge.till.till import Till
from edge.till.work import PAID, Ask, Work

SALES = 60
UID = "0462656e6368" + "01"


class Timed:
    """A reader whose calls are timed, but for the wait for a band."""

    def __init__(self, reader: NfcpyReader) -> None:
        self._reader = reader
        self.own_s = 0.0
        self.sensed_at = 0.0

    async def sense(self) -> Sensed:
        sensed = await self._reader.sense()
        self.sensed_at, self.own_s = time.perf_counter(), 0.0
        return sensed

    async def _timed(self, name: str, *words: Any) -> Any:
        begun = time.perf_counter()
        try:
            return await getattr(self._reader, name)(*words)
        finally:
            self.own_s += time.perf_counter() - begun

    def __getattr__(self, name: str) -> Any:
        return partial(self._timed, name)


def measure(python: str) -> tuple[list[float], list[float]]:
    """Seconds of each tap, and of what of it was the reader's."""
    words = [sys.executable, "-m", "drivers.reader.fake", "--listen", "127.0.0.1:0"]
    fake = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        with tempfile.TemporaryDirectory(dir=_disk()) as folder:
            return trio.run(_measure, python, Path(folder), fake)
    finally:
        fake.kill()
        fake.wait()


async def _measure(
    python: str, folder: Path, fake: "subprocess.Popen[str]"
) -> tuple[list[float], list[float]]:
    assert fake.stdout is not None
    port = json.loads(fake.stdout.readline())["port"]
    _say(fake, {"new": "bench", "chip": "NTAG213", "uid": UID})
    async with _counter(folder, 1) as (tills, _), trio.open_nursery() as nursery:
        path = f"udp:127.0.0.1:{port}"
        reader = NfcpyReader(
            "bench", nfcpy_link(python), path, entropy=os.urandom, jitter=random.random
        )
        nursery.start_soon(reader.run)
        till, timed = tills.tills[1], Timed(reader)
        till.reader = timed
        with trio.fail_after(20):
            await reader.ready()
        found = await _sell(till, timed, fake)
        nursery.cancel_scope.cancel()
    return found


async def _sell(
    till: Till, timed: Timed, fake: "subprocess.Popen[str]"
) -> tuple[list[float], list[float]]:
    taps, own = [], []
    ready: tuple[dict[str, Any], ...] = (
        {"kind": "issue", "wallet_class": 1},
        {"kind": "top_up", "method": "cash", "amount_minor": LOADED_MINOR},
    )
    sale: dict[str, Any] = {"kind": "sale", "items": BEER}
    for how in (*ready, *[sale] * SALES):
        ask: dict[str, Any] = {**how, "id": till.tills.new_id()}
        work: Work = till.submit(Ask(**ask))
        work.confirmed.add("same_amount")
        _say(fake, {"place": "bench"})
        with trio.fail_after(20):
            await work.ended.wait()
        if work.state == PAID:
            taps.append(time.perf_counter() - timed.sensed_at)
            own.append(timed.own_s)
        _say(fake, {"take": True})
    assert len(taps) == SALES, "every sale must be paid"
    return taps, own


def _say(fake: "subprocess.Popen[str]", command: dict[str, Any]) -> None:
    assert fake.stdin is not None and fake.stdout is not None
    fake.stdin.write(json.dumps(command) + "\n")
    fake.stdin.flush()
    answer = fake.stdout.readline()
    while "left" in answer:
        answer = fake.stdout.readline()
    assert "done" in answer, answer
