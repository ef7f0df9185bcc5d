"""drivers/supervisor.py: again and again, politely; lost once, back once."""

from __future__ import annotations

import logging

import pytest
import trio
import trio.testing

from drivers.errors import DeviceError, Fault, Lost, Protocol, Silent
from drivers.supervisor import BACKOFF_MAX_S, BACKOFF_MIN_S, Backoff, Health, Report, Supervisor


class Scripted:
    """Each attempt follows a script: (seconds to be well, error to end with)."""

    def __init__(self, *script: tuple[float, Exception | None]) -> None:
        self.reports: list[Report] = []
        self.attempts: list[float] = []
        self.supervisor = Supervisor("lane 1", jitter=lambda: 0.0, on_health=self.reports.append)
        self._script = list(script)

    async def attempt(self) -> None:
        self.attempts.append(trio.current_time())
        if not self._script:
            await trio.sleep_forever()
        well_s, error = self._script.pop(0)
        self.supervisor.became(Health.OPENING)
        if well_s:
            self.supervisor.became(Health.READY)
            await trio.sleep(well_s)
        if error is not None:
            raise error

    async def play(self, seconds: float) -> None:
        with trio.move_on_after(seconds):
            await self.supervisor.run(self.attempt)

    @property
    def states(self) -> list[Health]:
        return [report.state for report in self.reports]


def test_backoff_doubles_is_bounded_and_jittered_within() -> None:
    backoff = Backoff(lambda: 0.0)
    assert [backoff.next_s() for _ in range(7)] == [0.25, 0.5, 1.0, 2.0, 4.0, 5.0, 5.0]
    backoff.start_over()
    assert backoff.next_s() == 0.25
    jittered = Backoff(lambda: 0.999)
    waits = [jittered.next_s() for _ in range(20)]
    assert min(waits) >= BACKOFF_MIN_S and max(waits) <= BACKOFF_MAX_S and waits[-1] < 3


@pytest.mark.trio
async def test_it_opens_again_with_backoff(autojump_clock: trio.testing.MockClock) -> None:
    double = Scripted(*[(0.0, Lost("unplugged"))] * 4)
    await double.play(100)
    assert double.attempts == [0.0, 0.25, 0.75, 1.75, 3.75]


@pytest.mark.trio
async def test_lost_once_and_back_once(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "drivers.supervisor")
    double = Scripted(
        (60.0, Lost("unplugged")), (0.0, Lost("refused")), (0.0, Silent("quiet")), (60.0, None)
    )
    await double.play(63)
    assert caplog.messages == ["lane 1 lost: unplugged", "lane 1 is back"]
    assert {record.levelno for record in caplog.records} == {logging.WARNING}


@pytest.mark.trio
@pytest.mark.parametrize(
    ("error", "state"),
    [
        (Lost("a"), Health.GONE),
        (Silent("a"), Health.GONE),
        (Protocol("a"), Health.FAULT),
        (Fault("a"), Health.FAULT),
        (None, Health.GONE),
    ],
)
async def test_health_says_gone_or_fault_and_why(
    autojump_clock: trio.testing.MockClock, error: DeviceError | None, state: Health
) -> None:
    double = Scripted((20.0, error))
    await double.play(20.1)
    assert double.states == [Health.GONE, Health.OPENING, Health.READY, state]
    report = double.supervisor.report
    assert (report.since, report.reason) == (20.0, "a" if error else "its driver ended")
    assert (report.lost_count, report.flap_count) == (1, 0)


@pytest.mark.trio
async def test_since_is_of_the_state_not_of_the_reason(
    autojump_clock: trio.testing.MockClock,
) -> None:
    class Unreachable(Scripted):
        async def attempt(self) -> None:
            self.attempts.append(trio.current_time())
            raise Lost(f"attempt {len(self.attempts)}")

    await trio.sleep(7)
    double = Unreachable()
    await double.play(3)
    assert len(double.attempts) == 4
    assert (double.supervisor.report.since, double.supervisor.report.reason) == (7.0, "attempt 4")


@pytest.mark.trio
async def test_a_flapping_device_is_counted_and_keeps_its_backoff(
    autojump_clock: trio.testing.MockClock,
) -> None:
    double = Scripted(*[(1.0, Lost("loose plug"))] * 5, (60.0, Lost("once")))
    await double.play(1000)
    starts = double.attempts
    gaps = [b - a - 1.0 for a, b in zip(starts[:5], starts[1:6], strict=True)]
    assert gaps == [0.25, 0.5, 1.0, 2.0, 4.0]
    assert starts[6] - starts[5] == 60.25, "well for a minute: the backoff starts over"
    assert (double.supervisor.report.flap_count, double.supervisor.report.lost_count) == (5, 6)


@pytest.mark.trio
async def test_a_crash_is_logged_with_its_trace_counted_and_touches_nobody(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    double = Scripted((0.0, ZeroDivisionError("ours")), (60.0, None))
    await double.play(10)
    assert double.supervisor.report.crash_count == 1
    assert double.supervisor.report.state is Health.READY
    assert caplog.records[0].exc_info is not None
    assert Health.FAULT in double.states


@pytest.mark.trio
async def test_ready_and_busy_are_one_time_of_being_well(
    autojump_clock: trio.testing.MockClock,
) -> None:
    reports: list[Report] = []
    supervisor = Supervisor("x", jitter=lambda: 0.0, on_health=reports.append)

    async def attempt() -> None:
        for state in (Health.OPENING, Health.READY, Health.READY, Health.BUSY, Health.READY):
            supervisor.became(state)
            await trio.sleep(4)
        raise Lost("gone")

    with trio.move_on_after(20.1):
        await supervisor.run(attempt)
    assert [report.state.value for report in reports[1:]] == (
        ["opening", "ready", "busy", "ready", "gone"]
    )
    assert supervisor.report.flap_count == 0


@pytest.mark.trio
async def test_something_plugged_in_is_tried_at_once(
    autojump_clock: trio.testing.MockClock,
) -> None:
    double = Scripted(*[(0.0, Lost("unplugged"))] * 6)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(double.play, 100)
        await trio.sleep(4)
        double.supervisor.wake()
        await trio.testing.wait_all_tasks_blocked()
        assert double.attempts[-1] == 4.0
        nursery.cancel_scope.cancel()


@pytest.mark.trio
async def test_without_a_listener_health_is_still_kept(
    autojump_clock: trio.testing.MockClock,
) -> None:
    supervisor = Supervisor("x", jitter=lambda: 0.0)

    async def attempt() -> None:
        raise Lost("gone")

    with trio.move_on_after(1):
        await supervisor.run(attempt)
    assert supervisor.report.reason == "gone"
