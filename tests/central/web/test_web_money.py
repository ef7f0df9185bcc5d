"""Operators see what of money needs somebody, and find bands by the digits on a receipt."""

from __future__ import annotations

import asyncpg
import msgspec
import pytest

from central.store import wallets
from crypto.cashless import Cashless
from tests.central.served import Centre, put
from tests.central.store.test_store_money import BAND, held, topped_up
from tests.central.world import NOW_MS, Ledger

pytestmark = pytest.mark.asyncio


async def test_gauges_lines_and_bands(centre: Centre, connection: asyncpg.Connection) -> None:
    ledger = Ledger(tenant=centre.keys.tenant)
    ledger.begin()
    ledger.add([topped_up(1, 5000), held(2, 450)])
    async with await centre.enrol(ledger, "bar") as client, centre.ops() as ops:
        assert (await ops.get("/v1/ops/money")).json()["currency"] == ""
        await put(client, ledger)
        prices = msgspec.msgpack.encode(Cashless(event=1))
        await wallets.set_terms(connection, centre.keys.tenant, prices, NOW_MS)
        told = (await ops.get("/v1/ops/money")).json()
        assert (told["currency"], told["trouble"]) == ("EUR", "")
        assert "gatehouse_central_debits_in_doubt_minor" in (await ops.get("/metrics")).text
        found = (await ops.get(f"/v1/ops/bands?digits={BAND.hex()[:8].upper()}")).json()
        assert found["bands"] == [
            {
                "medium": BAND.hex(), "balance_minor": 5000, "promo_minor": 0, "vouchers": 0,
                "movements": 1,
            }
        ]  # fmt: skip
        assert found["more"] is False
        for digits in ("", "62a", "beer", "0" * 33):
            assert (await ops.get(f"/v1/ops/bands?digits={digits}")).status_code == 422
        paths = (await ops.get("/openapi.json")).json()["paths"]
        assert {"/v1/ops/money", "/v1/ops/bands"} <= set(paths)
