"""What others hold of an empty ledger: asked in a short time, of those whom the bundle names."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from config.peers import Sibling
from crypto.block import Head
from edge.ledger import excuse
from edge.ledger.recover import KnownHead
from edge.ledger.storage import DiskStorage
from edge.peers.learning import NoHistory
from edge.peers.rebuild import Asker, excuse_emptiness
from tests.edge.peers.site import Node, identity, site, until

pytestmark = pytest.mark.trio


def asker(node: Node, *siblings: Sibling) -> Asker:
    config = msgspec.structs.replace(node.house.config, siblings=siblings)
    return Asker(node.identity, config, node.gateway.policy.bundle.gateways)


async def test_siblings_say_how_far_they_hold_our_log_and_give_it(tmp_path: Path) -> None:
    async with site(tmp_path, "a", "b") as (a, b):
        a.join(b)
        await until(lambda: b.holds(a) and a.ledger.durable.seq > 1)
        nobody = Sibling("c", "127.0.0.1", 1)
        asks = asker(a, nobody, a.at(b))
        (head,) = await asks.heads()
        epoch, end = a.ledger.epoch, a.ledger.durable
        assert head == KnownHead(epoch, end.seq, end.hash, "sibling b")
        ours = a.ledger.blocks_from(epoch, 1, 1 << 20)
        assert await asks.fetch(epoch, 1) == ours
        assert await asks.fetch(epoch, end.seq) == ours[-1:]
        assert await asks.fetch(epoch, end.seq + 1) == []
        assert await asks.fetch(epoch + 1, 1) == []
        assert len(b.links.sessions()) == 1  # whoever asks replaces nobody


async def test_whoever_answers_for_a_sibling_must_be_it(tmp_path: Path) -> None:
    async with site(tmp_path, "a", "b", "c") as (a, b, c):
        a.join(b)
        await until(lambda: b.holds(a))
        wrong = Sibling("c", "127.0.0.1", b.port)
        assert await asker(a, wrong).heads() == []
        assert await asker(a, wrong).fetch(a.ledger.epoch, 1) == []


async def test_without_a_bundle_the_authority_vouches(tmp_path: Path) -> None:
    async with site(tmp_path, "a", "b") as (a, b):
        a.join(b)
        await until(lambda: b.holds(a))
        config = msgspec.structs.replace(a.house.config, siblings=(a.at(b),))
        assert len(await Asker(identity(tmp_path, "a"), config, []).heads()) == 1


async def test_an_empty_ledger_is_excused_by_what_others_know(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path)
    assert not excuse_emptiness(storage, [])
    known = [
        KnownHead(5, 7, b"7" * 32, "one"), KnownHead(5, 9, b"9" * 32, "two"),
        KnownHead(6, 1, b"1" * 32, "one"), KnownHead(7, 0, bytes(32), "one"),
    ]  # fmt: skip
    assert excuse_emptiness(storage, known)
    note = excuse.load(storage)
    assert note is not None
    assert note.heads == {5: Head(9, b"9" * 32), 6: Head(1, b"1" * 32)}


async def test_a_ledger_that_has_something_is_not_excused(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path)
    storage.create("0000000005-00000000000000000001.segment", 4096)
    assert not excuse_emptiness(storage, [KnownHead(5, 7, b"7" * 32, "one")])
    assert excuse.load(storage) is None


async def test_what_nobody_could_be_asked_for_is_excused_later(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path)
    storage.create("0000000009-00000000000000000001.segment", 4096)
    storage.create("0000000004.key", 8)
    known = [KnownHead(e, 7, b"7" * 32, "one") for e in (4, 5, 9)]
    assert excuse_emptiness(storage, known)
    note = excuse.load(storage)
    assert note is not None and note.heads == {5: Head(7, b"7" * 32)}
    assert not excuse_emptiness(storage, known)
    assert excuse_emptiness(storage, [KnownHead(6, 1, b"1" * 32, "two")])
    note = excuse.load(storage)
    assert note is not None and set(note.heads) == {5, 6}


async def test_a_gateway_built_again_while_alone_gets_its_own_facts_back(tmp_path: Path) -> None:
    async with site(tmp_path, "b") as (b,):
        a = Node(tmp_path, "a")
        async with a.running():
            a.join(b)
            await until(lambda: b.holds(a))
            old = a.ledger.epoch
        shutil.rmtree(tmp_path / "a")
        a = Node(tmp_path, "a")
        a.lead_ms = 5_000  # a new disk takes longer than a second
        with pytest.raises(BaseExceptionGroup) as told:
            async with a.running():  # nobody is asked, nobody answers: a new epoch begins
                a.join(b)
                await a.house.learn_history()
        assert told.group_contains(NoHistory, match="others hold facts of ours")
        async with a.running((a.at(b),)):
            assert set(a.ledger.heads) == {old, a.ledger.epoch}
            assert a.ledger.blocks_from(old, 1, 1 << 20)
            assert list(a.state._index)[0] == (a.identity.gateway, old)
