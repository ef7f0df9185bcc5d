"""Our clock against the centre's: shown, and a fact where it is too far off."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
import trio
from trio.testing import MockClock

from crypto.entry import ClockMeasured
from edge.centre_clock import CENTRE, CLOCK_EVERY_S, compare_clocks
from edge.clock import SystemClock
from tests.edge.centre import Centre
from tests.edge.venue import Venue


@pytest.mark.trio
async def test_our_lead_over_the_centre_is_measured_and_told_when_it_changes(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    centre = Centre()

    def wall_ns() -> int:
        return int((trio.current_time() + 1_000_000) * 1e9)

    lead_ms = [0]
    centre.clock = lambda: wall_ns() // 1_000_000 - lead_ms[0]
    clock = SystemClock(ZoneInfo("UTC"), 0, wall_ns=wall_ns, monotonic_ns=wall_ns)
    centre.away = True
    async with trio.open_nursery() as nursery:
        nursery.start_soon(compare_clocks, clock, centre)
        await trio.sleep(CLOCK_EVERY_S * 1.5)
        assert clock.unsure
        centre.away = False
        await trio.sleep(CLOCK_EVERY_S)
        assert (clock.unsure, clock.offset_ms, caplog.messages) == (False, 0, [])
        lead_ms[0] = 61_000
        await trio.sleep(CLOCK_EVERY_S * 5)
        assert (clock.unsure, clock.offset_ms) == (True, 61_000)
        lead_ms[0] = -61_000
        await trio.sleep(CLOCK_EVERY_S)
        assert clock.unsure
        lead_ms[0] = 5
        await trio.sleep(CLOCK_EVERY_S)
        assert not clock.unsure
        nursery.cancel_scope.cancel()
    assert caplog.messages == ["this gateway's clock is off", "the clock is right again"]
    assert centre.calls["clock_ms"] == 10


@pytest.mark.trio
async def test_a_clock_too_far_from_the_centres_is_a_fact_and_so_is_its_end(
    autojump_clock: MockClock,
) -> None:
    centre, venue = Centre(), Venue()

    def wall_ns() -> int:
        return int((trio.current_time() + 1_000_000) * 1e9)

    lead_ms = [0]
    centre.clock = lambda: wall_ns() // 1_000_000 - lead_ms[0]
    clock = SystemClock(ZoneInfo("UTC"), 0, wall_ns=wall_ns, monotonic_ns=wall_ns)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(compare_clocks, clock, centre, venue.gateway, 2000)
        await trio.sleep(CLOCK_EVERY_S / 2)  # from here on each measurement falls into one sleep
        for lead in (1900, 2100, 2100, 1500, 900, -5000, 0, 0):
            lead_ms[0] = lead
            await trio.sleep(CLOCK_EVERY_S)
        nursery.cancel_scope.cancel()
    found = [fact for fact in venue.log.facts if isinstance(fact, ClockMeasured)]
    assert {fact.sibling for fact in found} == {CENTRE}
    told = [(fact.lead_ms, fact.beyond) for fact in found]
    assert told == [(2100, True), (900, False), (-5000, True), (0, False)]
