"""What vouchers and promotional credit pay of a basket, and how amounts are split.

Vouchers pay whole pieces, those with the best price per voucher first. Promotional credit is
spread over what is left, by tax, merchant and group, so that each line of a receipt has one tax.
"""

from collections.abc import Sequence
from functools import cmp_to_key
from typing import NamedTuple

from crypto.cashless import Article
from crypto.money import Line
from edge.core.receipt import spread


class Priced(NamedTuple):
    """`quantity` pieces of an article of goods at `unit_minor` each."""

    article: int
    quantity: int
    unit_minor: int
    told: Article


def voucher_lines(priced: Sequence[Priced], vouchers: int, most_minor: int) -> list[Line]:
    """Discounts for pieces paid by vouchers, as long as they are worth at most `most_minor`."""
    lines: list[Line] = []
    payable = [each for each in priced if each.told.vouchers and each.unit_minor > 0]
    for each in sorted(payable, key=cmp_to_key(_better)):
        cost = each.told.vouchers
        pieces = min(each.quantity, vouchers // cost, most_minor // each.unit_minor)
        if pieces > 0:
            vouchers -= pieces * cost
            most_minor -= pieces * each.unit_minor
            lines.append(_discount(each, pieces, pieces * cost))
    return lines


def _better(one: Priced, other: Priced) -> int:
    """By price per voucher, without a fraction; then the dearer, then by number."""
    gain = other.unit_minor * one.told.vouchers - one.unit_minor * other.told.vouchers
    return gain or other.unit_minor - one.unit_minor or one.article - other.article


def _discount(each: Priced, pieces: int, vouchers: int) -> Line:
    told = each.told
    return Line(
        "voucher", each.article, -pieces, each.unit_minor, -pieces * each.unit_minor, told.tax,
        told.merchant, told.group, vouchers,
    )  # fmt: skip


def promo_lines(priced: Sequence[Priced], free: Sequence[Line], promo_minor: int) -> list[Line]:
    """One discount per tax, merchant and group, together `promo_minor`."""
    if not promo_minor:
        return []
    left: dict[tuple[int, int, int], int] = {}
    for each in priced:
        key = (each.told.tax, each.told.merchant, each.told.group)
        left[key] = left.get(key, 0) + each.quantity * each.unit_minor
    for line in free:
        left[line.tax, line.merchant, line.group] += line.total_minor
    keys = sorted(left)
    shares = spread(promo_minor, [left[key] for key in keys])
    return [
        Line("promo", 0, -1, share, -share, tax, merchant, group)
        for (tax, merchant, group), share in zip(keys, shares, strict=True)
        if share
    ]
