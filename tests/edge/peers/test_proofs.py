"""A lying sibling stops no start: of our own log only what we have signed is evidence."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio

from crypto.entry import Started
from crypto.keys import VerifyKey
from edge.ledger.chain import Trust
from edge.ledger.errors import LedgerDamaged
from edge.peers import codec, learning, rebuild, session
from edge.peers.codec import LOGS_MAX, Hello, LogHead
from edge.peers.errors import BadFrame
from edge.peers.proofs import Proofs
from tests.edge.peers.logs import TENANT, A, B, Log, device, other_history
from tests.edge.peers.site import Node, site, until
from tests.edge.peers.talk import Party, talking

JUNK = b"?" * 32


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody who is asked here takes longer, but for liars."""
    monkeypatch.setattr(rebuild, "ANSWER_S", 0.3)
    monkeypatch.setattr(session, "BEAT_S", 0.1)
    monkeypatch.setattr(learning, "BEAT_S", 0.1)
    monkeypatch.setattr(rebuild, "BLOCKS_S", 1.0)


def proofs_of(log: Log) -> Proofs:
    return Proofs(Trust(TENANT, log.gateway, VerifyKey(device(log.gateway).public)))


def head(log: Log, **changes: Any) -> LogHead:
    row = LogHead(log.gateway, log.epoch, log.head.seq, log.head.hash)
    return msgspec.structs.replace(row, **changes)


def test_a_claim_is_proven_by_the_first_block_and_the_one_it_names() -> None:
    log = Log(A).fill(4)
    heard = proofs_of(log)
    assert heard.asks(head(log)) == [1, 5]
    assert not heard.hear(log.blocks[-1])  # whose key is that?
    assert heard.hear(log.blocks[0]) and heard.asks(head(log)) == [5]
    assert not heard.proves(head(log))
    assert heard.hear(log.blocks[-1])
    assert heard.proves(head(log)) and heard.asks(head(log)) == []
    for lie in (head(log, seq=6), head(log, hash=JUNK), head(log, epoch=6)):
        assert not heard.proves(lie)


def test_nobody_elses_signature_is_ours() -> None:
    log = Log(A).fill(2)
    heard = proofs_of(log)
    forged = Log(A, signer=device(B)).fill(2)  # an enrolled sibling certifies a key for our log
    other_key = Log(A, key_seed=3).fill(2)
    assert not any(map(heard.hear, forged.blocks))
    assert not any(map(heard.hear, Log(B).fill(2).blocks))
    assert all(map(heard.hear, log.blocks))
    assert not any(map(heard.hear, other_key.blocks[1:]))
    assert not heard.proves(head(other_key))


def test_of_what_is_given_only_what_follows_is_ours() -> None:
    log = Log(A).fill(5)
    other = other_history(log, 3)
    heard = proofs_of(log)
    assert heard.ours(5, 2, log.blocks[1:]) == []  # its key is not known yet
    assert heard.ours(5, 1, log.blocks) == log.blocks
    assert heard.ours(5, 3, log.blocks) == []
    assert heard.ours(5, 3, log.blocks[2:]) == log.blocks[2:]
    assert heard.ours(5, 3, [log.blocks[2], log.blocks[4]]) == [log.blocks[2]]
    assert heard.ours(5, 3, [*log.blocks[2:4], *other.blocks[4:]]) == log.blocks[2:4]
    assert heard.ours(6, 3, log.blocks[2:]) == []


def lie(node: Node, *rows: LogHead) -> None:
    """From now on `node` claims this as well, whatever it holds."""
    told = node.links.hello

    def hello() -> Hello:
        said: Hello = told()
        honest = [row for row in said.heads if (row.gateway, row.epoch) not in lies]
        return msgspec.structs.replace(said, heads=[*honest, *rows])

    lies = {(row.gateway, row.epoch) for row in rows}
    node.links.hello = hello


def told(caplog: pytest.LogCaptureFixture, text: str) -> bool:
    return any(text in record.message for record in caplog.records)


async def lived(folder: Path, b: Node) -> Node:
    """Gateway a, which has run beside b and stopped."""
    a = Node(folder, "a")
    async with a.running():
        a.join(b)
        for _ in range(3):  # a block for each
            seq = a.record(lambda hlc, now: Started(hlc, now.day, now.offset_min, "x"))
            await a.ledger.wait(seq)
        await until(lambda: b.holds(a))
    return a


@pytest.mark.trio
async def test_more_than_is_shown_costs_an_epoch_and_no_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with site(tmp_path, "b") as (b,):
        a = await lived(tmp_path, b)
        own, old, end = a.identity.gateway, a.ledger.epoch, a.ledger.durable
        lie(b, LogHead(own, old, end.seq + 100, JUNK), LogHead(own, 0xFFFF_FFFE, 9, JUNK))
        a.lead_ms = 5_000  # an epoch is numbered by seconds
        async with a.running((a.at(b),)):
            assert told(caplog, "claimed that we never signed")
            assert a.recovered.begun == "doubt"
            # Nothing is lost, no number is used twice, and none is used up.
            assert a.ledger.heads[old] == end
            assert old < a.ledger.epoch < old + 1_000


