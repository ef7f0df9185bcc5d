"""The daemon as a process: it starts, serves, stops in order, and ends with the right code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from benchmarks import venue
from benchmarks.process import Running, gateway, write_config

LANE = '[[lanes]]\nnumber = 1\nname = "A1"\ngate = 1'
LEDGER = "segment_bytes = 1048576\nspare_segments = 1\nalarm_spare_segments = 1"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path, LANE, ledger=LEDGER)


def present(running: Running, number: int) -> dict[str, Any]:
    url = f"http://{running.ready['api'][0]}/v1/lanes/1/presentations"
    body = json.dumps({"code": venue.code(number).decode()}).encode()
    asked = urllib.request.Request(url, body, {"content-type": "application/json"})
    with urllib.request.urlopen(asked, timeout=20) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def facts(folder: Path) -> list[dict[str, Any]]:
    words = [sys.executable, "-m", "edge", "ledger", "show", str(folder)]
    shown = subprocess.run(words, capture_output=True, check=True, text=True)
    return [json.loads(line) for line in shown.stdout.splitlines()]


def kinds(folder: Path) -> list[str]:
    return [fact["kind"] for fact in facts(folder)]


def test_it_serves_and_stops_in_order(config: Path) -> None:
    with gateway(config) as running:
        answer = present(running, 1)
        assert answer["decision"] == "admitted"
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(20) == 0
    assert kinds(config.parent / "identity") == [
        "EpochBegun", "Started", "BundleApplied", "Admitted", "PassageCompleted", "Stopped",
    ]  # fmt: skip


def rush(running: Running, stop: threading.Event, number: int, answered: list[int]) -> None:
    """Show tickets until told to stop or the gateway is gone; note each that was admitted."""
    while not stop.is_set():
        try:
            if present(running, number)["decision"] == "admitted":
                answered.append(number)
        except (OSError, HTTPException):
            return
        number += 1


def test_after_kill_nothing_answered_is_missing_and_a_copy_is_refused(config: Path) -> None:
    answered: list[int] = []
    for round_number in range(3):
        with gateway(config) as running:
            for number in answered:
                assert present(running, number)["reason"] == "already_redeemed"
            stop = threading.Event()
            first = 1000 * (round_number + 1)
            thread = threading.Thread(target=rush, args=(running, stop, first, answered))
            thread.start()
            while len(answered) < 12 * (round_number + 1):
                time.sleep(0.01)
            running.process.kill()
            stop.set()
            thread.join(30)
    with gateway(config) as running:
        for number in answered:
            assert present(running, number)["reason"] == "already_redeemed"
    admitted = [fact["ticket"] for fact in facts(config.parent / "identity")
                if fact["kind"] == "Admitted"]  # fmt: skip
    assert len(admitted) == len(set(map(str, admitted)))


def run_daemon(config: Path, **how: Any) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "edge", "run", "--config", str(config)]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, **how)


def test_a_second_daemon_on_the_same_ledger_is_turned_away(config: Path) -> None:
    with gateway(config):
        second = run_daemon(config)
    assert second.returncode == 69
    assert "another process writes to the ledger" in second.stdout
    assert "swapped" not in second.stdout


def test_a_configuration_of_another_gateway_is_told(config: Path) -> None:
    text = config.read_text()
    with gateway(config):
        config.write_text(text.replace('name = "bench"', 'name = "south"', 1))
        second = run_daemon(config)
    assert "were two swapped?" in second.stdout and second.returncode == 69


def test_a_ledger_of_another_gateway_is_refused_untouched(config: Path) -> None:
    with gateway(config):
        pass
    folder = config.parent / "identity"
    before = sorted((p.name, p.read_bytes()) for p in (folder / "ledger").glob("*.segment"))
    stranger = config.parent / "stranger"
    venue.enrol(stranger, gateway=b"another-gateway!")
    text = config.read_text().replace(str(folder), str(stranger))
    config.write_text(text.replace("timezone", f'data_dir = "{folder}"\ntimezone', 1))
    refused = run_daemon(config)
    assert refused.returncode == 78
    assert "this ledger is of gateway" in refused.stdout
    after = sorted((p.name, p.read_bytes()) for p in (folder / "ledger").glob("*.segment"))
    assert before == after


def test_without_an_identity_it_says_which_command_makes_one(tmp_path: Path, config: Path) -> None:
    (config.parent / "identity" / "trust.json").unlink()
    refused = run_daemon(config)
    assert refused.returncode == 78
    assert "edge init" in refused.stderr


@pytest.fixture
def failing_disk(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An environment in which Python's fdatasync fails with EIO after the fortieth call."""
    (tmp_path / "sitecustomize.py").write_text(
        "import errno, os\n"
        "real, calls = os.fdatasync, [0]\n"
        "def failing(fd):\n"
        "    calls[0] += 1\n"
        "    if calls[0] > 40:\n"
        "        open(os.environ['CALLS'], 'a').write('x')\n"
        "        raise OSError(errno.EIO, 'Input/output error')\n"
        "    real(fd)\n"
        "os.fdatasync = failing\n"
    )
    yield {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{Path.cwd()}",
           "CALLS": str(tmp_path / "calls")}  # fmt: skip


def test_a_failing_disk_ends_the_process_with_74_and_is_not_retried(
    config: Path, failing_disk: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in failing_disk.items():
        monkeypatch.setenv(name, value)
    with gateway(config) as running:
        with pytest.raises(OSError):  # the connection ends: nobody is told that he may pass
            for number in range(120):
                present(running, number)
        assert running.process.wait(20) == 74
    assert Path(failing_disk["CALLS"]).read_text() == "x"
