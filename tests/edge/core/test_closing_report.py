"""edge/core/closing_report.py: reports that contradict themselves are found."""

from __future__ import annotations

from typing import Any

import pytest

from edge.core.closing_report import ClosingReport, Sum, closing_faults, difference_minor
from edge.core.receipt import TaxTotal


def report(**fields: Any) -> ClosingReport:
    defaults: dict[str, Any] = {
        "closing": "Z", "number": 1, "till": "1", "business_day": 20261121, "from_ms": 0,
        "at_ms": 1, "offset_minutes": 60, "currency": "EUR", "opening_minor": 20000,
        "moved_minor": -5000, "methods": (Sum(key="cash", count=2, amount_minor=1000),),
        "expected_minor": 16000, "counted_minor": 15700,
    }  # fmt: skip
    return ClosingReport(**(defaults | fields))


def test_the_difference_is_counted_less_expected() -> None:
    assert closing_faults(report()) == []
    assert difference_minor(report()) == -300
    assert difference_minor(report(counted_minor=None)) is None
    assert difference_minor(report(expected_minor=None)) is None


CASH = Sum(key="cash", count=1, amount_minor=500)
TAX = TaxTotal(letter="A", rate_bp=1900, net_minor=1, tax_minor=1, gross_minor=3)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"expected_minor": 16001}, "not the expected 16001"),
        ({"methods": (CASH, CASH)}, "methods: cash stands twice"),
        ({"kinds": (CASH, CASH)}, "kinds: cash stands twice"),
        ({"from_ms": 2}, "ends before"),
        ({"counted_minor": None}, "needs the counted cash"),
        ({"taxes": (TAX,)}, "are not gross 3"),
    ],
)
def test_each_contradiction_is_told(fields: dict[str, Any], told: str) -> None:
    found = closing_faults(report(**fields))
    assert any(told in fault for fault in found), found


def test_an_x_report_before_a_blind_count_shows_no_expectation() -> None:
    assert closing_faults(report(closing="X", expected_minor=None, counted_minor=None)) == []
