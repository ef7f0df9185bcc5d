"""How far our clock and a sibling's are apart: measured, shown, and a fact when it matters."""

from typing import Final

import msgspec

#: The best of so many measurements counts: the shortest round trip knows most.
SAMPLES: Final = 8


class Measured(msgspec.Struct, frozen=True):
    """`lead_ms`: how far our clock is ahead, known to half of `round_trip_ms`."""

    lead_ms: int
    round_trip_ms: int


class ClockWatch:
    """Measurements against one sibling. `limit_ms`: further apart is beyond limits."""

    def __init__(self, limit_ms: int, samples: int = SAMPLES) -> None:
        self._limit_ms = limit_ms
        self._kept = samples
        self._samples: list[tuple[float, int]] = []
        self.beyond = False

    def add(self, our_ms: int, their_ms: int, round_trip_s: float) -> bool:
        """Note an answer that came now, at `our_ms`. True when that crosses the limit, either way.

        Half of the round trip is taken for the way back (RFC 5905, section 8). What it cannot tell
        apart is never taken for an offset: only what is beyond the limit by more than half of the
        round trip counts as beyond, and only half the limit is within again.
        """
        lead_ms = our_ms - (their_ms + round(round_trip_s * 500))
        self._samples.append((round_trip_s, lead_ms))
        del self._samples[: -self._kept]
        measured = self.measured
        assert measured is not None
        apart = abs(measured.lead_ms)
        if self.beyond:
            crossed = apart <= self._limit_ms // 2
        else:
            crossed = apart - measured.round_trip_ms // 2 > self._limit_ms
        if crossed:
            self.beyond = not self.beyond
        return crossed

    def forget(self) -> None:
        """A clock was set: what was measured before says nothing any more."""
        self._samples.clear()

    @property
    def measured(self) -> Measured | None:
        """The most certain of the newest measurements."""
        if not self._samples:
            return None
        round_trip_s, lead_ms = min(self._samples)
        return Measured(lead_ms, round(round_trip_s * 1000))
