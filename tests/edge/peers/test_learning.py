"""A gateway that knows nothing opens its lanes when it was told, and not before."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio

from crypto.block import Block
from edge.peers.learning import NoHistory, Note
from tests.edge.peers.site import Node, scanned, settled, site, until

pytestmark = pytest.mark.trio


async def test_an_empty_gateway_that_nobody_tells_does_not_open(tmp_path: Path) -> None:
    async with site(tmp_path, "a", rebuild_wait_s=0.05) as (a,):
        assert a.house.empty
        with pytest.raises(ExceptionGroup) as told, trio.fail_after(20):
            await a.house.learn_history()
    assert told.group_contains(NoHistory, match="neither a sibling nor the centre")


async def test_a_crash_while_being_told_does_not_open_half_told(tmp_path: Path) -> None:
    """Mirrors are there after the crash, and not all that was to be told."""
    async with site(tmp_path, "b", "c") as (b, c):
        b.join(c)
        await scanned(c, 1)
        await until(lambda: settled(b, c))
        a = Node(tmp_path, "a")
        async with a.running(siblings=(a.at(b),)):
            a.join(b)
            await until(lambda: bool(a.house.intake.mirrors))  # and then the power fails
        a = Node(tmp_path, "a")
        async with a.running(siblings=(a.at(b),)):
            assert a.house.intake.mirrors and a.house.empty
            a.join(b)
            with trio.fail_after(20):
                await a.house.learn_history()
        a = Node(tmp_path, "a")
        async with a.running(siblings=(a.at(b),)):
            assert not a.house.empty


async def test_lanes_stay_closed_until_everything_told_is_folded(tmp_path: Path) -> None:
    async with site(tmp_path, "a", "b") as (a, b):
        for number in range(3):
            await scanned(b, number)
        take, go_on, held_up, learned = a.house.intake.take, trio.Event(), trio.Event(), []

        async def slowly(block: Block) -> int | None:
            if block.first_seq > 1:
                held_up.set()
                await go_on.wait()
            return await take(block)

        async def learn() -> None:
            await a.house.learn_history()
            learned.append(a.knows(b))

        a.house.intake.take = slowly  # type: ignore[method-assign]
        a.join(b)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(learn)
            await held_up.wait()
            await trio.sleep(0.2)  # it looks every 0.05 s
            assert learned == []
            go_on.set()
        assert learned == [True]


async def test_what_the_note_keeps_outlives_the_process(tmp_path: Path) -> None:
    file = tmp_path / "peers" / "learning"
    note = Note(file)
    assert (note.stands(), note.starts_ended()) == (False, 0)
    note.begin()
    note.end_start()
    Note(file).begin()  # the next start: what is noted stays
    Note(file).end_start()
    assert (note.stands(), note.starts_ended()) == (True, 2)
    note.clear()
    note.clear()
    assert (Note(file).stands(), Note(file).starts_ended()) == (False, 0)
