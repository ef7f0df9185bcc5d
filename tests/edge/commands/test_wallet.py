"""`edge wallet credit-key new`: a secret for its owner alone, and its public key for the centre."""

import json
from pathlib import Path

import pytest

from crypto.keys import SigningKey
from edge.cli import run_tool


def test_a_key_is_made_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "credit.key"
    assert run_tool(["wallet", "credit-key", "new", str(file)]) == 0
    public = json.loads(capsys.readouterr().out)["public"]
    seed = bytes.fromhex(file.read_text().strip())
    assert SigningKey(seed).public.hex() == public
    assert file.stat().st_mode & 0o777 == 0o600
    assert run_tool(["wallet", "credit-key", "new", str(file)]) == 73
    assert "never written over" in capsys.readouterr().err
    assert bytes.fromhex(file.read_text().strip()) == seed
    assert run_tool(["wallet", "credit-key", "new", str(tmp_path / "no" / "k")]) == 74
