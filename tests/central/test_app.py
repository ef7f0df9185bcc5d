"""The serving process as gateways and operators meet it: real sockets, real certificates."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx2
import msgspec
import pytest
import pytest_asyncio
import zstandard

from central import enrol
from central import keys as keyring
from central.app import CannotListen, serve_until_told
from central.keys import Keys
from central.publish import publish
from central.store import trust
from config.central import Central, Database, Limits, Listen
from crypto import bundle, receipt
from crypto.authority import make_authority, make_device_certificate, private_key_pem
from crypto.keys import SigningKey, VerifyKey
from crypto.trust import make_request, read_request_untrusted, read_trust_untrusted
from tests.central.world import NOW_MS, Ledger, admitted, packed

pytestmark = pytest.mark.asyncio
TYPE = "application/vnd.gatehouse.blocks+zstd"


def now_ms() -> int:
    """Certificates are checked against the real clock by TLS; the day is all that matters."""
    import time

    return time.time_ns() // 1_000_000


class Centre:
    """A running service and what is needed to call it."""

    def __init__(self, keys: Keys, ports: dict[str, int], dsn: str, folder: Path) -> None:
        self.keys, self.ports, self.dsn, self.folder = keys, ports, dsn, folder
        self.serials = 100

    async def enrol(self, ledger: Ledger, name: str) -> httpx2.AsyncClient:
        """Approve the ledger's gateway as the command does; a client with its certificate."""
        ledger.tenant = self.keys.tenant
        request = read_request_untrusted(make_request(name, ledger.gateway, ledger.device))
        connection = await asyncpg.connect(self.dsn)
        self.serials += 1
        raw = await enrol.approve(
            connection, self.keys, request, "https://localhost", now_ms(), self.serials
        )
        await connection.close()
        return self.client(read_trust_untrusted(raw).device_pem, bytes([1]) * 32, name, ledger)

    def client(
        self, pem: str, seed: bytes, name: str, ledger: Ledger | None = None
    ) -> httpx2.AsyncClient:
        certificate, key = self.folder / f"{name}.pem", self.folder / f"{name}-key.pem"
        certificate.write_text(pem)
        key.write_text(private_key_pem(ledger.seed if ledger else seed))
        context = ssl.create_default_context(cafile=str(self.keys.folder / "authority.pem"))
        context.load_cert_chain(certificate, key)
        return httpx2.AsyncClient(
            base_url=f"https://127.0.0.1:{self.ports['gateways_port']}", verify=context,
            trust_env=False, timeout=20,
        )  # fmt: skip

    def ops(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{self.ports['ops_port']}", trust_env=False, timeout=20
        )


