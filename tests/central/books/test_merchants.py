"""Statements of merchants against sums made another way."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given, settings

from central.books.ledger import Books
from central.books.merchants import Receipts, Statement, Sum, Terms, statement
from crypto.money import DebitHeld, DebitPosted, Sold
from tests.central.books.baskets import RATES, Story, rates_of, stories

TERMS = Terms("Burger van", 1775, 1)


def sums(story: Story) -> list[Sum]:
    """One row per line that was sold: nothing is added up here."""
    days = {fact.txid: fact.day for _, fact in story.facts if isinstance(fact, DebitPosted)}
    rows = []
    for _, fact in story.facts:
        if isinstance(fact, DebitHeld | Sold):
            day = fact.day if isinstance(fact, Sold) else days.get(fact.txid)
            rows += [
                Sum(
                    line.merchant, day, fact.movement, line.kind, line.tax, fact.prices,
                    line.quantity < 0, line.total_minor,
                )
                for line in fact.lines
                if day is not None and line.merchant
            ]  # fmt: skip
    return rows


@settings(max_examples=40, deadline=None)
@given(stories())
def test_all_merchants_together_are_owed_all_their_lines(story: Story) -> None:
    rows = sums(story)
    told = {n: statement(n, TERMS, rows, [], rates_of, 1) for n in (1, 2, 3)}
    assert sum(one.total.payable_minor for one in told.values()) == sum(r.total_minor for r in rows)
    books = Books(rates_of)
    for gateway, fact in story.facts:
        books.take(gateway, fact)
    for number, one in told.items():
        assert one.total.payable_minor == -books.balances["merchant_payable", str(number)]
        check(one, [row for row in rows if row.merchant == number])


def check(one: Statement, rows: list[Sum]) -> None:
    for day in (*one.days, one.total):
        parts = (
            day.goods_minor, day.given_away_minor, day.deposit_out_minor, day.deposit_back_minor,
            day.tips_minor, day.rounding_minor, day.reversed_minor, day.refunded_minor,
        )  # fmt: skip
        assert sum(parts) == day.payable_minor
        for rate in day.rates:
            assert rate.net_minor + rate.tax_minor == rate.gross_minor
            assert rate.rate_bp == RATES[rate.tax]
    assert sum(day.payable_minor for day in one.days) == one.total.payable_minor
    goods = Decimal(sum(row.total_minor for row in rows if row.kind == "article"))
    commission = (goods * TERMS.commission_bp / 10_000).quantize(Decimal(1), ROUND_HALF_EVEN)
    assert one.commission_minor == commission
    assert one.commission_net_minor + one.commission_tax_minor == commission
    assert one.payout_minor == one.total.payable_minor - commission


ROWS = [
    Sum(5, 20260704, "sale", "article", 1, 1, False, 600),
    Sum(5, 20260704, "sale", "voucher", 1, 1, True, -150),
    Sum(5, 20260704, "sale", "deposit", 1, 1, False, 200),
    Sum(5, 20260704, "deposit_return", "deposit", 1, 1, True, -400),
    Sum(5, 20260704, "reversal", "article", 1, 1, True, -50),
    Sum(5, 20260705, "refund", "article", 2, 1, True, -30),
    Sum(6, 20260705, "sale", "article", 2, 1, False, 7),
]
COUNTS = [
    Receipts(5, 20260704, "sale", 3), Receipts(5, 20260704, "deposit_return", 1),
    Receipts(5, 20260704, "reversal", 1), Receipts(5, 20260705, "refund", 1),
]  # fmt: skip


def test_one_statement_whole() -> None:
    told = statement(5, TERMS, ROWS, COUNTS, rates_of, 1)
    first, total = told.days[0], told.total
    assert (first.sales, first.reversals, total.refunds) == (4, 1, 1)
    assert (first.goods_minor, first.given_away_minor, first.payable_minor) == (600, -150, 200)
    assert (first.deposit_out_minor, first.deposit_back_minor) == (200, -400)
    assert [(r.tax, r.gross_minor, r.net_minor, r.tax_minor) for r in total.rates] == [
        (1, 400, 333, 67), (2, -30, -27, -3),
    ]  # fmt: skip
    # 17.75 % of 3.70
    assert (told.commission_minor, told.commission_net_minor, told.payout_minor) == (66, 55, 104)


@pytest.mark.parametrize("terms", [Terms("x"), Terms("x", 1000, 9)])
def test_without_a_rate_or_a_tax_there_is_none(terms: Terms) -> None:
    told = statement(5, terms, ROWS, [], rates_of, 1)
    assert told.commission_tax_minor == 0
    assert told.commission_minor == (37 if terms.commission_bp else 0)
