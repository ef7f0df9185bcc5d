"""What merchants are owed, for operators."""

from __future__ import annotations

import asyncpg
import msgspec
import pytest

from central.store import wallets
from crypto.cashless import Cashless, Merchant
from tests.central.served import Centre, put
from tests.central.store.test_store_merchants import sold
from tests.central.world import NOW_MS, Ledger


@pytest.mark.asyncio
async def test_operators_see_what_is_owed(centre: Centre, connection: asyncpg.Connection) -> None:
    tenant = centre.keys.tenant
    ledger = Ledger(tenant=tenant)
    ledger.begin()
    ledger.add([sold(1), sold(2), sold(3, 0, "refund", -1)])
    async with await centre.enrol(ledger, "bar") as client, centre.ops() as ops:
        await put(client, ledger)
        prices = Cashless(event=1, merchants=[Merchant(5, "Burger van", commission_bp=1500)])
        await wallets.set_terms(connection, tenant, msgspec.msgpack.encode(prices), NOW_MS)
        told = (await ops.get("/v1/ops/merchants")).json()
        assert told["merchants"] == [
            {
                "merchant": 5, "name": "Burger van", "sales": 2, "payable_minor": 1000,
                "commission_minor": 150, "payout_minor": 850,
            }
        ]  # fmt: skip
        assert "/v1/ops/merchants" in (await ops.get("/openapi.json")).json()["paths"]
