"""A guest list reaches gateways that only hear siblings, and so does an erasure."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio

from crypto.guests import Guest, GuestList, sign
from crypto.keys import SigningKey
from edge.bundles import GUESTS
from edge.peers.codec import PART_BYTES_MAX
from edge.uplink import in_thread, take_guests
from tests.edge.peers.site import BUNDLE_SEED, TENANT, Node, site, until

pytestmark = pytest.mark.trio
KEY = SigningKey(BUNDLE_SEED)


def names(version: int, *found: str, key: SigningKey = KEY, tenant: bytes = TENANT) -> bytes:
    rows = [Guest(name[:20], name) for name in found]
    return sign(GuestList(version=version, tenant=tenant, guests=rows), key)


async def bring(node: Node, raw: bytes) -> None:
    """The centre, or somebody with a stick, has brought it."""
    await take_guests(node.gateway, node.house._bundles, raw, in_thread)


def has(node: Node, name: str) -> bool:
    return bool(node.gateway.policy.guests.search(name))


def on_disk(node: Node) -> bytes:
    return (node.folder / "bundle" / GUESTS).read_bytes()


async def test_a_list_goes_from_sibling_to_sibling_and_so_does_its_end(tmp_path: Path) -> None:
    async with site(tmp_path, "a", "b", "c") as (a, b, c):
        a.join(b)
        b.join(c)
        await bring(a, names(3, "Zoë Brandt"))
        await until(lambda: has(b, "Zoë") and has(c, "Zoë"))
        assert b"Brandt" in on_disk(c)
        await bring(b, names(4))
        await until(lambda: not has(a, "Zoë") and not has(c, "Zoë"))
        # It rises only: whoever still has an older one brings it to nobody.
        c.house._bundle_came(names(2, "Erased Earlier"))
        await trio.sleep(0.1)
        for node in (a, b, c):
            assert node.gateway.policy.guests.version == 4
            assert b"Brandt" not in on_disk(node) and b"Earlier" not in on_disk(node)
            kept = [f for f in (node.folder / "bundle").iterdir() if b"Brandt" in f.read_bytes()]
            assert kept == []


async def test_who_was_away_gets_the_newest_when_it_is_back(tmp_path: Path) -> None:
    async with site(tmp_path, "a", "b") as (a, b):
        # A large one travels in pieces.
        many = [f"Guest {number:06d} {'x' * 60}" for number in range(6_000)]
        raw = names(7, *many)
        assert len(raw) > PART_BYTES_MAX
        await bring(b, names(5, "Old Name"))
        await bring(a, raw)
        a.join(b)
        await until(lambda: has(b, many[-1]))
        assert on_disk(b) == raw


async def test_what_the_centre_did_not_sign_is_not_taken(tmp_path: Path) -> None:
    async with site(tmp_path, "a", "b") as (a, b):
        a.join(b)
        await bring(a, names(1, "Real"))
        await until(lambda: has(b, "Real"))
        stranger = SigningKey(b"\x01" * 32)
        for raw in (
            names(9, "Made Up", key=stranger), names(9, "Made Up", tenant=b"O" * 16),
            names(9, "Made Up")[:-1], names(9, "Made Up") + b"!",
        ):  # fmt: skip
            b.house._bundle_came(raw)  # from a sibling that lies
            await trio.sleep(0.1)
            assert has(b, "Real") and not has(b, "Made Up")
        a.house._bundles.newest_guests = (9, names(9, "Honest"))
        await until(lambda: has(b, "Honest"))
