"""Rows of characters of one width, before they are bytes of some printer.

Text comes from bundles and people, so it passes `printable` first: what the code page lacks is
said in other letters, and control characters, which a printer obeys, become spaces.
"""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Sequence
from typing import Final, Literal

import msgspec

#: 80 mm paper has 42 or 48 columns of font A, 58 mm has 32.
COLUMNS: Final = (32, 42, 48)

# Where taking accents off gives the wrong letter, or none.
OTHERWISE: Final = {
    "œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss", "ẞ": "SS", "ø": "o", "Ø": "O",
    "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "þ": "th", "ı": "i", "€": "EUR",
    "“": '"', "”": '"', "„": '"', "‚": "'", "‘": "'", "’": "'", "«": '"', "»": '"', "‹": "<",
    "›": ">", "–": "-", "—": "-", "‐": "-", "‑": "-", "…": "...", "•": "*", "·": ".", "°": "o",
    "×": "x", "\N{NO-BREAK SPACE}": " ", "\N{NARROW NO-BREAK SPACE}": " ", "\N{THIN SPACE}": " ",
}  # fmt: skip


class Row(msgspec.Struct, frozen=True):
    """One line, at most `columns` wide, or half of it when `big` (twice as wide and high)."""

    text: str = ""
    bold: bool = False
    big: bool = False
    inverse: bool = False


class Qr(msgspec.Struct, frozen=True):
    """A QR code in the middle."""

    text: str


class Paper:
    """Collects rows. `codec` is a Python codec of one byte per character, such as cp1252."""

    def __init__(self, columns: int, codec: str) -> None:
        assert columns in COLUMNS
        self.columns = columns
        self.codec = codec
        self.rows: list[Row | Qr] = []

    def blank(self) -> None:
        """An empty row."""
        self.rows.append(Row())

    def rule(self, mark: Literal["-", "="] = "-") -> None:
        """A line across."""
        self.rows.append(Row(mark * self.columns))

    def left(self, text: str, *, indent: int = 0, bold: bool = False) -> None:
        """Text from the left, in as many rows as it needs."""
        for part in self._wrapped(text, self.columns - indent):
            self.rows.append(Row(" " * indent + part, bold=bold))

    def middle(self, text: str, *, bold: bool = False, big: bool = False) -> None:
        """Text in the middle, in as many rows as it needs."""
        width = self.columns // 2 if big else self.columns
        for part in self._wrapped(text, width):
            self.rows.append(Row(" " * ((width - len(part)) // 2) + part, bold=bold, big=big))

    def banner(self, text: str) -> None:
        """White on black across the paper: what nobody may overlook."""
        for part in self._wrapped(text, self.columns):
            self.rows.append(Row(part.center(self.columns), bold=True, inverse=True))

    def pair(
        self, left: str, right: str, *, indent: int = 0, bold: bool = False, big: bool = False
    ) -> None:
        """Left and right on one row, where there is room; the right side stands on the last.

        A right side that is too wide goes on rows of its own, from the right: an amount is never
        cut.
        """
        width = self.columns // 2 if big else self.columns
        head, tail = self.printable(left), self.printable(right)
        room = width - len(tail) - 1 - indent
        if room < 1 or (len(head) > room and room < width // 2):
            for part in self._wrapped(left, width - indent) if head.strip() else ():
                self.rows.append(Row(" " * indent + part, bold=bold, big=big))
            for part in self._wrapped(right, width):
                self.rows.append(Row(part.rjust(width), bold=bold, big=big))
            return
        parts = self._wrapped(left, room)
        for part in parts[:-1]:
            self.rows.append(Row(" " * indent + part, bold=bold, big=big))
        head = " " * indent + parts[-1]
        self.rows.append(Row(head + tail.rjust(width - len(head)), bold=bold, big=big))

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        """Columns as wide as they need, the first from the left, the rest from the right.

        Where they do not fit side by side, each row becomes pairs under its first cell, named by
        the first row.
        """
        told = [[self.printable(cell) for cell in row] for row in rows]
        widths = [max(len(row[at]) for row in told) for at in range(len(told[0]))]
        spare = self.columns - sum(widths) - (len(widths) - 1)
        if spare < 0:
            for row in told[1:]:
                self.left(row[0])
                for name, cell in zip(told[0][1:], row[1:], strict=True):
                    self.pair(name, cell, indent=2)
            return
        # The same air before each column, so that narrow sums do not stick together.
        gap = min(4, 1 + spare // (len(widths) - 1))
        for row in told:
            cells = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
            tail = (" " * gap).join(cells)
            self.rows.append(Row(row[0].ljust(self.columns - len(tail)) + tail))

    def qr(self, text: str) -> None:
        """A QR code, and a row of air."""
        self.rows.append(Qr(text))
        self.blank()

    def printable(self, text: str) -> str:
        """The text in characters that the code page has."""
        out = []
        for char in unicodedata.normalize("NFC", text):
            if unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp"):
                # Format characters are invisible: joiners, marks of direction.
                out.append("" if unicodedata.category(char) == "Cf" else " ")
            else:
                out.append(self._said(char))
        return "".join(out)

    def _said(self, char: str) -> str:
        plain = "".join(c for c in unicodedata.normalize("NFKD", char) if c < "\x7f")
        for said in (char, OTHERWISE.get(char, ""), plain):
            if said and self._has(said):
                return said
        return "" if unicodedata.combining(char) else "?"

    def _has(self, text: str) -> bool:
        try:
            text.encode(self.codec)
        except UnicodeEncodeError:
            return False
        return True

    def _wrapped(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(self.printable(text), width, break_on_hyphens=True) or [""]
