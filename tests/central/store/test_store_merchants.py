"""Which lines count for merchants: posted, once, of the day of their posting, not training."""

from __future__ import annotations

import asyncpg
import msgspec
import pytest

from central.books.merchants import Receipts, Sum
from central.store import merchants, wallets
from crypto.cashless import Cashless
from crypto.money import MARK_TRAINING, KnownMoney, Line, Sold
from tests.central.delivered import send
from tests.central.store.test_store_money import head, held, posted, txid
from tests.central.world import DAY, NOW_MS, OTHER, TENANT, Ledger

pytestmark = pytest.mark.asyncio
LINES = [Line("article", 20, 2, 500, 1000, 2, 5, 2), Line("article", 1, 1, 450, 450, 1)]
ALL = (None, 0, 99991231)


def sold(number: int, marks: int = 0, movement: str = "sale", sign: int = 1) -> Sold:
    lines = [
        msgspec.structs.replace(x, quantity=sign * x.quantity, total_minor=sign * x.total_minor)
        for x in LINES
    ]
    return Sold(
        *head(number, 4, marks), txid(number + 1000), 0, movement, 0, 0, b"", b"", 0, 0, b"", 3,
        lines,
    )  # fmt: skip


async def test_what_counts(db: asyncpg.Connection) -> None:
    held_facts: list[KnownMoney] = [
        msgspec.structs.replace(held(number, 1450), lines=LINES) for number in (1, 2)
    ]
    tomorrow = msgspec.structs.replace(posted(1), day=DAY + 1)
    first, second = Ledger(), Ledger(OTHER, seed=2)
    first.begin()
    first.add([*held_facts, tomorrow, sold(3), sold(4, MARK_TRAINING), sold(5, 0, "refund", -1)])
    second.begin()
    second.add([posted(1, counter=9), sold(3)])
    for ledger in (first, second):
        await send(db, ledger)
    assert await merchants.sums(db, TENANT, *ALL) == [
        Sum(5, DAY, "refund", "article", 2, 3, True, -1000),
        Sum(5, DAY, "sale", "article", 2, 3, False, 1000),
        Sum(5, DAY + 1, "sale", "article", 2, 1, False, 1000),
    ]
    assert await merchants.receipts(db, TENANT, 5, DAY, DAY) == [
        Receipts(5, DAY, "refund", 1), Receipts(5, DAY, "sale", 1),
    ]  # fmt: skip
    assert await merchants.sums(db, TENANT, 6, 0, 99991231) == []


async def test_price_lists_come_in_the_order_in_which_they_were_set(db: asyncpg.Connection) -> None:
    contents = [msgspec.msgpack.encode(Cashless(event=n)) for n in (3, 1, 2)]
    for content in contents:
        await wallets.set_terms(db, TENANT, content, NOW_MS)
    assert await merchants.all_terms(db, TENANT) == contents
