"""Where an interpreter with nfcpy is looked for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from edge.demo.foreign import NAMED_BY, nfc_python


def test_an_interpreter_is_found_by_its_name_and_only_if_it_has_nfcpy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    for code, has in ((0, True), (1, False)):
        named = tmp_path / f"python{code}"
        named.write_text(f"#!/bin/sh\nexit {code}\n")
        named.chmod(0o755)
        monkeypatch.setenv(NAMED_BY, str(named))
        monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
        assert nfc_python() == (str(named) if has else "")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python0"))
    assert nfc_python() == str(tmp_path / "python0")
