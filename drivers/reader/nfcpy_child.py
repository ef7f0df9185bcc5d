"""A process of its own that lends one of nfcpy's readers: `python -P nfcpy_child.py`.

nfcpy is EUPL, blocks, and knows many readers; here is all that touches it. Nothing of ours is
imported, so that any interpreter that has nfcpy may run this file. Frames on standard input and
output, integers big endian:

    u16 length of the rest | u8 kind | u16 number | payload

    O  open        path of nfcpy, e.g. usb, tty:USB0:pn532, udp:127.0.0.1:54321   -> o
    A  activate                                            -> u uid | n (nobody)
    X  exchange    u16 timeout in ms | command             -> a answer | t (no answer)

and instead of any of these e text (the reader is lost) or f text (nfcpy is missing or wrong);
then the process ends. Each answer repeats the number of its question. The end of input ends
the process, too.
"""

from __future__ import annotations

import os
import struct
import sys
from typing import Any

HEAD = struct.Struct(">HBH")


def read_exactly(count: int) -> bytes:
    """From standard input; ends the process when it ends."""
    data = b""
    while len(data) < count:
        more = os.read(0, count - len(data))
        if not more:
            os._exit(0)
        data += more
    return data


def reply(kind: bytes, number: int, payload: bytes = b"") -> None:
    """To whoever asked."""
    frame = HEAD.pack(3 + len(payload), kind[0], number) + payload
    while frame:
        frame = frame[os.write(3, frame) :]


class Lent:
    """One reader of nfcpy."""

    def __init__(self) -> None:
        self._nfc: Any = None
        self._frontend: Any = None

    def open(self, path: str) -> None:
        """Raises OSError for a reader that is away."""
        try:
            import nfc.clf
        except ImportError as error:
            raise RuntimeError(
                f"{sys.executable} has no nfcpy ({error}); install gatehouse[nfc], or name"
                " an interpreter that has it"
            ) from error
        self._nfc = nfc.clf
        self._frontend = self._nfc.ContactlessFrontend(path)

    def activate(self) -> bytes | None:
        """Switch the field off and on and select whoever is there."""
        # sense() of nfcpy begins by muting the field: whatever state a band was in is over.
        found = self._frontend.sense(self._nfc.RemoteTarget("106A"))
        if found is None or found.sdd_res is None:
            return None
        return bytes(found.sdd_res)

    def exchange(self, command: bytes, timeout_s: float) -> bytes | None:
        """One try. None when nothing, or something garbled, came back."""
        try:
            return bytes(self._frontend.exchange(bytearray(command), timeout_s))
        except self._nfc.CommunicationError:
            return None


def serve() -> None:
    """Answer until the input ends or the reader fails."""
    lent = Lent()
    while True:
        length, kind, number = HEAD.unpack(read_exactly(HEAD.size))
        payload = read_exactly(length - 3)
        try:
            if kind == ord("O"):
                lent.open(payload.decode())
                reply(b"o", number)
            elif kind == ord("A"):
                uid = lent.activate()
                reply(b"n", number) if uid is None else reply(b"u", number, uid)
            elif kind == ord("X"):
                answer = lent.exchange(payload[2:], int.from_bytes(payload[:2], "big") / 1000)
                reply(b"t", number) if not answer else reply(b"a", number, answer)
        except OSError as error:
            told = f"nfcpy's reader is lost: {error.strerror or error}; check its cable"
            return reply(b"e", number, told.encode("utf-8", "replace")[:1000])
        except Exception as error:  # noqa: BLE001 - the border: it is told, and the process ends
            told = f"nfcpy failed: {type(error).__name__}: {error}"
            return reply(b"f", number, told.encode("utf-8", "replace")[:1000])


if __name__ == "__main__":
    # nfcpy and its libraries print what they like; the wire is kept out of their way.
    os.dup2(1, 3)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    serve()
