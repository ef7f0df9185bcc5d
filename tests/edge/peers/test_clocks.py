"""What two clocks say about each other, and when it matters."""

import pytest

from edge.peers.clocks import ClockWatch, Measured


def test_half_of_the_round_trip_is_the_way_back() -> None:
    watch = ClockWatch(2000)
    assert watch.measured is None
    assert not watch.add(10_000, 9_900, 0.2)
    assert watch.measured == Measured(0, 200)


def test_the_shortest_round_trip_knows_best() -> None:
    watch = ClockWatch(2000)
    for lead, trip_s in ((40, 0.05), (3, 0.002), (-90, 0.3)):
        watch.add(10_000 + lead, 10_000 - round(trip_s * 500), trip_s)
    assert watch.measured == Measured(3, 2)
    watch.forget()
    assert watch.measured is None


@pytest.mark.parametrize("lead", [2500, -2500])
def test_beyond_the_limit_is_told_once_and_within_it_once(lead: int) -> None:
    watch = ClockWatch(2000)
    assert watch.add(10_000 + lead, 10_000, 0.001) and watch.beyond
    assert not watch.add(10_000 + lead, 10_000, 0.001)
    for _ in range(20):  # 1500 is within the limit, but not so clearly that nobody flutters
        assert not watch.add(10_000 + lead * 3 // 5, 10_000, 0.001)
    crossed = [watch.add(10_000, 10_000, 0.001) for _ in range(20)]
    assert crossed.count(True) == 1 and not watch.beyond


def test_what_the_round_trip_cannot_tell_apart_is_no_offset() -> None:
    watch = ClockWatch(2000)
    assert not watch.add(12_400 + 500, 10_000, 1.0)  # 2400 ahead, give or take 500
    assert watch.add(12_600 + 450, 10_000, 0.9)
