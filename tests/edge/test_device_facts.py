"""A lane and its devices: out of service, crashed, silent, flapping; and clocks that are set."""

import logging

import pytest

from crypto.entry import DeviceBack, DeviceLost, PassageUnknown
from edge.device_facts import DEVICE_FACT_GAP_MS
from tests.edge.core.desk import make_code
from tests.edge.venue import Venue, said

ONE, TWO, THREE = (make_code(n) for n in (1, 2, 3))
GROUP = make_code(7, persons=3)


def said_now(venue: Venue, code: bytes, lane: int = 1) -> str:
    answers = venue.show(code, lane)
    venue.log.sync()
    return said(answers)


def test_a_barrier_out_of_service_consumes_nothing() -> None:
    venue = Venue()
    venue.barriers[1].service = False
    answers = venue.show(ONE)
    assert said(answers) == "device"
    assert (venue.story, answers[0].retry) == ([], True)
    assert said_now(venue, ONE, 2) == "admitted"


def test_a_barrier_that_lapses_within_the_grant_serves_the_queue() -> None:
    venue = Venue()
    venue.barriers[1].at_once = venue.lanes[1].lapsed
    first, queued = venue.show(ONE), venue.show(TWO)
    venue.log.sync()
    assert said(first) == "admitted"
    assert venue.story == ["Admitted", "PassageLapsed", "Admitted"]
    venue.barriers[1].at_once = None
    venue.log.sync()
    assert said(queued) == "admitted"
    assert [grant for grant, _ in venue.barriers[1].granted] == [2, 4]
    assert said_now(venue, ONE, 2) == "admitted"


def test_a_driver_that_crashes_leaves_an_unknown_passage_and_a_free_lane(
    caplog: pytest.LogCaptureFixture,
) -> None:
    venue = Venue()

    def crash(seq: int) -> None:
        raise RuntimeError("a bug in the driver")

    venue.barriers[1].at_once = crash
    first, other = venue.show(ONE, 1), venue.show(TWO, 2)
    venue.log.sync()
    assert venue.story == ["Admitted", "Admitted", "PassageUnknown"]
    assert (said(first), said(other)) == ("admitted", "admitted")
    assert not venue.lanes[1].busy
    assert "a bug in the driver" in caplog.text


def test_a_driver_that_crashes_after_it_told_the_outcome_tells_it_once() -> None:
    venue = Venue()

    def lapse_and_crash(seq: int) -> None:
        venue.lanes[1].lapsed(seq)
        raise RuntimeError("a bug in the driver")

    venue.barriers[1].at_once = lapse_and_crash
    venue.show(ONE)
    venue.log.sync()
    assert venue.story == ["Admitted", "PassageLapsed"]


def test_a_hold_that_nobody_ends_is_unknown_after_its_time() -> None:
    venue = Venue()
    venue.show(ONE)
    queued = venue.show(TWO)
    venue.log.sync()
    venue.later(30_000)
    assert venue.story == ["Admitted"]
    venue.later(1)
    assert venue.story == ["PassageUnknown", "Admitted"]
    fact = venue.log.facts[-2]
    assert isinstance(fact, PassageUnknown)
    assert fact.cause == "timeout"
    venue.log.sync()
    assert said(queued) == "admitted"


def test_a_group_has_the_time_of_each_of_its_persons() -> None:
    venue = Venue()
    venue.show(GROUP, count=3)
    venue.log.sync()
    venue.later(90_000)
    assert venue.lanes[1].busy
    venue.later(1)
    assert not venue.lanes[1].busy


@pytest.mark.parametrize("step_ms", [-86_400_000, 86_400_000])
def test_a_clock_that_is_set_neither_ends_nor_prolongs_a_hold(step_ms: int) -> None:
    venue = Venue()
    venue.show(ONE)
    venue.log.sync()
    venue.clock.ms += step_ms
    venue.gateway.clock_stepped(step_ms)
    venue.later(30_000)
    assert venue.lanes[1].busy
    venue.later(1)
    assert not venue.lanes[1].busy


