"""Rounding against decimal arithmetic."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

from hypothesis import given
from hypothesis import strategies as st

from central.books.rounding import net_half_even, net_of, part_of

AMOUNTS = st.integers(-(10**9), 10**9)
RATES = st.integers(0, 10_000)


@given(AMOUNTS, RATES)
def test_rates_are_rounded_as_decimals_are(amount: int, rate: int) -> None:
    part = Decimal(amount) * rate / 10_000
    assert part_of(amount, rate) == int(part.quantize(Decimal(1), ROUND_HALF_EVEN))
    # Multiplied, not divided: a quotient that does not end would be cut before it is rounded.
    for rounded, nearest in (
        (net_of(amount, rate), ROUND_HALF_UP), (net_half_even(amount, rate), ROUND_HALF_EVEN),
    ):  # fmt: skip
        off = abs(2 * (rounded * (10_000 + rate) - amount * 10_000))
        assert off <= 10_000 + rate
        if off == 10_000 + rate:
            low = abs(amount) * 10_000 // (10_000 + rate)
            up = low + 1 if nearest == ROUND_HALF_UP or low % 2 else low
            assert abs(rounded) == up


def test_the_example_of_a_commission() -> None:
    assert (part_of(400, 2000), net_half_even(80, 2000), net_half_even(80, 1900)) == (80, 67, 67)
    assert [net_half_even(each, 2000) for each in (3, 9)] == [2, 8]
    assert [net_of(each, 2000) for each in (3, 9, -3)] == [3, 8, -3]
