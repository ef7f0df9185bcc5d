"""Sales over nfcpy's wire, end to end: emulated bands over UDP, nfcpy in a process of its own.

A tap lasts from the moment a band was sensed until the till says "paid". The reader's own time is
what nfcpy needs for the same commands when nobody but nfcpy is there; the rest is ours: the pipe to
its process, our half of the reader, deciding, two facts on disk, waking up.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import trio

from benchmarks.ledger import _disk
from benchmarks.till import BEER, LOADED_MINOR, _counter
from drivers.reader import Sensed
from drivers.reader.nfcpy import NfcpyReader, nfcpy_link
from edge.core.pricing import Refused
from edge.till.till import Till
from edge.till.work import PAID, Ask, Work

SALES = 60
UID = "0462656e6368" + "01"
#: nfcpy alone, with the commands of one tap, again and again: prints the seconds of each round.
ALONE = """
import json, sys, time, nfc.clf
frontend, commands = nfc.clf.ContactlessFrontend(sys.argv[1]), sys.argv[3:]
rounds = []
for _ in range(int(sys.argv[2])):
    frontend.sense(nfc.clf.RemoteTarget("106A"))
    begun = time.perf_counter()
    for command in commands:
        frontend.exchange(bytearray.fromhex(command), 0.5)
    rounds.append(time.perf_counter() - begun)
print(json.dumps(rounds))
"""


class Watched(NfcpyReader):
    """Knows when the band was sensed, and which commands it got since."""

    sensed_at = 0.0
    activations = 0
    commands: tuple[bytes, ...] = ()

    async def sense(self) -> Sensed:
        sensed = await super().sense()
        self.sensed_at, self.commands, self.activations = time.perf_counter(), (), 0
        return sensed

    async def activate(self) -> bytes | None:
        self.activations += 1
        return await super().activate()

    async def exchange(self, command: bytes) -> bytes:
        self.commands += (command,)
        return await super().exchange(command)


def measure(python: str) -> tuple[list[float], list[float]]:
    """Seconds of each tap, and of each round of its commands by nfcpy alone."""
    emulator = [sys.executable, "-m", "drivers.reader.fake", "--listen", "127.0.0.1:0"]
    fake = subprocess.Popen(emulator, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        with tempfile.TemporaryDirectory(dir=_disk()) as folder:
            taps, words = trio.run(_measure, python, Path(folder), fake)
        words = [python, "-c", ALONE, *words]
        alone = subprocess.run(words, capture_output=True, check=True, timeout=60)
        return taps, json.loads(alone.stdout)
    finally:
        fake.kill()
        fake.wait()


async def _measure(
    python: str, folder: Path, fake: "subprocess.Popen[str]"
) -> tuple[list[float], list[str]]:
    assert fake.stdout is not None
    port = json.loads(fake.stdout.readline())["port"]
    _say(fake, {"new": "bench", "chip": "NTAG213", "uid": UID})
    async with _counter(folder, 1) as (tills, _), trio.open_nursery() as nursery:
        path = f"udp:127.0.0.1:{port}"
        reader = Watched(
            "bench", nfcpy_link(python), path, entropy=os.urandom, jitter=random.random
        )
        nursery.start_soon(reader.run)
        till = tills.tills[1]
        till.reader = reader
        with trio.fail_after(20):
            await reader.ready()
        taps = await _sell(till, reader, fake)
        nursery.cancel_scope.cancel()
    _say(fake, {"place": "bench"})
    return taps, [path, str(SALES), *(command.hex() for command in reader.commands)]


async def _sell(till: Till, reader: Watched, fake: "subprocess.Popen[str]") -> list[float]:
    taps = []
    ready: tuple[dict[str, Any], ...] = (
        {"kind": "issue", "wallet_class": 1},
        {"kind": "top_up", "method": "cash", "amount_minor": LOADED_MINOR},
    )
    sale: dict[str, Any] = {"kind": "sale", "items": BEER}
    for how in (*ready, *[sale] * SALES):
        ask = Ask(**{**how, "id": till.tills.new_id()})
        if ask.kind == "sale":
            assert not isinstance(till.price(ask, ask.id), Refused)
        work: Work = till.submit(ask)
        work.confirmed.add("same_amount")
        _say(fake, {"place": "bench"})
        with trio.fail_after(20):
            await work.ended.wait()
        if work.state == PAID:
            taps.append(time.perf_counter() - reader.sensed_at)
            assert reader.commands and not reader.activations, "a tap that can be replayed"
        _say(fake, {"take": True})
    assert len(taps) == SALES, "every sale must be paid"
    return taps


def _say(fake: "subprocess.Popen[str]", command: dict[str, Any]) -> None:
    assert fake.stdin is not None and fake.stdout is not None
    fake.stdin.write(json.dumps(command) + "\n")
    fake.stdin.flush()
    answer = fake.stdout.readline()
    while "left" in answer:
        answer = fake.stdout.readline()
    assert "done" in answer, answer