def test_a_hold_made_after_the_clock_was_set_back_ends_in_its_time() -> None:
    venue = Venue()
    said_now(venue, THREE, 2)
    venue.clock.ms -= 86_400_000  # the facts' clock stays a day ahead
    venue.show(ONE)
    venue.log.sync()
    venue.later(30_001)
    assert not venue.lanes[1].busy


def test_a_hold_that_ended_before_it_was_durable_moves_nothing() -> None:
    venue = Venue()
    venue.show(ONE)
    venue.later(30_001)
    venue.log.sync()
    assert not venue.barriers[1].granted


def test_an_outcome_of_a_grant_that_is_not_open_is_no_fact(
    caplog: pytest.LogCaptureFixture,
) -> None:
    venue = Venue()
    venue.show(ONE)
    venue.log.sync()
    venue.barriers[1].passes()
    assert venue.story == ["Admitted", "PassageCompleted"]
    for late in (lambda: venue.lanes[1].completed(2, 1), lambda: venue.lanes[1].lapsed(2)):
        late()
    venue.lanes[1].unknown(99, 0, "fault")
    venue.lanes[2].lapsed(2)  # another lane has no say
    assert venue.story == []
    assert caplog.messages == ["outcome of a grant that is not open"] * 4


def test_a_barrier_says_nothing_about_the_guests_of_another_lane() -> None:
    venue = Venue()
    venue.show(ONE, 1)
    venue.log.sync()
    venue.lanes[2].lapsed(venue.barriers[1].last)
    venue.lanes[2].completed(venue.barriers[1].last, 1)
    assert venue.story == ["Admitted"]
    assert venue.lanes[1].busy


def test_a_device_that_goes_and_comes_is_two_facts() -> None:
    venue = Venue()
    venue.later(DEVICE_FACT_GAP_MS)
    lane = venue.lanes[1]
    lane.device("scanner", False, "silent")
    lane.device("scanner", False, "silent")
    lane.device("scanner", True)
    lane.device("scanner", True)
    lost, back = venue.log.facts[-2:]
    assert isinstance(lost, DeviceLost)
    assert (lost.lane, lost.device, lost.cause) == (1, "scanner", "silent")
    assert isinstance(back, DeviceBack)
    assert venue.story == ["DeviceLost", "DeviceBack"]


def test_a_flapping_device_is_told_once_in_a_while() -> None:
    venue = Venue()
    for _ in range(6000):  # ten minutes, ten changes a second
        venue.clock.ms += 50
        venue.lanes[1].device("scanner", False, "gone")
        venue.later(50)
        venue.lanes[1].device("scanner", True)
    told = venue.story
    assert 2 <= len(told) <= 2 * 60
    assert told[:2] == ["DeviceLost", "DeviceBack"]


def test_a_device_that_flaps_and_then_stays_away_is_told_as_lost() -> None:
    venue = Venue()
    venue.later(DEVICE_FACT_GAP_MS)
    for well in (False, True, False):
        venue.lanes[1].device("turnstile", well, "no_board")
    assert venue.story == ["DeviceLost", "DeviceBack"]
    venue.later(DEVICE_FACT_GAP_MS)
    venue.later(DEVICE_FACT_GAP_MS)
    assert venue.story == ["DeviceLost"]


def test_a_start_is_no_loss() -> None:
    venue = Venue()
    venue.lanes[1].device("scanner", False, "not opened yet")
    venue.lanes[1].device("scanner", True)
    venue.lanes[2].device("scanner", False, "not opened yet")
    venue.later(DEVICE_FACT_GAP_MS - 1)
    assert venue.story == []
    venue.later(1)
    assert venue.story == ["DeviceLost"]


def test_an_alarm_is_an_event_and_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    venue = Venue()
    with venue.gateway.events.listen() as events:
        venue.lanes[1].alarmed("forced")
        assert events.receive_nowait() == {"event": "alarm", "lane": 1, "alarm": "forced"}
    assert caplog.records[-1].levelno == logging.WARNING
