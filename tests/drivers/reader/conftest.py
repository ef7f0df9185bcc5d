"""An interpreter that has nfcpy, made once: a foreign reader to check our bands with."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
# nfcpy and what it needs; one of them (pyDes) is published as source only, so the environment
# that runs everything else, which takes no source, cannot hold it.
WANTED = ("nfcpy", "pydes", "ndeflib", "libusb1", "pyserial")


def pins() -> str:
    """The lines of requirements/nfc.txt that matter here, with their hashes."""
    text = (ROOT / "requirements" / "nfc.txt").read_text()
    found = [
        block
        for name in WANTED
        for block in re.findall(rf"(?m)^{name}==.*?(?=^[a-z]|\Z)", text, re.S)
    ]
    assert len(found) == len(WANTED), "requirements/nfc.txt has lost a package of nfcpy"
    return "".join(found)


def place() -> Path:
    """Beside the tests' own packages, where those can be written; else in the user's cache."""
    if os.access(sys.prefix, os.W_OK) and sys.prefix != sys.base_prefix:
        return Path(sys.prefix, "nfcpy")
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache, "gatehouse", "nfcpy-{}.{}".format(*sys.version_info[:2]))


def build(venv: Path, stamp: Path, wanted: str) -> str:
    """Install into an empty `venv`; what went wrong, or nothing."""
    shutil.rmtree(venv / "env", ignore_errors=True)
    (venv / "pins.txt").write_text(pins())
    for command in (
        [sys.executable, "-I", "-m", "venv", str(venv / "env")],
        [
            *(str(venv / "env/bin/python"), "-I", "-m", "pip", "install", "--quiet"),
            *("--require-hashes", "--no-deps", "--disable-pip-version-check", "--no-input"),
            *("--retries", "1", "--timeout", "20", "-r", str(venv / "pins.txt")),
        ],
    ):
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        if done.returncode:
            return (done.stderr or done.stdout).strip().splitlines()[-1]
    stamp.write_text(wanted)
    return ""


@pytest.fixture(scope="session")
def nfcpy_python(request: pytest.FixtureRequest) -> str:
    """The interpreter; skips where nfcpy cannot be had (fails with `--require nfcpy` or all)."""
    venv = place()
    venv.mkdir(parents=True, exist_ok=True)
    stamp, version = venv / "stamp", "{}.{}".format(*sys.version_info[:2])
    wanted = hashlib.sha256((version + pins()).encode()).hexdigest()
    problem = ""
    with (venv / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != wanted:
            problem = build(venv, stamp, wanted)
    if problem:
        required = {"nfcpy", "all"} & set(request.config.getoption("--require"))
        (pytest.fail if required else pytest.skip)(f"nfcpy cannot be installed: {problem}")
    return str(venv / "env/bin/python")
