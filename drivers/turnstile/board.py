"""What a relay board can do and tell, whatever its wire.

A board times its pulses itself: when we crash in the middle, the relay still falls back.
Inputs are one integer, bit 0 for input 0, set when the contact is closed.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol, TypeAlias

import msgspec


class Ready(msgspec.Struct, frozen=True, gc=False):
    """All relays were switched off and read back; here are the inputs."""

    inputs: int


class Inputs(msgspec.Struct, frozen=True, gc=False):
    """The inputs were read."""

    inputs: int


class Pulsed(msgspec.Struct, frozen=True, gc=False):
    """The board acknowledged the pulse with this number."""

    number: int


class PulseRefused(msgspec.Struct, frozen=True, gc=False):
    """The board refused the pulse. `perhaps` when it may have moved all the same."""

    number: int
    perhaps: bool


BoardEvent: TypeAlias = Ready | Inputs | Pulsed | PulseRefused


class Board(Protocol):
    """A session's machine (see `drivers/session.py`) that also pulses relays."""

    events: deque[BoardEvent]

    @property
    def deadline(self) -> float:
        """When `timed_out` wants to be called."""

    @property
    def ready(self) -> bool:
        """Whether `pulse` may be called: after `Ready`, and until it raised."""

    def start(self, now: float) -> None:
        """The link has just been opened: make everything safe, then say `Ready`."""

    def pulse(self, number: int, relay: int, ms: int, now: float) -> None:
        """Close a relay for `ms`, timed by the board. Answered by Pulsed or PulseRefused
        with the same number, or by the end of the session."""

    def receive_data(self, data: bytes, now: float) -> None:
        """Take bytes. Raises DeviceError."""

    def timed_out(self, now: float) -> None:
        """`deadline` has passed. Raises DeviceError."""

    def data_to_send(self) -> bytes:
        """Hand over, once, what is to be sent."""
