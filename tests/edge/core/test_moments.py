"""The hybrid logical clock rises whatever the wall clock does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.moments import DRIFT_MS_MAX, DriftExceeded, LogicalClock

NOW_MS = 1_767_268_800_000


def test_a_fact_has_the_wall_time_in_its_clock() -> None:
    assert LogicalClock().next(NOW_MS) == NOW_MS << 16


def test_facts_of_one_millisecond_are_counted() -> None:
    clock = LogicalClock()
    assert [clock.next(NOW_MS) & 0xFFFF for _ in range(3)] == [0, 1, 2]


@given(st.lists(st.integers(0, 2**40)), st.integers(0, 2**56))
def test_it_never_falls_and_never_stands(walls: list[int], last: int) -> None:
    clock = LogicalClock(last)
    given_out = [last, *map(clock.next, walls)]
    assert all(earlier < later for earlier, later in zip(given_out, given_out[1:], strict=False))


def test_a_counter_that_is_full_goes_on_in_the_next_millisecond() -> None:
    clock = LogicalClock((NOW_MS << 16) | 0xFFFF)
    assert clock.next(NOW_MS) == (NOW_MS + 1) << 16


def test_it_rises_above_a_siblings_fact() -> None:
    clock = LogicalClock()
    theirs = (NOW_MS + DRIFT_MS_MAX) << 16 | 7
    clock.observe(theirs, NOW_MS)
    assert clock.next(NOW_MS) == theirs + 1


def test_an_older_fact_of_a_sibling_changes_nothing() -> None:
    clock = LogicalClock(NOW_MS << 16)
    clock.observe(5, NOW_MS)
    assert clock.last == NOW_MS << 16


def test_a_siblings_clock_too_far_ahead_is_refused_and_does_not_drag_us_along() -> None:
    clock = LogicalClock(1)
    with pytest.raises(DriftExceeded, match="60001 ms ahead"):
        clock.observe((NOW_MS + DRIFT_MS_MAX + 1) << 16, NOW_MS)
    assert clock.last == 1


def test_the_drift_that_is_followed_may_be_set() -> None:
    clock = LogicalClock()
    with pytest.raises(DriftExceeded):
        clock.observe((NOW_MS + 11) << 16, NOW_MS, drift_ms_max=10)
    clock.observe((NOW_MS + 10) << 16, NOW_MS, drift_ms_max=10)
