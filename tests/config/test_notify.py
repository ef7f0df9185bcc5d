"""What systemd hears, over real sockets."""

from __future__ import annotations

import json
import os
import secrets
import socket
from pathlib import Path

import pytest

from config.runtime.notify import notify, report_ready, watchdog_s


@pytest.mark.parametrize("abstract", [False, True])
def test_states_arrive_as_one_datagram(tmp_path: Path, abstract: bool) -> None:
    name = f"@gatehouse-{secrets.token_hex(8)}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + name[1:] if abstract else name)
        manager.settimeout(10)
        assert notify("READY=1", "STATUS=4 lanes", environ={"NOTIFY_SOCKET": name})
        assert manager.recv(4096) == b"READY=1\nSTATUS=4 lanes"


@pytest.mark.parametrize("address", ["", "relative", "/nowhere/at/all", "/" + "x" * 200])
def test_a_daemon_never_fails_over_it(address: str) -> None:
    assert notify("READY=1", environ={"NOTIFY_SOCKET": address}) is False
    assert notify("READY=1", environ={}) is False


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({"WATCHDOG_USEC": "20000000"}, 10.0),
        ({"WATCHDOG_USEC": "20000000", "WATCHDOG_PID": "7"}, 10.0),
        ({"WATCHDOG_USEC": "20000000", "WATCHDOG_PID": "8"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_is_fed_twice_as_often_as_it_must(
    environ: dict[str, str], seconds: float | None
) -> None:
    assert watchdog_s(environ, pid=7) == seconds


def test_bound_ports_go_through_the_ready_pipe() -> None:
    read, write = os.pipe()
    report_ready(write, api="127.0.0.1:4711")
    with os.fdopen(read) as pipe:
        assert json.loads(pipe.read()) == {"api": "127.0.0.1:4711"}
    with pytest.raises(OSError):
        os.fstat(write)


def test_a_reader_that_has_gone_is_no_reason_to_stop() -> None:
    read, write = os.pipe()
    os.close(read)
    report_ready(write, api="x")
    report_ready(None, api="x")
