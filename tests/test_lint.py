"""ruff and mypy --strict, as tests: what they find is a failure like any other."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("crypto", "config", "drivers", "edge", "central")


def outcome(*command: str, cwd: Path = ROOT) -> tuple[int, str]:
    # The safe-path setting of ./gatehouse would hide the checkout from `-m`-run tools.
    environ = {k: v for k, v in os.environ.items() if k not in ("PYTHONSAFEPATH", "MYPYPATH")}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=cwd, env=environ, capture_output=True, text=True
    )
    return done.returncode, done.stdout + done.stderr


def cache_folder(name: str, tmp_path: Path) -> str:
    """The checkout's own cache where it can be written, so that the next run is quick."""
    return str(ROOT / name if os.access(ROOT, os.W_OK) else tmp_path / name)


def test_ruff_finds_nothing(tmp_path: Path) -> None:
    cache = cache_folder(".ruff_cache", tmp_path)
    code, said = outcome("ruff", "check", "--cache-dir", cache, ".")
    assert code == 0, said


def test_the_tree_is_formatted(tmp_path: Path) -> None:
    cache = cache_folder(".ruff_cache", tmp_path)
    code, said = outcome("ruff", "format", "--check", "--quiet", "--cache-dir", cache, ".")
    assert code == 0, "run `ruff format` on\n" + said


@pytest.mark.timeout(600)
@pytest.mark.xdist_group("mypy")
def test_mypy_strict_finds_nothing(tmp_path: Path) -> None:
    present = [name for name in PACKAGES if (ROOT / name / "__init__.py").exists()]
    assert present == list(PACKAGES)
    chosen = [word for name in present for word in ("-p", name)]
    cache = cache_folder(".mypy_cache", tmp_path)
    code, said = outcome("mypy", "--strict", "--cache-dir", cache, *chosen)
    assert code == 0, said


PLANTED = [
    ("import os\n", "F401"),
    ("try:\n    x = 1\nexcept Exception:\n    x = 2\n", "BLE001"),
    ("import datetime\n\nx = datetime.datetime.now()\n", "DTZ005"),
    ('x = "' + "a" * 100 + '"\n', "E501"),
]


@pytest.mark.parametrize(("text", "code"), PLANTED)
def test_the_settings_of_ruff_find_a_planted_mistake(tmp_path: Path, text: str, code: str) -> None:
    (tmp_path / "planted.py").write_text(text)
    settings = str(ROOT / "pyproject.toml")
    failed, said = outcome("ruff", "check", "--no-cache", "--config", settings, str(tmp_path))
    assert failed
    assert code in said


@pytest.mark.timeout(600)
@pytest.mark.xdist_group("mypy")
def test_the_settings_of_mypy_find_a_planted_mistake(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text("def f(x):\n    return x\n\n\ny: int = 'text'\n")
    settings = ("--config-file", str(ROOT / "pyproject.toml"))
    failed, said = outcome(
        "mypy", *settings, "--cache-dir", str(tmp_path / "cache"), str(planted), cwd=tmp_path
    )
    assert failed
    assert "[no-untyped-def]" in said
    assert "[assignment]" in said
