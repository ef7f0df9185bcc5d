"""drivers/scanner/codec.py: what a line is, and that nothing else can come of any bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.scanner.codec import (
    CODE_BYTES_MAX,
    FRAMINGS,
    BadLine,
    Framing,
    Line,
    decode_untrusted,
    end_of_line,
    keep_for_terminator,
)

LINES = [
    ("line", b"ABC\r", Line(b"ABC"), 4),
    ("line", b"ABC\n", Line(b"ABC"), 4),
    ("line", b"ABC\r\nDEF\r\n", Line(b"ABC"), 4),
    ("line", b"\nABC\r", None, 1),
    ("cr", b"ABC\rDEF", Line(b"ABC"), 4),
    ("cr", b"\nABC\r", Line(b"ABC"), 5),
    ("lf", b"A\rB\n", Line(b"A\rB"), 4),
    ("crlf", b"A\rB\r\n", Line(b"A\rB"), 5),
    ("crlf", b"AB\r", None, 0),
    ("stx_etx", b"\x02ABC\x03", Line(b"ABC"), 5),
    ("stx_etx", b"\r\n\x02ABC\x03", Line(b"ABC"), 7),
    ("stx_etx", b"\x02half\x02ABC\x03", Line(b"ABC"), 10),
    ("stx_etx", b"\r\n\x03", None, 3),
    ("stx_etx", b"\x02\x03", None, 2),
    ("pause", b"ABC", None, 0),
    ("line", b"]Q1GH1.code\r", Line(b"GH1.code", "]Q1"), 12),
    ("line", b"]d2x\r", Line(b"x", "]d2"), 5),
    ("line", b"]z0x\r", Line(b"x", "]z0"), 5),
    ("line", b"]C1x\r", Line(b"x", "]C1"), 5),
    ("line", b"]Q1\r", None, 4),
    ("line", b"]Q2\\000026a\\\\b\r", Line(b"a\\b", "]Q2"), 15),
    ("line", b"]Q2\\000026\\000003a\r", Line(b"a", "]Q2"), 19),
    ("line", b"\\000026a\r", Line(b"\\000026a"), 9),
    ("line", b"]]]\r", Line(b"]]]"), 4),
    ("line", b"a\x00b\r", Line(b"a\x00b"), 4),
    ("line", "grün\r".encode(), Line("grün".encode()), 6),
    ("line", "grün\r".encode("latin-1"), Line("grün".encode("latin-1")), 5),
    ("line", b"", None, 0),
]


@pytest.mark.parametrize(("framing", "data", "line", "used"), LINES)
def test_lines(framing: str, data: bytes, line: Line | None, used: int) -> None:
    assert decode_untrusted(data, FRAMINGS[framing]) == (line, used)


def test_a_pause_ends_a_code_without_terminator() -> None:
    assert decode_untrusted(b"]Q1AB", FRAMINGS["pause"], paused=True) == (Line(b"AB", "]Q1"), 5)
    assert decode_untrusted(b"", FRAMINGS["pause"], paused=True) == (None, 0)


def test_aim_ids_stay_when_the_scanner_sends_none() -> None:
    framing = Framing((b"\r",), aim=False)
    assert decode_untrusted(b"]Q1AB\r", framing) == (Line(b"]Q1AB"), 6)


def test_a_printable_prefix_may_be_in_the_code() -> None:
    framing = Framing((b"\r",), prefix=b"S")
    assert decode_untrusted(b"SMOSS\r", framing) == (Line(b"MOSS"), 6)


def test_a_line_without_its_prefix_is_named_and_passed_over() -> None:
    with pytest.raises(BadLine, match="without its prefix") as bad:
        decode_untrusted(b"ABC\x03\x02DEF\x03", FRAMINGS["stx_etx"])
    assert (bad.value.used, bad.value.endless) == (4, False)


@pytest.mark.parametrize("framing", ["line", "crlf"])
def test_the_longest_code_passes_and_one_byte_more_is_endless(framing: str) -> None:
    end = b"\r\n"
    line, _ = decode_untrusted(b"x" * CODE_BYTES_MAX + end, FRAMINGS[framing])
    assert line == Line(b"x" * CODE_BYTES_MAX)
    with pytest.raises(BadLine, match="4096 bytes without an end") as bad:
        decode_untrusted(b"x" * (CODE_BYTES_MAX + 1) + end, FRAMINGS[framing])
    assert bad.value.endless


def test_end_of_line() -> None:
    assert end_of_line(b"abc\r\ndef", FRAMINGS["crlf"]) == 5
    assert end_of_line(b"abc\r", FRAMINGS["crlf"]) is None
    assert end_of_line(b"ab\ncd\r", FRAMINGS["line"]) == 3
    assert end_of_line(b"ab", FRAMINGS["pause"]) is None
    assert [keep_for_terminator(FRAMINGS[name]) for name in ("crlf", "cr", "pause")] == [1, 0, 0]


@given(st.binary(max_size=300), st.sampled_from(sorted(FRAMINGS)), st.booleans())
def test_any_bytes_give_a_line_or_bad_line(data: bytes, name: str, paused: bool) -> None:
    try:
        line, used = decode_untrusted(data, FRAMINGS[name], paused=paused)
    except BadLine as bad:
        assert 0 < bad.used <= len(data)
        return
    assert 0 <= used <= len(data)
    if line is not None:
        assert used and line.code
