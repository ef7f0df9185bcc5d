"""`receipt render | example`: what a receipt or a report looks like, before it is printed."""

from __future__ import annotations

import sys
from importlib import resources
from pathlib import Path
from typing import Final

import msgspec

from edge.commands.errors import BAD_DATA, CANNOT_CREATE, OK, USAGE, CommandFailed
from edge.commands.ticket import read_file
from edge.core.closing_report import ClosingReport
from edge.core.receipt import Receipt
from edge.printing.escpos import CODE_PAGES, PrintPlan, encode, rows_of
from edge.printing.paper import COLUMNS, Qr, Row
from edge.printing.words import LANGUAGES

FILE_BYTES_MAX: Final = 1 << 20


def render(
    file: Path,
    /,
    *,
    png: Path | None = None,
    escpos: Path | None = None,
    columns: int = 42,
    language: str = "de",
    code_page: str = "cp1252",
) -> int:
    """Show a receipt or a report as it will be printed: as text, as a picture, as bytes.

    Without --png and --escpos it is printed as text.

    Parameters
    ----------
    file
        JSON with "paper": "receipt" or "closing", and the fields of that struct in edge/core.
    png
        Where to write a picture of the paper.
    escpos
        Where to write the bytes for an ESC/POS printer; `cat` them to one to try it.
    columns
        Characters across: 42 or 48 for 80 mm paper, 32 for 58 mm.
    language
        de, en or fr.
    code_page
        The printer's characters: cp1252, cp858, cp850, cp437 or latin9.
    """
    for value, allowed, name in (
        (columns, COLUMNS, "--columns"),
        (language, LANGUAGES, "--language"),
        (code_page, tuple(CODE_PAGES), "--code-page"),
    ):
        if value not in allowed:
            raise CommandFailed(f"{name} is one of {', '.join(map(str, allowed))}", USAGE)
    paper = read_paper(file)
    plan = PrintPlan(columns=columns, code_page=code_page, language=language, process_id="0001")
    try:
        rows = rows_of(paper, plan)
    except ValueError as error:
        raise CommandFailed(f"{file} contradicts itself: {error}", BAD_DATA) from error
    data = encode(rows, plan)
    if escpos is not None:
        _write(escpos, data)
    if png is not None:
        from edge.printing.picture import Printer

        printer = Printer(columns)
        printer.take(data)
        _write(png, printer.png())
    if png is None and escpos is None:
        for row in rows:
            text = f"[QR: {row.text}]" if isinstance(row, Qr) else _plain(row, columns)
            sys.stdout.write(f"{text.rstrip()}\n")
    return OK


def _plain(row: Row, columns: int) -> str:
    """A row in letters of one size; what is big on paper stands where it would be there."""
    if not row.big:
        return row.text
    head, _, tail = row.text.strip().partition("  ")
    if tail:
        return head + tail.strip().rjust(columns - len(head))
    return head.center(columns) if row.text.startswith(" ") else head


def example() -> int:
    """Print a receipt as JSON that shows every field: `receipt example > beer.json`."""
    text = resources.files("edge.printing").joinpath("receipt.example.json").read_text("utf-8")
    sys.stdout.write(text)
    return OK


def read_paper(file: Path) -> Receipt | ClosingReport:
    """The receipt or report in a JSON file. Raises CommandFailed."""
    data = read_file(file, FILE_BYTES_MAX)
    try:
        return msgspec.json.decode(data, type=Receipt | ClosingReport)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CommandFailed(f"{file} is no receipt and no report: {error}", BAD_DATA) from error


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise CommandFailed(f"cannot write {path}: {error.strerror}", CANNOT_CREATE) from error
