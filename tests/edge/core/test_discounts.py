"""Splitting an amount never loses a cent."""

from hypothesis import given
from hypothesis import strategies as st

from edge.core.discounts import Priced, promo_lines, voucher_lines
from edge.core.receipt import spread
from tests.edge.core.bar import bar

BEER = bar().articles[0]


def test_eighty_eight_and_twelve_percent() -> None:
    assert spread(1500, [80, 8, 12]) == [1200, 120, 180]
    assert spread(100, [1, 1, 1]) == [34, 33, 33]
    assert spread(-100, [1, 1, 1]) == [-34, -33, -33]
    assert spread(0, [3, 4]) == [0, 0]


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**9), min_size=1).filter(any))
def test_shares_add_up(total: int, weights: list[int]) -> None:
    shares = spread(total, weights)
    assert sum(shares) == total
    whole = sum(weights)
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share * whole - total * weight) < whole


def test_a_voucher_pays_whole_pieces_only() -> None:
    lines = voucher_lines([Priced(1, 3, 300, BEER)], 2, 10_000)
    assert [(line.quantity, line.total_minor, line.vouchers) for line in lines] == [(-2, -600, 2)]
    assert voucher_lines([Priced(1, 3, 300, BEER)], 2, 299) == []


def test_no_promotional_credit_no_line() -> None:
    assert promo_lines([Priced(1, 1, 300, BEER)], [], 0) == []
    (line,) = promo_lines([Priced(1, 1, 300, BEER)], [], 50)
    assert (line.kind, line.total_minor, line.tax) == ("promo", -50, 1)
