"""Neither a zombie nor a stranger with the same number is a server."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from central.postmaster import read_postmaster, running_server


def test_a_zombie_is_not_a_server(tmp_path: Path) -> None:
    child = subprocess.Popen(["/bin/sh", "-c", "exit 0", "postgres", str(tmp_path)])
    try:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        (tmp_path / "postmaster.pid").write_text(f"{child.pid}\n{tmp_path}\n1\n5432\n/tmp\n")
        assert read_postmaster(tmp_path) is not None
        assert running_server(tmp_path) is None
    finally:
        child.wait()


@pytest.mark.parametrize("text", ["", "x\n", "12\n", "-4\na\nb\nc\n/tmp\n", "7\na\nb\nc\n\n"])
def test_a_broken_pid_file_is_no_server(tmp_path: Path, text: str) -> None:
    (tmp_path / "postmaster.pid").write_text(text)
    assert read_postmaster(tmp_path) is None
