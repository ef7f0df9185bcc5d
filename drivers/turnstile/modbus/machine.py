"""What is the board doing?

CLOSED     no link yet.
CLEARING   all coils were told to go off.
CHECKING   they were, says the board; the coils are being read back.
SAMPLING   they are off; the inputs are read for the first time.
READY      inputs are read every `poll_s`, pulses go out before the next reading.
BROKEN     a dead end: the session is over, and a new link gets a new machine.

An answer belongs to the question with its id, and to no other: one with an id we do not
wait for is late (its question was asked again) and is counted, not believed. A reading may
be asked again, once; a pulse never, because the barrier may have opened (ARCHITECTURE.md,
law 6).
"""

from __future__ import annotations

import enum
import math
from collections import deque
from collections.abc import Mapping

import msgspec

from drivers.errors import DeviceError, Fault, Protocol, Silent
from drivers.turnstile.board import BoardEvent, Inputs, Pulsed, PulseRefused, Ready
from drivers.turnstile.modbus.codec import (
    READ_COILS,
    READ_INPUTS,
    WRITE_COIL,
    WRITE_COILS,
    Answer,
    BadFrame,
    Bits,
    Refused,
    decode_untrusted,
    encode_pulse,
    encode_read,
    encode_write_off,
    pulse_echo,
)


class State(enum.Enum):
    """See above."""

    # Each signal is looked up in the table: the hash of the object, not of its name in Python.
    __hash__ = object.__hash__

    CLOSED = enum.auto()
    CLEARING = enum.auto()
    CHECKING = enum.auto()
    SAMPLING = enum.auto()
    READY = enum.auto()
    BROKEN = enum.auto()


class Signal(enum.Enum):
    """What can happen to a board."""

    __hash__ = object.__hash__

    OPENED = enum.auto()
    COILS_OFF = enum.auto()
    COILS_READ = enum.auto()
    INPUTS_READ = enum.auto()
    PULSED = enum.auto()
    FAILED = enum.auto()


C, L, K, S, R, B = State
_DEAD = dict.fromkeys(Signal, B)

TABLE: Mapping[State, Mapping[Signal, State]] = {
    C: {**_DEAD, Signal.OPENED: L},
    L: {**_DEAD, Signal.COILS_OFF: K},
    K: {**_DEAD, Signal.COILS_READ: S},
    S: {**_DEAD, Signal.INPUTS_READ: R},
    R: {**_DEAD, Signal.INPUTS_READ: R, Signal.PULSED: R},
    B: _DEAD,
}

# Exceptions that say that nothing was done (V1.1b3 §7); after any other nobody knows.
NOT_DONE = frozenset({1, 2, 3, 6, 10})


BUSY = 6


class BoardPlan(msgspec.Struct, frozen=True, kw_only=True):
    """One board with the lane on it. `poll_s` at most 0.1, and so short that two readings
    fall into the shortest passage contact: 0.04 for contacts of 100 ms.

    `in_flight_max` questions may be on their way at once; 1 is what every board bears.
    """

    unit: int = 1
    coil_count: int = 8
    input_count: int = 8
    poll_s: float = 0.04
    answer_s: float = 0.5
    in_flight_max: int = 1


class _Ask:
    """A question. `relay` and `ms` are of a pulse, `number` is the turnstile's for it."""

    __slots__ = ("function", "number", "relay", "ms", "deadline", "again")

    def __init__(self, function: int, number: int = 0, relay: int = 0, ms: int = 0) -> None:
        self.function = function
        self.number = number
        self.relay = relay
        self.ms = ms
        self.deadline = math.inf
        self.again = False


