"""The marks of conftest.py, tried in a pytest of their own, with and without workers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SUITE = """
import pytest

@pytest.mark.needs("no-such-program", "sh")
def test_missing(): pass

@pytest.mark.needs("no-such-program")
@pytest.mark.parametrize("n", range(3))
def test_missing_too(n): pass

@pytest.mark.needs("sh")
def test_present(): pass

@pytest.mark.long
def test_long(): pass
"""


def run(tmp_path: Path, *words: str) -> tuple[int, str]:
    (tmp_path / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text())
    (tmp_path / "test_suite.py").write_text(SUITE)
    environ = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml")]
    command += [f"--rootdir={tmp_path}", "-p", "no:cacheprovider", *words, str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "workers"])
def test_what_was_not_checked_is_said_once_at_the_end(
    tmp_path: Path, workers: tuple[str, ...]
) -> None:
    code, said = run(tmp_path, *workers)
    assert code == 0
    assert said.count("NOT CHECKED") == 1
    assert said.count("no-such-program: 4 tests skipped (install no-such-program)") == 1
    assert "1 passed, 4 skipped" in said


@pytest.mark.parametrize("required", ["all", "no-such-program"])
def test_required_programs_must_be_there(tmp_path: Path, required: str) -> None:
    code, said = run(tmp_path, "--require", required)
    assert code == 1
    assert "1 passed" in said
    assert "4 errors" in said
    assert "needs no-such-program: install no-such-program" in said
    assert "NOT CHECKED" not in said


def test_another_required_program_changes_nothing(tmp_path: Path) -> None:
    assert run(tmp_path, "--require", "chromium")[0] == 0


def test_long_tests_run_only_when_asked_for(tmp_path: Path) -> None:
    assert "1 deselected" in run(tmp_path)[1]
    code, said = run(tmp_path, "--long")
    assert code == 0
    assert "2 passed" in said
    assert "deselected" not in said


def test_an_unknown_mark_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "test_typo.py").write_text(
        "import pytest\n@pytest.mark.neds('x')\ndef test_a(): pass\n"
    )
    code, said = run(tmp_path)
    assert code != 0
    assert "'neds' not found in `markers`" in said


GROUPED = """
import os
import pathlib
import pytest

pytestmark = [pytest.mark.timeout(60), pytest.mark.%s("together")]

@pytest.mark.parametrize("n", range(12))
def test_one(n):
    (pathlib.Path(__file__).parent / os.environ["PYTEST_XDIST_WORKER"]).touch()
"""


def test_a_group_stays_with_one_worker(tmp_path: Path) -> None:
    (tmp_path / "test_grouped.py").write_text(GROUPED % "xdist_group")
    code, said = run(tmp_path, "-n", "2", "--dist", "loadgroup", "-k", "test_one")
    assert code == 0, said
    assert len(list(tmp_path.glob("gw*"))) == 1
