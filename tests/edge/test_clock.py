"""Local business day, offset, steps and trust of the wall clock."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from edge.clock import SystemClock

VIENNA = ZoneInfo("Europe/Vienna")


class Machine:
    """A machine whose clocks stand where they are put."""

    def __init__(self, utc: str) -> None:
        self.wall_ns = 0
        self.monotonic_ns = 5_000_000_000
        self.set(utc)

    def set(self, utc: str) -> None:
        at = dt.datetime.fromisoformat(utc).replace(tzinfo=dt.UTC)
        self.wall_ns = int(at.timestamp()) * 1_000_000_000

    def runs(self, s: float) -> None:
        self.wall_ns += int(s * 1_000_000_000)
        self.monotonic_ns += int(s * 1_000_000_000)

    def clock(self, cutover: str = "06:00", zone: ZoneInfo = VIENNA) -> SystemClock:
        hours, minutes = cutover.split(":")
        return SystemClock(
            zone, int(hours) * 60 + int(minutes),
            wall_ns=lambda: self.wall_ns, monotonic_ns=lambda: self.monotonic_ns,
        )  # fmt: skip


def shown(utc: str, cutover: str = "06:00", zone: ZoneInfo = VIENNA) -> tuple[int, int]:
    moment = Machine(utc).clock(cutover, zone).now()
    return moment.day, moment.offset_min


@pytest.mark.parametrize(
    ("utc", "day", "offset_min"),
    [
        ("2026-01-02 04:59:59", 20260101, 60),
        ("2026-01-02 05:00:00", 20260102, 60),
        ("2026-01-01 00:00:00", 20251231, 60),
        ("2026-07-01 03:59:59", 20260630, 120),
        ("2026-07-01 04:00:00", 20260701, 120),
        # 2026-03-29 02:00 becomes 03:00: the night is an hour short.
        ("2026-03-29 00:59:59", 20260328, 60),
        ("2026-03-29 01:00:00", 20260328, 120),
        ("2026-03-29 03:59:59", 20260328, 120),
        ("2026-03-29 04:00:00", 20260329, 120),
        # 2026-10-25 03:00 becomes 02:00: the night is an hour long.
        ("2026-10-25 00:59:59", 20261024, 120),
        ("2026-10-25 01:00:00", 20261024, 60),
        ("2026-10-25 04:59:59", 20261024, 60),
        ("2026-10-25 05:00:00", 20261025, 60),
    ],
)
def test_a_business_day_begins_at_the_cutover_of_the_venue(
    utc: str, day: int, offset_min: int
) -> None:
    assert shown(utc) == (day, offset_min)


@pytest.mark.parametrize(
    ("utc", "day"),
    [
        ("2026-10-25 00:29:59", 20261024),  # 02:29 summer time
        ("2026-10-25 00:30:00", 20261025),  # 02:30, the first time
        ("2026-10-25 01:00:00", 20261025),  # 02:00 again: the day that began stays begun
        ("2026-10-25 01:29:59", 20261025),
        ("2026-10-25 01:30:00", 20261025),  # 02:30, the second time
        ("2026-03-29 00:59:59", 20260328),  # 01:59 winter time
        ("2026-03-29 01:00:00", 20260329),  # 03:00: 02:30 was never shown
    ],
)
def test_a_cutover_in_the_hour_that_comes_twice_or_never(utc: str, day: int) -> None:
    assert shown(utc, "02:30")[0] == day


def test_a_cutover_at_midnight_is_the_calendar_day() -> None:
    assert shown("2025-12-31 22:59:59", "00:00")[0] == 20251231
    assert shown("2025-12-31 23:00:00", "00:00")[0] == 20260101


@pytest.mark.parametrize(
    ("zone", "offset_min"),
    [("Asia/Kathmandu", 345), ("America/St_Johns", -210), ("UTC", 0)],
)
def test_offsets_are_whole_minutes_east_of_utc(zone: str, offset_min: int) -> None:
    assert shown("2026-01-01 12:00:00", zone=ZoneInfo(zone))[1] == offset_min


def test_day_and_offset_follow_a_running_clock_across_the_cutover() -> None:
    machine = Machine("2026-01-02 04:59:00")
    clock = machine.clock()
    days = []
    for _ in range(4):
        days.append(clock.now().day)
        machine.runs(30)
    assert days == [20260101, 20260101, 20260102, 20260102]
    assert clock.now().ms == machine.wall_ns // 1_000_000


# -- steps -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("step_ms", [-3_600_000, -1, 1, 86_400_000])
def test_a_step_is_told_once(step_ms: int) -> None:
    machine = Machine("2026-01-01 12:00:00")
    clock = machine.clock()
    machine.runs(60)
    assert clock.stepped_ms() == 0
    machine.wall_ns += step_ms * 1_000_000
    machine.runs(60)
    assert clock.stepped_ms() == step_ms
    assert clock.stepped_ms() == 0


@pytest.mark.parametrize("jitter_ns", [-400, 400])
def test_reading_two_clocks_one_after_the_other_is_no_step(jitter_ns: int) -> None:
    machine = Machine("2026-01-01 12:00:00")
    clock = machine.clock()
    machine.wall_ns += jitter_ns
    assert clock.stepped_ms() == 0


def test_a_slow_drift_adds_up_until_it_is_a_millisecond() -> None:
    machine = Machine("2026-01-01 12:00:00")
    clock = machine.clock()
    told = []
    for _ in range(10):
        machine.wall_ns -= 400_000
        told.append(clock.stepped_ms())
    assert sum(told) in (-4, -3)
    assert set(told) == {0, -1}


def test_after_a_step_day_and_offset_are_worked_out_anew() -> None:
    machine = Machine("2026-01-02 05:00:00")
    clock = machine.clock()
    assert clock.now().day == 20260102
    machine.set("2026-01-02 04:00:00")
    clock.stepped_ms()
    assert clock.now().day == 20260101


# -- trust -----------------------------------------------------------------------------------------


def test_a_clock_is_unsure_until_it_was_compared() -> None:
    machine = Machine("2026-01-01 12:00:00")
    clock = machine.clock()
    assert (clock.unsure, clock.now().unsure, clock.offset_ms) == (True, True, None)
    now_ms = machine.wall_ns // 1_000_000
    assert clock.confirm(now_ms - 20, 40) == 0
    assert not clock.now().unsure


@pytest.mark.parametrize(("lead_ms", "unsure"), [(60_000, False), (60_001, True), (-60_001, True)])
def test_a_clock_too_far_off_is_not_trusted(lead_ms: int, unsure: bool) -> None:
    machine = Machine("2026-01-01 12:00:00")
    clock = machine.clock()
    assert clock.confirm(machine.wall_ns // 1_000_000 - lead_ms, 0) == lead_ms
    assert clock.now().unsure is unsure


def test_a_clock_that_was_set_wrong_after_it_was_compared_is_not_trusted() -> None:
    machine = Machine("2026-01-01 12:00:00")
    clock = machine.clock()
    clock.confirm(machine.wall_ns // 1_000_000, 0)
    machine.wall_ns += 3_600_000_000_000
    clock.stepped_ms()
    assert clock.unsure
    machine.wall_ns -= 3_600_000_000_000
    clock.stepped_ms()
    assert not clock.unsure


def test_without_arguments_it_is_the_clock_of_this_machine() -> None:
    clock = SystemClock(VIENNA, 360)
    before = dt.datetime.now(dt.UTC).timestamp()
    assert clock.now().ms >= int(before * 1000)
