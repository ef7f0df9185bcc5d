"""The 24-bit one-way counters of Ultralight EV1 and AES (MF0ULX1 rev 3.3, section 8.7).

Increments have anti-tearing support: a torn one is done or not done, never half.
"""

from __future__ import annotations

from drivers.reader.chips.tear import Torn
from drivers.reader.chips.type2 import (
    ACK,
    INCR_CNT,
    NAK_ARGUMENT,
    NAK_LIMIT,
    READ_CNT,
    Type2,
)

COUNTER_MAX = 0xFFFFFF
COUNTERS = 3


class CountingChip(Type2):
    """A chip with three counters in `counters`."""

    def __init__(self, uid: bytes, *, changeable: bool = False) -> None:
        super().__init__(uid, changeable=changeable)
        self._commands |= {READ_CNT: (2, self._read_counter), INCR_CNT: (6, self._increment)}

    def _may_count(self, which: int) -> bool:
        return which < COUNTERS

    def _may_show(self, which: int) -> bool:
        return which < COUNTERS

    def _read_counter(self, command: bytes) -> bytes:
        if not self._may_show(command[1]):
            return NAK_ARGUMENT
        return self.counters[command[1]].to_bytes(3, "little")

    def _increment(self, command: bytes) -> bytes | None:
        which, step = command[1], int.from_bytes(command[2:5], "little")
        if not self._may_count(which):
            return NAK_ARGUMENT
        after = self.counters[which] + step
        if after > COUNTER_MAX:
            return NAK_LIMIT
        plan = self._accident()
        if plan is None or plan.torn in (Torn.NEW, Torn.FADED):
            self.counters[which] = after
        return ACK if plan is None else self._leave(plan)
