"""A printer without paper: takes ESC/POS bytes and makes a picture, so that a person can look.

Written from Epson's *ESC/POS Command Reference*, and from nothing else of ours. What it does not
know raises `BadPrint`, with its place: a printer would print it as letters. It has the faults of
the real one, too: a line that is too long goes on in the next, and bytes above 0x7F are garbage
while the multi-byte mode of Asian models is on, as it is until FS . ends it.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import lru_cache
from importlib import resources
from typing import Any, Final

import msgspec
import segno
from PIL import Image, ImageDraw, ImageFont

CELL_WIDTH, CELL_HEIGHT, SPACING = 12, 24, 30
FONT_SIZE: Final = 20
FONT: Final = "DejaVuSansMono-Latin.ttf"
#: Dots across: 58 mm paper, 80 mm at 180 dpi, 80 mm at 203 dpi.
PAPER_DOTS: Final = {32: 384, 42: 512, 48: 576}
EDGE_DOTS: Final = 24
CODE_TABLES: Final = {0: "cp437", 2: "cp850", 16: "cp1252", 19: "cp858", 40: "iso8859_15"}
QR_LEVELS: Final = {48: "L", 49: "M", 50: "Q", 51: "H"}


class BadPrint(ValueError):
    """The bytes are not what this printer understands."""


class _Style(msgspec.Struct):
    bold: bool = False
    underline: bool = False
    inverse: bool = False
    wide: int = 1
    high: int = 1


class _Cell(msgspec.Struct, frozen=True):
    char: str
    style: _Style


class Printer:
    """Takes all bytes at once. `texts` are the lines, `qr_texts` the codes, `process_ids` what it
    would send back, in the order of printing."""

    def __init__(self, columns: int = 42, *, multi_byte: bool = True) -> None:
        self.texts: list[str] = []
        self.qr_texts: list[str] = []
        self.process_ids: list[str] = []
        self.cut_count = 0
        self._dots = PAPER_DOTS[columns]
        self._born_multi_byte = multi_byte
        self._strips: list[Image.Image] = []
        self._data, self._at = b"", 0
        self._reset()

    def _reset(self) -> None:
        self._style = _Style()
        self._table = 0
        self._multi_byte = self._born_multi_byte
        self._align = self._margin = 0
        self._width = self._dots
        self._spacing = SPACING
        self._cells: list[_Cell] = []
        self._qr: dict[str, Any] = {"size": 3, "level": "L", "data": None}

    def take(self, data: bytes) -> None:
        """Print. Raises BadPrint."""
        self._data, self._at = data, 0
        while self._at < len(data):
            byte = self._next()
            if byte in _LEADS:
                self._command(byte)
            elif byte == 0x0A:
                self._print_line()
            elif byte < 0x20:
                raise BadPrint(f"byte {byte:#04x} at {self._at - 1} is no command of ours")
            else:
                self._put(byte)

    def png(self) -> bytes:
        """The paper so far, with a margin."""
        height = sum(strip.height for strip in self._strips)
        size = (self._dots + 2 * EDGE_DOTS, height + 2 * EDGE_DOTS)
        paper = Image.new("L", size, 255)
        at = EDGE_DOTS
        for strip in self._strips:
            paper.paste(strip, (EDGE_DOTS, at))
            at += strip.height
        out = io.BytesIO()
        paper.save(out, "PNG", optimize=True)
        return out.getvalue()

    # -- bytes ----------------------------------------------------------------------------

    def _next(self) -> int:
        if self._at >= len(self._data):
            raise BadPrint("the bytes end within a command")
        self._at += 1
        return self._data[self._at - 1]

    def _take(self, count: int) -> bytes:
        return bytes(self._next() for _ in range(count))

    def _command(self, lead: int) -> None:
        start = self._at - 1
        name = bytes([lead, self._next()])
        if name == b"\x1d(":
            name += bytes([self._next()])
        if (do := _COMMANDS.get(name)) is None:
            raise BadPrint(f"command {name.hex(' ')} at {start} is not known")
        do(self)

    def _put(self, byte: int) -> None:
        char = bytes([byte]).decode(CODE_TABLES[self._table], "replace")
        if byte > 0x7F and self._multi_byte:
            char = "\N{FULL BLOCK}"
        cell = _Cell(char, msgspec.structs.replace(self._style))
        used = sum(each.style.wide for each in self._cells) * CELL_WIDTH
        if used + cell.style.wide * CELL_WIDTH > self._width:
            self._print_line()
        self._cells.append(cell)

    # -- paper ----------------------------------------------------------------------------

    def _feed(self, dots: int) -> None:
        if dots:
            self._strips.append(Image.new("L", (self._dots, dots), 255))

    def _print_line(self) -> None:
        cells, self._cells = self._cells, []
        self.texts.append("".join(cell.char for cell in cells))
        high = max((cell.style.high for cell in cells), default=1) * CELL_HEIGHT
        strip = Image.new("L", (self._dots, max(self._spacing, high)), 255)
        wide = sum(cell.style.wide for cell in cells) * CELL_WIDTH
        at = self._margin + (self._width - wide) * self._align // 2
        for cell in cells:
            style = cell.style
            glyph = _glyph(
                cell.char, style.bold, style.underline, style.inverse, style.wide, style.high
            )
            strip.paste(glyph, (at, high - glyph.height))
            at += glyph.width
        self._strips.append(strip)

    # -- commands, by their names in the reference ----------------------------------------

    def _select_table(self) -> None:
        table = self._next()
        if table not in CODE_TABLES:
            raise BadPrint(f"code table {table} is not one of {sorted(CODE_TABLES)}")
        self._table = table

    def _set_align(self) -> None:
        self._align = self._next() % 48
        if self._align > 2:
            raise BadPrint("ESC a takes 0, 1 or 2")

    def _set_modes(self) -> None:
        n = self._next()
        self._style = _Style(
            bold=bool(n & 8), underline=bool(n & 128), inverse=self._style.inverse,
            wide=1 + (n >> 5 & 1), high=1 + (n >> 4 & 1),
        )  # fmt: skip

    def _set_size(self) -> None:
        n = self._next()
        self._style.wide, self._style.high = 1 + (n >> 4), 1 + (n & 15)

    def _set_margin(self) -> None:
        self._margin = int.from_bytes(self._take(2), "little")

    def _set_width(self) -> None:
        width = int.from_bytes(self._take(2), "little")
        self._width = min(width, self._dots - self._margin)

    def _cut(self) -> None:
        mode = self._next()
        if mode in (65, 66):
            self._feed(self._next() + 60)  # from the head to the knife
        elif mode not in (0, 1, 48, 49):
            raise BadPrint(f"GS V {mode} is no cut")
        self.cut_count += 1
        strip = Image.new("L", (self._dots, 3), 255)
        ImageDraw.Draw(strip).line((0, 1, self._dots, 1), fill=160)
        self._strips.append(strip)

    def _parameters(self) -> bytes:
        return self._take(int.from_bytes(self._take(2), "little"))

    def _ask_process_id(self) -> None:
        given = self._parameters()
        if len(given) != 6 or given[:2] != b"00":
            raise BadPrint("GS ( H takes function 48, 48 and four characters")
        if not all(32 <= byte <= 126 for byte in given[2:]):
            raise BadPrint("a process id has characters from 32 to 126")
        self.process_ids.append(given[2:].decode())

    def _two_dimensional(self) -> None:
        given = self._parameters()
        if given[:1] != b"1":
            raise BadPrint("of GS ( k only QR codes are known here")
        function, rest = given[1], given[2:]
        if function == 65 and rest not in (b"1\x00", b"2\x00"):
            raise BadPrint("a QR code is of model 1 or 2")
        elif function == 67:
            self._qr["size"] = rest[0]
        elif function == 69:
            self._qr["level"] = QR_LEVELS[rest[0]]
        elif function == 80:
            self._qr["data"] = rest[1:]
        elif function == 81:
            self._print_qr()
        elif function != 65:
            raise BadPrint(f"GS ( k function {function} is not known")

    def _print_qr(self) -> None:
        data, dots = self._qr["data"], self._qr["size"]
        if data is None:
            raise BadPrint("a QR code is printed before it was stored")
        made = segno.make(data, error=self._qr["level"], boost_error=False, micro=False)
        modules = [bytes(0 if dark else 255 for dark in row) for row in made.matrix]
        size = len(modules)
        code = Image.frombytes("L", (size, size), b"".join(modules))
        code = code.resize((size * dots, size * dots), Image.Resampling.NEAREST)
        if code.width > self._width:
            raise BadPrint(f"a QR code of {code.width} dots on {self._width}: not printed at all")
        strip = Image.new("L", (self._dots, code.height), 255)
        strip.paste(code, (self._margin + (self._width - code.width) * self._align // 2, 0))
        self._strips.append(strip)
        self.qr_texts.append(data.decode())


@lru_cache(maxsize=1)
def _font() -> ImageFont.FreeTypeFont:
    data = resources.files("edge.printing").joinpath("fonts", FONT).read_bytes()
    return ImageFont.truetype(io.BytesIO(data), FONT_SIZE)


@lru_cache(maxsize=4096)
def _glyph(
    char: str, bold: bool, underline: bool, inverse: bool, wide: int, high: int
) -> Image.Image:
    glyph = Image.new("L", (CELL_WIDTH, CELL_HEIGHT), 255)
    draw = ImageDraw.Draw(glyph)
    for offset in (0, 1) if bold else (0,):
        draw.text((offset, 0), char, font=_font(), fill=0)
    if underline:
        draw.line((0, CELL_HEIGHT - 2, CELL_WIDTH, CELL_HEIGHT - 2), fill=0, width=2)
    if inverse:
        glyph = glyph.point(lambda value: 255 - value)
    return glyph.resize((CELL_WIDTH * wide, CELL_HEIGHT * high), Image.Resampling.NEAREST)


def _styled(name: str) -> Callable[[Printer], None]:
    def do(printer: Printer) -> None:
        setattr(printer._style, name, bool(printer._next() & 1))

    return do


def _multi_byte(on: bool) -> Callable[[Printer], None]:
    def do(printer: Printer) -> None:
        printer._multi_byte = on

    return do


def _skip(count: int) -> Callable[[Printer], None]:
    def do(printer: Printer) -> None:
        printer._take(count)

    return do


_LEADS = frozenset({0x1B, 0x1C, 0x1D})
_COMMANDS: Final[dict[bytes, Callable[[Printer], None]]] = {
    b"\x1b@": Printer._reset,
    b"\x1bt": Printer._select_table,
    b"\x1bR": _skip(1),
    b"\x1bE": _styled("bold"),
    b"\x1b-": _styled("underline"),
    b"\x1b!": Printer._set_modes,
    b"\x1ba": Printer._set_align,
    b"\x1bd": lambda printer: printer._feed(printer._next() * printer._spacing),
    b"\x1bJ": lambda printer: printer._feed(printer._next()),
    b"\x1c.": _multi_byte(False),
    b"\x1c&": _multi_byte(True),
    b"\x1d!": Printer._set_size,
    b"\x1dB": _styled("inverse"),
    b"\x1dL": Printer._set_margin,
    b"\x1dW": Printer._set_width,
    b"\x1dV": Printer._cut,
    b"\x1d(H": Printer._ask_process_id,
    b"\x1d(k": Printer._two_dimensional,
}
