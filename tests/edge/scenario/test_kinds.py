"""Values that several tables share: what fits, and what does not."""

from typing import Any

import msgspec
import pytest

from edge.scenario.kinds import Money, Ref, Signed, Table


@pytest.mark.parametrize("value", [0, 520, "5.20", "5", "0.005"])
def test_money_is_minor_units_or_text(value: Any) -> None:
    assert msgspec.convert(value, Money) == value


@pytest.mark.parametrize("value", [-1, "-1", "5,20", "", "1e3", 5.2, True, "5.20\n", None])
def test_what_is_no_money(value: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(value, Money)


def test_a_balance_may_be_below_zero_and_a_reference_a_name_or_a_number() -> None:
    assert msgspec.convert("-5.20", Signed) == "-5.20"
    assert [msgspec.convert(one, Ref) for one in ("Beer", 7)] == ["Beer", 7]


def test_a_table_refuses_what_it_does_not_know() -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.convert({"x": 1}, Table)
