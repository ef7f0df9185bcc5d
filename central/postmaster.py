"""Whether a PostgreSQL server of a data folder runs, from its postmaster.pid and from /proc."""

from __future__ import annotations

import os
from pathlib import Path


class Postmaster:
    """What postmaster.pid says: process, socket folder."""

    def __init__(self, pid: int, socket: Path) -> None:
        self.pid = pid
        self.socket = socket


def read_postmaster(data: Path) -> Postmaster | None:
    """Parse `data`/postmaster.pid (pid, folder, start time, port, socket folder, address, …)."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        pid, socket = int(lines[0]), lines[4].strip()
    except (OSError, ValueError, IndexError):
        return None
    return Postmaster(pid, Path(socket)) if pid > 0 and socket else None


def running_server(data: Path) -> Postmaster | None:
    """The live server of `data`: neither a zombie nor a stranger who inherited the number."""
    found = read_postmaster(data)
    if found is None:
        return None
    try:
        stat = Path(f"/proc/{found.pid}/stat").read_text()
        command = Path(f"/proc/{found.pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return None
    state = stat.rpartition(")")[2].split()[0]
    ours = os.fsencode(str(data)) in command and b"postgres" in command[0]
    return found if ours and state not in "ZX" else None
