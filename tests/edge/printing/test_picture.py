"""edge/printing/picture.py: what a printer would print, read back by an independent reader."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

import edge.printing
from edge.core.receipt import Receipt
from edge.printing.escpos import CODE_PAGES, PrintPlan, render, rows_of
from edge.printing.paper import COLUMNS, Row
from edge.printing.picture import BadPrint, Printer
from tests.edge.printing import examples

FONTS = Path(edge.printing.__file__).parent / "fonts"


def printed(data: bytes, columns: int = 42, *, multi_byte: bool = True) -> Printer:
    printer = Printer(columns, multi_byte=multi_byte)
    printer.take(data)
    return printer


def codes(printer: Printer) -> list[str]:
    """What a phone reads off the picture, from top to bottom."""
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(printer.png())))
    return [code.text for code in sorted(found, key=lambda code: code.position.top_left.y)]


@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("name", examples.EXAMPLES)
def test_every_row_is_printed_as_it_was_laid_out(name: str, columns: int) -> None:
    paper = examples.EXAMPLES[name]
    for page in CODE_PAGES if name == "copy" else ("cp1252",):
        plan = PrintPlan(columns=columns, language="fr", code_page=page, process_id="0007")
        printer = printed(render(paper, plan), columns)
        rows = [row.text for row in rows_of(paper, plan) if isinstance(row, Row)]
        assert printer.texts == rows, "no row was too wide, no character another one"
        assert (printer.cut_count, printer.process_ids) == (1, ["0007"])


@pytest.mark.parametrize("columns", COLUMNS)
def test_the_codes_can_be_read_off_the_paper(columns: int) -> None:
    printer = printed(render(examples.BEER, PrintPlan(columns=columns)), columns)
    assert isinstance(examples.BEER, Receipt)
    assert codes(printer) == printer.qr_texts == [examples.QR, examples.BEER.footer_qr]


def test_the_longest_code_can_be_read_on_narrow_paper() -> None:
    text = "V0;" + "Ab3+" * 149
    long = examples.receipt(examples.line("x", 1), footer_qr=text)
    assert codes(printed(render(long, PrintPlan(columns=32)), 32)) == [text]


def test_a_line_that_is_too_long_goes_on_in_the_next() -> None:
    assert printed(b"x" * 50 + b"\n", 42).texts == ["x" * 42, "x" * 8]
    assert printed(b"\x1d!\x11" + b"x" * 22 + b"\n", 42).texts == ["x" * 21, "x"]


def test_umlauts_are_garbage_while_the_multi_byte_mode_is_on() -> None:
    assert printed(b"\x1bt\x10M\xfcller\n").texts != ["Müller"]
    assert printed(b"\x1c.\x1bt\x10M\xfcller\n").texts == ["Müller"]
    assert printed(b"\x1bt\x10M\xfcller\n", multi_byte=False).texts == ["Müller"]


def test_code_tables_differ() -> None:
    told = {n: printed(b"\x1c.\x1bt" + bytes([n]) + b"\xd5\n").texts[0] for n in (0, 16, 19, 40)}
    assert told == {0: "╒", 16: "Õ", 19: "€", 40: "Õ"}


@pytest.mark.parametrize(
    "data",
    [
        b"\x1bp\x00\x19\xfa", b"\x1b", b"\x1bt\x07", b"\x07", b"\x1d(H\x06\x00\x30\x30\x01\x01",
        b"\x1d(H\x05\x00\x30\x30AAA", b"\x1d(k\x03\x001Q0", b"\x1dV\x05", b"\x1ba\x03",
        b"\x1d(k\x03\x002C\x05", b"\x1d(k\x04\x001A9\x00", b"\x1d(k\x03\x001R0",
        b"\x1d(H\x06\x00\x30\x30AAA\x7f",
    ],
)  # fmt: skip
def test_what_a_printer_does_not_know_is_refused(data: bytes) -> None:
    with pytest.raises(BadPrint):
        printed(data)


def test_a_code_that_is_too_wide_is_refused_as_a_printer_does() -> None:
    code = b"\x1d(k\x03\x001C\x10" + b"\x1d(k\x2b\x001P0" + b"x" * 40 + b"\x1d(k\x03\x001Q0"
    with pytest.raises(BadPrint, match="dots"):
        printed(code, 32)


def test_the_picture_is_black_where_it_should_be() -> None:
    def ink(data: bytes) -> int:
        image = Image.open(io.BytesIO(printed(data).png()))
        assert image.width == 512 + 48
        return sum(image.histogram()[:128])

    plain, bold, big = ink(b"M\n"), ink(b"\x1bE\x01M\n"), ink(b"\x1d!\x11M\n")
    inverse = ink(b"\x1dB\x01M\n")
    assert 0 < plain < bold < big == 4 * plain
    assert 12 * 24 * 0.5 < inverse < 12 * 24
    assert ink(b"\x1b-\x01M\x1bd\x02\x1bJ\x05\n") > plain
    assert ink(b"\x1b!\x38M\n") > big


def test_the_font_is_the_one_that_is_told() -> None:
    told = (FONTS / "VENDORED.md").read_text(encoding="utf-8")
    for name in ("DejaVuSansMono-Latin.ttf", "LICENSE"):
        digest = hashlib.sha256((FONTS / name).read_bytes()).hexdigest()
        assert f"{digest}  {name}" in told
