"""edge/core/receipt.py: taxes to the cent, and receipts that contradict themselves."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.receipt import (
    Card,
    Line,
    Payment,
    Receipt,
    TaxTotal,
    faults,
    net_of,
    spread,
    tax_faults,
    tax_totals,
    total_minor,
)

RATES = {"A": 1900, "B": 700, "C": 0}


def line(unit: int, quantity: int = 1, tax: str = "", kind: Any = "article") -> Line:
    return Line(
        text="x", unit_minor=unit, quantity=quantity, total_minor=unit * quantity, tax=tax,
        kind=kind,
    )  # fmt: skip


def receipt(*lines: Line, **fields: Any) -> Receipt:
    defaults: dict[str, Any] = {
        "kind": "sale", "number": "1", "till": "1", "at_ms": 0, "offset_minutes": 60,
        "currency": "EUR", "lines": lines, "taxes": tax_totals(lines, RATES),
        "payments": (Payment(method="wallet", amount_minor=sum(x.total_minor for x in lines)),),
    }  # fmt: skip
    return Receipt(**(defaults | fields))


BEER = (line(450, tax="A"), line(200, kind="deposit"), line(100, kind="tip"))


@pytest.mark.parametrize(
    ("gross", "rate", "net"),
    [
        (450, 1900, 378), (-450, 1900, -378), (200, 700, 187), (1, 1900, 1), (0, 1900, 0),
        (100, 0, 100), (119, 1900, 100), (3, 10000, 2), (-3, 10000, -2),
        (10**12, 1900, 840336134454),
    ],
)  # fmt: skip
def test_net_is_rounded_half_away_from_zero(gross: int, rate: int, net: int) -> None:
    assert net_of(gross, rate) == net


@given(st.integers(-(10**12), 10**12), st.integers(0, 10000))
def test_net_and_tax_are_the_gross_and_a_reversal_is_its_mirror(gross: int, rate: int) -> None:
    net = net_of(gross, rate)
    assert net_of(-gross, rate) == -net
    assert abs(net * (10_000 + rate) - gross * 10_000) * 2 <= 10_000 + rate, "to half a unit"


def test_taxes_are_summed_by_letter() -> None:
    taxes = tax_totals((line(450, 2, "A"), line(200, tax="B"), line(-100, tax="A"), line(7)), RATES)
    assert taxes == (
        TaxTotal(letter="A", rate_bp=1900, net_minor=672, tax_minor=128, gross_minor=800),
        TaxTotal(letter="B", rate_bp=700, net_minor=187, tax_minor=13, gross_minor=200),
    )
    with pytest.raises(KeyError):
        tax_totals((line(1, tax="Z"),), RATES)


@pytest.mark.parametrize(
    ("amount", "weights", "parts"),
    [
        (1500, [80, 8, 12], [1200, 120, 180]), (100, [1, 1, 1], [34, 33, 33]),
        (-100, [1, 1, 1], [-34, -33, -33]), (1, [0, 5], [0, 1]), (0, [3, 4], [0, 0]),
        (5, [10, 10, 1], [3, 2, 0]),
    ],
)  # fmt: skip
def test_an_amount_is_spread(amount: int, weights: list[int], parts: list[int]) -> None:
    assert spread(amount, weights) == parts


@given(
    st.integers(-(10**12), 10**12),
    st.lists(st.integers(0, 10**9), min_size=1, max_size=20).filter(any),
)
def test_spreading_never_loses_a_cent(amount: int, weights: list[int]) -> None:
    parts = spread(amount, weights)
    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        share = abs(amount) * weight // sum(weights)
        assert abs(part) in (share, share + 1) and (weight or not part)


def test_a_right_receipt_has_no_faults() -> None:
    assert faults(receipt(*BEER)) == []
    assert total_minor(receipt(*BEER)) == 750
    back = receipt(line(450, -2, "A"), kind="reversal", reverses="7")
    assert faults(back) == [] and total_minor(back) == -900
    with_balance = receipt(*BEER, balance_before_minor=5000, balance_after_minor=4250)
    assert faults(with_balance) == []
    top_up = receipt(
        line(5000, kind="top_up"), kind="top_up",
        payments=(Payment(method="cash", amount_minor=5000, given_minor=5000),),
        balance_before_minor=250, balance_after_minor=5250,
    )  # fmt: skip
    assert faults(top_up) == []


TAX = tax_totals(BEER, RATES)[0]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"lines": (msgspec.structs.replace(BEER[0], total_minor=451), *BEER[1:])}, "line 1"),
        ({"lines": (msgspec.structs.replace(BEER[0], text=" "), *BEER[1:])}, "needs its name"),
        ({"taxes": (msgspec.structs.replace(TAX, net_minor=377),)}, "net 377"),
        ({"taxes": ()}, "tax A: lines come to 450"),
        ({"taxes": (TAX, TAX)}, "tax A stands twice"),
        ({"taxes": (TAX, TaxTotal(letter="B", rate_bp=700, net_minor=1, tax_minor=0,
                                  gross_minor=1))}, "tax B: lines come to None"),
        ({"payments": ()}, "payments come to 0, lines to 750"),
        ({"payments": (Payment(method="cash", amount_minor=750, given_minor=700),)}, "given 700"),
        ({"balance_before_minor": 1000}, "both or none"),
        ({"balance_before_minor": 1000, "balance_after_minor": 251}, "balance 1000"),
        ({"kind": "reversal"}, "names the receipt"),
    ],
)  # fmt: skip
def test_each_contradiction_is_told(fields: dict[str, Any], told: str) -> None:
    found = faults(receipt(*BEER, **fields))
    assert any(told in fault for fault in found), found


def test_taxes_alone_can_be_checked() -> None:
    assert tax_faults((TAX,)) == []


@pytest.mark.parametrize("field", ["last4", "terminal", "trace", "authorization_code"])
def test_a_card_number_finds_no_room(field: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({field: "4111111111111111"}, Card)


def test_no_float_is_an_amount() -> None:
    wire = msgspec.json.encode(receipt(*BEER)).replace(b":450", b":450.5")
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(wire, type=Receipt)
    assert msgspec.json.decode(msgspec.json.encode(receipt(*BEER)), type=Receipt) == receipt(*BEER)
