"""Codes issued again and codes that rotate, as a gate with the published bundle reads them."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from central import enrol
from central import keys as keyring
from central.keys import Keys
from central.publish import publish
from central.sales.denials import deny
from central.sales.issue import Order, issue_codes
from central.sales.reissue import CannotReissue, reissue, rotate
from central.store import bundles, sales
from crypto.bundle import Bundle, read_untrusted
from crypto.claim import Keyring
from crypto.errors import BadCode
from crypto.keys import SigningKey, VerifyKey
from crypto.ticket import FLAG_ROTATING, Ticket, decode_untrusted, issue
from tests.central.gate import told_at
from tests.central.world import NOW_MS, TENANT

pytestmark = pytest.mark.asyncio
NOW_S = NOW_MS // 1000


def entropy(size: int, counter: list[int] = [0]) -> bytes:  # noqa: B006 - one per run of tests
    counter[0] += 1
    return counter[0].to_bytes(size, "big")


@pytest_asyncio.fixture
async def keys(connection: asyncpg.Connection, tmp_path: Path) -> Keys:
    """A tenant with product 1 and gate 1 in the database."""
    made = keyring.create(tmp_path, "House", TENANT, [bytes([n]) * 32 for n in range(1, 5)], NOW_S)
    await enrol.record_tenant(connection, made, NOW_MS)
    await sales.add_product(connection, TENANT, sales.ProductRow(1, "Day"), NOW_MS)
    await sales.add_gate(connection, TENANT, sales.GateRow(1, "North"), NOW_MS)
    return made


async def bundle_of(db: asyncpg.Connection, keys: Keys) -> Bundle:
    version, _ = await publish(db, TENANT, keys.bundle, NOW_MS)
    raw = await bundles.get(db, TENANT, version)
    assert raw is not None
    return read_untrusted(raw, VerifyKey(keys.bundle.public))


async def one_code(db: asyncpg.Connection, keys: Keys, flags: int = 0) -> tuple[str, bytes]:
    """A code and its identity."""
    order = Order(performance=0, product=1, flags=flags)
    (code,) = await issue_codes(db, keys, order, 1, issued_s=NOW_S, entropy=entropy)
    return code, b"house:" + decode_untrusted(code.encode()).ticket.ticket_id


async def test_the_new_code_counts_and_the_old_one_no_more(
    connection: asyncpg.Connection, keys: Keys
) -> None:
    code, identity = await one_code(connection, keys)
    newer = await reissue(connection, keys, identity, now_ms=NOW_MS, entropy=entropy)
    newest = await reissue(connection, keys, identity, now_ms=NOW_MS - 86_400_000, entropy=entropy)
    bundle = await bundle_of(connection, keys)
    told = [told_at(bundle, one) for one in (code, newer, newest)]
    assert told == ["revoked", "revoked", "admitted"]
    ring = Keyring(bundle)
    assert {ring.read_untrusted(one.encode(), NOW_S).identity for one in (code, newer, newest)} == {
        identity
    }
    # what is revoked afterwards is the newest too, although it is dated ahead of the clock
    await deny(
        connection, keys, identity, "revoked", stands=True, reason="", now_ms=NOW_MS - 86_400_000
    )
    assert told_at(await bundle_of(connection, keys), newest) == "revoked"
    # and the newest code counts, although it was revoked by a clock that stood ahead
    await deny(
        connection, keys, identity, "revoked", stands=True, reason="", now_ms=NOW_MS + 86_400_000
    )
    again = await reissue(connection, keys, identity, now_ms=NOW_MS, entropy=entropy)
    assert told_at(await bundle_of(connection, keys), again) == "admitted"


@pytest.mark.parametrize("kind", ["canceled", "blocked"])
async def test_a_code_that_would_admit_nobody_is_not_made(
    connection: asyncpg.Connection, keys: Keys, kind: str
) -> None:
    _, identity = await one_code(connection, keys)
    _, other = await one_code(connection, keys)
    word = sales.Denial(other, kind, True, 0, "", NOW_MS)
    await sales.add_denial(connection, TENANT, word)
    with pytest.raises(CannotReissue, match=kind):
        await reissue(connection, keys, other, now_ms=NOW_MS, entropy=entropy)
    await reissue(connection, keys, identity, now_ms=NOW_MS, entropy=entropy)
    for nobodys, said in ((b"house:12345678", "no code was issued"), (b"shop:1", "another shop")):
        with pytest.raises(CannotReissue, match=said):
            await reissue(connection, keys, nobodys, now_ms=NOW_MS, entropy=entropy)


async def test_a_gate_takes_a_rotating_code_live_and_no_picture_of_it(
    connection: asyncpg.Connection, keys: Keys
) -> None:
    code, identity = await one_code(connection, keys, FLAG_ROTATING)
    gate = Keyring(await bundle_of(connection, keys))
    now = await rotate(connection, keys, identity, code, NOW_S)
    assert gate.read_untrusted(now.code.encode(), NOW_S).identity == identity
    assert NOW_S < now.until_s <= NOW_S + 30
    with pytest.raises(BadCode) as caught:
        gate.read_untrusted(now.code.encode(), NOW_S + 120)
    assert caught.value.reason == "code_expired"
    with pytest.raises(BadCode) as caught:
        gate.read_untrusted(code.encode(), NOW_S)
    assert caught.value.reason == "code_expired"
    later = await rotate(connection, keys, identity, now.code, NOW_S + 120)  # from a live one too
    assert gate.read_untrusted(later.code.encode(), NOW_S + 120).identity == identity


async def test_a_reissued_rotating_code_has_a_secret_of_its_own(
    connection: asyncpg.Connection, keys: Keys
) -> None:
    code, identity = await one_code(connection, keys, FLAG_ROTATING)
    before = (await bundle_of(connection, keys)).holder_keys
    newer = await reissue(connection, keys, identity, now_ms=NOW_MS, entropy=entropy)
    bundle = await bundle_of(connection, keys)
    assert [one.ticket for one in bundle.holder_keys] == [identity]
    assert bundle.holder_keys != before
    with pytest.raises(CannotReissue, match="was replaced"):
        await rotate(connection, keys, identity, code, NOW_S)
    shown = await rotate(connection, keys, identity, newer, NOW_S)
    assert Keyring(bundle).read_untrusted(shown.code.encode(), NOW_S).identity == identity


async def test_what_cannot_rotate_says_why(connection: asyncpg.Connection, keys: Keys) -> None:
    code, identity = await one_code(connection, keys)
    with pytest.raises(CannotReissue, match="counts as it is"):
        await rotate(connection, keys, identity, code, NOW_S)
    unknown = Ticket(keys.issuer.key_id, 0, b"abcdefgh", 1, 0, 0, 1, FLAG_ROTATING, NOW_S)
    with pytest.raises(CannotReissue, match="no code was issued"):
        text = issue(unknown, keys.issuer)
        await rotate(connection, keys, b"house:abcdefgh", text, NOW_S)
    forger = SigningKey(b"f" * 32)
    forged = issue(Ticket(forger.key_id, 0, b"abcdefgh", 1, 0, 0, 1, FLAG_ROTATING, NOW_S), forger)
    with pytest.raises(CannotReissue, match="not signed with our key"):
        await rotate(connection, keys, b"house:abcdefgh", forged, NOW_S)
