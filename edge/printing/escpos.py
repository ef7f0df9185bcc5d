"""Rows as ESC/POS bytes, after Epson's *ESC/POS Command Reference*.

Our own dozen commands rather than python-escpos, which has no process id (`GS ( H`, the proof of
printing) and leaves a printer in its multi-byte mode, where umlauts come out as other characters;
and which brings six packages. Its bytes for code page, QR and text are the vectors of our tests.
"""

from __future__ import annotations

from typing import Final

import msgspec

from edge.core.closing_report import ClosingReport, closing_faults
from edge.core.receipt import Receipt, faults
from edge.printing.closing_layout import lay_out_closing
from edge.printing.paper import Paper, Qr, Row
from edge.printing.receipt_layout import lay_out_receipt
from edge.printing.words import Words

#: Name -> (n of ESC t, Python's codec). 1252 has all letters of our languages, and €.
CODE_PAGES: Final = {
    "cp1252": (16, "cp1252"),
    "cp858": (19, "cp858"),
    "cp850": (2, "cp850"),
    "cp437": (0, "cp437"),
    "latin9": (40, "iso8859_15"),
}
DOTS_PER_COLUMN: Final = 12
# Bytes that fit into QR versions 1 to 20 at level M (ISO/IEC 18004, Table 7).
QR_BYTES: Final = (
    14, 26, 42, 62, 84, 106, 122, 152, 180, 213, 251, 287, 331, 362, 412, 450, 504, 560, 624, 666,
)  # fmt: skip
QR_QUIET_MODULES: Final = 8
QR_DOTS_MAX: Final = 6

INITIALISE = b"\x1b@"
ONE_BYTE_CHARACTERS = b"\x1c."  # FS . ends the multi-byte mode that Asian models begin in
CUT = b"\x1dVB\x00"  # GS V 66 0: feed to the knife, leave one point


class PrintPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a printer: 42, 48 (80 mm) or 32 (58 mm) columns, and its code page.

    `process_id` is four characters (0x20-0x7E) that the printer sends back once all is printed; ""
    for a printer that knows no `GS ( H`.
    """

    columns: int = 42
    code_page: str = "cp1252"
    language: str = "de"
    process_id: str = ""


def render(paper: Receipt | ClosingReport, plan: PrintPlan) -> bytes:
    """All bytes for one piece of paper. Raises ValueError, with every fault, for one that
    contradicts itself: what is wrong must not be printed."""
    rows = rows_of(paper, plan)
    return encode(rows, plan)


def rows_of(paper: Receipt | ClosingReport, plan: PrintPlan) -> list[Row | Qr]:
    """The rows alone. Raises ValueError as `render` does."""
    page = Paper(plan.columns, CODE_PAGES[plan.code_page][1])
    found = faults(paper) if isinstance(paper, Receipt) else closing_faults(paper)
    if found:
        raise ValueError("; ".join(found))
    words = Words(plan.language)
    if isinstance(paper, Receipt):
        lay_out_receipt(paper, words, page)
    else:
        lay_out_closing(paper, words, page)
    return page.rows


def encode(rows: list[Row | Qr], plan: PrintPlan) -> bytes:
    """Rows as bytes: set up, rows, cut, and the question whether it was printed."""
    number, codec = CODE_PAGES[plan.code_page]
    width = plan.columns * DOTS_PER_COLUMN
    out = bytearray(INITIALISE + ONE_BYTE_CHARACTERS)
    out += b"\x1bR\x00" + b"\x1bt" + bytes([number])
    out += b"\x1dL\x00\x00" + b"\x1dW" + width.to_bytes(2, "little")
    for row in rows:
        out += _qr(row.text, width) if isinstance(row, Qr) else _row(row, codec)
    out += CUT
    if plan.process_id:
        out += process_id(plan.process_id)
    return bytes(out)


def process_id(text: str) -> bytes:
    """`GS ( H` function 48: the printer answers 37 22 d1 d2 d3 d4 00 when all before is printed."""
    assert len(text) == 4 and all(" " <= char <= "~" for char in text)
    return b"\x1d(H\x06\x00\x30\x30" + text.encode("ascii")


def _row(row: Row, codec: str) -> bytes:
    before, after = b"", b""
    for wanted, on, off in (
        (row.bold, b"\x1bE\x01", b"\x1bE\x00"),
        (row.big, b"\x1d!\x11", b"\x1d!\x00"),
        (row.inverse, b"\x1dB\x01", b"\x1dB\x00"),
    ):
        if wanted:
            before, after = before + on, off + after
    # The line feed stands before the end of the style, so that the line has its height.
    return before + row.text.encode(codec) + b"\n" + after


def _qr(text: str, width: int) -> bytes:
    data = text.encode()
    modules = next(17 + 4 * v for v, most in enumerate(QR_BYTES, 1) if len(data) <= most)
    dots = min(QR_DOTS_MAX, width // (modules + QR_QUIET_MODULES))
    commands = (
        b"1A2\x00",  # model 2
        b"1C" + bytes([dots]),
        b"1E1",  # level M: 15 % may be creased or wet
        b"1P0" + data,
        b"1Q0",
    )
    framed = b"".join(b"\x1d(k" + len(c).to_bytes(2, "little") + c for c in commands)
    return b"\x1ba\x01" + framed + b"\x1ba\x00"
