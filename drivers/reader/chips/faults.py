"""What the air does to one exchange between a reader and a band.

The band model itself knows torn pages (`tear.py`); everything else that goes wrong happens
between the two antennas, and is the same for the reader in memory and for the emulator.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass

from drivers.reader.chips.type2 import NAK_CRC, Type2


class Mishap(enum.Enum):
    """What goes wrong. *Leaves*: the band is out of the field from then on."""

    LEAVES_IN_COMMAND = "leaves_in_command"  # before the chip has all of it: nothing done
    LEAVES_IN_ANSWER = "leaves_in_answer"  # the chip has done it, the reader heard a part
    COMMAND_LOST = "command_lost"
    COMMAND_GARBLED = "command_garbled"  # the chip sees a wrong CRC and says NAK 1
    ANSWER_LOST = "answer_lost"
    ANSWER_GARBLED = "answer_garbled"  # the reader sees a wrong CRC
    ANSWER_CUT = "answer_cut"  # `byte` bytes come, and pass for whole
    ANSWER_LATE = "answer_late"  # after `byte` milliseconds, or too late


@dataclass
class Fault:
    """One mishap at the exchange with this number, counted from now (0 is the next).

    `byte` says at which byte of command or answer; 0 is before its first. For
    LEAVES_IN_COMMAND a byte behind the end still is in the command: its CRC is missing.
    """

    exchange: int
    mishap: Mishap
    byte: int = 0


@dataclass
class Outcome:
    """What the reader's antenna hears. None is nothing; `late_ms` delays it."""

    answer: bytes | None
    late_ms: int = 0


class Air:
    """Carries commands to a band, with the faults that were planned, and others at random.

    `random()` gives 0 to 1; that share of `loss` loses answers or commands, half each.
    """

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.loss = 0.0
        self.random: Callable[[], float] | None = None

    @property
    def calm(self) -> bool:
        """Nothing will go wrong."""
        return not self.faults and not self.loss

    def carry(self, band: Type2, command: bytes) -> Outcome:
        """One exchange. Sets `band.away` when the band leaves."""
        mishap, byte = self._due()
        if mishap is None and self.loss and self.random is not None:
            drawn = self.random()
            if drawn < self.loss:
                half = drawn < self.loss / 2
                mishap = Mishap.ANSWER_LOST if half else Mishap.COMMAND_LOST
        if mishap is Mishap.COMMAND_LOST:
            return Outcome(None)
        if mishap is Mishap.LEAVES_IN_COMMAND:
            return self._leave(band)
        if mishap is Mishap.COMMAND_GARBLED:
            return Outcome(band.refuse(NAK_CRC))
        answer = band.receive(command)
        if answer is None or mishap is None:
            return Outcome(answer)
        if mishap is Mishap.LEAVES_IN_ANSWER:
            return self._leave(band)
        if mishap is Mishap.ANSWER_CUT:
            return Outcome(answer[:byte] or None)
        if mishap is Mishap.ANSWER_LATE:
            return Outcome(answer, byte)
        return Outcome(None)

    def _due(self) -> tuple[Mishap | None, int]:
        due: tuple[Mishap | None, int] = (None, 0)
        for fault in list(self.faults):
            if fault.exchange > 0:
                fault.exchange -= 1
            elif due[0] is None:
                self.faults.remove(fault)
                due = fault.mishap, fault.byte
        return due

    def _leave(self, band: Type2) -> Outcome:
        band.away = True
        band.power_off()
        return Outcome(None)
