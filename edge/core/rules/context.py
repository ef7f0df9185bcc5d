"""The facts a rule reads about one person who wants in.

A code for a group is one right of each of its persons: they come back in the order they came in,
so the next person through the barrier has those entries that lie a whole group before. Entries
of the others do not count against anybody. For one person this is simply the list of entries.
"""

from bisect import bisect_left
from collections.abc import Iterable
from datetime import datetime, time, tzinfo
from enum import Enum
from typing import Final

import msgspec

from crypto.bundle import Performance
from crypto.fact import HLC_COUNTER_BITS
from edge.core.holds import Ticket
from edge.core.moments import Moment


class Missing(Enum):
    """The type of `MISSING`: neither true nor false, and what hangs on it refuses.

    As an object of Python it is true, so look for it before you ask whether a value is.
    """

    MISSING = "missing"


MISSING: Final = Missing.MISSING
NEVER_ENTERED: Final = -1
DAY_MS: Final = 86_400_000
# 1970-01-02 to 9998-12-31: every zone can show these, whatever a broken clock said.
INSTANT_MIN_MS: Final = DAY_MS
INSTANT_MAX_MS: Final = 253_370_678_400_000
PERSONS_MAX: Final = 255


class Event(msgspec.Struct, frozen=True, gc=False):
    """An entry or an exit of `persons` at `at_ms` (unix ms)."""

    at_ms: int
    is_exit: bool = False
    persons: int = 1


