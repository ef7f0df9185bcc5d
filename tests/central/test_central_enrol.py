"""Bootstrap of trust: recorded once, approved again the same, contradictions named."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from central import keys as keyring
from central.enrol import INDEX_MAX, NotApproved, approve, record_tenant
from central.keys import Keys
from central.store import trust
from crypto.authority import read_peer_untrusted
from crypto.keys import SigningKey
from crypto.trust import Request, make_request, read_request_untrusted, read_trust_untrusted
from tests.central.world import NOW_MS, TENANT

pytestmark = pytest.mark.asyncio
URL = "https://centre.example"


@pytest_asyncio.fixture
async def keys(connection: asyncpg.Connection, tmp_path: Path) -> Keys:
    seeds = [bytes([n]) * 32 for n in range(1, 5)]
    made = keyring.create(tmp_path, "House", TENANT, seeds, NOW_MS // 1000)
    assert await record_tenant(connection, made, NOW_MS)
    return made


def request(name: str, number: int, device: int | None = None) -> Request:
    key = SigningKey(bytes([device or number]) * 32)
    return read_request_untrusted(make_request(name, bytes([number]) * 16, key))


async def test_the_tenant_and_its_issuer_are_recorded_once(
    connection: asyncpg.Connection, keys: Keys
) -> None:
    assert not await record_tenant(connection, keys, NOW_MS + 5)
    assert await trust.tenant_name(connection, TENANT) == "House"
    (issuer,) = await trust.list_issuers(connection, TENANT)
    assert (issuer.issuer, issuer.name, issuer.scheme) == ("house", "House", "GH1")
    (key,) = await trust.list_issuer_keys(connection, TENANT)
    assert key.public_key == keys.issuer.public and key.key_id == keys.issuer.key_id


async def test_the_answer_holds_what_a_gateway_must_trust(
    connection: asyncpg.Connection, keys: Keys
) -> None:
    one = request("north", 7)
    answer = read_trust_untrusted(await approve(connection, keys, one, URL, NOW_MS, 5))
    assert (answer.tenant, answer.gateway) == (TENANT.hex(), one.gateway)
    assert (answer.index, answer.name, answer.central_url) == (1, "north", URL)
    assert answer.bundle_key == keys.bundle.public.hex()
    assert answer.receipt_key == keys.receipt.public.hex()
    row = await trust.find_gateway(connection, TENANT, one.gateway_id)
    assert row is not None and row.device_key == one.public
    peer = read_peer_untrusted(row.certificate, keys.authority.pem)
    assert (peer.tenant, peer.gateway) == (TENANT, one.gateway_id)
    assert peer.device_public == one.public


async def test_the_same_request_again_is_the_same_gateway(
    connection: asyncpg.Connection, keys: Keys
) -> None:
    for serial in (5, 6):
        answer = await approve(connection, keys, request("north", 7), URL, NOW_MS, serial)
        assert read_trust_untrusted(answer).index == 1
    south = await approve(connection, keys, request("south", 8), URL, NOW_MS, 7)
    assert read_trust_untrusted(south).index == 2
    assert len(await trust.list_gateways(connection, TENANT)) == 2


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (request("north", 8), "a gateway named north exists"),
        (request("south", 7), "recorded as north"),
        (request("north", 7, device=9), "recorded as north with another key"),
        (request("south", 8, device=7), "device key belongs to another"),
    ],
)
async def test_a_contradiction_is_named_and_nothing_is_recorded(
    connection: asyncpg.Connection, keys: Keys, asked: Request, said: str
) -> None:
    await approve(connection, keys, request("north", 7), URL, NOW_MS, 5)
    with pytest.raises(NotApproved, match=said):
        await approve(connection, keys, asked, URL, NOW_MS, 6)
    assert [one.name for one in await trust.list_gateways(connection, TENANT)] == ["north"]


async def test_a_revoked_gateway_stays_out_and_its_index_too(
    connection: asyncpg.Connection, keys: Keys
) -> None:
    north = request("north", 7)
    await approve(connection, keys, north, URL, NOW_MS, 5)
    await trust.revoke_gateway(connection, TENANT, north.gateway_id, NOW_MS, "lost")
    with pytest.raises(NotApproved, match="was revoked"):
        await approve(connection, keys, north, URL, NOW_MS, 6)
    south = await approve(connection, keys, request("south", 8), URL, NOW_MS, 7)
    assert read_trust_untrusted(south).index == 2


async def test_two_approvals_at_once_get_two_indices(
    dsn: str, connection: asyncpg.Connection, keys: Keys
) -> None:
    several = [await asyncpg.connect(dsn) for _ in range(4)]
    answers = await asyncio.gather(
        *(
            approve(db, keys, request(f"gate-{n}", n), URL, NOW_MS, n)
            for n, db in enumerate(several, 10)
        )
    )
    assert sorted(read_trust_untrusted(one).index for one in answers) == [1, 2, 3, 4]
    for db in several:
        await db.close()


async def test_there_is_an_end_to_gateways(connection: asyncpg.Connection, keys: Keys) -> None:
    last = trust.Gateway(b"g" * 16, INDEX_MAX, "last", b"k" * 32, b"der", None)
    await trust.add_gateway(connection, TENANT, last, NOW_MS)
    with pytest.raises(NotApproved, match="at most 255"):
        await approve(connection, keys, request("north", 7), URL, NOW_MS, 5)