@asynccontextmanager
async def serving(dsn: str, folder: Path, **changes: object) -> AsyncIterator[Centre]:
    config = Central(
        tenant="Open Air",
        data_dir=str(folder / "central"),
        database=Database(dsn=dsn),
        listen=Listen(gateways="127.0.0.1:0", server_names=("127.0.0.1",), ops="127.0.0.1:0"),
    )
    config = msgspec.structs.replace(config, **changes)
    if not (folder / "central" / "keys").exists():
        seeds = [bytes([n]) * 32 for n in (201, 202, 203, 204)]
        keyring.create(folder / "central", "Open Air", bytes(range(16)), seeds, now_ms() // 1000)
    keys = keyring.load(folder / "central")
    connection = await asyncpg.connect(dsn)
    await enrol.record_tenant(connection, keys, now_ms())
    await publish(connection, keys.tenant, keys.bundle, now_ms())
    await connection.close()
    reader, writer = os.pipe()
    stop = asyncio.Event()
    task = asyncio.create_task(
        serve_until_told(config, entropy=os.urandom, now_ms=now_ms, ready_fd=writer, shutdown=stop)
    )
    line = asyncio.create_task(asyncio.to_thread(os.read, reader, 4096))
    await asyncio.wait({task, line}, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        os.close(writer)
        await line
        os.close(reader)
        await task
    ports = msgspec.json.decode(await line)
    os.close(reader)
    try:
        yield Centre(keys, ports, dsn, folder)
    finally:
        stop.set()
        await asyncio.wait_for(task, 20)


@pytest_asyncio.fixture
async def centre(dsn: str, tmp_path: Path) -> AsyncIterator[Centre]:
    async with serving(dsn, tmp_path) as running:
        yield running


async def put(
    client: httpx2.AsyncClient, ledger: Ledger, first: int = 0, last: int | None = None,
    **changes: object,
) -> httpx2.Response:  # fmt: skip
    blocks = ledger.read()[first:last]
    body = packed([block.raw for block in blocks])
    path = f"/v1/gateways/{ledger.gateway.hex()}/epochs/{ledger.epoch}/blocks/{blocks[0].first_seq}"
    content = changes.get("content", body)
    kind = str(changes.get("type", TYPE))
    return await client.put(
        str(changes.get("path", path)), content=content, headers={"content-type": kind}
    )


async def test_a_gateway_delivers_and_gets_a_signed_receipt(centre: Centre) -> None:
    ledger = Ledger(tenant=centre.keys.tenant)
    async with await centre.enrol(ledger, "north") as client:
        answer = await put(client, ledger.fill(2))
        assert answer.status_code == 200, answer.text
        got = receipt.read_untrusted(answer.content, VerifyKey(centre.keys.receipt.public))
        assert (got.tenant, got.gateway, got.epoch) == (ledger.tenant, ledger.gateway, 5)
        assert (got.through_seq, got.head) == (9, ledger.head.hash)
        heads = (await client.get(f"/v1/gateways/{ledger.gateway.hex()}/heads")).json()
        assert heads == {"epochs": [{"epoch": 5, "through_seq": 9, "head": ledger.head.hash.hex()}]}


async def test_problems_are_typed(centre: Centre) -> None:
    ledger = Ledger(tenant=centre.keys.tenant)
    async with await centre.enrol(ledger, "north") as client:
        answer = await put(client, ledger.fill(3), 1)
        assert (answer.status_code, answer.json()["problem"]) == (409, "gap")
        assert answer.json()["wanted"] == 1
        await put(client, ledger)
        twin = Ledger(tenant=centre.keys.tenant).fill(1)
        twin.add([admitted(4711)])
        answer = await put(client, twin)
        assert (answer.status_code, answer.json()["problem"]) == (409, "fork")
        assert answer.json()["seq"] == 6
        answer = await put(client, ledger, content=b"x")
        assert (answer.status_code, answer.json()["problem"]) == (422, "bad_block")
        big = zstandard.ZstdCompressor().compress(bytes(17 << 20))
        answer = await put(client, ledger, content=big)
        assert (answer.status_code, answer.json()["problem"]) == (413, "too_large")
        answer = await put(client, ledger, type="application/json")
        assert (answer.status_code, answer.json()["problem"]) == (415, "wrong_type")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/gateways/xyz/epochs/5/blocks/1",
        "/v1/gateways/" + "A" * 32 + "/epochs/5/blocks/1",
        "/v1/gateways/" + "a" * 32 + "/epochs/0/blocks/1",
        "/v1/gateways/" + "a" * 32 + "/epochs/4294967296/blocks/1",
        "/v1/gateways/" + "a" * 32 + "/epochs/5/blocks/0",
        "/v1/gateways/" + "a" * 32 + "/epochs/5/blocks/-1",
        "/v1/gateways/" + "a" * 32 + "/epochs/5/blocks/" + "9" * 30,
        "/v1/gateways/" + "a" * 32 + "/epochs/5/blocks/%D9%A1",
    ],
)
async def test_addresses_that_mean_nothing(centre: Centre, path: str) -> None:
    ledger = Ledger(tenant=centre.keys.tenant)
    async with await centre.enrol(ledger, "north") as client:
        answer = await put(client, ledger.fill(1), path=path)
        assert (answer.status_code, answer.json()["problem"]) == (422, "bad_parameter")


