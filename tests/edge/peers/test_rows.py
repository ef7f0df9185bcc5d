"""What people see of siblings: how late they are, what they lack, and what is wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import trio
from pytest_trio import trio_fixture

from edge.peers import codec
from edge.peers.compare import DIFFERS
from tests.edge.peers.logs import OWN, A, B, Log
from tests.edge.peers.scene import End, Scene

pytestmark = pytest.mark.trio


@trio_fixture
async def scene(tmp_path: Path, autojump_clock: object) -> AsyncIterator[Scene]:
    made = Scene(tmp_path)
    yield made
    made.taker.intake.close()


async def test_lag_is_counted_by_both_clocks(scene: Scene) -> None:
    session = scene.greet()
    scene.clock.ms = 5_000
    scene.links.pong(session, codec.Pong(1, 3_500, False), 0.0)  # ours is 1500 ahead
    await scene.taker.take(*Log().blocks)  # sealed at 1000 by its clock
    row = scene.links.rows()[0]
    assert (row.lag_ms, row.offset_ms, row.held) == (2_500, 1_500, 0)
    await scene.taker.intake.flush()
    assert scene.links.rows()[0].held == 1


async def test_what_waits_for_a_sibling_is_counted(scene: Scene) -> None:
    session: Any = End(A, dialed=True)
    session.held = {(OWN, 5): codec.LogHead(OWN, 5, 99, bytes(32))}
    scene.links.greeted(session)
    assert [row.waiting for row in scene.links.rows()] == [0, 1]
    session.held = {}
    assert [row.waiting for row in scene.links.rows()] == [1, 1]


async def test_a_row_says_who_it_is_and_where(scene: Scene) -> None:
    scene.bundle(1, B)
    scene.greet(A)
    first, second = scene.links.rows()
    assert (first.gateway, first.name, first.connected, first.dialed) == (
        A.hex(), "gw-10", True, True,
    )  # fmt: skip
    assert (first.address, first.how, first.revoked) == ("10.0.0.5:8444", "mdns", False)
    assert (second.name, second.connected, second.revoked, second.heard_s) == (
        "gw-11", False, True, None,
    )  # fmt: skip


async def test_who_is_turned_away_before_greetings_has_its_row_say_why(scene: Scene) -> None:
    session: Any = End(A, dialed=True)
    scene.links.ended(session, "version: it speaks version 1")
    assert scene.links.rows()[0].problem == "version: it speaks version 1"
    standing = scene.greet(A)
    scene.links.ended(session, "duplicate")
    assert (scene.links.rows()[0].problem, scene.links.sessions()) == ("", [standing])


async def test_what_somebody_should_look_at_is_said_of_who_belongs(scene: Scene) -> None:
    for sibling in (A, B):
        scene.links.heard(scene.greet(sibling))
    assert scene.links.warnings() == []
    scene.links.compare.found[A] = (DIFFERS, trio.current_time())
    await scene.taker.take(*Log().blocks)
    counts = scene.taker.intake.counts[A]
    counts.forks = counts.forged = 1
    scene.taker.intake.full = True
    said = [
        "sibling gw-10 makes another state of the same facts: report it",
        "sibling gw-10 has written two histories: set it apart",
        "blocks of sibling gw-10 came that it never sealed",
        "siblings' blocks find no room on disk",
    ]
    assert scene.links.warnings() == said
    scene.bundle(1, A)
    assert scene.links.warnings() == said[-1:]
