"""Wall clocks that people and NTP set, over the simulation's own time."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import trio

from edge.clock import SystemClock

#: Saturday evening at the gate, half an hour before the business day changes.
BEGIN_S = 1_790_373_000
ZONE = "Europe/Berlin"
CUTOVER_MIN = 4 * 60


class World:
    """Monotonic time is trio's; wall time is that plus what was set."""

    def __init__(self) -> None:
        self.set_ms = 0

    def monotonic_ns(self) -> int:
        return round(trio.current_time() * 1e9)

    def wall_ns(self) -> int:
        return BEGIN_S * 10**9 + self.monotonic_ns() + self.set_ms * 10**6

    def true_ms(self) -> int:
        """What the centre's clock shows: nobody sets that one."""
        return BEGIN_S * 1000 + self.monotonic_ns() // 10**6

    def clock(self) -> SystemClock:
        """The clock of one life of the gateway."""
        return SystemClock(
            ZoneInfo(ZONE), CUTOVER_MIN, wall_ns=self.wall_ns, monotonic_ns=self.monotonic_ns
        )
