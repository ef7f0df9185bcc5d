"""A relay board with a wire of its own: lines of text, answers named by the pulse they answer.

`SimBoard` is the gateway's side (`drivers.turnstile.board.Board`); `booth.py` is the device.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

from drivers.errors import Fault, Protocol, Silent
from drivers.turnstile.board import BoardEvent, Inputs, Pulsed, PulseRefused, Ready

ANSWER_S = 1.0


class SimBoard:
    """`on_pulse()` is called when the command to the relay is about to leave."""

    def __init__(self, on_pulse: Callable[[], None]) -> None:
        self.events: deque[BoardEvent] = deque()
        self.ready = False
        self._on_pulse = on_pulse
        self._out = bytearray()
        self._in = bytearray()
        self._due: dict[int, float] = {}

    @property
    def deadline(self) -> float:
        return min(self._due.values(), default=math.inf)

    def start(self, now: float) -> None:
        self._due[0] = now + ANSWER_S
        self._out += b"OFF\n"

    def pulse(self, number: int, relay: int, ms: int, now: float) -> None:
        self._on_pulse()
        self._due[number] = now + ANSWER_S
        self._out += b"PULSE %d %d\n" % (number, ms)

    def receive_data(self, data: bytes, now: float) -> None:
        self._in += data
        while b"\n" in self._in:
            line, _, rest = self._in.partition(b"\n")
            self._in = bytearray(rest)
            self._line(bytes(line))

    def _line(self, line: bytes) -> None:
        word, _, number = line.partition(b" ")
        value = int(number)
        if word == b"READY":
            self._due.pop(0, None)
            self.ready = True
            self.events.append(Ready(value))
        elif word == b"IN":
            self.events.append(Inputs(value))
        elif word == b"ACK":
            # By its number, and twice if it comes twice: whether it means anything is judged above.
            self._due.pop(value, None)
            self.events.append(Pulsed(value))
        elif word in (b"NO", b"PERHAPS"):
            self._due.pop(value, None)
            self.ready = False
            self.events.append(PulseRefused(value, word == b"PERHAPS"))
            raise Fault("the board refused a pulse")
        else:
            raise Protocol(f"the board says {line!r}")

    def timed_out(self, now: float) -> None:
        if now >= self.deadline:
            self.ready = False
            raise Silent("the board did not answer")

    def data_to_send(self) -> bytes:
        data = bytes(self._out)
        self._out.clear()
        return data
