"""A tax has the rate that it had when something was sold."""

from __future__ import annotations

import asyncpg
import msgspec
import pytest

from central import price_lists
from central.store import wallets
from crypto.cashless import Cashless, Tax
from tests.central.world import NOW_MS, TENANT


@pytest.mark.asyncio
async def test_each_version_has_its_rates_and_the_newest_stands_for_what_nobody_knows(
    db: asyncpg.Connection,
) -> None:
    assert await price_lists.load(db, TENANT) is None
    for event, rate in ((1, 1900), (2, 700)):
        told = Cashless(event=event, taxes=[Tax(1, "A", rate, "VAT")])
        await wallets.set_terms(db, TENANT, msgspec.msgpack.encode(told), NOW_MS)
    lists = await price_lists.load(db, TENANT)
    assert lists is not None and lists.newest.event == 2
    assert [lists.rates_of(n)[1] for n in (1, 2, 0, 9)] == [1900, 700, 700, 700]
