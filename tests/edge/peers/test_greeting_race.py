"""What became durable while two gateways were still greeting each other is acknowledged too."""

from pathlib import Path

import pytest
import trio

from tests.edge.peers.logs import A, B
from tests.edge.peers.talk import Party, Wire, talking, until


@pytest.mark.trio
async def test_what_came_by_an_older_connection_during_the_greeting_is_acknowledged(
    tmp_path: Path, autojump_clock: object
) -> None:
    a, b = Party(tmp_path / "a", A, B), Party(tmp_path / "b", B, A)
    async with talking((a, b)) as (first,):
        await until(lambda: a.knows(b) and first.sides[1].held[(B, 5)].seq == b.own.log.head.seq)
        second = Wire(a, b)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(second.run, 0)
            await trio.sleep(0.5)  # its Hello is under way
            b.own.add()
            await until(lambda: first.sides[1].held[(B, 5)].seq == b.own.log.head.seq)
            nursery.start_soon(second.run, 1)
            first.cut()
            there = second.sides[1].held
            await until(lambda: (B, 5) in there and there[(B, 5)].seq == b.own.log.head.seq, 60)
            nursery.cancel_scope.cancel()
