"""edge/printing/escpos.py: against bytes that python-escpos 3.1 makes, and Epson's reference."""

from __future__ import annotations

import msgspec
import pytest

from edge.printing.escpos import CODE_PAGES, PrintPlan, encode, process_id, render
from edge.printing.paper import Qr, Row
from tests.edge.printing import examples

# Dummy(profile="TM-T88V"): charcode("CP1252") and text; qr("V0;test", native=True, size=4, ec=1).
TEXT = bytes.fromhex("1b74104772fcdf6520342c353020802066fc72204dfc6c6c65720a")
QR = bytes.fromhex(
    "1d286b0400314132001d286b03003143041d286b03003145311d286b0a0031503056303b74657374"
    "1d286b0300315130"
)


def test_a_line_is_what_python_escpos_makes_of_it() -> None:
    data = encode([Row("Grüße 4,50 € für Müller")], PrintPlan())
    assert TEXT[:3] in data and TEXT[3:] in data


def test_a_qr_code_is_what_python_escpos_makes_of_it() -> None:
    data = encode([Qr("V0;test")], PrintPlan())
    # Ours is larger where there is room: the size is the one difference.
    assert QR.replace(b"1C\x04", b"1C\x06") in data


def test_a_piece_of_paper_begins_set_up_and_ends_cut_and_asked_about() -> None:
    data = encode([Row("x")], PrintPlan(columns=32, process_id="0042"))
    assert data == (
        b"\x1b@\x1c.\x1bR\x00\x1bt\x10\x1dL\x00\x00\x1dW\x80\x01"
        b"x\n"
        b"\x1dVB\x00\x1d(H\x06\x00\x30\x300042"
    )
    assert b"\x1d(H" not in encode([Row("x")], PrintPlan())


def test_styles_end_behind_their_line() -> None:
    data = encode([Row("a", bold=True, big=True, inverse=True), Row("b")], PrintPlan())
    assert b"\x1bE\x01\x1d!\x11\x1dB\x01a\n\x1dB\x00\x1d!\x00\x1bE\x00b\n" in data


@pytest.mark.parametrize("page", CODE_PAGES)
def test_every_code_page_can_say_every_example(page: str) -> None:
    for paper in examples.EXAMPLES.values():
        data = render(paper, PrintPlan(code_page=page, language="fr"))
        assert bytes([0x1B, 0x74, CODE_PAGES[page][0]]) in data


def test_a_long_code_gets_smaller_dots_and_the_longest_still_fits() -> None:
    for columns in (32, 42, 48):
        for size, dots in ((10, 6), (600, 3 if columns == 32 else 4)):
            data = encode([Qr("x" * size)], PrintPlan(columns=columns))
            at = data.index(b"1C") + 2
            assert data[at] == min(6, dots if columns != 48 or size == 10 else 5)


def test_what_contradicts_itself_is_not_printed_and_every_fault_is_told() -> None:
    wrong = msgspec.structs.replace(
        examples.BEER, payments=(), balance_after_minor=1, balance_before_minor=0
    )
    with pytest.raises(ValueError, match=r"payments come to 0, lines to 750; balance 0"):
        render(wrong, PrintPlan())
    with pytest.raises(ValueError, match="counted"):
        render(msgspec.structs.replace(examples.Z, counted_minor=None), PrintPlan())


def test_a_text_can_command_nothing() -> None:
    """An article named like a command to open the drawer prints as letters."""
    evil = "Bier\x1bp\x00\x19\xfa\x1d(H"
    named = examples.receipt(examples.line(evil, 450, tax="A"))
    data = render(named, PrintPlan())
    assert b"\x1bp" not in data and b"\x1d(H" not in data


@pytest.mark.parametrize("wrong", ["", "12345", "00\n1", "äöü1"])
def test_a_process_id_is_four_plain_characters(wrong: str) -> None:
    with pytest.raises(AssertionError):
        process_id(wrong)
