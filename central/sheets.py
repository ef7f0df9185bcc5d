"""Rows as CSV that a spreadsheet opens without running anything. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final, TypeAlias

Cell: TypeAlias = str | int | Decimal | None
#: With one of these a spreadsheet takes a text for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def cell(value: Cell) -> str:
    """A cell; a text that would be a formula gets an apostrophe. Numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.lstrip(" ").startswith(_FORMULA) else value
    return str(value)


def table(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """RFC 4180 in UTF-8, lines ended by CR LF."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([cell(name) for name in head])
    writer.writerows([cell(value) for value in row] for row in rows)
    return out.getvalue().encode()


def decimal(amount_minor: int, exponent: int) -> Decimal:
    """An amount with its decimal point."""
    return Decimal(amount_minor).scaleb(-exponent)


def iso_day(day: int) -> str:
    """20260704 -> 2026-07-04."""
    return f"{day // 10_000:04}-{day // 100 % 100:02}-{day % 100:02}"
