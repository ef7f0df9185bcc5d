"""The systemd units: systemd itself accepts them, and they promise what ARCHITECTURE.md says."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import defaultdict
from importlib.util import find_spec
from pathlib import Path

import pytest

from edge import endings
from edge.__main__ import _run_parser

ROOT = Path(__file__).parents[1]
DAEMONS = ("edge", "central")
EXPOSURE_MAX = "20"  # tenths; a bare unit scores 9.6


def settings(daemon: str) -> dict[str, list[str]]:
    """Key -> its values in order; systemd allows a key more than once."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in (ROOT / "systemd" / f"gatehouse-{daemon}.service").read_text().splitlines():
        if line and line[0] not in "#[":
            key, _, value = line.partition("=")
            found[key].append(value)
    return found


def analyze(
    tmp_path: Path, daemon: str, text: str, *words: str
) -> subprocess.CompletedProcess[str]:
    """systemd-analyze over a unit whose program exists on this machine."""
    unit = tmp_path / f"gatehouse-{daemon}.service"
    unit.write_text(re.sub(r"(?m)^ExecStart=\S+", f"ExecStart={shutil.which('true')}", text))
    return subprocess.run(
        ["systemd-analyze", *words, str(unit)], capture_output=True, text=True, timeout=60
    )


def unit_text(daemon: str) -> str:
    return (ROOT / "systemd" / f"gatehouse-{daemon}.service").read_text()


@pytest.mark.needs("systemd-analyze")
@pytest.mark.parametrize("daemon", DAEMONS)
def test_systemd_accepts_the_unit(tmp_path: Path, daemon: str) -> None:
    done = analyze(tmp_path, daemon, unit_text(daemon), "verify", "--recursive-errors=yes")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.needs("systemd-analyze")
def test_a_misspelt_setting_is_seen(tmp_path: Path) -> None:
    text = unit_text("edge").replace("WatchdogSec", "WatchDogSec")
    done = analyze(tmp_path, "edge", text, "verify", "--recursive-errors=yes")
    assert "WatchDogSec" in done.stderr


@pytest.mark.needs("systemd-analyze")
@pytest.mark.parametrize("daemon", DAEMONS)
def test_the_unit_is_hardened(tmp_path: Path, daemon: str) -> None:
    words = ("security", "--offline=true", f"--threshold={EXPOSURE_MAX}", "--no-pager")
    done = analyze(tmp_path, daemon, unit_text(daemon), *words)
    assert done.returncode == 0, done.stdout
    bare = re.sub(r"(?m)^(Protect|Private|Restrict|SystemCall|Capab).*\n", "", unit_text(daemon))
    assert analyze(tmp_path, daemon, bare, *words).returncode != 0


@pytest.mark.parametrize("daemon", DAEMONS)
def test_a_wrong_configuration_is_not_tried_again_and_a_crash_is(daemon: str) -> None:
    unit = settings(daemon)
    assert unit["Restart"] == ["always"]
    assert unit["RestartPreventExitStatus"] == ["78"]  # and not 74: the ledger replays
    assert unit["StartLimitBurst"] == ["20"]
    assert unit["StartLimitIntervalSec"] == ["600"]


def test_the_unit_of_the_gateway_explains_every_exit_of_the_daemon() -> None:
    """As `edge.endings` has them, and as `gatehouse-edge run --help` says."""
    said = unit_text("edge").partition("[Unit]")[0]
    told = _run_parser().format_help()
    for code in {code for _, code, _ in endings._ENDINGS}:
        assert f" {code} " in f" {' '.join(said.split())} ", code
        assert f" {code} " in f" {' '.join(told.split())} ", code
    assert "damaged" in said and "damaged" in told


@pytest.mark.parametrize("daemon", DAEMONS)
def test_the_daemon_reports_itself_and_is_watched(daemon: str) -> None:
    unit = settings(daemon)
    assert unit["Type"] == ["notify"]
    assert unit["NotifyAccess"] == ["main"]
    assert 5 <= int(unit["WatchdogSec"][0]) <= 60
    # On its own SIGTERM it stops its children in order; what is left is ended by force.
    assert unit["KillMode"] == ["mixed"]


def test_the_gateway_needs_no_network_to_start() -> None:
    unit = settings("edge")
    named = " ".join(unit["After"] + unit["Wants"] + unit["Requires"])
    assert "network" not in named


@pytest.mark.parametrize(("daemon", "folder"), [("edge", "gateway"), ("central", "central")])
def test_examples_and_units_agree_on_folders(daemon: str, folder: str) -> None:
    unit = settings(daemon)
    assert unit["StateDirectory"] == [f"gatehouse/{folder}"]
    assert unit["StateDirectoryMode"] == ["0700"]
    example = ROOT / "config" / f"{'gateway' if daemon == 'edge' else 'central'}.example.toml"
    assert f'"/var/lib/gatehouse/{folder}"' in example.read_text()
    for credential in unit["LoadCredential"]:
        assert f'credential = "{credential}"' in example.read_text()


@pytest.mark.parametrize("daemon", DAEMONS)
def test_the_command_a_unit_starts_exists(daemon: str) -> None:
    program, word, option, _ = settings(daemon)["ExecStart"][0].split()
    assert program == f"/opt/gatehouse/current/bin/gatehouse-{daemon}"
    assert find_spec(f"{daemon}.__main__") is not None
    done = subprocess.run(
        [sys.executable, "-m", daemon, word, "--help"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert option in done.stdout


@pytest.mark.needs("systemd-sysusers")
def test_the_users_of_the_units_are_made(tmp_path: Path) -> None:
    folder = tmp_path / "usr" / "lib" / "sysusers.d"
    folder.mkdir(parents=True)
    (tmp_path / "etc").mkdir()
    shutil.copy(ROOT / "systemd" / "gatehouse.sysusers.conf", folder / "gatehouse.conf")
    done = subprocess.run(
        ["systemd-sysusers", f"--root={tmp_path}"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    users = (tmp_path / "etc" / "passwd").read_text()
    for daemon in DAEMONS:
        assert f"{settings(daemon)['User'][0]}:x:" in users
