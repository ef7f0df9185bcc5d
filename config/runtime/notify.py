"""What a daemon tells the one that started it: systemd's notify protocol (sd_notify(3)) and the
ready pipe by which the demo and tests learn bound ports."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from typing import Any


def notify(*states: str, environ: Mapping[str, str] | None = None) -> bool:
    """Send `READY=1`, `STATUS=...`, `WATCHDOG=1`, `STOPPING=1` to systemd.

    False if nobody asked to be told, or if it could not be told: a daemon never fails over this.
    A name with a leading @ is in the abstract namespace.
    """
    address = (os.environ if environ is None else environ).get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            sock.setblocking(False)  # A stuck manager must not stop a lane.
            sock.connect(address)
            sock.send("\n".join(states).encode())
    except OSError:
        return False
    return True


def watchdog_s(environ: Mapping[str, str] | None = None, pid: int | None = None) -> float | None:
    """Seconds between two `WATCHDOG=1`: half of what systemd allows; None if it does not watch."""
    env = os.environ if environ is None else environ
    allowed_us = env.get("WATCHDOG_USEC", "")
    watched = env.get("WATCHDOG_PID", "")
    if watched and watched != str(os.getpid() if pid is None else pid):
        return None
    if not allowed_us.isascii() or not allowed_us.isdecimal() or int(allowed_us) == 0:
        return None
    return int(allowed_us) / 2_000_000


def report_ready(fd: int | None, **facts: Any) -> None:
    """Write one JSON line (such as bound ports) to the ready pipe and close it; None does nothing.

    The reader may be gone: that is no reason not to run.
    """
    if fd is None:
        return
    line = (json.dumps(facts) + "\n").encode()
    try:
        os.write(fd, line)
    except BrokenPipeError:
        pass
    finally:
        os.close(fd)
