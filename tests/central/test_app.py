"""The serving process: what it does when the database, an address or its own code fails it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest

from central import service
from central.app import CannotListen
from config.central import Listen
from tests.central.served import Centre, put, serving
from tests.central.world import Ledger

pytestmark = pytest.mark.asyncio


async def test_a_waiting_gateway_does_not_hold_up_the_end(
    dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Its connection stays open after the answer; nothing here waits for that.
    monkeypatch.setattr("config.runtime.listen.GRACE_S", 0.3)
    async with serving(dsn, tmp_path) as centre:
        ledger = Ledger(tenant=centre.keys.tenant)
        client = await centre.enrol(ledger, "north")
        waiting = asyncio.create_task(client.get("/v1/bundle", params={"have": 10_000, "wait": 30}))
        assert (await client.get("/v1/clock")).status_code == 200
    assert (await waiting).status_code == 204
    await client.aclose()


async def test_a_full_disk_is_told_and_nothing_is_half_stored(
    centre: Centre,
    connection: asyncpg.Connection,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await connection.execute(
        """
        CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'could not extend file: No space left on device'
              USING ERRCODE = '53100'; END $$;
        CREATE TRIGGER full_disk BEFORE INSERT ON facts FOR EACH STATEMENT
            EXECUTE FUNCTION full_disk();
        """
    )
    ledger = Ledger(tenant=centre.keys.tenant)
    async with await centre.enrol(ledger, "north") as client:
        answer = await put(client, ledger.fill(2))
        assert (answer.status_code, answer.json()["problem"]) == (503, "disk_full")
        assert int(answer.headers["retry-after"]) > 0
        await put(client, ledger)
        async with centre.ops() as ops:
            ready = await ops.get("/readyz")
        (why,) = ready.json()["reasons"]
        assert ready.status_code == 503 and why.startswith("blocks cannot be stored: DiskFullError")
        assert [one.message for one in caplog.records if one.levelname == "WARNING"] == ["not now"]
        assert await connection.fetchval("SELECT count(*) FROM blocks") == 0
        assert await connection.fetchval("SELECT count(*) FROM watermarks") == 0
        await connection.execute("DROP TRIGGER full_disk ON facts")
        assert (await put(client, ledger)).status_code == 200
        async with centre.ops() as ops:
            assert (await ops.get("/readyz")).json()["reasons"] == [why]  # it may be full again
            monkeypatch.setattr(service, "CALM_S", 0)
            assert (await ops.get("/readyz")).json() == {"ready": True, "reasons": []}


async def test_a_lost_database_connection_is_not_now(
    centre: Centre, connection: asyncpg.Connection
) -> None:
    ledger = Ledger(tenant=centre.keys.tenant)
    async with await centre.enrol(ledger, "north") as client:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        for _ in range(20):
            answer = await put(client, ledger.fill(1))
            assert answer.status_code in (200, 503)
            if answer.status_code == 200:
                break
        assert answer.status_code == 200


async def test_our_mistakes_are_answered_and_counted(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    from central.store import facts

    async def broken(*_: object) -> None:
        raise KeyError("planted")

    monkeypatch.setattr(facts, "count_by_gate", broken)
    async with centre.ops() as ops:
        answer = await ops.get("/v1/ops/admissions")
        assert (answer.status_code, answer.json()["problem"]) == (500, "internal")
        assert "gatehouse_central_errors_total 1.0" in (await ops.get("/metrics")).text


async def test_a_taken_address_is_said(centre: Centre, tmp_path: Path) -> None:
    taken = Listen(
        gateways=f"127.0.0.1:{centre.ports['gateways_port']}",
        server_names=("127.0.0.1",),
        ops="127.0.0.1:0",
    )
    with pytest.raises(CannotListen, match="^cannot listen on"):
        async with serving(centre.dsn, tmp_path, listen=taken):
            pass
