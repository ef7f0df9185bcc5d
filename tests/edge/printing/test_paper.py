"""edge/printing/paper.py: nothing is wider than the paper, nothing is cut, nothing is obeyed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.printing.paper import COLUMNS, Paper, Qr, Row


def texts(paper: Paper) -> list[str]:
    return [row.text for row in paper.rows if isinstance(row, Row)]


@pytest.mark.parametrize(
    ("codec", "text", "said"),
    [
        ("cp1252", "Grüße 5 € «bœuf» – „ja“…", "Grüße 5 € «bœuf» – „ja“…"),
        ("cp858", "Grüße 5 € «bœuf» – „ja“…", 'Grüße 5 € «boeuf» - "ja"...'),
        ("cp437", "Grüße 5 € Château Évêque", "Grüße 5 EUR Château Évêque"),
        ("cp1252", "Łódź Ångström ǅ", "Lódz Ångström Dz"),
        ("cp1252", "e\N{COMBINING ACUTE ACCENT}té", "été"),
        ("cp1252", "🍺 寿司", "? ??"),
        ("cp1252", "a\N{ZERO WIDTH JOINER}b\N{RIGHT-TO-LEFT MARK}", "ab"),
        ("cp1252", "1\N{NARROW NO-BREAK SPACE}234", "1 234"),
    ],
)
def test_what_the_code_page_lacks_is_said_otherwise(codec: str, text: str, said: str) -> None:
    assert Paper(42, codec).printable(text) == said


@given(st.text(max_size=60), st.sampled_from(["cp1252", "cp858", "cp850", "cp437", "iso8859_15"]))
def test_no_text_is_obeyed_and_all_can_be_sent(text: str, codec: str) -> None:
    said = Paper(42, codec).printable(text).encode(codec)
    assert all(byte >= 0x20 and byte != 0x7F for byte in said)


@given(
    st.sampled_from(COLUMNS), st.text(max_size=90), st.text(max_size=60), st.booleans(),
    st.integers(0, 4),
)  # fmt: skip
def test_no_row_is_wider_than_the_paper(
    columns: int, left: str, right: str, big: bool, indent: int
) -> None:
    paper = Paper(columns, "cp1252")
    paper.pair(left, right, big=big, indent=indent)
    paper.middle(left, big=big)
    paper.left(left, indent=indent)
    paper.banner(left)
    paper.table([["a", left[:20], right[:20]], ["b", "1", "2"]])
    for row in paper.rows:
        assert isinstance(row, Row)
        assert len(row.text) <= (columns // 2 if row.big else columns)


@given(st.sampled_from(COLUMNS), st.text("abc ", max_size=80), st.integers(-(10**15), 10**15))
def test_an_amount_is_never_cut(columns: int, left: str, amount: int) -> None:
    paper = Paper(columns, "cp1252")
    paper.pair(left, f"{amount} EUR", big=columns == 42)
    said = " ".join(texts(paper)).split()
    assert str(amount) in said and said[-1] == "EUR"


def test_pairs() -> None:
    paper = Paper(32, "cp1252")
    paper.pair("Helles", "4,50 A")
    paper.pair("Château « Clos des Évêques » 2019", "48,00 A")
    paper.pair("Signatur", "0123456789" * 3)
    assert texts(paper) == [
        "Helles                    4,50 A",
        "Château « Clos des",
        "Évêques » 2019           48,00 A",
        "Signatur",
        "  012345678901234567890123456789",
    ]


def test_a_table_that_is_too_wide_is_told_row_by_row() -> None:
    rows = [["MwSt", "Netto", "Steuer"], ["A 19 %", "84033613445,38", "15966386554,62"]]
    paper = Paper(32, "cp1252")
    paper.table(rows)
    assert texts(paper) == [
        "A 19 %",
        "  Netto           84033613445,38",
        "  Steuer          15966386554,62",
    ]
    wide = Paper(42, "cp1252")
    wide.table(rows)
    assert texts(wide) == [
        "MwSt               Netto            Steuer",
        "A 19 %    84033613445,38    15966386554,62",
    ]


def test_marks_and_codes() -> None:
    paper = Paper(32, "cp1252")
    paper.banner("KOPIE")
    paper.qr("https://x")
    paper.rule("=")
    assert paper.rows == [
        Row("KOPIE".center(32), bold=True, inverse=True),
        Qr("https://x"), Row(), Row("=" * 32),
    ]  # fmt: skip
