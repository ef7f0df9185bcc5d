"""Rows and books are made apart, and say the same of every wallet; a wrong row is named."""

from __future__ import annotations

import asyncpg
import msgspec
import pytest

from central import bookkeeping, replaced, wallets
from central.store import money
from central.store import wallets as stored
from central.store.wallets import Credit
from crypto.entry import BundleApplied
from crypto.money import CreditVoided, Line, Sold, ToppedUp
from tests.central.books.baskets import Story
from tests.central.store.test_store_money import BAND, NEW_BAND
from tests.central.test_replaced import LOST, Venue
from tests.central.test_wallets import set_prices
from tests.central.world import DAY, GATEWAY, NOW_MS, OTHER, TENANT, hlc

pytestmark = pytest.mark.asyncio
BURGER = Line("article", 20, 1, 1290, 1290, 2, 5, 2)


def a_day() -> Story:
    """A sale, a basket in parts, a reversal, a cash-out, top-ups and one that was undone."""
    story, desk, bar = Story(), GATEWAY, OTHER
    for amount, medium in ((9000, BAND), (500, NEW_BAND)):
        txid = story.new_id()
        loaded = ToppedUp(
            *story.head(DAY, txid=txid), medium, 1, 1, "cash", amount, 0, amount, 0, b"", bytes(80)
        )  # fmt: skip
        story.add(desk, loaded)
    story.add(desk, CreditVoided(*story.head(DAY, txid=txid), NEW_BAND, 0, "base_current"))
    sale = story.band(bar, DAY, BAND, 1290, [BURGER], basket=story.new_id())
    back = msgspec.structs.replace(BURGER, quantity=-1, total_minor=-1290)
    story.band(
        bar, DAY, BAND, -1290, [back], basket=story.new_id(), movement="reversal", reverses=sale
    )
    basket = story.new_id()
    story.band(bar, DAY, BAND, 290, [BURGER], basket=basket)
    story.sold(bar, DAY, 1000, 0, [], basket=basket, part=1)
    story.band(desk, DAY, BAND, 700, [], basket=story.new_id(), movement="cash_out")
    story.band(bar, DAY, BAND, 60, [BURGER], basket=story.new_id(), ends=False)
    return story


async def test_a_day_agrees_and_a_wrong_row_is_named(db: asyncpg.Connection) -> None:
    venue, story = Venue(db), a_day()
    await venue.begin()
    for ledger in (venue.desk, venue.bar):
        facts = [fact for gateway, fact in story.facts if gateway == ledger.gateway]
        await venue.say(ledger, *facts, BundleApplied(hlc(), DAY, 120, 1, bytes(32)))
    presale = [Credit("presale", "A1", BAND, 2000), Credit("presale", "A2", None, 7)]
    await stored.add_credits(db, TENANT, presale, NOW_MS)
    await wallets.book(db, TENANT, presale, DAY)
    books = await bookkeeping.books(db, TENANT)
    assert await bookkeeping.differences(db, TENANT, books) == []
    assert books.wallets()[BAND.hex()] == 9000 - 290 - 700 + 2000
    assert books.accounts()["merchant_payable"] == -1290
    assert (sum(books.accounts().values()), books.open_splits()) == (0, {})
    await stored.book_credits(db, TENANT, [(BAND, b"x" * 16, 1)], DAY)
    assert await bookkeeping.differences(db, TENANT, books) == [
        {"medium": BAND.hex(), "rows_minor": 10_011, "books_minor": 10_010}
    ]


async def test_what_was_let_go_is_in_the_books(db: asyncpg.Connection) -> None:
    venue = Venue(db)
    await venue.begin()
    await venue.lose()
    await replaced.release_now(db, TENANT, LOST.txid, NOW_MS, "burnt")
    books = await bookkeeping.books(db, TENANT)
    assert await bookkeeping.differences(db, TENANT, books) == []
    assert books.wallets()[NEW_BAND.hex()] == 4550


async def test_only_what_is_posted_is_read(db: asyncpg.Connection) -> None:
    venue = Venue(db)
    await set_prices(db)
    venue.desk.begin()
    sold = Sold(*a_day().head(DAY), b"b" * 16, 0, "sale", 5, 0, b"", b"", 0, 0, b"", 1, [])
    await venue.say(venue.desk, sold)
    await db.execute("RESET ROLE")
    await db.execute("UPDATE watermarks SET posted_seq = 1")
    assert [fact async for fact in bookkeeping.posted(db, TENANT)] == []
    assert await money.balances(db, TENANT) == []