class ModbusBoard:
    """A `Board` (see `drivers/turnstile/board.py`) on Modbus TCP."""

    def __init__(self, plan: BoardPlan) -> None:
        self.state = State.CLOSED
        self.events: deque[BoardEvent] = deque()
        self.stray_count = 0
        self._plan = plan
        self._buffer = bytearray()
        self._out = bytearray()
        self._queue: deque[_Ask] = deque()
        self._in_flight: dict[int, _Ask] = {}
        self._last_id = 0
        self._next_poll_at = math.inf

    def start(self, now: float) -> None:
        """All coils off, whatever was before."""
        self._signal(Signal.OPENED)
        self._ask(_Ask(WRITE_COILS), now)

    @property
    def ready(self) -> bool:
        """Whether `pulse` may be called."""
        return self.state is State.READY

    def pulse(self, number: int, relay: int, ms: int, now: float) -> None:
        """Close `relay` for `ms` (a multiple of 100). READY only."""
        assert self.state is State.READY, f"a pulse while {self.state.name}"
        self._ask(_Ask(WRITE_COIL, number, relay, ms), now)

    def receive_data(self, data: bytes, now: float) -> None:
        """Take bytes. Raises Protocol or Fault, and is BROKEN then."""
        self._buffer += data
        try:
            while True:
                answer, used = decode_untrusted(self._buffer)
                if answer is None:
                    break
                del self._buffer[:used]
                self._answered(answer, now)
        except BadFrame as bad:
            self._signal(Signal.FAILED)
            raise Protocol(str(bad)) from bad
        except DeviceError:
            self._signal(Signal.FAILED)
            raise
        self._send_next(now)

    @property
    def deadline(self) -> float:
        """The earliest answer that is due, or the next reading."""
        due = self._next_poll_at
        for ask in self._in_flight.values():
            if ask.deadline < due:
                due = ask.deadline
        return due

    def timed_out(self, now: float) -> None:
        """Read again, read next, or raise Silent, and be BROKEN then."""
        for id, ask in list(self._in_flight.items()):
            if now < ask.deadline:
                continue
            if ask.function == WRITE_COIL or ask.again:
                self._signal(Signal.FAILED)
                raise Silent(
                    f"the board did not answer within {self._plan.answer_s:g} s; "
                    "check its power, its cable, and that its unit number is "
                    f"{self._plan.unit}"
                )
            del self._in_flight[id]
            ask.again = True
            self._queue.append(ask)
        if now >= self._next_poll_at:
            self._next_poll_at = math.inf
            self._queue.append(_Ask(READ_INPUTS))
        self._send_next(now)

    def data_to_send(self) -> bytes:
        """Hand over, once, what is to be sent."""
        if not self._out:
            return b""
        data = bytes(self._out)
        self._out.clear()
        return data

    # -- questions -----------------------------------------------------------------------

    def _ask(self, ask: _Ask, now: float) -> None:
        # A waiting guest goes before a reading that has not left yet.
        if ask.function == WRITE_COIL and self._queue:
            waiting = [other.function for other in self._queue]
            self._queue.insert(waiting.count(WRITE_COIL), ask)
        else:
            self._queue.append(ask)
        self._send_next(now)

    def _send_next(self, now: float) -> None:
        while self._queue and len(self._in_flight) < self._plan.in_flight_max:
            ask = self._queue.popleft()
            self._last_id = id = self._last_id % 0xFFFF + 1
            ask.deadline = now + self._plan.answer_s
            self._in_flight[id] = ask
            self._out += self._encode(id, ask)

    def _encode(self, id: int, ask: _Ask) -> bytes:
        plan = self._plan
        if ask.function == WRITE_COIL:
            return encode_pulse(id, plan.unit, ask.relay, ask.ms)
        if ask.function == WRITE_COILS:
            return encode_write_off(id, plan.unit, plan.coil_count)
        count = plan.coil_count if ask.function == READ_COILS else plan.input_count
        return encode_read(id, plan.unit, ask.function, 0, count)

    # -- answers -------------------------------------------------------------------------

    def _answered(self, answer: Answer, now: float) -> None:
        ask = self._in_flight.get(answer.id)
        if ask is None:
            self.stray_count += 1
            return
        if answer.function != ask.function or answer.unit != self._plan.unit:
            raise Protocol(
                f"asked unit {self._plan.unit} for function {ask.function}, "
                f"unit {answer.unit} answered function {answer.function}"
            )
        del self._in_flight[answer.id]
        if isinstance(answer, Refused):
            if answer.code == BUSY and ask.function != WRITE_COIL and not ask.again:
                ask.again = True
                self._queue.append(ask)
            else:
                self._refused(ask, answer)
        elif isinstance(answer, Bits):
            self._read(answer, now)
        elif ask.function == WRITE_COIL:
            echo = (answer.address, answer.value)
            self._pulsed(ask, echo == pulse_echo(ask.relay, ask.ms))
        else:
            self._cleared(answer.value, now)

    def _refused(self, ask: _Ask, refused: Refused) -> None:
        if ask.function == WRITE_COIL:
            self.events.append(PulseRefused(ask.number, refused.code not in NOT_DONE))
        raise Fault(
            f"the board refused function {ask.function}: {refused.name}; "
            "check its model and the numbers of its relays and inputs"
        )

    def _cleared(self, count: int, now: float) -> None:
        if count != self._plan.coil_count:
            raise Fault(f"{count} relays were switched off, not {self._plan.coil_count}")
        self._signal(Signal.COILS_OFF)
        self._queue.append(_Ask(READ_COILS))

    def _read(self, bits: Bits, now: float) -> None:
        plan = self._plan
        count = plan.coil_count if bits.function == READ_COILS else plan.input_count
        if bits.byte_count != (count + 7) // 8:
            raise Protocol(f"asked for {count} bits, got {bits.byte_count} bytes")
        value = bits.bits & (1 << count) - 1
        if bits.function == READ_COILS:
            if value:
                on = [str(relay) for relay in range(count) if value >> relay & 1]
                raise Fault(f"relay {', '.join(on)} is on after all were switched off")
            self._signal(Signal.COILS_READ)
            self._queue.append(_Ask(READ_INPUTS))
            return
        first = self.state is State.SAMPLING
        self._signal(Signal.INPUTS_READ)
        self.events.append(Ready(value) if first else Inputs(value))
        self._next_poll_at = now + plan.poll_s

    def _pulsed(self, ask: _Ask, echoed: bool) -> None:
        if not echoed:
            # It took the command for something else: perhaps the relay is on for good.
            self.events.append(PulseRefused(ask.number, True))
            raise Fault("the board does not time pulses itself; use a board that does")
        self._signal(Signal.PULSED)
        self.events.append(Pulsed(ask.number))

    def _signal(self, signal: Signal) -> None:
        self.state = TABLE[self.state][signal]
