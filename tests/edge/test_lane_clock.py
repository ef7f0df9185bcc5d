"""What a lane does when its clock is set: nobody between scan and passage may lose their time."""

from tests.edge.core.desk import make_code
from tests.edge.venue import Venue, said

ONE, TWO = (make_code(n) for n in (1, 2))
HOUR_MS = 3_600_000


def step(venue: Venue, delta_ms: int) -> None:
    """The clock is set; nobody has noticed yet."""
    venue.clock.ms += delta_ms


def notice(venue: Venue, delta_ms: int) -> None:
    """The tick that finds it."""
    venue.gateway.clock_stepped(delta_ms)
    venue.gateway.tick()


def test_who_walks_keeps_the_time_that_was_left() -> None:
    venue = Venue()
    venue.show(ONE)
    venue.log.sync()
    venue.later(1_000)
    for delta_ms in (HOUR_MS, -2 * HOUR_MS):
        step(venue, delta_ms)
        notice(venue, delta_ms)
    venue.later(28_000)
    assert "PassageUnknown" not in venue.story
    venue.later(2_000)
    assert venue.story == ["PassageUnknown"]


def test_a_hold_opened_between_the_step_and_its_discovery_keeps_its_time_too() -> None:
    """Its deadline was made by the new clock already: it must not be moved once more."""
    for delta_ms in (-HOUR_MS, HOUR_MS):
        venue = Venue()
        venue.later(1_000)
        step(venue, delta_ms)
        answers = venue.show(TWO)
        venue.log.sync()
        notice(venue, delta_ms)
        assert venue.story == ["Admitted", "ClockStepped"], delta_ms
        assert said(answers) == "admitted"
        venue.later(29_000)
        assert venue.story == []
        venue.later(3_000)
        assert venue.story == ["PassageUnknown"], delta_ms
