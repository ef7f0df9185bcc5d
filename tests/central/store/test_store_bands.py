"""Bands by their first digits, wherever they are known from."""

from __future__ import annotations

import asyncpg
import pytest

from central.store import bands, money, wallets
from crypto.cashless import Wallet
from tests.central.store.test_store_money import BAND, NEW_BAND, topped_up
from tests.central.world import GATEWAY, NOW_MS, TENANT

pytestmark = pytest.mark.asyncio
BOOKED = b"band-off-presale"


async def test_digits_find_what_is_booked_told_or_blocked(db: asyncpg.Connection) -> None:
    await money.add_money(db, TENANT, GATEWAY, 5, [(2, topped_up(1, 500))], NOW_MS)
    await wallets.say(db, TENANT, Wallet(NEW_BAND, min_epoch=9), NOW_MS)
    credit = wallets.Credit("presale", "A1", BOOKED, 700)
    await wallets.add_credits(db, TENANT, [credit], NOW_MS)
    assert await bands.credits_of(db, TENANT, BOOKED) == [
        {"source": "presale", "reference": "A1", "amount_minor": 700, "at_ms": NOW_MS}
    ]
    await wallets.book_credits(db, TENANT, [(BOOKED, b"t" * 16, 700)], 20260704)
    assert await bands.matching(db, TENANT, "62616e64", 9) == [BOOKED, BAND, NEW_BAND]
    assert await bands.matching(db, TENANT, "62616e64", 2) == [BOOKED, BAND]
    assert await bands.matching(db, TENANT, BAND.hex()[:13], 9) == [BOOKED, BAND]
    assert await bands.matching(db, TENANT, BAND.hex()[:15], 9) == [BAND]
    assert await bands.matching(db, TENANT, "62616e65", 9) == []
