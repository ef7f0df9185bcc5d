"""Time as an argument: what a clock said, and the order of facts.

Facts are ordered by (HLC, gateway, epoch, seq). The hybrid logical clock follows wall time but
never falls, so that a wall clock that steps back cannot turn a used ticket into an unused one.
"""

from typing import Final

import msgspec

from crypto.fact import HLC_COUNTER_BITS

DRIFT_MS_MAX: Final = 60_000


class Moment(msgspec.Struct, frozen=True, gc=False):
    """`ms` unix milliseconds; `day` local business day YYYYMMDD; `offset_min` from UTC.

    `unsure`: the clock has not been confirmed by the centre, so time windows are marked.
    """

    ms: int
    day: int
    offset_min: int = 0
    unsure: bool = False


class DriftExceeded(ValueError):
    """A foreign clock runs further ahead than we follow; its facts are folded all the same."""


class LogicalClock:
    """Gives each new fact an HLC above every one that was given or folded before."""

    __slots__ = ("last",)

    def __init__(self, last: int = 0) -> None:
        self.last = last

    def next(self, wall_ms: int) -> int:
        """HLC for a fact made at `wall_ms`: wall time if it is ahead, else the last one plus 1."""
        wall = wall_ms << HLC_COUNTER_BITS
        self.last = wall if wall > self.last else self.last + 1
        return self.last

    def observe(self, hlc: int, wall_ms: int, drift_ms_max: int = DRIFT_MS_MAX) -> None:
        """Rise above a sibling's fact, unless it is more than `drift_ms_max` ahead of us.

        Raises `DriftExceeded` and stays where it is, so that one broken clock cannot drag the
        venue into the future.
        """
        if hlc >> HLC_COUNTER_BITS > wall_ms + drift_ms_max:
            ahead = (hlc >> HLC_COUNTER_BITS) - wall_ms
            raise DriftExceeded(f"a fact is {ahead} ms ahead of this gateway's clock")
        self.last = max(self.last, hlc)
