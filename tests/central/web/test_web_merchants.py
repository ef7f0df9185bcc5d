"""What merchants are owed, for operators."""

from __future__ import annotations

import asyncpg
import msgspec
import pytest

from central.store import wallets
from central.web import merchants
from crypto.cashless import Cashless, Merchant
from tests.central.served import Centre, put
from tests.central.store.test_store_merchants import sold
from tests.central.world import NOW_MS, Ledger


@pytest.mark.asyncio
async def test_operators_see_what_is_owed(
    centre: Centre, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = centre.keys.tenant
    monkeypatch.setattr(merchants, "PATIENCE", 0)
    async with centre.ops() as ops:
        told = (await ops.get("/v1/ops/merchants")).json()
        assert (told["currency"], told["merchants"]) == ("", [])
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
        asked = told["read_ms"]
        monkeypatch.setattr(merchants, "PATIENCE", 1_000_000)
        assert (await ops.get("/v1/ops/merchants")).json()["read_ms"] >= asked
        monkeypatch.setattr(merchants, "read_merchants", None)  # it would be called
        assert (await ops.get("/v1/ops/merchants")).json()["merchants"] == told["merchants"]
        assert "/v1/ops/merchants" in (await ops.get("/openapi.json")).json()["paths"]
