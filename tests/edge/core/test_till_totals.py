"""The rows of X and Z: each amount once, under what finance looks for."""

import msgspec

from crypto.money import Line, Total
from edge.core.till_rows import Deal, Totals
from edge.core.till_totals import ROWS_MAX, add, add_deal, rows

LINES = [
    Line("article", 1, 2, 300, 600, 1, 4, 3),
    Line("deposit", 10, 2, 200, 400, 1),
    Line("deposit", 10, -1, 200, -200, 1),
    Line("tip", 0, 1, 50, 50, 0),
    Line("voucher", 1, -1, 300, -300, 1, 4, 3, 1),
    Line("promo", 0, -1, 100, -100, 1, 4, 3),
]


def test_each_line_stands_where_finance_looks_for_it() -> None:
    found: Totals = {}
    deal = Deal(
        movement="sale", band_minor=450, promo_minor=100, vouchers=1,
        packed=msgspec.msgpack.encode(LINES),
    )  # fmt: skip
    add_deal(found, deal, 1)
    assert found == {
        "kind:sale": [1, 450], "method:band": [1, 450], "method:promo": [1, 100],
        "method:voucher": [1, 300], "tax:1": [2, 200], "group:3": [2, 200],
        "merchant:4": [2, 200], "deposit:out": [2, 400], "deposit:back": [1, -200],
        "tip": [1, 50],
    }  # fmt: skip
    add_deal(found, deal, -1)
    assert found == {}


def test_promotional_credit_that_goes_back_is_less() -> None:
    found: Totals = {}
    add_deal(found, Deal(movement="reversal", band_minor=-450, promo_minor=100), 1)
    assert found["method:promo"] == [-1, -100]


def test_cash_that_is_paid_out_leaves_the_drawer() -> None:
    found: Totals = {}
    add_deal(found, Deal(movement="cash_out", band_minor=4250), 1)
    assert found == {"kind:cash_out": [1, 4250], "drawer": [1, -4250]}


def test_a_closing_fits_one_page_and_loses_no_cent() -> None:
    found: Totals = {}
    for number in range(300):
        add(found, f"group:{number}", 1, 7)
    add(found, "method:cash", 300, 2100)
    told = rows(found, {"kind:sale": [1, 5]})
    assert len(told) == ROWS_MAX
    assert told[0] == Total("method:cash", 300, 2100)
    assert told[1] == Total("training:kind:sale", 1, 5)
    assert sum(row.amount_minor for row in told) == 300 * 7 + 2100 + 5
    assert len(msgspec.msgpack.encode(told)) < 3500
