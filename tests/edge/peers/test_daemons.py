"""Gateways as processes: told by each other, killed, burnt, and opened again."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import venue
from benchmarks.process import Running, gateway, write_config

LEDGER = "segment_bytes = 1048576\nspare_segments = 1\nalarm_spare_segments = 1"


def config(folder: Path, number: int, ports: list[int], more: str = "") -> Path:
    """Gateway `number`, which names every gateway before it."""
    siblings = "".join(
        f'[[peers.siblings]]\nname = "bench-{n}"\nhost = "127.0.0.1"\nport = {port}\n'
        for n, port in enumerate(ports[:number])
    )
    lanes = '[[lanes]]\nnumber = 1\nname = "L"\ngate = 1\n'
    peers = f'[peers]\nbind = "127.0.0.1:{ports[number]}"\n{more}\n{siblings}'
    home = folder / f"g{number}"
    home.mkdir(exist_ok=True)
    return write_config(
        home, lanes + peers, ledger=LEDGER, number=number, gateways=len(ports)
    )  # fmt: skip


def ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [each.getsockname()[1] for each in held]
    finally:
        for each in held:
            each.close()


def ask(running: Running, method: str, path: str, body: Any = None) -> Any:
    host, _, port = running.ready["api"][0].rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    headers = {"content-type": "application/json"} if body is not None else {}
    connection.request(method, path, json.dumps(body) if body is not None else None, headers)
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer


def scan(running: Running, number: int) -> str:
    body = {"code": venue.code(number).decode()}
    answer = ask(running, "POST", "/v1/lanes/1/presentations", body)
    return str(answer.get("reason") or answer["decision"])


def sibling(running: Running) -> Any:
    (row,) = ask(running, "GET", "/v1/status")["siblings"]
    return row


def wait_for(running: Running, condition: Any) -> None:
    with contextlib.closing(
        http.client.HTTPConnection(*_address(running), timeout=30)
    ) as connection:
        for _ in range(600):
            connection.request("GET", "/v1/status")
            status = json.loads(connection.getresponse().read())
            if condition(status):
                return
            time.sleep(0.02)
    raise AssertionError(status)


def _address(running: Running) -> tuple[str, int]:
    host, _, port = running.ready["api"][0].rpartition(":")
    return host, int(port)


@contextlib.contextmanager
def killed(path: Path) -> Iterator[Running]:
    """A gateway that gets no chance to stop in order."""
    with gateway(path) as running:
        try:
            yield running
        finally:
            os.kill(running.process.pid, signal.SIGKILL)
            running.process.wait(10)


def test_told_killed_burnt_and_opened_again(tmp_path: Path) -> None:
    where = ports(2)
    north, south = config(tmp_path, 0, where), config(tmp_path, 1, where)
    with gateway(north) as one:
        with killed(south) as two:
            # It was empty, so it opened only when the other had told what happened.
            assert sibling(two)["connected"]
            assert scan(two, 1) == "admitted"
            held = ask(two, "GET", "/v1/status")["ledger"]["durable_seq"]
            wait_for(one, lambda status: status["siblings"][0]["held"] >= held)
            assert scan(one, 1) == "already_redeemed"
            assert scan(one, 2) == "admitted"
            words = [sys.executable, "-m", "edge", "peers", "status", "--bind", one.ready["api"][0]]
            said = subprocess.run(words, capture_output=True, check=False, timeout=60)
            assert said.returncode == 0, said.stderr
            assert [row["name"] for row in json.loads(said.stdout)["siblings"]] == ["bench-1"]
        identity = tmp_path / "g1" / "identity"
        for burnt in ("ledger", "peers", "bundle"):
            shutil.rmtree(identity / burnt)
        with gateway(south) as two:
            assert two.ready["epoch"] > 0
            assert [scan(two, number) for number in (1, 2)] == ["already_redeemed"] * 2
            assert scan(two, 3) == "admitted"
    # Alone and empty it does not open, unless somebody says so.
    for burnt in ("ledger", "peers"):
        shutil.rmtree(identity / burnt)
    alone = config(tmp_path, 1, where, "rebuild_wait_s = 1")
    words = [sys.executable, "-m", "edge", "run", "--config", str(alone)]
    told = subprocess.run(words, capture_output=True, check=False, timeout=60)
    assert told.returncode == 69
    assert b"--open-without" in told.stdout
    ordered = tmp_path / "ordered.py"
    ordered.write_text(
        "import sys\nfrom edge.__main__ import run_daemon\n"
        "sys.exit(run_daemon([sys.argv[1], '--ready-fd', sys.argv[2], '--open-without']))\n"
    )
    with _as_module(ordered), gateway(alone, module="ordered") as two:
        assert scan(two, 1) == "admitted"  # that is what was asked for


@contextlib.contextmanager
def _as_module(file: Path) -> Iterator[None]:
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(file.parent), before]))
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