class RuleContext:
    """Every variable of a rule by its name; what costs something is worked out when asked for.

    `now_ms` unix ms; `zone` the event's; `product` and `gate` 0 = not known; `variation` None =
    the product has none; dates unix ms, None = not known; `events` in order. `ahead`: how many
    persons of the same presentation go in before this one.
    """

    __slots__ = (
        "_inside", "_midnight_ms", "_now", "_own", "ahead", "date_admission_ms", "date_from_ms",
        "date_to_ms", "events", "gate", "now_ms", "persons", "product", "variation", "zone",
    )  # fmt: skip

    def __init__(
        self, *, now_ms: int, zone: tzinfo, product: int = 0, variation: int | None = None,
        gate: int = 0, date_from_ms: int | None = None, date_to_ms: int | None = None,
        date_admission_ms: int | None = None, events: Iterable[Event] = (), persons: int = 1,
        ahead: int = 0,
    ) -> None:  # fmt: skip
        self.now_ms = _instant(now_ms)
        self.zone = zone
        self.product: int | Missing = product or MISSING
        self.variation = variation
        self.gate: int | Missing = gate or MISSING
        # As pretix: an event without an end ends when it begins, and opens then without admission.
        self.date_from_ms: int | Missing = MISSING if date_from_ms is None else date_from_ms
        self.date_to_ms = self.date_from_ms if date_to_ms is None else date_to_ms
        self.date_admission_ms = (
            self.date_from_ms if date_admission_ms is None else date_admission_ms
        )
        self.events = events
        self.persons = min(max(persons, 1), PERSONS_MAX)
        self.ahead = min(max(ahead, 0), self.persons - 1)
        self._own: list[int] | None = None
        self._now: datetime | None = None
        self._midnight_ms: int | None = None
        self._inside = 0

    @property
    def own(self) -> list[int]:
        """When this person came in before, unix ms, rising."""
        if self._own is None:
            self._own = self._read_history()
        return self._own

    def _read_history(self) -> list[int]:
        times: list[int] = []
        inside = 0
        for event in self.events:
            if event.is_exit:
                inside = max(0, inside - event.persons)
            else:
                times += [_instant(event.at_ms)] * event.persons
                inside = min(self.persons, inside + event.persons)
        times.sort()
        self._inside = inside
        return times[(len(times) + self.ahead) % self.persons :: self.persons]

    @property
    def now_local(self) -> datetime:
        """Now, on the clocks of the venue, to the second."""
        if self._now is None:
            self._now = self.local(self.now_ms)
        return self._now

    def local(self, at_ms: int) -> datetime:
        """A time on the clocks of the venue, to the second."""
        return datetime.fromtimestamp(_instant(at_ms) // 1000, self.zone)

    def at_time_of_day(self, of_day: time) -> int:
        """`of_day` on the local date of now, unix ms.

        A time that the clocks skip comes as much later as they skip; of a time that comes twice
        it is the first.
        """
        return _milliseconds(datetime.combine(self.now_local.date(), of_day, self.zone))

    def at_local(self, at: datetime) -> int:
        """A time that was written without an offset: it is meant in the event's zone."""
        return _milliseconds(at.replace(tzinfo=self.zone))

    @property
    def now_isoweekday(self) -> int:
        """1 = Monday to 7 = Sunday, in the event's zone."""
        return self.now_local.isoweekday()

    @property
    def entry_status(self) -> str:
        """`absent` while a person of this code may be outside, else `present`."""
        own = self.own
        return "present" if own and self._inside + self.ahead >= self.persons else "absent"

    @property
    def entries_number(self) -> int:
        """Entries of this person so far."""
        return len(self.own)

    @property
    def entries_today(self) -> int:
        """Entries since local midnight; one that a wrong clock put into the future counts too."""
        if not self.own:
            return 0
        if self._midnight_ms is None:
            self._midnight_ms = self.at_time_of_day(time())
        return self.entries_since(self._midnight_ms)

    @property
    def entries_days(self) -> int:
        """Local days with an entry."""
        return self._days(self.own)

    @property
    def minutes_since_last_entry(self) -> int:
        """Whole minutes, rounded down; -1 without an entry.

        Never negative after one: a clock that was set back must not look like a first entry.
        """
        return self._minutes(-1)

    @property
    def minutes_since_first_entry(self) -> int:
        """As `minutes_since_last_entry`, of the first."""
        return self._minutes(0)

    def entries_since(self, at_ms: int) -> int:
        """Entries at that time or later."""
        return len(self.own) - bisect_left(self.own, at_ms)

    def entries_before(self, at_ms: int) -> int:
        """Entries earlier than that."""
        return bisect_left(self.own, at_ms)

    def entries_days_since(self, at_ms: int) -> int:
        """Local days with an entry at that time or later."""
        return self._days(self.own[bisect_left(self.own, at_ms) :])

    def entries_days_before(self, at_ms: int) -> int:
        """Local days with an entry earlier than that."""
        return self._days(self.own[: bisect_left(self.own, at_ms)])

    def _days(self, times: list[int]) -> int:
        return len({self.local(at_ms).toordinal() for at_ms in times})

    def _minutes(self, which: int) -> int:
        if not self.own:
            return NEVER_ENTERED
        return max(0, (self.now_ms - self.own[which]) // 60_000)


def context_from(
    ticket: Ticket, *, now: Moment, zone: tzinfo, product: int, gate: int,
    performance: Performance | None = None, variation: int | None = None, persons: int = 1,
    ahead: int = 0,
) -> RuleContext:  # fmt: skip
    """The context of a presentation of `ticket`; no `performance` = no dates.

    What was annulled or lapsed does not count, an exit only for those who walked out; an exit at
    the very clock of an entry comes first, so ties fail closed.
    """
    starts, ends, opens = (
        (performance.starts_at, performance.ends_at, performance.admission_from)
        if performance is not None
        else (0, 0, 0)
    )
    return RuleContext(
        now_ms=now.ms, zone=zone, product=product, variation=variation, gate=gate,
        date_from_ms=starts * 1000 or None, date_to_ms=ends * 1000 or None,
        date_admission_ms=opens * 1000 or None, events=events_of(ticket), persons=persons,
        ahead=ahead,
    )  # fmt: skip


def events_of(ticket: Ticket) -> list[Event]:
    """The entries and exits of a ticket, oldest first."""
    holds = [hold for hold in ticket.holds if hold.counted]
    holds.sort(key=lambda hold: (hold.hlc, not hold.exit))
    return [Event(hold.hlc >> HLC_COUNTER_BITS, hold.exit, hold.counted) for hold in holds]


def _instant(at_ms: int) -> int:
    return min(max(at_ms, INSTANT_MIN_MS), INSTANT_MAX_MS)


def _milliseconds(at: datetime) -> int:
    # timestamp() of a time with microseconds is no exact float; whole seconds are.
    return int(at.replace(microsecond=0).timestamp()) * 1000 + at.microsecond // 1000
