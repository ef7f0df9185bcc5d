"""`staff hash` makes what the configuration takes and the sign-in opens with."""

from __future__ import annotations

import io

import pytest

from crypto.pins import pin_matches, read_hash_untrusted
from edge.cli import run_tool
from edge.commands import staff


def test_a_line_of_input_becomes_a_hash(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hashes = []
    for _ in range(2):
        monkeypatch.setattr("sys.stdin", io.StringIO("471100\n"))
        assert run_tool(["staff", "hash"]) == 0
        hashes.append(capsys.readouterr().out.strip())
    assert hashes[0] != hashes[1]  # each with a salt of its own
    assert all(pin_matches(read_hash_untrusted(each), "471100") for each in hashes)


def test_a_short_pin_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("4711\n"))
    assert run_tool(["staff", "hash"]) == 65
    assert "6 to 64 characters" in capsys.readouterr().err


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("again", "code"), [("471100", 0), ("471101", 65)])
def test_at_a_terminal_it_is_asked_twice_and_not_shown(
    again: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = iter(["471100", again])
    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr(staff.getpass, "getpass", lambda prompt: next(said))
    assert run_tool(["staff", "hash"]) == code
    told = capsys.readouterr()
    assert "471100" not in told.out + told.err
    assert code == 0 or "differ" in told.err
