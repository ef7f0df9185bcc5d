"""The gateway's wall clock: local day and offset beside it, and steps noticed."""

import datetime as dt
import time
from collections.abc import Callable
from typing import Protocol
from zoneinfo import ZoneInfo

from edge.core.moments import Moment


class WallClock(Protocol):
    """What decisions ask for the time."""

    def now(self) -> Moment:
        """The moment, with local business day and UTC offset."""

    def at(self, ms: int) -> Moment:
        """The moment of another time (unix ms)."""


class SystemClock:
    """Wall time of this machine in the venue's zone.

    `cutover_min`: minutes after local midnight at which the business day begins.
    `unsure` stays True until the centre or a sibling confirmed the time (`confirm`).
    """

    def __init__(
        self,
        zone: ZoneInfo,
        cutover_min: int,
        *,
        wall_ns: Callable[[], int] = time.time_ns,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
        trusted_ms_max: int = 60_000,
    ) -> None:
        self._zone = zone
        self._cutover = dt.timedelta(minutes=cutover_min)
        self._wall_ns = wall_ns
        self._monotonic_ns = monotonic_ns
        self._trusted_ms_max = trusted_ms_max
        self._apart_ns = wall_ns() - monotonic_ns()
        self._minute = -1
        self._day = 0
        self._offset_min = 0
        self.offset_ms: int | None = None

    def now(self) -> Moment:
        """The moment. Day and offset are worked out once a minute: zones change on minutes."""
        ms = self._wall_ns() // 1_000_000
        minute = ms // 60_000
        if minute != self._minute:
            self._minute = minute
            moment = self.at(ms)
            self._offset_min, self._day = moment.offset_min, moment.day
        return Moment(ms, self._day, self._offset_min, self.unsure)

    def at(self, ms: int) -> Moment:
        """The moment of another time (unix ms): of scans handed in later, and of trials."""
        local = dt.datetime.fromtimestamp(ms / 1000, self._zone)
        day = self._business_day(local)
        offset = local.utcoffset() or dt.timedelta()
        minutes = int(offset.total_seconds()) // 60
        return Moment(ms, day.year * 10_000 + day.month * 100 + day.day, minutes, self.unsure)

    def _business_day(self, local: dt.datetime) -> dt.date:
        """The date whose business day has begun: once begun it stays begun, also when the clock
        is put back across the cutover and shows the minutes before it a second time."""
        begins = dt.datetime.combine(local.date(), dt.time(), self._zone) + self._cutover
        shown = local.replace(tzinfo=None) >= begins.replace(tzinfo=None)
        begun = shown or local.timestamp() >= begins.timestamp()
        return local.date() if begun else local.date() - dt.timedelta(days=1)

    @property
    def unsure(self) -> bool:
        """Whether nobody confirmed this clock, or it is further off than is trusted."""
        return self.offset_ms is None or abs(self.offset_ms) > self._trusted_ms_max

    def confirm(self, their_ms: int, round_trip_ms: int) -> int:
        """Compare with a clock that read `their_ms` half a round trip ago; our lead in ms."""
        ours = self._wall_ns() // 1_000_000
        self.offset_ms = ours - (their_ms + round_trip_ms // 2)
        return self.offset_ms

    def stepped_ms(self) -> int:
        """By how much wall time moved against the monotonic clock since the last call.

        Less than 1 ms is kept for the next call. A lead over the centre that was measured before
        the step moves with it, so that a clock which was set wrong is not trusted any longer.
        """
        apart = self._wall_ns() - self._monotonic_ns()
        moved = int((apart - self._apart_ns) / 1_000_000)  # towards 0: jitter is no step
        if moved:
            self._apart_ns = apart
            self._minute = -1
            if self.offset_ms is not None:
                self.offset_ms += moved
        return moved
