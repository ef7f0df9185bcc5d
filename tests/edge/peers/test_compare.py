"""Equal facts must give equal states; a sibling that differs is told loudly."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio

from edge.core.holds import Ticket
from edge.core.state import State
from edge.digests import vector_of
from edge.peers.codec import StateAt
from edge.peers.compare import DIFFERS, SAME
from tests.edge.peers.site import Node, same_state, site, until

pytestmark = pytest.mark.trio


def found(node: Node, other: Node) -> str:
    (row,) = [row for row in node.links.rows() if row.name == other.name]
    assert (row.state_age_s is None) == (row.state == "")
    return str(row.state)


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.message for r in caplog.records if "another state" in r.message]


async def test_one_question_compares_with_every_sibling(tmp_path: Path) -> None:
    async with site(tmp_path, "a", "b", "c") as (a, b, c):
        a.join(b)
        a.join(c)
        b.join(c)
        await until(lambda: len(a.links.sessions()) == 2 and same_state(a, b, c))
        await a.gateway.digests.now()
        await until(lambda: found(a, b) == found(a, c) == SAME)
        await until(lambda: found(b, a) == found(c, a) == SAME)
        assert not [told for told in a.links.warnings() if "another state" in told]


async def test_the_same_facts_and_another_state_is_an_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with site(tmp_path, "a", "b") as (a, b):
        a.join(b)
        await until(lambda: bool(a.links.sessions()) and same_state(a, b))
        b.state.tickets[b"house:" + bytes(8)] = Ticket(0, [])  # no fact says so
        await a.gateway.digests.now()
        await until(lambda: found(a, b) == found(b, a) == DIFFERS)
        assert "sibling b makes another state of the same facts: report it" in a.links.warnings()
        assert len(errors(caplog)) == 2
        a.links.compare.heard(b.identity.gateway, a.links.compare._theirs[b.identity.gateway])
        assert len(errors(caplog)) == 2  # each kind once, not at every look


async def test_a_sibling_that_is_behind_is_not_compared(tmp_path: Path) -> None:
    async with site(tmp_path, "a", "b") as (a, b):
        a.join(b)
        await until(lambda: bool(a.links.sessions()) and same_state(a, b))
        asked: list[bytes] = []

        async def never(_state: object) -> bytes:
            asked.append(b"")
            return bytes(32)

        b.gateway.digests._take = never
        b.links.compare.heard(a.identity.gateway, StateAt(b"?" * 32, b"!" * 32))
        await trio.sleep(0.1)
        assert found(b, a) == "" and asked == []


async def test_a_crowd_of_questions_is_one_piece_of_work(tmp_path: Path) -> None:
    async with site(tmp_path, "a", "b") as (a, b):
        a.join(b)
        await until(lambda: bool(a.links.sessions()) and same_state(a, b))
        taken: list[bytes] = []

        async def take(state: State) -> bytes:
            taken.append(state.digest())
            return taken[-1]

        b.gateway.digests._take = take
        vector = vector_of(b.state)[0]
        for number in range(1000):
            told = StateAt(vector, number.to_bytes(32, "big"))
            b.links.compare.heard(a.identity.gateway, told)
        await until(lambda: found(b, a) != "")
        assert len(taken) == 1
