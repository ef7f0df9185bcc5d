"""What a vendor's machine must do to be a terminal here: `Line`, and the events it tells.

A line knows nothing of payments' states. It sends questions, each with a number of its own, and
says which question an answer belongs to. It raises `DeviceError` as every machine does.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

import msgspec

from drivers.payment.outcome import Authorization, Outcome


class Ready(msgspec.Struct, frozen=True):
    """The terminal may be asked; `terminal` is its id."""

    terminal: str


class Prompting(msgspec.Struct, frozen=True):
    """The terminal is busy with the question, and the guest with the terminal."""

    number: int


class Ended(msgspec.Struct, frozen=True):
    """The terminal's word on a payment: approved, declined, reversed or declined late."""

    number: int
    outcome: Outcome


class Standing(msgspec.Struct, frozen=True):
    """Answers an inquiry: the prompt is still on the terminal."""

    number: int


class NeverHeard(msgspec.Struct, frozen=True):
    """The terminal does not know the payment, and never will: it was not charged, for certain.

    A vendor's terminal that remembers only its last payment may be believed when it is idle and
    its last payment is older than the question; where that cannot be known, say nothing.
    """

    number: int


class DeclinedLate(msgspec.Struct, frozen=True):
    """Said unasked, again and again until `taken`: an offline approval was worth nothing."""

    number: int
    outcome: Outcome


LineEvent = Ready | Prompting | Ended | Standing | NeverHeard | DeclinedLate


class Line(Protocol):
    """A vendor's protocol, pure. Questions return their number; READY only."""

    events: deque[LineEvent]

    @property
    def ready(self) -> bool:
        """Whether questions may be asked."""

    @property
    def deadline(self) -> float:
        """When `timed_out` wants to be called; `math.inf` for never."""

    def start(self, now: float) -> None:
        """A link stands: say hello."""

    def receive_data(self, data: bytes, now: float) -> None:
        """Take bytes. Raises DeviceError."""

    def timed_out(self, now: float) -> None:
        """`deadline` has passed. Raises DeviceError."""

    def data_to_send(self) -> bytes:
        """Hand over, once, what is to be sent."""

    def authorize(self, asked: Authorization, now: float) -> int:
        """Have a guest pay."""

    def inquire(self, asked: Authorization, now: float) -> int:
        """What became of it?"""

    def reverse(self, asked: Authorization, now: float) -> int:
        """Give it back."""

    def cancel(self, asked: Authorization, now: float) -> int:
        """Take the prompt away."""

    def taken(self, number: int) -> None:
        """A late decline is written down."""
