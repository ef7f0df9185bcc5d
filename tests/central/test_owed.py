"""Statements from the tables: rates of the time of the sale, commission of now."""

from __future__ import annotations

import asyncpg
import msgspec
import pytest

from central.owed import statements
from central.store import wallets
from crypto.cashless import Cashless, Merchant, Tax
from tests.central.delivered import send
from tests.central.store.test_store_merchants import sold
from tests.central.world import DAY, NOW_MS, TENANT, Ledger

pytestmark = pytest.mark.asyncio


async def test_rates_are_of_the_sale_and_commission_of_now(db: asyncpg.Connection) -> None:
    assert await statements(db, TENANT) is None
    ledger = Ledger()
    ledger.begin()
    ledger.add([sold(1), sold(2)])
    await send(db, ledger)
    # What was sold names the third price list.
    for rate, share in ((1000, 0), (1100, 0), (2000, 0), (700, 1000)):
        told = Cashless(
            event=1, taxes=[Tax(2, "B", rate, "VAT")],
            merchants=[Merchant(9, "Sweets", commission_bp=share, commission_tax=2)],
        )  # fmt: skip
        await wallets.set_terms(db, TENANT, msgspec.msgpack.encode(told), NOW_MS)
    told = await statements(db, TENANT)
    assert told is not None and told.payable_minor == 2000
    unnamed, sweets = told.statements
    assert (unnamed.merchant, unnamed.name, unnamed.commission_minor) == (5, "Merchant 5", 0)
    assert [(one.rate_bp, one.net_minor) for one in unnamed.total.rates] == [(2000, 1667)]
    assert (sweets.name, sweets.commission_bp, sweets.days) == ("Sweets", 1000, [])
    assert [one.merchant for one in (await alone(db, 5, DAY + 1))] == []
    assert [one.merchant for one in (await alone(db, 5, DAY))] == [5]


async def alone(db: asyncpg.Connection, merchant: int, first: int) -> list[object]:
    told = await statements(db, TENANT, merchant, first)
    assert told is not None
    return list(told.statements)
