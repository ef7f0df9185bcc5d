"""Amounts as text and in minor units, there and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.prices import BadPrices
from edge.scenario.amounts import is_amount, minor, shown


@given(st.integers(-(10**9), 10**9), st.integers(0, 3))
def test_there_and_back(amount: int, exponent: int) -> None:
    assert minor(shown(amount, exponent), exponent) == amount


def test_a_whole_number_is_minor_units_and_text_has_a_point() -> None:
    assert [minor(520, 2), minor("5.2", 2), minor("-5", 2), minor("7", 0)] == [520, 520, -500, 7]
    assert [shown(5, 2), shown(-5, 2), shown(7, 0)] == ["0.05", "-0.05", "7"]


def test_more_decimals_than_the_currency_has_are_no_amount() -> None:
    assert not is_amount("1.005", 2)
    assert is_amount("1.005", 3)
    with pytest.raises(BadPrices):
        minor("1.5", 0)
