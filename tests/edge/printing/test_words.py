"""edge/printing/words.py: every word in every language, and numbers without floats."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core import closing_report, receipt
from edge.printing.words import DATES, LANGUAGES, POINTS, WORDS, Words


def test_every_word_is_said_in_every_language_with_the_same_gaps() -> None:
    assert len(DATES) == len(POINTS) == len(LANGUAGES)
    for key, said in WORDS.items():
        assert len(said) == len(LANGUAGES) and all(said), key
        assert len({text.count("{}") for text in said}) == 1, key
        for text in said:
            text.encode("cp1252")


def test_every_kind_method_and_key_has_a_word() -> None:
    for literal in (receipt.Kind, receipt.Method, closing_report.Key):
        assert set(get_args(literal)) <= WORDS.keys()
    assert set(get_args(receipt.LineKind)) - {"article"} <= WORDS.keys(), "articles have names"


@pytest.mark.parametrize(
    ("minor", "exponent", "said"),
    [
        (450, 2, "4,50"), (-450, 2, "-4,50"), (5, 2, "0,05"), (-5, 2, "-0,05"), (0, 2, "0,00"),
        (450, 0, "450"), (-1, 0, "-1"), (1234, 3, "1,234"), (7, 3, "0,007"),
        (9007199254740993, 2, "90071992547409,93"),
    ],
)  # fmt: skip
def test_amounts_come_from_integers(minor: int, exponent: int, said: str) -> None:
    assert Words("de").number(minor, exponent) == said
    assert Words("fr").amount(minor, exponent, "EUR") == f"{said} EUR"
    assert Words("en").number(minor, exponent) == said.replace(",", ".")


@given(st.integers(-(10**15), 10**15), st.integers(0, 3))
def test_an_amount_can_be_read_back(minor: int, exponent: int) -> None:
    said = Words("de").number(minor, exponent)
    assert int(said.replace(",", "")) == minor
    assert len(said.partition(",")[2]) == exponent


@pytest.mark.parametrize(
    ("rate", "said"), [(1900, "19 %"), (700, "7 %"), (550, "5,5 %"), (0, "0 %"), (825, "8,25 %")]
)
def test_rates(rate: int, said: str) -> None:
    assert Words("de").percent(rate) == said


def test_times_are_the_venues() -> None:
    at = 1_795_297_193_000
    assert Words("de").moment(at, 60) == "21.11.2026 22:39:53 +01:00"
    assert Words("en").moment(at, -210) == "2026-11-21 18:09:53 -03:30"
    assert Words("fr").moment(at, 0) == "21/11/2026 21:39:53 +00:00"
    assert Words("fr").day(20261231) == "31/12/2026"


def test_an_unknown_word_or_language_is_our_mistake() -> None:
    with pytest.raises(KeyError):
        Words("de")("nosuch")
    with pytest.raises(ValueError, match="tuple"):
        Words("xx")