async def test_a_sibling_may_deliver_and_a_revoked_one_may_not(centre: Centre) -> None:
    one = Ledger(tenant=centre.keys.tenant)
    two = Ledger(b"gateway-number-2", seed=2, tenant=centre.keys.tenant)
    async with (
        await centre.enrol(one, "north") as first,
        await centre.enrol(two, "south") as second,
    ):
        assert (await put(second, one.fill(1))).status_code == 200
        connection = await asyncpg.connect(centre.dsn)
        await trust.revoke_gateway(connection, centre.keys.tenant, two.gateway, NOW_MS, "lost")
        await connection.close()
        answer = await put(second, one.fill(1))
        assert (answer.status_code, answer.json()["problem"]) == (403, "unknown_gateway")
        answer = await put(first, two.fill(1))
        assert (answer.status_code, answer.json()["problem"]) == (403, "unknown_gateway")
        assert (await put(first, one)).status_code == 200


async def test_two_connections_keep_their_own_names(centre: Centre) -> None:
    one = Ledger(tenant=centre.keys.tenant)
    two = Ledger(b"gateway-number-2", seed=2, tenant=centre.keys.tenant)
    async with (
        await centre.enrol(one, "north") as first,
        await centre.enrol(two, "south") as second,
    ):
        await asyncio.gather(first.get("/v1/clock"), second.get("/v1/clock"))
        connection = await asyncpg.connect(centre.dsn)
        await trust.revoke_gateway(connection, centre.keys.tenant, two.gateway, NOW_MS, "lost")
        await connection.close()
        for _ in range(3):
            assert (await first.get("/v1/clock")).status_code == 200
            assert (await second.get("/v1/clock")).status_code == 403


