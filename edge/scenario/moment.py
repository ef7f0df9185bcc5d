"""Times as people write them: on the clocks of the venue, with an offset, or since the last step.

A time without an offset is one of the venue's zone. Where the clocks show it twice it is the
first; one that they skip is as much later. Write the offset to mean the other.
"""

import datetime as dt
import re
from typing import Final
from zoneinfo import ZoneInfo

YEARS: Final = range(2000, 2101)
_SINCE: Final = re.compile(r"\+(\d{1,6})(ms|s|m|h|d)")
_UNIT_MS: Final = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
HINT: Final = "write it as 2026-12-31T22:00, with +01:00 behind it where the clocks change"
STEP_HINT: Final = HINT + "; or since the step before, as +30s, +5m, +2h or +1d"


def at_ms(text: str, zone: ZoneInfo) -> int:
    """Unix ms of an ISO time. Raises ValueError."""
    moment = dt.datetime.fromisoformat(text)
    if moment.year not in YEARS:
        raise ValueError(f"the year {moment.year} is not one of {YEARS[0]} to {YEARS[-1]}")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return round(moment.timestamp() * 1000)


def step_ms(text: str, zone: ZoneInfo, before_ms: int | None) -> int:
    """Unix ms of the time of a step; `before_ms`: of the step before. Raises ValueError."""
    since = _SINCE.fullmatch(text)
    if since is None:
        return at_ms(text, zone)
    if before_ms is None:
        raise ValueError("no step stands before the first")
    return before_ms + int(since[1]) * _UNIT_MS[since[2]]


def day(text: str) -> int:
    """2026-12-31 as 20261231. Raises ValueError."""
    date = dt.date.fromisoformat(text)
    return date.year * 10_000 + date.month * 100 + date.day


def minutes(text: str) -> int:
    """22:30 as minutes after midnight."""
    hours, rest = text.split(":")
    return int(hours) * 60 + int(rest)


def shown(ms: int, zone: ZoneInfo) -> str:
    """ISO time in the venue's zone, to the second or as fine as it is."""
    moment = dt.datetime.fromtimestamp(ms / 1000, zone)
    return moment.isoformat(timespec="milliseconds" if ms % 1000 else "seconds")
