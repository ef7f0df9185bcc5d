"""What is told next on one connection: what was asked for, ours, and others' when it is late."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import trio

from crypto.block import Block
from edge.peers.intake import Key
from edge.peers.outgoing import FORWARD_AFTER_S, Outgoing
from tests.edge.peers.logs import A, B, Log
from tests.edge.peers.talk import Party

pytestmark = pytest.mark.trio
C = b"\x0c" * 16
OURS, THEIRS = (A, 5), (B, 5)


@pytest.fixture
async def a(tmp_path: Path) -> Party:
    """Gateway A: its own log of three blocks, and one of three blocks of B."""
    party = Party(tmp_path, A, B, C)
    party.own.log.fill(3)
    for block in Log(B).fill(3).blocks:
        await party.intake.take(block)
    await party.intake.flush()
    return party


def through(blocks: list[Block]) -> int:
    return blocks[-1].last_seq if blocks else 0


async def test_of_a_log_whose_owner_it_hears_it_is_told_when_that_takes_long(
    a: Party, autojump_clock: object
) -> None:
    out = Outgoing(a.holdings, C)
    out.has(OURS, a.own.log.head.seq)
    assert out.next((), True) == (THEIRS, 0.0)
    assert out.next({B}, True) == (None, FORWARD_AFTER_S)
    await trio.sleep(FORWARD_AFTER_S / 2)
    assert out.next({B}, True) == (None, FORWARD_AFTER_S / 2)
    await trio.sleep(FORWARD_AFTER_S / 2)
    assert out.next({B}, True) == (THEIRS, 0.0)
    assert through(await out.take(THEIRS)) == a.holdings.heads()[THEIRS].seq
    assert out.next((), True) == (None, math.inf)


async def test_who_only_asks_and_the_owner_get_what_they_ask_for(a: Party) -> None:
    for out, streams in ((Outgoing(a.holdings, C), False), (Outgoing(a.holdings, B), True)):
        out.has(OURS, a.own.log.head.seq)
        assert out.next((), streams) == (None, math.inf)
        out.asked((C, 9), 1)  # nobody has it
        assert out.next((), streams) == (None, math.inf) and (C, 9) not in out.sent
        out.asked(THEIRS, 2)
        assert out.next({B}, streams) == (THEIRS, 0.0)
        assert (await out.take(THEIRS))[0].first_seq == 2
        assert out.next((), streams) == (None, math.inf)


@pytest.mark.parametrize(
    ("seq", "first"), [(1, 1), (3, 0)], ids=["from further back", "what is under way"]
)
async def test_what_is_asked_for_while_blocks_are_read_is_told_after_them(
    a: Party, monkeypatch: pytest.MonkeyPatch, seq: int, first: int
) -> None:
    out, run = Outgoing(a.holdings, C), a.holdings.run
    out.has(OURS, 2)

    async def slowly(key: Key, wanted: int, limit_bytes: int) -> list[Block]:
        out.asked(OURS, seq)
        return await run(key, wanted, limit_bytes)

    with monkeypatch.context() as patch:
        patch.setattr(a.holdings, "run", slowly)
        assert through(await out.take(OURS)) == a.own.log.head.seq
    key, _ = out.next({B}, True)
    assert (key == OURS) is bool(first)
    assert not first or (await out.take(OURS))[0].first_seq == first


async def test_what_cannot_be_read_here_others_have(
    a: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*_: object) -> list[Block]:
        return []

    monkeypatch.setattr(a.holdings, "run", gone)
    out = Outgoing(a.holdings, B)
    assert out.next((), True) == (OURS, 0.0)
    assert await out.take(OURS) == [] and out.next((), True) == (None, math.inf)
