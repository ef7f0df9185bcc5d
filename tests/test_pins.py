"""Everything that is installed is pinned by hash, and what is tested is what runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def pinned(level: str) -> dict[str, str]:
    text = (ROOT / "requirements" / f"{level}.txt").read_text()
    return dict(re.findall(r"^([A-Za-z0-9._-]+)(?:\[.*?\])?==(\S+)", text, re.M))


@pytest.mark.parametrize("level", ["edge", "central", "run"])
def test_what_tests_install_is_what_runs(level: str) -> None:
    tested = pinned("test")
    assert pinned(level).items() <= tested.items()


@pytest.mark.parametrize("level", ["edge", "central", "nfc", "run", "test"])
def test_every_pin_has_its_hash(level: str) -> None:
    text = (ROOT / "requirements" / f"{level}.txt").read_text().replace("\\\n", " ")
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            assert "--hash=sha256:" in line
