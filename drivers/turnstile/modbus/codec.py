"""What do the bytes of a Modbus TCP board say? We are the client: requests are encoded,
answers decoded (MODBUS Application Protocol V1.1b3 §6, §7; Messaging on TCP/IP §3.1.3).
"""

from __future__ import annotations

import struct
from typing import TypeAlias

import msgspec

READ_COILS, READ_INPUTS, WRITE_COIL, WRITE_COILS = 1, 2, 5, 15
EXCEPTION = 0x80
FLASH_ON = 0x0200  # Waveshare: function 5 at this address + relay pulses that relay
PULSE_UNIT_MS = 100
PULSE_MS_MAX = 0x7FFF * PULSE_UNIT_MS
# Length counts the unit and the PDU: at least function and one byte, at most 253 bytes.
LENGTH_MIN, LENGTH_MAX = 3, 254
BITS_MAX = 2000

_MBAP = struct.Struct(">HHHB")
_ASK = struct.Struct(">HHHBBHH")
_WRITE_MANY = struct.Struct(">HHHBBHHB")
_ECHO = struct.Struct(">HH")

EXCEPTION_NAMES = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "server device failure",
    5: "acknowledge",
    6: "server device busy",
    8: "memory parity error",
    10: "gateway path unavailable",
    11: "gateway target device failed to respond",
}


class BadFrame(ValueError):
    """The bytes are no answer of a Modbus TCP server."""


class Bits(msgspec.Struct, frozen=True, gc=False):
    """Answer to READ_COILS and READ_INPUTS: bit 0 of `bits` is the first asked for.
    `byte_count` says how many there are room for."""

    id: int
    unit: int
    function: int
    bits: int
    byte_count: int


class Written(msgspec.Struct, frozen=True, gc=False):
    """Answer to WRITE_COIL (value) and WRITE_COILS (how many)."""

    id: int
    unit: int
    function: int
    address: int
    value: int


class Refused(msgspec.Struct, frozen=True, gc=False):
    """Exception answer to `function`."""

    id: int
    unit: int
    function: int
    code: int

    @property
    def name(self) -> str:
        """The exception in words."""
        return EXCEPTION_NAMES.get(self.code, f"exception {self.code}")


Answer: TypeAlias = Bits | Written | Refused


def encode_read(id: int, unit: int, function: int, address: int, count: int) -> bytes:
    """Ask for `count` (1 to 2000) coils or inputs."""
    assert function in (READ_COILS, READ_INPUTS) and 1 <= count <= BITS_MAX
    return _ASK.pack(id, 0, 6, unit, function, address, count)


def encode_write_off(id: int, unit: int, count: int) -> bytes:
    """Switch the first `count` (1 to 1968) coils off, all at once."""
    assert 1 <= count <= 1968
    size = (count + 7) // 8
    head = _WRITE_MANY.pack(id, 0, 7 + size, unit, WRITE_COILS, 0, count, size)
    return head + bytes(size)


def encode_pulse(id: int, unit: int, relay: int, ms: int) -> bytes:
    """Close `relay` for `ms`, timed by the board; a multiple of 100 ms, 100 to 3,276,700."""
    return _ASK.pack(id, 0, 6, unit, WRITE_COIL, *pulse_echo(relay, ms))


def pulse_echo(relay: int, ms: int) -> tuple[int, int]:
    """Address and value that stand for this pulse, and that the board echoes."""
    assert ms % PULSE_UNIT_MS == 0 and PULSE_UNIT_MS <= ms <= PULSE_MS_MAX
    return FLASH_ON + relay, ms // PULSE_UNIT_MS


def decode_untrusted(buffer: bytes | bytearray) -> tuple[Answer | None, int]:
    """Read the first answer: (answer, bytes used), (None, 0) when more bytes are needed.
    Raises only `BadFrame`."""
    if len(buffer) < _MBAP.size:
        return None, 0
    id, protocol, length, unit = _MBAP.unpack_from(buffer)
    if protocol != 0:
        raise BadFrame(f"protocol {protocol} is not Modbus; check what listens on this port")
    if not LENGTH_MIN <= length <= LENGTH_MAX:
        raise BadFrame(f"a length of {length} is outside {LENGTH_MIN} to {LENGTH_MAX}")
    used = 6 + length
    if len(buffer) < used:
        return None, 0
    function, data = buffer[7], bytes(buffer[8:used])
    return _answer(id, unit, function, data), used


def _answer(id: int, unit: int, function: int, data: bytes) -> Answer:
    if function in (READ_COILS, READ_INPUTS):
        if data[0] != len(data) - 1 or data[0] == 0:
            raise BadFrame(f"function {function} announces {data[0]} bytes, has {len(data) - 1}")
        return Bits(id, unit, function, int.from_bytes(data[1:], "little"), data[0])
    if function in (WRITE_COIL, WRITE_COILS):
        if len(data) != _ECHO.size:
            raise BadFrame(f"function {function} echoes {len(data)} bytes, not 4")
        return Written(id, unit, function, *_ECHO.unpack(data))
    if function >= EXCEPTION:
        if len(data) != 1:
            raise BadFrame(f"an exception of {len(data)} bytes, not 1")
        return Refused(id, unit, function - EXCEPTION, data[0])
    raise BadFrame(f"function {function} was never asked for")
