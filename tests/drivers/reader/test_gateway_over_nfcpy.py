"""A real gateway that reads bands through nfcpy, whose process is killed and hangs in mid-tap."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from benchmarks import till as bench
from benchmarks import venue
from benchmarks.process import Running, gateway, write_config
from crypto import bundle

UID = "04a1b2c3d4e5f6"
LANE = '[[lanes]]\nnumber = 1\nname = "A1"\ngate = 1\n'
LEDGER = "segment_bytes = 1048576\nspare_segments = 1\nalarm_spare_segments = 1"
TILLS = """
[[tills]]
number = 1
name = "Bar"
drawer = true
can_top_up = true
debounce_ms = 0

[tills.reader]
kind = "nfcpy"
path = "udp:127.0.0.1:{port}"
python = "{python}"

[cashless]
credit_key = {{ credential = "credit.key" }}
"""
ENDS = frozenset({"paid", "done", "refused", "cancelled", "failed"})
LOADED_MINOR, PRICE_MINOR = 20_000, bench.PRICE_MINOR
pytestmark = [pytest.mark.xdist_group("nfcpy"), pytest.mark.timeout(120)]


class Bands:
    """The emulator, told by lines."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None and process.stdout is not None
        self.to, self.back = process.stdin, process.stdout
        self.port = json.loads(self.back.readline())["port"]

    def tell(self, **command: Any) -> None:
        self.to.write(json.dumps(command) + "\n")
        self.to.flush()
        while "left" in (heard := json.loads(self.back.readline())):
            pass
        assert "done" in heard, heard


@contextlib.contextmanager
def bands() -> Iterator[Bands]:
    words = [sys.executable, "-m", "drivers.reader.fake"]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield Bands(process)
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def bar(folder: Path, python: str, port: int) -> Iterator[Running]:
    """The daemon with one till."""
    config = write_config(folder, LANE + TILLS.format(port=port, python=python), ledger=LEDGER)
    told = msgspec.structs.replace(venue.make_bundle(2), cashless=bench.bundle().cashless)
    raw = bundle.sign(told, venue.BUNDLES)
    name = f"{bundle.content_hash(raw).hex()}.bundle"
    (folder / "identity" / "bundle" / name).write_bytes(raw)
    key = folder / "credit.key"
    key.touch(mode=0o600)
    key.write_text((bytes([9]) * 32).hex())
    with gateway(config) as running:
        yield running


def ask(running: Running, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    host, _, port = running.ready["api"][0].rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    with contextlib.closing(connection):
        method = "GET" if body is None else "POST"
        words = None if body is None else json.dumps(body)
        connection.request(method, f"/v1/tills{path}", words, {"content-type": "application/json"})
        answer: dict[str, Any] = json.loads(connection.getresponse().read())
    return answer


def work(running: Running, path: str, **body: Any) -> dict[str, Any]:
    """Ask until it has come to an end; a question is answered with yes."""
    if path != "payments":
        body.setdefault("id", os.urandom(16).hex())
    until = time.monotonic() + 40
    while time.monotonic() < until:
        told = ask(running, f"/1/{path}?wait=2", body)
        if told.get("state") in ENDS:
            return told
        if told.get("state") == "asking":
            said = {"id": told["id"], "part": told["part"], "question": told["question"]}
            ask(running, "/1/answers?wait=0", {**said, "yes": True})
        elif "state" not in told:
            time.sleep(0.05)
    raise AssertionError(told)


def sell(running: Running) -> dict[str, Any]:
    basket = {"items": [{"article": 1, "quantity": 1}]}
    quote = ask(running, "/1/quotes", basket)
    paying = {**basket, "basket": quote["basket"], "total_minor": quote["total_minor"]}
    return work(running, "payments", **paying)


def reader(running: Running) -> str:
    (row,) = ask(running, "")["tills"]
    return str(row["reader"])


def until(running: Running, wanted: str) -> None:
    for _ in range(1000):
        if reader(running) == wanted:
            return
        time.sleep(0.01)
    raise AssertionError(f"the reader was never {wanted}")


def child(running: Running) -> int:
    """The process that runs nfcpy."""
    tasks = Path(f"/proc/{running.process.pid}/task").iterdir()
    (found,) = (int(pid) for task in tasks for pid in (task / "children").read_text().split())
    return found


def test_each_sale_is_paid_once_though_the_process_that_runs_nfcpy_is_killed_and_hangs(
    nfcpy_python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    with bands() as emulator, bar(tmp_path, nfcpy_python, emulator.port) as running:
        until(running, "ready")
        ask(running, "/1/shifts", {"action": "open", "float_minor": 0})
        emulator.tell(new="anna", chip="NTAG213", uid=UID)
        emulator.tell(place="anna")
        work(running, "bands", action="issue", **{"class": 1})
        work(running, "top-ups", method="cash", amount_minor=LOADED_MINOR)
        sold = 0

        def paid(told: list[dict[str, Any]]) -> None:
            told.append(sell(running))

        for how in (signal.SIGKILL, signal.SIGSTOP):
            # Slow answers: what is killed then is in the middle of a tap.
            late = [{"exchange": n, "mishap": "answer_late", "byte": 60} for n in range(14)]
            emulator.tell(faults=late)
            told: list[dict[str, Any]] = []
            tap = threading.Thread(target=paid, args=(told,))
            tap.start()
            time.sleep(0.3)
            assert not told
            os.kill(child(running), how)
            until(running, "away")
            until(running, "ready")
            tap.join(60)
            sold += 1
            assert told and told[0]["state"] == "paid"
            assert told[0]["balance_minor"] == LOADED_MINOR - sold * PRICE_MINOR
        shown = work(running, "balance")
        assert shown["balance_minor"] == LOADED_MINOR - sold * PRICE_MINOR
        x = ask(running, "/1/closings", {"closing": "X"})
        sums = {row["key"]: (row["count"], row["amount_minor"]) for row in x["totals"]}
        assert sums["kind:sale"] == (sold, sold * PRICE_MINOR)
        assert x["open"] == []
