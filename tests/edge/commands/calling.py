"""Calls `python -m edge` as a person would, and keeps what it said."""

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[3]


class Said(NamedTuple):
    code: int
    out: str
    err: str


def environment() -> dict[str, str]:
    """The caller's, without what would hide a mistake: settings of ours, output never buffered."""
    left_out = ("GATEHOUSE", "PYTHONUNBUFFERED")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return kept | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"}


def edge(*words: str | Path, stdin: bytes = b"", cwd: Path | None = None) -> Said:
    """Run to the end; a traceback is never a good answer."""
    done = subprocess.run(
        [sys.executable, "-m", "edge", *map(str, words)],
        input=stdin, capture_output=True, timeout=60, env=environment(), cwd=cwd, check=False,
    )  # fmt: skip
    said = Said(done.returncode, done.stdout.decode(), done.stderr.decode())
    assert "Traceback" not in said.err, said.err
    return said
