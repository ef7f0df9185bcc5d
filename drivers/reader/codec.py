"""What do the frames of the nfcpy process say? See `nfcpy_child.py` for the layout.

Written for our side only: the child imports nothing of ours.
"""

from __future__ import annotations

from typing import NamedTuple

HEAD_BYTES = 5
FRAME_BYTES_MAX = 4096
OPEN, ACTIVATE, EXCHANGE = b"O", b"A", b"X"
OPENED, UID, NOBODY, ANSWER, TIMEOUT = b"o", b"u", b"n", b"a", b"t"
LOST, WRONG = b"e", b"f"
KINDS = frozenset((OPENED, UID, NOBODY, ANSWER, TIMEOUT, LOST, WRONG))


class BadReply(ValueError):
    """The bytes are no frame of the child."""


class Reply(NamedTuple):
    """An answer of the child to the question with this number."""

    kind: bytes
    number: int
    payload: bytes


def question(kind: bytes, number: int, payload: bytes = b"") -> bytes:
    """A frame for the child; `number` is cut to 16 bits."""
    size = 3 + len(payload)
    return size.to_bytes(2, "big") + kind + (number & 0xFFFF).to_bytes(2, "big") + payload


def decode_untrusted(buffer: bytes | bytearray) -> tuple[Reply | None, int]:
    """The first frame of `buffer`: (reply, bytes used), or (None, 0) for more bytes.
    Raises only BadReply."""
    if len(buffer) < HEAD_BYTES:
        return None, 0
    end = 2 + int.from_bytes(buffer[:2], "big")
    if not HEAD_BYTES <= end <= FRAME_BYTES_MAX or bytes(buffer[2:3]) not in KINDS:
        raise BadReply("the process that runs nfcpy wrote something else than answers")
    if len(buffer) < end:
        return None, 0
    kind, number = bytes(buffer[2:3]), int.from_bytes(buffer[3:5], "big")
    payload = bytes(buffer[5:end])
    empty = kind in (OPENED, NOBODY, TIMEOUT)
    if empty == bool(payload):
        raise BadReply(f"an answer of kind {kind!r} with {len(payload)} bytes")
    return Reply(kind, number, payload), end
