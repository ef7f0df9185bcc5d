"""The benchmark of tills counts what is wrong, and finds nothing wrong."""

from benchmarks import till


def test_a_short_round_without_errors() -> None:
    found = till.measure(2, round_s=0.2, bands=4)
    assert found.errors == 0
    assert found.waits


def test_the_rows_judge_the_largest_size_only() -> None:
    counted = till.Counted()
    counted.waits, counted.sales_s = [0.01] * 10, 3500.0
    rate, p50, p99 = till._rows(till.SIZES[-1], [counted])
    assert (rate.met, p50.met, p99.met) == (True, None, True)
    assert till._rows(till.SIZES[0], [counted])[0].met is None
