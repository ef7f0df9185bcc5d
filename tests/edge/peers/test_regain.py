"""Older facts of ours that others had kept come back to a gateway that runs; nothing else does."""

from __future__ import annotations

import logging
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio

from crypto.block import Block, Head
from crypto.entry import Admitted, PassageUnknown
from crypto.keys import SigningKey, VerifyKey
from edge.core.state import State
from edge.gateway import Gateway
from edge.ledger.chain import EpochChain, Trust
from edge.ledger.errors import LedgerFull
from edge.peers import regain
from edge.peers.codec import LogHead
from edge.peers.regain import Regain
from edge.peers.tails import LEAST_S
from edge.transport import EpochHead, UplinkLost
from tests.edge.core.desk import make_code
from tests.edge.peers.logs import OWN, TENANT, A, B, Log, device, other_history
from tests.edge.peers.site import Node, same_state, site, until
from tests.edge.venue import Clock
from tests.edge.venue import Log as MemoryLog

pytestmark = pytest.mark.trio
USED = 9
TICKET = b"festival:12345678"


class Ledger:
    """Ours, in epoch 9: `held` are the heads of older ones."""

    def __init__(self) -> None:
        self.epoch = USED
        self.heads: dict[int, Head] = {USED: Head(40, b"h" * 32)}
        self.key: VerifyKey | None = None
        self.back: list[list[Block]] = []
        self.full = False

    async def chain_after(self, trust: Trust, epoch: int, head: Head) -> EpochChain | None:
        return EpochChain(trust, epoch, head, self.key if head.seq else None)

    async def put_back(self, blocks: Sequence[Block]) -> None:
        await trio.sleep(0.1)
        if self.full:
            raise LedgerFull("no room")
        self.back.append(list(blocks))
        self.heads[blocks[0].epoch] = Head(blocks[-1].last_seq, blocks[-1].hash)

    @property
    def seqs(self) -> list[int]:
        return [block.first_seq for blocks in self.back for block in blocks]


class Sibling:
    """Says that it holds `log` and, unless it lies, gives what it is asked for."""

    def __init__(self, scene: Scene, other: bytes, log: Log, *, lies: bool = False) -> None:
        self.other = other
        self.held = {(OWN, log.epoch): LogHead(OWN, log.epoch, log.head.seq, log.head.hash)}
        self.asked: list[tuple[int, float]] = []
        self._scene, self._log, self._lies = scene, log, lies

    def ask(self, key: Any, seq: int) -> None:
        assert key == (OWN, self._log.epoch)
        self.asked.append((seq, trio.current_time()))
        if not self._lies:
            self._scene.nursery.start_soon(self._give, seq)

    async def _give(self, seq: int) -> None:
        for block in self._log.blocks:
            if block.last_seq >= seq:
                await self._scene.regain.hear(block)


class Centre:
    def __init__(self, log: Log) -> None:
        self.log = log
        self.down = False
        self.asked = 0

    async def heads(self) -> list[EpochHead]:
        self.asked += 1
        if self.down:
            raise UplinkLost("no route")
        heads = [(self.log.epoch, self.log.head), (USED, Head(99, b"x" * 32))]
        return [EpochHead(epoch, head.seq, head.hash.hex()) for epoch, head in heads]

    async def get_blocks(self, epoch: int, from_seq: int) -> bytes:
        due = [block.raw for block in self.log.blocks if block.last_seq >= from_seq]
        return b"".join(due[:2])


class Scene:
    def __init__(self, nursery: trio.Nursery, centre: Any = None) -> None:
        self.nursery = nursery
        self.ledger = Ledger()
        self.log = MemoryLog(epoch=USED, gateway=OWN)
        self.gateway = Gateway(
            identity=OWN, name="own", ledger=self.log, state=State(), clock=Clock()
        )
        self.siblings: list[Sibling] = []
        trust = Trust(TENANT, OWN, VerifyKey(device(OWN).public))
        self.regain = Regain(self.gateway, self.ledger, self, trust, centre)

    def sessions(self) -> list[Sibling]:
        return self.siblings

    def add(self, log: Log, other: bytes = A, *, lies: bool = False) -> Sibling:
        sibling = Sibling(self, other, log, lies=lies)
        self.siblings.append(sibling)
        return sibling

    def has(self, log: Log, count: int) -> None:
        """So many blocks of `log` are here since the start."""
        for block in log.blocks[:count]:
            self.gateway.fold_sibling(block, [])
            self.gateway.state.origins[0].next = block.last_seq + 1
            self.ledger.heads[log.epoch] = Head(block.last_seq, block.hash)
        self.ledger.key = VerifyKey(log.key.public)

    def folded(self, epoch: int = 5) -> int:
        for origin in self.gateway.state.origins:
            if (origin.gateway, origin.epoch) == (OWN, epoch):
                return origin.next - 1
        return 0


