"""Counts, days and minutes of one person: around midnight, both clock changes, and in groups."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from crypto.bundle import Performance
from crypto.fact import HLC_COUNTER_BITS
from edge.core.holds import ANNULLED, LAPSED, Hold, Ticket
from edge.core.moments import Moment
from edge.core.rules import Event, RuleContext, context_from
from edge.core.rules.context import INSTANT_MAX_MS, MISSING
from tests.edge.core.rules.made import ANY, BERLIN, EVENTS, facts, ms


def hold(at: str, seq: int = 1, **fields: int) -> Hold:
    fields.setdefault("granted", 1)
    return Hold(0, seq, ms(at) << HLC_COUNTER_BITS, **fields)  # type: ignore[arg-type]


def test_the_day_with_23_hours() -> None:
    context = facts(
        "2026-03-29T12:00:00+02:00",
        entries=["2026-03-28T23:59:59+01:00", "2026-03-29T00:00:00+01:00"],
    )
    assert (context.entries_number, context.entries_today, context.entries_days) == (2, 1, 2)
    assert context.minutes_since_last_entry == 11 * 60


def test_the_day_with_25_hours() -> None:
    entries = [
        "2026-10-25T00:00:00+02:00",
        "2026-10-25T02:30:00+02:00",
        "2026-10-25T02:30:00+01:00",
    ]
    context = facts("2026-10-25T23:59:00+01:00", entries=entries)
    assert (context.entries_today, context.entries_days) == (3, 1)
    assert context.minutes_since_first_entry == 24 * 60 + 59


def test_a_time_the_clocks_skip_comes_as_much_later() -> None:
    context = facts("2026-03-29T12:00:00+02:00")
    assert context.at_time_of_day(time(2, 30)) == ms("2026-03-29T03:30:00+02:00")


def test_of_a_time_that_comes_twice_it_is_the_first_whenever_one_asks() -> None:
    first = ms("2026-10-25T02:30:00+02:00")
    for now in ("2026-10-25T00:10:00+02:00", "2026-10-25T02:40:00+01:00"):
        assert facts(now).at_time_of_day(time(2, 30)) == first


def test_where_the_clocks_skip_midnight_the_day_begins_after_it() -> None:
    # Cairo goes from 23:59:59 on Thursday to 01:00 on Friday 24 April 2026.
    entries = ["2026-04-23T23:59:00+02:00", "2026-04-24T01:00:00+03:00"]
    context = facts("2026-04-24T02:00:00+03:00", ZoneInfo("Africa/Cairo"), entries=entries)
    assert context.entries_today == 1


def test_entries_around_a_time_count_once() -> None:
    context = facts(
        entries=["2026-03-13T10:00:00Z", "2026-03-14T10:00:00Z", "2026-03-14T11:00:00Z"]
    )
    at = ms("2026-03-14T10:00:00Z")
    assert (context.entries_since(at), context.entries_before(at)) == (2, 1)
    assert (context.entries_days_since(at), context.entries_days_before(at)) == (1, 1)


def test_nobody_was_in() -> None:
    context = facts()
    assert context.minutes_since_last_entry == context.minutes_since_first_entry == -1
    assert context.entries_today == context.entries_days == 0
    assert context.entry_status == "absent"


def test_a_clock_that_was_set_back_does_not_look_like_a_first_entry() -> None:
    context = facts(entries=["2026-03-14T12:40:00+01:00", "2026-03-15T12:40:00+01:00"])
    assert context.minutes_since_last_entry == 0
    assert context.entries_today == 2


def test_who_came_and_went_is_absent_and_who_came_twice_and_went_once_too() -> None:
    entries = ["2026-03-14T09:00:00Z", "2026-03-14T10:00:00Z"]
    assert facts(entries=entries).entry_status == "present"
    assert facts(entries=entries, exits=["2026-03-14T11:00:00Z"]).entry_status == "absent"
    assert facts(exits=["2026-03-14T11:00:00Z"]).entry_status == "absent"


def test_each_person_of_a_group_has_entries_of_their_own() -> None:
    hours = [datetime(2026, 3, 14, hour, tzinfo=UTC) for hour in range(1, 8)]
    events = [Event(round(at.timestamp() * 1000)) for at in hours]
    seen = []
    for done in range(8):
        context = RuleContext(
            now_ms=ms("2026-03-14T11:00:00Z"), zone=UTC, events=events[:done], persons=3
        )  # fmt: skip
        seen.append((context.entries_number, context.minutes_since_last_entry))
    # The fourth to come in is the first who comes again, after the first entry of all.
    assert seen == [(0, -1)] * 3 + [(1, 600), (1, 540), (1, 480), (2, 420), (2, 360)]


def test_of_a_group_somebody_may_be_outside() -> None:
    inside = [Event(1, persons=3)]
    out = [*inside, Event(2, is_exit=True)]
    for events, ahead, status in (
        (inside, 0, "present"), (out, 0, "absent"), (out, 1, "present"), ([Event(1)], 1, "absent"),
    ):  # fmt: skip
        context = RuleContext(now_ms=5, zone=UTC, events=events, persons=3, ahead=ahead)
        assert context.entry_status == status


@given(EVENTS, st.integers(1, 4))
def test_persons_of_one_presentation_are_told_apart_by_who_goes_ahead(
    made: list[tuple[int, bool, int]], persons: int
) -> None:
    events = [Event(hour * 3_600_000 + 10**12, is_exit, n) for hour, is_exit, n in sorted(made)]
    through = list(events)
    for ahead in range(persons):
        waiting = RuleContext(
            now_ms=2 * 10**12, zone=UTC, events=events, persons=persons, ahead=ahead
        )  # fmt: skip
        next_one = RuleContext(now_ms=2 * 10**12, zone=UTC, events=through, persons=persons)
        assert waiting.entries_number == next_one.entries_number
        through.append(Event(2 * 10**12))


@given(ANY)
def test_the_counts_fit_each_other(context: RuleContext) -> None:
    at = context.now_ms
    assert 0 <= context.entries_days <= context.entries_number
    assert 0 <= context.entries_today <= context.entries_number
    assert context.entries_since(at) + context.entries_before(at) == context.entries_number
    assert context.entries_days_since(at) <= context.entries_days
    assert context.entries_days_before(at) <= context.entries_days
    assert context.minutes_since_last_entry <= context.minutes_since_first_entry
    assert (context.minutes_since_last_entry == -1) is (context.entries_number == 0)
    assert context.entries_number or context.entry_status == "absent"


@given(st.integers(-(2**60), 2**60), st.integers(0, 2**60))
def test_no_clock_is_too_broken(now_ms: int, entered_ms: int) -> None:
    for zone in (BERLIN, ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Pacific/Pago_Pago")):
        context = RuleContext(now_ms=now_ms, zone=zone, events=[Event(entered_ms)])
        assert 1 <= context.now_isoweekday <= 7
        assert context.entries_days == 1 and context.entries_today in (0, 1)
        assert context.at_time_of_day(time(23, 59)) <= INSTANT_MAX_MS + 2 * 86_400_000


def test_microseconds_of_a_time_are_cut_to_milliseconds() -> None:
    written = datetime(2026, 3, 14, 11, 0, 0, 123_999)
    assert facts(zone=UTC).at_local(written) == ms("2026-03-14T11:00:00Z") + 123


def test_from_the_holds_of_a_ticket() -> None:
    ticket = Ticket(
        0,
        [
            hold("2026-03-14T10:00:00Z", 3),
            hold("2026-03-14T09:00:00Z", 1, granted=2, passed=1, status=LAPSED),
            hold("2026-03-14T09:30:00Z", 2, exit=True, passed=1),
            hold("2026-03-14T09:40:00Z", 4, status=LAPSED),
            hold("2026-03-14T10:30:00Z", 6, status=ANNULLED),
            hold("2026-03-14T10:40:00Z", 7, exit=True, passed=1, status=ANNULLED),
            Hold(0, 5),  # its grant has not arrived yet
        ],
    )
    context = context_from(
        ticket,
        now=Moment(ms("2026-03-14T11:00:00Z"), 20260314),
        zone=BERLIN,
        product=3,
        gate=2,
        variation=9,
        performance=Performance(1, "Concert", 1_700_000_000, 1_700_000_600, 1_699_999_000),
    )
    assert (context.product, context.gate, context.variation) == (3, 2, 9)
    assert context.entries_number == 2 and context.minutes_since_last_entry == 60
    assert context.minutes_since_first_entry == 120 and context.entry_status == "present"
    assert context.date_from_ms == 1_700_000_000_000
    assert context.date_to_ms == 1_700_000_600_000
    assert context.date_admission_ms == 1_699_999_000_000


def test_an_exit_comes_before_an_entry_of_the_same_clock() -> None:
    at = "2026-03-14T10:00:00Z"
    ticket = Ticket(0, [hold(at, 1), hold(at, 2, exit=True, passed=1)])
    now = Moment(ms(at) + 1, 20260314)
    context = context_from(ticket, now=now, zone=UTC, product=1, gate=1)
    assert context.entry_status == "present"


def test_what_is_not_known_is_missing() -> None:
    context = context_from(
        Ticket(0, []), now=Moment(1, 19700101), zone=UTC, product=0, gate=0,
        performance=Performance(1, "Any time"),
    )  # fmt: skip
    assert context.product is context.gate is context.date_from_ms is MISSING
    assert context.date_to_ms is context.date_admission_ms is MISSING


def test_every_zone_keeps_its_clocks_in_the_hours_lint_relies_on() -> None:
    from edge.core.rules.satisfy import STEADY

    for name in (
        "Europe/Berlin",
        "America/Nuuk",
        "Asia/Gaza",
        "Australia/Lord_Howe",
        "Asia/Beirut",
    ):
        zone = ZoneInfo(name)
        day = datetime(2024, 1, 1, tzinfo=UTC)
        while day.year < 2031:
            morning, evening = (datetime.combine(day.date(), at, zone).utcoffset() for at in STEADY)
            assert morning == evening, (name, day)
            day += timedelta(days=1)
