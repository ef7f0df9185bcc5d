"""The words for money are known, explained, and refuse what they do not know."""

from __future__ import annotations

import pytest

from central.cli import run_command

WORDS = [
    (["cashless", "--help"], ["set", "show", "rotate-key"]),
    (["credit-key", "--help"], ["add", "list", "revoke"]),
    (["codes", "make", "--help"], ["--count", "--amount", "--out"]),
    (["presale", "--help"], ["import", "bind"]),
    (["badge", "--help"], ["add", "remove", "list"]),
    (
        ["wallet", "--help"],
        ["list", "show", "block", "unblock", "hold", "release", "totals", "forks", "doubts"],
    ),
]


@pytest.mark.parametrize(("words", "told"), WORDS)
def test_help_names_every_word(
    words: list[str], told: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(words) == 0
    said = capsys.readouterr().out
    assert all(word in said for word in told)


def test_a_word_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["wallet", "spend"]) == 2
    assert run_command(["codes", "make"]) == 2
    capsys.readouterr()
