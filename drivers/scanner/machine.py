"""What is the scanner doing? It sends nothing back, so its whole life is about where in a
line we are:

IDLE      between lines. Bytes bring us to PARTIAL, or straight through it.
PARTIAL   a line has begun. Its end brings IDLE; a pause ends it as well: for a scanner
          without terminators the pause *is* the end (100 ms), for the others a line that
          stopped for 2 s will never be finished, and must not be glued to the next
          guest's code.
DROPPING  a line was endless. All is dropped up to the next terminator, or the next pause.

From every state the loss of the link brings IDLE.

A code that comes again within `window_s` of its presentation is the same presentation: a
guest who holds the phone still is one guest. The window does not slide, so a guest who
holds it there for long is asked again, and the memory is bounded.
"""

from __future__ import annotations

import enum
import math
from collections import deque
from collections.abc import Mapping

import msgspec

from drivers.scanner.codec import (
    BadLine,
    Framing,
    decode_untrusted,
    end_of_line,
    keep_for_terminator,
)

WINDOW_S = 2.0
IDLE_S = 0.1
STALE_S = 2.0
RECENT_MAX = 64


class State(enum.Enum):
    """Where in a line we are."""

    # Each signal is looked up in the table: the hash of the object, not of its name in Python.
    __hash__ = object.__hash__

    IDLE = enum.auto()
    PARTIAL = enum.auto()
    DROPPING = enum.auto()


class Signal(enum.Enum):
    """What can happen to a line."""

    __hash__ = object.__hash__

    BEGUN = enum.auto()
    ENDED = enum.auto()
    ENDLESS = enum.auto()
    PAUSED = enum.auto()
    LOST = enum.auto()


TABLE: Mapping[State, Mapping[Signal, State]] = {
    State.IDLE: {
        Signal.BEGUN: State.PARTIAL,
        Signal.ENDED: State.IDLE,
        Signal.ENDLESS: State.DROPPING,
        Signal.PAUSED: State.IDLE,
        Signal.LOST: State.IDLE,
    },
    State.PARTIAL: {
        Signal.BEGUN: State.PARTIAL,
        Signal.ENDED: State.IDLE,
        Signal.ENDLESS: State.DROPPING,
        Signal.PAUSED: State.IDLE,
        Signal.LOST: State.IDLE,
    },
    State.DROPPING: {
        Signal.BEGUN: State.DROPPING,
        Signal.ENDED: State.IDLE,
        Signal.ENDLESS: State.DROPPING,
        Signal.PAUSED: State.IDLE,
        Signal.LOST: State.IDLE,
    },
}


class Presented(msgspec.Struct, frozen=True, gc=False):
    """A code was held before the scanner. `at` is the time its last byte was taken."""

    code: bytes
    symbology: str
    at: float


class Counters(msgspec.Struct):
    """For health pages: what came through, and what did not."""

    presented_count: int = 0
    repeated_count: int = 0
    endless_count: int = 0
    malformed_count: int = 0
    unfinished_count: int = 0


class ScannerMachine:
    """Bytes in, `events` out. Cannot fail: what cannot be read is counted and dropped.

    `window_s` 0 turns the debounce off. `idle_s` counts only for framing by pause.
    """

    def __init__(
        self, framing: Framing, *, window_s: float = WINDOW_S, idle_s: float = IDLE_S
    ) -> None:
        self.state = State.IDLE
        self.events: deque[Presented] = deque()
        self.counters = Counters()
        self.deadline = math.inf
        self._framing = framing
        self._window_s = window_s
        self._pause_s = idle_s if framing.by_pause else STALE_S
        self._buffer = bytearray()
        self._recent: dict[bytes, float] = {}

    def receive_data(self, data: bytes, now: float) -> None:
        """Take bytes as they come, in whatever pieces."""
        self._buffer += data
        while self._buffer and self._step(now):
            pass
        waiting = bool(self._buffer) or self.state is State.DROPPING
        self.deadline = now + self._pause_s if waiting else math.inf

    def timed_out(self, now: float) -> None:
        """A pause: the line ends here, or is given up."""
        self.deadline = math.inf
        if self.state is State.PARTIAL and self._framing.by_pause:
            self._step(now, paused=True)
        elif self.state is State.PARTIAL:
            self.counters.unfinished_count += 1
        self._buffer.clear()
        self._signal(Signal.PAUSED)

    def lost(self) -> None:
        """The link is gone: half a code is no code. Recent codes are remembered."""
        if self.state is State.PARTIAL:
            self.counters.unfinished_count += 1
        self._buffer.clear()
        self.deadline = math.inf
        self._signal(Signal.LOST)

    def data_to_send(self) -> bytes:
        """Nothing: scanners are only listened to."""
        return b""

    def _signal(self, signal: Signal) -> None:
        self.state = TABLE[self.state][signal]

    def _step(self, now: float, *, paused: bool = False) -> bool:
        """Use up one line; False when more bytes are needed."""
        if self.state is State.DROPPING:
            return self._drop()
        try:
            line, used = decode_untrusted(self._buffer, self._framing, paused=paused)
        except BadLine as bad:
            if bad.endless:
                self.counters.endless_count += 1
                self._signal(Signal.ENDLESS)
                return self._drop()
            self.counters.malformed_count += 1
            line, used = None, bad.used
        if not used:
            self._signal(Signal.BEGUN)
            return False
        del self._buffer[:used]
        self._signal(Signal.ENDED)
        if line is not None:
            self._present(Presented(line.code, line.symbology, now))
        return True

    def _drop(self) -> bool:
        end = end_of_line(self._buffer, self._framing)
        if end is None:
            keep = keep_for_terminator(self._framing)
            del self._buffer[: max(0, len(self._buffer) - keep)]
            return False
        del self._buffer[:end]
        self._signal(Signal.ENDED)
        return True

    def _present(self, presented: Presented) -> None:
        now, recent = presented.at, self._recent
        while recent:
            oldest = next(iter(recent))
            if now - recent[oldest] < self._window_s and len(recent) < RECENT_MAX:
                break
            del recent[oldest]
        if presented.code in recent:
            self.counters.repeated_count += 1
            return
        recent[presented.code] = now
        self.counters.presented_count += 1
        self.events.append(presented)