async def test_strangers_do_not_get_in(centre: Centre) -> None:
    plain = ssl.create_default_context(cafile=str(centre.keys.folder / "authority.pem"))
    url = f"https://127.0.0.1:{centre.ports['gateways_port']}/v1/clock"
    async with httpx2.AsyncClient(verify=plain, trust_env=False) as client:
        with pytest.raises((httpx2.HTTPError, ssl.SSLError, OSError)):
            await client.get(url)
    other = make_authority(b"o" * 32, centre.keys.tenant, now_ms() // 1000, 5)
    device = SigningKey(b"\1" * 32)
    pem = make_device_certificate(
        other, centre.keys.tenant, b"g" * 16, device.public, now_ms() // 1000, 6
    )
    async with centre.client(pem, b"\1" * 32, "forged") as client:
        with pytest.raises((httpx2.HTTPError, ssl.SSLError, OSError)):
            await client.get("/v1/clock")
    pem = make_device_certificate(
        centre.keys.authority, centre.keys.tenant, b"g" * 16, device.public, now_ms() // 1000, 7
    )
    async with centre.client(pem, b"\1" * 32, "unrecorded") as client:
        answer = await client.get("/v1/clock")
        assert (answer.status_code, answer.json()["problem"]) == (403, "unknown_gateway")


async def test_a_certificate_over_another_device_key_is_refused(centre: Centre) -> None:
    ledger = Ledger(tenant=centre.keys.tenant)
    await (await centre.enrol(ledger, "north")).aclose()
    other = SigningKey(b"o" * 32)
    pem = make_device_certificate(
        centre.keys.authority, centre.keys.tenant, ledger.gateway, other.public,
        now_ms() // 1000, 9,
    )  # fmt: skip
    async with centre.client(pem, b"o" * 32, "copied") as client:
        answer = await client.get("/v1/clock")
        assert (answer.status_code, answer.json()["problem"]) == (403, "unknown_gateway")
        assert "another device key" in answer.json()["detail"]


async def test_blocks_are_served_for_repair_unchanged(centre: Centre) -> None:
    ledger = Ledger(tenant=centre.keys.tenant)
    async with await centre.enrol(ledger, "north") as client:
        await put(client, ledger.fill(40))
        path = f"/v1/gateways/{ledger.gateway.hex()}/epochs/5/blocks"
        answer = await client.get(path, params={"from": 1})
        assert zstandard.ZstdDecompressor().decompress(answer.content) == b"".join(ledger.blocks)
        answer = await client.get(path, params={"from": 8})
        assert zstandard.ZstdDecompressor().decompress(answer.content) == b"".join(
            ledger.blocks[2:]
        )
        assert (await client.get(path, params={"from": 162})).status_code == 404
        assert (await client.get(path, params={"from": "x"})).status_code == 422
        assert (await client.get(path.replace("/5/", "/6/"))).status_code == 404


async def test_at_most_four_mib_are_sent_at_once(centre: Centre) -> None:
    ledger = Ledger(tenant=centre.keys.tenant)
    ledger.begin()
    for _ in range(6):
        ledger.add([], body=os.urandom(1 << 20), count=1)
    async with await centre.enrol(ledger, "north") as client:
        assert (await put(client, ledger)).status_code == 200
        path = f"/v1/gateways/{ledger.gateway.hex()}/epochs/5/blocks"
        answer = await client.get(path)
        raw = zstandard.ZstdDecompressor().decompress(answer.content)
        assert raw == b"".join(ledger.blocks[:4])


async def test_a_bundle_is_served_and_waited_for(centre: Centre) -> None:
    ledger = Ledger(tenant=centre.keys.tenant)
    async with await centre.enrol(ledger, "north") as client:
        answer = await client.get("/v1/bundle", params={"have": 0, "wait": 5})
        assert answer.status_code == 200
        read = bundle.read_untrusted(answer.content, VerifyKey(centre.keys.bundle.public))
        assert answer.headers["gatehouse-bundle-version"] == str(read.version)
        nothing = await client.get("/v1/bundle", params={"have": 10_000, "wait": 0})
        assert nothing.status_code == 204
        connection = await asyncpg.connect(centre.dsn)
        newest, _ = await publish(connection, centre.keys.tenant, centre.keys.bundle, now_ms())
        waiting = asyncio.create_task(client.get("/v1/bundle", params={"have": newest, "wait": 30}))
        await trust.revoke_gateway(connection, centre.keys.tenant, ledger.gateway, NOW_MS, "x")
        await publish(connection, centre.keys.tenant, centre.keys.bundle, now_ms())
        await connection.close()
        answer = await waiting
        # revoked meanwhile: either it was let in before, or it is told so
        assert answer.status_code in (200, 403)


async def test_a_waiting_gateway_does_not_hold_up_the_end(dsn: str, tmp_path: Path) -> None:
    async with serving(dsn, tmp_path) as centre:
        ledger = Ledger(tenant=centre.keys.tenant)
        client = await centre.enrol(ledger, "north")
        waiting = asyncio.create_task(client.get("/v1/bundle", params={"have": 10_000, "wait": 30}))
        assert (await client.get("/v1/clock")).status_code == 200
    assert (await waiting).status_code == 204
    await client.aclose()


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


async def test_a_full_disk_is_told_and_nothing_is_half_stored(
    centre: Centre, connection: asyncpg.Connection
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
        assert await connection.fetchval("SELECT count(*) FROM blocks") == 0
        assert await connection.fetchval("SELECT count(*) FROM watermarks") == 0
        await connection.execute("DROP TRIGGER full_disk ON facts")
        assert (await put(client, ledger)).status_code == 200


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
    with pytest.raises(CannotListen, match="cannot listen on"):
        async with serving(centre.dsn, tmp_path, listen=taken):
            pass


async def test_a_smaller_limit_of_the_configuration_counts(dsn: str, tmp_path: Path) -> None:
    small = Limits(body_bytes_max=65536, raw_bytes_max=65536)
    async with serving(dsn, tmp_path, limits=small) as centre:
        ledger = Ledger(tenant=centre.keys.tenant)
        ledger.begin()
        ledger.add([], body=bytes(70_000), count=1)
        async with await centre.enrol(ledger, "north") as client:
            answer = await put(client, ledger)
            assert (answer.status_code, answer.json()["problem"]) == (413, "too_large")
            answer = await put(client, ledger, content=os.urandom(70_000))
            assert (answer.status_code, answer.json()["problem"]) == (413, "too_large")
