"""What gateways call: blocks in, receipts, bundles and blocks out, under their names."""

from __future__ import annotations

import asyncio
import os
import ssl
from pathlib import Path

import asyncpg
import httpx2
import pytest
import zstandard

from central.publish import publish
from central.store import trust
from config.central import Limits
from crypto import bundle, receipt
from crypto.authority import make_authority, make_device_certificate
from crypto.keys import SigningKey, VerifyKey
from tests.central.served import Centre, now_ms, put, serving
from tests.central.world import NOW_MS, Ledger, admitted

pytestmark = pytest.mark.asyncio


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
        # what the revoked one had told its sibling still counts
        assert (await put(first, two.fill(1))).status_code == 200
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
