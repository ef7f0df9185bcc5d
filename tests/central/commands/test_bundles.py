"""bundle publish and show."""

from __future__ import annotations

from pathlib import Path

from crypto.bundle import read_untrusted
from crypto.keys import SigningKey, VerifyKey
from tests.central.commands.conftest import Run


def test_nothing_new_publishes_nothing(run: Run) -> None:
    version = run("bundle", "publish").out["bundle_version"]
    assert run("bundle", "publish").out["bundle_version"] == version


def test_older_versions_stay_readable_and_bytes_can_be_carried(run: Run, tmp_path: Path) -> None:
    assert run("bundle", "show", "--version", "1").out["products"] == []
    answer = run("bundle", "show", "--out", str(tmp_path / "usb"))
    seed = bytes.fromhex((tmp_path / "central/keys/bundle.key").read_text())
    read = read_untrusted((tmp_path / "usb").read_bytes(), VerifyKey(SigningKey(seed).public))
    assert read.version == answer.out["version"] == 3
    missing = run("bundle", "show", "--version", "99")
    assert missing.code == 1 and "newest is 3" in missing.err