@asynccontextmanager
async def running(centre: Any = None) -> AsyncIterator[Scene]:
    async with trio.open_nursery() as nursery:
        scene = Scene(nursery, centre)
        nursery.start_soon(scene.regain.run)
        nursery.start_soon(scene.regain.follow_centre)
        yield scene
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("here", (0, 1, 4))
async def test_the_rest_of_an_older_epoch_is_made_durable_and_folded(
    here: int, autojump_clock: object
) -> None:
    log = Log(OWN).fill(9)
    async with running() as scene:
        scene.has(log, here)
        sibling = scene.add(log)
        await trio.sleep(3 * regain.LOOK_S)
        assert scene.ledger.seqs == list(range(here + 1, 11)) and scene.folded() == 10
        assert [seq for seq, _ in sibling.asked] == [here + 1]
        assert scene.regain.count == 10 - here
        log.fill(3)  # who was cut off hears more of it from a third
        scene.siblings[:] = []
        scene.add(log, B)
        await trio.sleep(3 * regain.LOOK_S)
        assert scene.folded() == 13


@pytest.mark.parametrize("epoch", (USED, USED + 1))
async def test_of_the_epoch_in_use_and_of_later_ones_nothing_is_taken(
    epoch: int, autojump_clock: object
) -> None:
    log = Log(OWN, epoch).fill(60)
    async with running(Centre(log)) as scene:
        sibling = scene.add(log)
        await trio.sleep(3 * LEAST_S)
        await sibling._give(1)
        await trio.sleep(3 * regain.LOOK_S)
        assert not sibling.asked and not scene.ledger.back and not scene.folded(epoch)


async def test_only_what_we_signed_is_taken(
    autojump_clock: object, caplog: pytest.LogCaptureFixture
) -> None:
    true = Log(OWN).fill(5)
    strangers = Log(OWN, signer=SigningKey(b"s" * 32)).fill(5)
    async with running() as scene:
        scene.has(true, 2)
        sibling = scene.add(true, lies=True)
        await trio.sleep(2 * regain.LOOK_S)
        assert sibling.asked
        for bad in (strangers, Log(OWN, key_seed=8).fill(5), other_history(true, 1)):
            for block in bad.blocks:
                await scene.regain.hear(block)
        await trio.sleep(2 * regain.LOOK_S)
        assert not scene.ledger.back and scene.folded() == 2
        assert any("is not taken" in record.message for record in caplog.records)


async def test_what_nobody_asked_for_is_passed_over(autojump_clock: object) -> None:
    async with running() as scene:
        await scene.add(Log(OWN).fill(5), lies=True)._give(1)
        await trio.sleep(0)
        assert not scene.ledger.back


async def test_who_claims_and_does_not_give_is_passed_over_for_who_gives(
    autojump_clock: object,
) -> None:
    log = Log(OWN).fill(5)
    async with running() as scene:
        liar, honest = scene.add(log, A, lies=True), scene.add(log, B)
        await trio.sleep(regain.ASK_S + 3 * regain.LOOK_S)
        assert [len(each.asked) for each in (liar, honest)] == [1, 1]
        assert scene.folded() == 6


async def test_a_liar_alone_is_asked_less_and_less(autojump_clock: object) -> None:
    async with running() as scene:
        liar = scene.add(Log(OWN).fill(5), lies=True)
        await trio.sleep(4 * regain.ASK_MOST_S)
        assert 6 <= len(liar.asked) <= 12


