"""What is owed to those who sell at our tills, from the lines of what was sold. Pure.

A merchant is owed all lines of theirs: what guests paid for their articles, their own deposit and
tips, less what was given away (vouchers, promotional credit) and what was taken back. Net and tax
are worked out per business day and rate from the day's sum, so that days add up. A commission is
a share of the goods of the whole statement, tax on it included.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from central.books.postings import RatesOf
from central.books.rounding import net_half_even, net_of, part_of

_UNDOING = ("reversal", "refund")
_DISCOUNTS = ("voucher", "promo")


class Sum(NamedTuple):
    """Lines that are alike, added up. `back`: of a negative quantity."""

    merchant: int
    day: int
    movement: str
    kind: str
    tax: int
    prices: int
    back: bool
    total_minor: int


class Receipts(NamedTuple):
    """How many receipts have lines of a merchant."""

    merchant: int
    day: int
    movement: str
    number: int


class Rate(msgspec.Struct, frozen=True):
    """Goods of one rate, less what was given away and taken back; deposit and tips not."""

    tax: int
    rate_bp: int
    gross_minor: int
    net_minor: int
    tax_minor: int


class Day(msgspec.Struct, frozen=True):
    """One business day, or all of them together (day 0). What goes back is negative."""

    day: int
    sales: int
    reversals: int
    refunds: int
    goods_minor: int
    given_away_minor: int
    deposit_out_minor: int
    deposit_back_minor: int
    tips_minor: int
    rounding_minor: int
    reversed_minor: int
    refunded_minor: int
    payable_minor: int
    rates: list[Rate]


class Terms(msgspec.Struct, frozen=True):
    """How a merchant is settled. `commission_tax`: code of the tax on it, 0: none."""

    name: str
    commission_bp: int = 0
    commission_tax: int = 0


class Statement(msgspec.Struct, frozen=True):
    """`payout_minor` = payable less commission; commission = its net and tax."""

    merchant: int
    name: str
    days: list[Day]
    total: Day
    commission_bp: int
    commission_minor: int
    commission_net_minor: int
    commission_tax_minor: int
    payout_minor: int


def statement(
    merchant: int, terms: Terms, sums: Iterable[Sum], receipts: Iterable[Receipts],
    rates_of: RatesOf, newest: int,
) -> Statement:  # fmt: skip
    """The statement of one merchant; rows of others are passed over.

    `newest`: the version of the price list that says how commission is taxed.
    """
    own = [row for row in sums if row.merchant == merchant]
    counted = [row for row in receipts if row.merchant == merchant]
    numbers = sorted({row.day for row in own})
    days = [
        _day(
            number, [row for row in own if row.day == number],
            [row for row in counted if row.day == number], rates_of,
        )
        for number in numbers
    ]  # fmt: skip
    total = _total(days)
    goods = sum(rate.gross_minor for rate in total.rates)
    commission = part_of(goods, terms.commission_bp)
    net = net_half_even(commission, rates_of(newest).get(terms.commission_tax, 0))
    return Statement(
        merchant, terms.name, days, total, terms.commission_bp, commission, net, commission - net,
        total.payable_minor - commission,
    )  # fmt: skip


def _day(day: int, rows: Sequence[Sum], receipts: Sequence[Receipts], rates_of: RatesOf) -> Day:
    def made(*kinds: str, back: bool | None = None) -> int:
        """Of sales and of deposit that came back."""
        return sum(
            row.total_minor for row in rows
            if row.movement not in _UNDOING and row.kind in kinds and back in (None, row.back)
        )  # fmt: skip

    def count(*movements: str) -> int:
        return sum(row.number for row in receipts if row.movement in movements)

    def undone(movement: str) -> int:
        return sum(row.total_minor for row in rows if row.movement == movement)

    undoing = count(*_UNDOING)
    return Day(
        day=day,
        sales=sum(row.number for row in receipts) - undoing,
        reversals=count("reversal"),
        refunds=count("refund"),
        goods_minor=made("article"),
        given_away_minor=made(*_DISCOUNTS),
        deposit_out_minor=made("deposit", back=False),
        deposit_back_minor=made("deposit", back=True),
        tips_minor=made("tip"),
        rounding_minor=made("rounding"),
        reversed_minor=undone("reversal"),
        refunded_minor=undone("refund"),
        payable_minor=sum(row.total_minor for row in rows),
        rates=_rates(rows, rates_of),
    )


def _rates(rows: Iterable[Sum], rates_of: RatesOf) -> list[Rate]:
    goods: dict[tuple[int, int], int] = {}
    for row in rows:
        if row.kind in ("article", *_DISCOUNTS):
            key = (row.tax, rates_of(row.prices).get(row.tax, 0))
            goods[key] = goods.get(key, 0) + row.total_minor
    return [
        Rate(tax, bp, gross, net := net_of(gross, bp), gross - net)
        for (tax, bp), gross in sorted(goods.items())
    ]


def _total(days: Sequence[Day]) -> Day:
    sums = {
        name: sum(getattr(day, name) for day in days)
        for name in Day.__struct_fields__
        if name not in ("day", "rates")
    }
    rates: dict[tuple[int, int], Rate] = {}
    for one in (rate for day in days for rate in day.rates):
        key = (one.tax, one.rate_bp)
        have = rates.get(key, Rate(*key, 0, 0, 0))
        rates[key] = Rate(
            *key, have.gross_minor + one.gross_minor, have.net_minor + one.net_minor,
            have.tax_minor + one.tax_minor,
        )  # fmt: skip
    return Day(day=0, rates=[rates[key] for key in sorted(rates)], **sums)