@pytest.mark.trio
async def test_another_hash_for_what_we_hold_changes_nothing(tmp_path: Path) -> None:
    async with site(tmp_path, "b") as (b,):
        a = await lived(tmp_path, b)
        old, end = a.ledger.epoch, a.ledger.durable
        lie(b, LogHead(a.identity.gateway, old, end.seq, JUNK))
        async with a.running((a.at(b),)):
            assert (a.ledger.epoch, a.recovered.begun) == (old, None)


@pytest.mark.trio
async def test_a_block_that_we_signed_is_evidence_still(tmp_path: Path) -> None:
    async with site(tmp_path, "b") as (b,):
        a = await lived(tmp_path, b)
        (segment,) = Path(a.config.ledger_dir).glob(f"{a.ledger.epoch:010d}-*1.segment")
        end, raw = a.ledger.durable.seq, bytearray(segment.read_bytes())
        pages = [at for at in range(0, len(raw), 4096) if any(raw[at : at + 4096])]
        for at in pages[-2:]:  # the newest blocks have vanished without a trace
            raw[at : at + 4096] = bytes(4096)
        segment.write_bytes(raw)
        async with a.running((a.at(b),)):
            assert (a.recovered.put_back, a.recovered.begun) == (2, None)
        segment.write_bytes(raw)
        give = b.house.holdings.run

        async def head_only(key: Any, seq: int, limit_bytes: int) -> Any:
            return await give(key, seq, limit_bytes) if seq == end else []

        b.house.holdings.run = head_only  # type: ignore[method-assign]
        with pytest.raises(LedgerDamaged, match="sibling b holds this log"):
            async with a.running((a.at(b),)):
                pass


@pytest.mark.trio
async def test_an_empty_gateway_opens_beside_a_liar(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with site(tmp_path, "b") as (b,):
        a = await lived(tmp_path, b)
        own, other = a.identity.gateway, b.identity.gateway
        shutil.rmtree(a.folder)
        b.links._take_bundle = lambda raw: None
        lie(b, LogHead(own, 77, 9, JUNK), LogHead(other, 78, 9, JUNK))
        a = Node(tmp_path, "a", rebuild_wait_s=1.0)
        a.lead_ms = 5_000
        async with a.running((a.at(b),)):
            a.join(b)
            with trio.fail_after(30):
                await a.house.learn_history()
            assert told(caplog, "claims facts that it does not give")
            assert told(caplog, "claims facts of ours and does not show them")
            assert not a.house.learning.note.stands() and a.knows(b)
            assert 77 not in a.ledger.heads


@pytest.mark.trio
@pytest.mark.parametrize(("patience_s", "opens"), [(0.5, True), (600.0, False)])
async def test_a_liar_that_adds_to_its_own_log_for_ever_keeps_nobody_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, patience_s: float, opens: bool
) -> None:
    monkeypatch.setattr(learning, "OWN_LOGS_S", patience_s)
    async with site(tmp_path, "b") as (b,):
        lie(b, LogHead(b.identity.gateway, b.ledger.epoch, 1 << 40, JUNK))
        a = Node(tmp_path, "a", rebuild_wait_s=1.0)
        async with a.running(), trio.open_nursery() as nursery:

            async def chatter() -> None:
                while True:
                    b.record(lambda hlc, now: Started(hlc, now.day, now.offset_min, "x"))
                    await trio.sleep(0.02)

            nursery.start_soon(chatter)
            a.join(b)
            with trio.move_on_after(30 if opens else 2) as waiting:
                await a.house.learn_history()
            assert waiting.cancelled_caught is not opens
            assert a.house.intake.counts[b.identity.gateway].folded > 3
            nursery.cancel_scope.cancel()


@pytest.mark.trio
async def test_what_is_claimed_is_bounded(tmp_path: Path, autojump_clock: object) -> None:
    a, b = Party(tmp_path / "a", A, B), Party(tmp_path / "b", B, A)
    async with talking((a, b)) as (wire,):
        await until(lambda: a.knows(b) and b.knows(a))
        rows = [LogHead(A, epoch, 1, JUNK) for epoch in range(10, 10 + LOGS_MAX)]
        wire.sides[1]._say(codec.Want(B, 99, 7))
        wire.sides[1]._say(codec.Held(rows[: LOGS_MAX // 2]))
        await until(lambda: len(wire.sides[0].held) > LOGS_MAX // 2)
        assert (B, 99) not in wire.sides[0].outgoing.sent  # a log that nobody has
        wire.sides[1]._say(codec.Held(rows[LOGS_MAX // 2 :]))
        await wire.over()
    assert isinstance(wire.errors[0], BadFrame)