async def test_the_centre_is_asked_seldom_and_gives_the_rest(autojump_clock: object) -> None:
    log = Log(OWN).fill(8)
    centre = Centre(log)
    async with running(centre) as scene:
        centre.down = True
        await trio.sleep(1.5 * LEAST_S)
        assert (centre.asked, scene.folded()) == (1, 0)
        centre.down = False
        await trio.sleep(3 * LEAST_S)
        assert scene.folded() == 9 and scene.ledger.seqs == list(range(1, 10))


async def test_without_room_it_waits_and_is_asked_for_again(autojump_clock: object) -> None:
    log = Log(OWN).fill(5)
    async with running() as scene:
        scene.ledger.full = True
        sibling = scene.add(log)
        await trio.sleep(regain.RETRY_FULL_S / 2)
        assert len(sibling.asked) == 1 and scene.folded() == 0
        scene.ledger.full = False
        await trio.sleep(regain.RETRY_FULL_S)
        assert scene.folded() == 6


async def test_who_gives_faster_than_the_disk_waits(
    autojump_clock: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(OWN).fill(200)
    size = len(log.blocks[5].raw)
    monkeypatch.setattr(regain, "WRITE_BYTES", 10 * size)
    async with running() as scene:
        scene.add(log)
        await trio.sleep(20)
        assert scene.folded() == 201
        assert max(len(blocks) for blocks in scene.ledger.back) <= 30


async def test_all_who_give_faster_than_the_disk_go_on(
    autojump_clock: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, older = Log(OWN).fill(100), Log(OWN, 4).fill(100)
    monkeypatch.setattr(regain, "WRITE_BYTES", 10 * len(old.blocks[5].raw))
    async with running() as scene:
        scene.add(old)
        scene.add(older, B)
        await trio.sleep(20)
        assert (scene.folded(4), scene.folded(5)) == (101, 101)
        assert len(scene.nursery.child_tasks) == 1, "a sibling still waits to go on"


async def test_while_an_empty_gateway_is_told_nothing_is_asked(autojump_clock: object) -> None:
    async with running() as scene:
        scene.regain.paused = True
        sibling = scene.add(Log(OWN).fill(5))
        await trio.sleep(10)
        assert not sibling.asked
        scene.regain.paused = False
        await trio.sleep(3 * regain.LOOK_S)
        assert scene.folded() == 6


async def test_a_guest_who_was_walking_then_counts_as_possibly_in(autojump_clock: object) -> None:
    log = Log(OWN)
    log.add([Admitted(3 << 16, 20260101, 60, 3, 1, TICKET, 5, 1, 0, 1, 1, b"")])
    async with running() as scene:
        scene.add(log)
        await trio.sleep(3 * regain.LOOK_S)
        (fact,) = scene.log.facts
        assert isinstance(fact, PassageUnknown)
        assert (fact.epoch, fact.seq, fact.ticket) == (5, 2, TICKET)


async def scanned(node: Node, number: int) -> str:
    answers = node.scan(make_code(number))
    await until(lambda: bool(answers))
    return answers[0].reason


async def test_burnt_and_opened_with_less_than_a_sibling_that_was_cut_off_has(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    async with site(tmp_path, "b", "c") as (b, c):
        a = Node(tmp_path, "a")
        async with a.running():
            a.join(b)
            a.join(c)
            await scanned(a, 1)
            await until(lambda: b.holds(a) and c.holds(a))
            a.part(b)
            await scanned(a, 2)
            await until(lambda: c.holds(a))
            old, facts = a.ledger.epoch, a.ledger.durable.seq
        assert await scanned(b, 2) == ""  # admitted: it has not heard of the first
        shutil.rmtree(a.folder)
        a = Node(tmp_path, "a")
        async with a.running(siblings=(a.at(b),)):
            assert 0 < a.ledger.heads[old].seq < facts
            a.join(b)
            with trio.fail_after(20):
                await a.house.learn_history()
            a.join(c)
            await until(lambda: a.ledger.heads[old].seq == facts)
            await until(lambda: same_state(a, b, c))
            for node in (a, b, c):
                node.gateway.tick()
                node.gateway.tick()
            await until(lambda: all(len(n.state.conflicts) == 1 for n in (a, b, c)))
        # Nobody need be asked again.
        a = Node(tmp_path, "a")
        async with a.running():
            assert a.ledger.heads[old].seq == facts
            assert await scanned(a, 2) == "already_redeemed"
