"""What operators ask: lag, admissions, trouble, health; and their page."""

from __future__ import annotations

import asyncpg
import pytest

from central.store import sales
from crypto.entry import AdmissionRefused
from tests.central.served import Centre, now_ms, put
from tests.central.world import DAY, NOW_MS, Ledger, admitted, hlc

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


async def test_doubles_refusals_names_and_ages(
    centre: Centre, connection: asyncpg.Connection
) -> None:
    tenant = centre.keys.tenant
    await sales.add_gate(connection, tenant, sales.GateRow(2, "North"), NOW_MS)
    ledger = Ledger(tenant=tenant)
    ledger.begin()
    refused = AdmissionRefused(hlc(), DAY, 120, 1, 2, 10, b"12345678", 5)
    ledger.add([admitted(1), admitted(1), admitted(2, gate=2), refused])
    async with await centre.enrol(ledger, "north") as client, centre.ops() as ops:
        before_ms = now_ms()
        await put(client, ledger)
        seen = (await ops.get("/v1/ops/admissions?limit=1")).json()
        one, two = seen["gates"]
        assert (one["gate"], one["name"], one["admitted"], one["granted"]) == (1, "", 2, 2)
        assert (two["name"], two["refused"], two["last_ms"]) == ("North", {"10": 5}, NOW_MS)
        assert seen["doubles"] == [
            {
                "ticket": "house:0000000000000001", "admissions": 2, "persons": 1, "used": 2,
            }
        ]  # fmt: skip
        (newest,) = seen["admissions"]
        assert (newest["at_ms"], newest["day"]) == (admitted(2).hlc >> 16, DAY)
        only = (await ops.get("/v1/ops/admissions?gate=2")).json()["admissions"]
        assert [row["seq"] for row in only] == [4]
        lag = (await ops.get("/v1/ops/gateways")).json()
        (gateway,) = lag["gateways"]
        assert 0 <= gateway["receipt_age_ms"] <= lag["now_ms"] - before_ms
        assert gateway["delay_ms"] >= before_ms - NOW_MS


async def test_forks_and_letters_are_shown_in_hex(centre: Centre) -> None:
    ledger = Ledger(tenant=centre.keys.tenant).fill(1)
    twin = Ledger(tenant=centre.keys.tenant)
    twin.begin()
    twin.add([admitted(9)])
    ledger.add([], body=b"nonsense", count=1)
    async with await centre.enrol(ledger, "north") as client, centre.ops() as ops:
        await put(client, ledger)
        assert (await put(client, twin)).status_code == 409
        (fork,) = (await ops.get("/v1/ops/forks")).json()["forks"]
        assert (fork["seq"], fork["offered_hash"]) == (2, twin.head.hash.hex())
        assert fork["held_hash"] == ledger.read()[1].hash.hex()
        (letter,) = (await ops.get("/v1/ops/dead-letters")).json()["dead_letters"]
        assert (letter["seq"], letter["kind"], letter["raw"]) == (6, 0, b"nonsense".hex())
        seen = (await ops.get("/v1/ops/gateways")).json()["gateways"][0]
        assert "fork" in seen["quarantine"]


@pytest.mark.parametrize(
    "path",
    ["/v1/ops/admissions?limit=10001", "/v1/ops/admissions?limit=-1"]
    + ["/v1/ops/admissions?gate=0", "/v1/ops/admissions?gate=65536"]
    + ["/v1/ops/dead-letters?limit=0"],
)
async def test_parameters_out_of_range(centre: Centre, path: str) -> None:
    async with centre.ops() as ops:
        answer = await ops.get(path)
        assert (answer.status_code, answer.json()["problem"]) == (422, "bad_parameter")


async def test_health_and_description(centre: Centre) -> None:
    async with centre.ops() as ops:
        assert (await ops.get("/livez")).status_code == 200
        assert (await ops.get("/readyz")).json() == {"ready": True, "reasons": []}
        assert (await ops.get("/v1/ops/merchants")).json()["merchants"] == []
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
