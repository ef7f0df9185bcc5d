"""Statements of merchants, from what is booked now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from central import price_lists
from central.books.merchants import Statement, Terms, statement
from central.store import merchants

if TYPE_CHECKING:
    from central.price_lists import PriceLists
    from central.store import Connection

FIRST_DAY, LAST_DAY = 0, 99991231
_NEWEST = 0  # a version that no price list has: the newest stands for it


class Statements(msgspec.Struct, frozen=True):
    """Of every merchant that is named in the prices or has sold something, in order."""

    currency: str
    exponent: int
    statements: list[Statement]
    payable_minor: int


async def statements(
    connection: Connection, tenant: bytes, merchant: int | None = None,
    first: int = FIRST_DAY, last: int = LAST_DAY,
) -> Statements | None:  # fmt: skip
    """All of them, or of one merchant, on the business days `first` to `last` (YYYYMMDD).

    None before prices were set.
    """
    lists = await price_lists.load(connection, tenant)
    if lists is None:
        return None
    sums = await merchants.sums(connection, tenant, merchant, first, last)
    receipts = await merchants.receipts(connection, tenant, merchant, first, last)
    known = {one.number for one in lists.newest.merchants} | {row.merchant for row in sums}
    told = [
        statement(number, terms_of(lists, number), sums, receipts, lists.rates_of, _NEWEST)
        for number in sorted(known if merchant is None else known & {merchant})
    ]
    owed = sum(one.total.payable_minor for one in told)
    return Statements(lists.newest.currency, lists.newest.exponent, told, owed)


def terms_of(lists: PriceLists, number: int) -> Terms:
    """How a merchant is settled by the newest price list."""
    for one in lists.newest.merchants:
        if one.number == number:
            return Terms(one.name, one.commission_bp, one.commission_tax)
    return Terms(f"Merchant {number}")
