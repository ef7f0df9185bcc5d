"""What operators ask: lag, admissions, trouble, health; and their page."""

from __future__ import annotations

import pytest

from tests.central.served import Centre, put
from tests.central.world import Ledger

pytestmark = pytest.mark.asyncio


async def test_operators_see_gateways_and_admissions(centre: Centre) -> None:
    ledger = Ledger(tenant=centre.keys.tenant)
    async with await centre.enrol(ledger, "north") as client, centre.ops() as ops:
        await put(client, ledger.fill(1))
        seen = (await ops.get("/v1/ops/gateways")).json()["gateways"][0]
        assert (seen["name"], seen["facts"], seen["quarantine"]) == ("north", 5, "")
        assert seen["epochs"][0]["head"] == ledger.head.hash.hex()
        assert seen["receipt_ms"] and seen["seen_ms"] and seen["delay_ms"] is not None
        admissions = (await ops.get("/v1/ops/admissions")).json()
        assert admissions["gates"][0]["admitted"] == 4
        assert admissions["doubles"] == []
        assert admissions["admissions"][0]["outcome"] == "open"
        assert (await ops.get("/v1/ops/admissions?limit=x")).status_code == 422
        assert (await ops.get("/v1/ops/forks")).json() == {"forks": []}
        assert (await ops.get("/v1/ops/dead-letters")).json() == {"dead_letters": []}


async def test_health_and_description(centre: Centre) -> None:
    async with centre.ops() as ops:
        assert (await ops.get("/livez")).status_code == 200
        assert (await ops.get("/readyz")).json() == {"ready": True, "reasons": []}
        assert "gatehouse_central_facts_stored_total" in (await ops.get("/metrics")).text
        paths = (await ops.get("/openapi.json")).json()["paths"]
        for path in ("/v1/ops/gateways", "/v1/ops/admissions", "/v1/ops/forks"):
            assert path in paths


async def test_the_page_runs_no_foreign_script(centre: Centre) -> None:
    async with centre.ops() as ops:
        page = await ops.get("/")
        assert "script-src 'self'" in page.headers["content-security-policy"]
        assert '<script src="/page.js"' in page.text and "Open Air" in page.text
        assert (await ops.get("/page.js")).headers["content-type"].startswith("text/javascript")
        assert (await ops.get("/page.css")).headers["content-type"].startswith("text/css")


async def test_the_operators_listener_answers_to_its_own_name_only(centre: Centre) -> None:
    async with centre.ops() as ops:
        answer = await ops.get("/v1/ops/gateways", headers={"host": "evil.example"})
        assert (answer.status_code, answer.json()["problem"]) == (400, "bad_host")
