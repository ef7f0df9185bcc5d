"""A sibling's blocks reach the centre although the sibling does not."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import trio

from crypto import receipt
from crypto.block import read_run_untrusted
from crypto.keys import SigningKey, VerifyKey
from edge.peers.courier import Courier, fetch_all
from edge.peers.holdings import Holdings
from edge.transport import EpochHead, Turned, UplinkLost
from edge.uplink import inline
from tests.edge.peers.logs import OWN, TENANT, A, B, Log, Taker
from tests.edge.peers.talk import Own

pytestmark = pytest.mark.trio
KEY = SigningKey(b"\x0f" * 32)


class Centre:
    """The centre as asked about one gateway."""

    def __init__(self, gateway: bytes) -> None:
        self.gateway = gateway
        self.held: dict[int, list] = {}  # type: ignore[type-arg]
        self.puts: list[tuple[int, int]] = []
        self.away = self.turned = False
        self.lie = False

    async def heads(self) -> list[EpochHead]:
        if self.away:
            raise UplinkLost("away")
        return [EpochHead(e, b[-1].last_seq, b[-1].hash.hex()) for e, b in self.held.items()]

    async def put_blocks(self, epoch: int, first_seq: int, run: bytes) -> bytes:
        if self.turned:
            raise Turned("fork", "seq 2")
        blocks = list(read_run_untrusted(run))
        self.puts.append((epoch, first_seq))
        if not self.lie:
            self.held.setdefault(epoch, []).extend(blocks)
        owner = OWN if self.lie else self.gateway
        last = blocks[-1]
        return receipt.sign(receipt.Receipt(TENANT, owner, epoch, last.last_seq, last.hash, 1), KEY)

    async def get_blocks(self, epoch: int, from_seq: int) -> bytes:
        return b"".join(b.raw for b in self.held[epoch] if b.last_seq >= from_seq)


class Missed:
    def __init__(self) -> None:
        self.unheard = {A: 0.0, B: 0.0}
        self.lacking = False

    def unheard_s(self, gateway: bytes) -> float:
        return self.unheard[gateway]

    def lacks(self, gateway: bytes) -> bool:
        return self.lacking

    def name(self, gateway: bytes) -> str:
        return "a"


class Scene:
    def __init__(self, folder: Path) -> None:
        self.taker = Taker(folder)
        self.missed = Missed()
        self.centres = {gateway: Centre(gateway) for gateway in (A, B)}
        holdings = Holdings(Own(OWN), self.taker.intake, inline)
        self.courier = Courier(
            holdings, self.missed, self.centres.__getitem__,  # type: ignore[arg-type]
            VerifyKey(KEY.public), 60.0,
        )  # fmt: skip

    async def take(self, *logs: Log) -> None:
        for log in logs:
            await self.taker.take(*log.blocks)
        await self.taker.intake.flush()

    async def looks(self, seconds: float = 20) -> None:
        with trio.move_on_after(seconds):
            await self.courier.run()


async def test_a_sibling_that_is_heard_delivers_for_itself(
    tmp_path: Path, autojump_clock: object
) -> None:
    scene = Scene(tmp_path)
    await scene.take(Log().fill(3))
    await scene.looks(300)
    assert scene.centres[A].puts == []


async def test_who_is_heard_and_has_lost_a_part_is_delivered_for(
    tmp_path: Path, autojump_clock: object
) -> None:
    scene, log = Scene(tmp_path), Log().fill(3)
    await scene.take(log)
    scene.missed.lacking = True
    await scene.looks()
    assert scene.centres[A].held[5] == log.blocks


async def test_what_the_centre_lacks_of_a_lost_one_is_brought_once(
    tmp_path: Path, autojump_clock: object
) -> None:
    scene, log, other = Scene(tmp_path), Log().fill(5), Log(B).fill(1)
    await scene.take(log, Log(A, 6).fill(1), other)
    scene.centres[A].held[5] = log.blocks[:2]
    scene.missed.unheard[A] = 61
    await scene.looks()
    assert scene.centres[A].puts == [(5, 3), (6, 1)]
    assert scene.centres[A].held[5] == log.blocks
    assert scene.centres[B].puts == []
    await scene.looks(300)
    assert len(scene.centres[A].puts) == 2


async def test_a_centre_that_is_away_is_asked_again(tmp_path: Path, autojump_clock: object) -> None:
    scene = Scene(tmp_path)
    await scene.take(Log().fill(1))
    scene.missed.unheard[A], scene.centres[A].away = 100, True
    await scene.looks()
    scene.centres[A].away = False
    await scene.looks()
    assert scene.centres[A].puts == [(5, 1)]


@pytest.mark.parametrize("wrong", ["turned", "lie"])
async def test_what_is_wrong_is_told_once(
    tmp_path: Path, autojump_clock: object, wrong: str, caplog: pytest.LogCaptureFixture
) -> None:
    scene = Scene(tmp_path)
    await scene.take(Log().fill(1))
    scene.missed.unheard[A] = 100
    setattr(scene.centres[A], wrong, True)
    with caplog.at_level(logging.ERROR):
        await scene.looks(100)
    assert len(caplog.records) == 1
    assert scene.courier.receipted == {}


async def test_all_that_the_centre_holds_comes_down(tmp_path: Path) -> None:
    scene, log = Scene(tmp_path), Log().fill(4)
    scene.centres[A].held[5] = log.blocks
    heads: dict[tuple[bytes, int], int] = {}

    async def take(run: bytes) -> None:
        for block in read_run_untrusted(run):
            await scene.taker.take(block)
            heads[block.gateway, block.epoch] = block.last_seq

    def transport(gateway: bytes) -> Centre:
        return scene.centres[gateway]

    assert await fetch_all(transport, [A, B], lambda: heads, take)  # type: ignore[arg-type]
    assert scene.taker.seqs == [1, 2, 3, 4, 5]
    scene.centres[B].away = True
    assert not await fetch_all(transport, [A, B], lambda: heads, take)  # type: ignore[arg-type]
