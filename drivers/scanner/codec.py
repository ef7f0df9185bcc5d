"""What do the bytes of a scanner say? Codes are bytes: nothing here decodes text.

A line is prefix, AIM id, ECI designators, the code, suffix; only the code comes through.
AIM ids are ISO/IEC 15424:2008 ("]Q1" QR, "]d2" DataMatrix, "]z0" Aztec, "]C1" GS1-128);
the vendor's programming guide says which prefix and suffix a scanner adds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

CODE_BYTES_MAX = 4096  # a QR code holds 2,953 bytes at most
AIM_ID = re.compile(rb"\][A-Za-z][0-9A-Za-z]")
ECI = re.compile(rb"(?:\\[0-9]{6})+")


class BadLine(ValueError):
    """The bytes are no line of this framing. `used` bytes are to be dropped; when
    `endless`, so is everything up to the next terminator (see `end_of_line`)."""

    def __init__(self, reason: str, used: int, *, endless: bool = False) -> None:
        super().__init__(reason)
        self.used = used
        self.endless = endless


class Framing(msgspec.Struct, frozen=True):
    """How a scanner is set up. No terminators: a pause ends the code."""

    terminators: tuple[bytes, ...]
    prefix: bytes = b""
    aim: bool = True

    @property
    def by_pause(self) -> bool:
        """Whether only a pause ends a code."""
        return not self.terminators


class Line(msgspec.Struct, frozen=True, gc=False):
    """One code as printed, and the AIM id that came with it ("" when none did)."""

    code: bytes
    symbology: str = ""


FRAMINGS: Mapping[str, Framing] = {
    # Either of CR and LF ends a line and empty lines are nothing: so CRLF needs no waiting
    # for the LF, which may come a packet later.
    "line": Framing((b"\r", b"\n")),
    "cr": Framing((b"\r",)),
    "lf": Framing((b"\n",)),
    "crlf": Framing((b"\r\n",)),
    "stx_etx": Framing((b"\x03",), prefix=b"\x02"),
    "pause": Framing(()),
}


def decode_untrusted(
    buffer: bytes | bytearray, framing: Framing, *, paused: bool = False
) -> tuple[Line | None, int]:
    """Read the first line of `buffer`: (line, bytes used); (None, 0) asks for more bytes,
    (None, n) passed over n bytes that mean nothing. Raises only `BadLine`.

    `paused` says that no more bytes are coming for now: what there is, is the line.
    """
    at, after = _terminator(buffer, framing, CODE_BYTES_MAX)
    if at < 0:
        if len(buffer) >= CODE_BYTES_MAX + _longest(framing):
            raise BadLine(
                f"more than {CODE_BYTES_MAX} bytes without an end; check the scanner's suffix",
                len(buffer),
                endless=True,
            )
        if not (paused and buffer):
            return None, 0
        at = after = len(buffer)
    body = bytes(buffer[:at])
    if framing.prefix and body.strip(b"\r\n"):
        body = _after_prefix(body, framing.prefix, after)
    line = _line(body.strip(b"\r\n"), framing.aim)
    return (line, after) if line.code else (None, after)


def end_of_line(buffer: bytes | bytearray, framing: Framing) -> int | None:
    """Bytes up to and with the next terminator; None when there is none. Cannot fail."""
    at, after = _terminator(buffer, framing, len(buffer))
    return None if at < 0 else after


def keep_for_terminator(framing: Framing) -> int:
    """How many last bytes may be the beginning of a terminator (CRLF cut in two: 1)."""
    return _longest(framing) - 1


def _longest(framing: Framing) -> int:
    return max((len(terminator) for terminator in framing.terminators), default=1)


def _terminator(buffer: bytes | bytearray, framing: Framing, at_most: int) -> tuple[int, int]:
    first, after = -1, -1
    for terminator in framing.terminators:
        at = buffer.find(terminator, 0, at_most + len(terminator))
        if at >= 0 and (first < 0 or at < first):
            first, after = at, at + len(terminator)
    return first, after


def _after_prefix(body: bytes, prefix: bytes, used: int) -> bytes:
    # A control character is never part of a code: the last one starts it, so a code cut
    # short by a re-plugged cable costs itself only. A printable prefix may be in the code.
    at = body.rfind(prefix) if prefix[0] < 0x20 else body.find(prefix)
    if at < 0:
        raise BadLine(f"a line without its prefix {prefix!r}; check the scanner's prefix", used)
    return body[at + len(prefix) :]


def _line(body: bytes, aim: bool) -> Line:
    if not aim or (found := AIM_ID.match(body)) is None:
        return Line(body)
    symbology = found[0].decode("ascii")
    body = body[3:]
    if (eci := ECI.match(body)) is not None:
        # With ECI switched on every backslash of the data is doubled (AIM ECI Protocol).
        body = body[eci.end() :].replace(b"\\\\", b"\\")
    return Line(body, symbology)
