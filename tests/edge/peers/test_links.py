"""Who is connected and who was heard: one connection per sibling, told lost once and back once."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import trio
from pytest_trio import trio_fixture

from crypto.bundle import Bundle, content_hash
from crypto.delta import Change, Delta
from edge.peers import codec
from edge.peers.errors import PeerRefused
from tests.edge.peers.logs import OWN, A, B
from tests.edge.peers.scene import End, Scene

pytestmark = pytest.mark.trio


@trio_fixture
async def scene(tmp_path: Path, autojump_clock: object) -> AsyncIterator[Scene]:
    made = Scene(tmp_path)
    yield made
    made.taker.intake.close()


# OWN has the lowest id, so what it dials is what both sides keep.
async def test_of_two_connections_the_one_of_the_lower_dialler_stays(scene: Scene) -> None:
    theirs = scene.greet(dialed=False)
    mine = scene.greet(dialed=True)
    assert theirs.ends == ["replaced"] and scene.links.sessions() == [mine]
    with pytest.raises(PeerRefused, match="duplicate"):
        scene.greet(dialed=False)
    assert scene.links.sessions() == [mine] and mine.ends == []


async def test_a_sibling_that_was_restarted_dials_again_and_is_taken(scene: Scene) -> None:
    old, new = scene.greet(dialed=False), scene.greet(dialed=False)
    assert old.ends == ["replaced"] and scene.links.sessions() == [new]
    scene.links.ended(old, "late")  # the end of the old one is no end of the new one
    assert scene.links.sessions() == [new]


async def test_whoever_only_asks_replaces_nobody(scene: Scene) -> None:
    mine = scene.greet()
    scene.greet(streams=False, dialed=False)
    assert scene.links.sessions() == [mine] and mine.ends == []


async def test_lost_and_back_are_told_once_each(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), scene.gateway.events.listen() as events:
        session = scene.greet()
        scene.links.ended(session, "cable")
        for _ in range(3):
            scene.links.unreachable(A, "no route")
        scene.links.ended(scene.greet(), "cable")
        kinds = [events.receive_nowait()["connected"] for _ in range(4)]
    told = [record.message.split(";")[0] for record in caplog.records]
    assert told == ["a sibling is lost", "a sibling is heard again", "a sibling is lost"]
    assert kinds == [True, False, True, False]


async def test_heard_itself_or_through_others_or_not(scene: Scene, autojump_clock: object) -> None:
    session = scene.greet()
    await trio.sleep(20)
    assert [round(scene.links.unheard_s(gateway)) for gateway in (A, B)] == [20, 20]
    assert len(scene.links.warnings()) == 2
    scene.links.heard(session)
    made_up = b"?" * 16
    session.hears = {g: codec.Heard(g, age) for g, age in ((B, 3000), (OWN, 0), (made_up, 0))}
    scene.links.told_hears(session)
    assert made_up not in scene.links._known
    assert [round(scene.links.unheard_s(gateway)) for gateway in (A, B)] == [0, 3]
    row = scene.links.rows()[1]
    assert (row.name, row.heard_s, row.heard_through, row.connected) == ("gw-11", 3, "gw-10", False)
    assert scene.links.warnings() == []
    await trio.sleep(8)
    assert scene.links.warnings() == ["sibling gw-11 was not heard for 11 s"]
    (row_of_a,) = scene.links.hears(B)
    assert row_of_a.gateway == A and row_of_a.age_ms // 100 == 80 and scene.links.hears(A) == []


async def test_clocks_beyond_the_limit_become_a_fact_once_each_way(scene: Scene) -> None:
    session = scene.greet()
    for lead in (0, 2_500, 2_500):
        scene.links.pong(session, codec.Pong(1, scene.clock.ms - lead, False), 0.001 - lead / 1e8)
    assert [fact.beyond for fact in scene.log.facts] == [True]  # type: ignore[union-attr]
    assert "our clock is 2500 ms ahead of sibling gw-10's" in scene.links.warnings()
    for _ in range(9):
        scene.links.pong(session, codec.Pong(1, scene.clock.ms, False), 0.001)
    assert [fact.beyond for fact in scene.log.facts] == [True, False]  # type: ignore[union-attr]


async def test_a_revoked_sibling_is_cut_off_at_once(scene: Scene) -> None:
    session, other = scene.greet(A), scene.greet(B)
    scene.bundle(2, A)
    assert session.ends == ["revoked"] and other.ends == []
    assert other.bundles == 2  # at the greeting, and the newer one


async def test_a_new_sibling_begins_with_the_vectors_again(scene: Scene) -> None:
    session = scene.greet(A)
    scene.bundle(2, b"", b"\x0c" * 16)
    assert session.ends == ["new_siblings"]


async def test_a_bundle_comes_in_pieces_or_not_at_all(scene: Scene) -> None:
    session = scene.greet()
    raw = bytes(range(256)) * 2400
    parts = [
        codec.BundlePart(2, len(raw), at, raw[at : at + codec.PART_BYTES_MAX])
        for at in range(0, len(raw), codec.PART_BYTES_MAX)
    ]
    assert len(parts) == 3
    for bad in ([parts[1]], [parts[0], parts[2]], [codec.BundlePart(1, 1, 0, b"x")],
                [codec.BundlePart(2, (64 << 20) + 1, 0, b"x")]):  # fmt: skip
        for part in bad:
            scene.links.bundle_part(session, part)
    assert scene.taken == []
    for part in parts:
        scene.links.bundle_part(session, part)
    assert scene.taken == [raw]
    scene.gateway.bundle_raw = raw
    scene.bundle(2)
    assert scene.links.bundle_parts(1) == parts and scene.links.bundle_parts(2) == []


async def test_a_sibling_without_the_centre_gets_the_delta_behind_its_bundle(scene: Scene) -> None:
    raw = bytes(range(256)) * 2400
    scene.gateway.apply_bundle(Bundle(version=2), raw)
    news = Delta(
        version=4, tenant=bytes(16), issued_at_ms=1, base_version=2, base_hash=content_hash(raw),
        blocked=Change([b"house:" + bytes(8)]),
    )  # fmt: skip
    scene.gateway.apply_delta(news, b"the delta")
    last = codec.BundlePart(4, 9, 0, b"the delta")
    assert scene.links.bundle_parts(2) == scene.links.bundle_parts(3) == [last]
    assert scene.links.bundle_parts(4) == []
    both = scene.links.bundle_parts(1)
    assert [part.version for part in both] == [2, 2, 2, 4]
    # The other one, which has neither, takes them in this order.
    scene.bundle(1)
    session = scene.greet()
    for part in both:
        scene.links.bundle_part(session, part)
    assert scene.taken == [raw, b"the delta"]


@pytest.mark.parametrize(("epoch", "told"), [(0, False), (1, True), (2, True)])
async def test_facts_of_this_epoch_that_only_a_sibling_has_are_told(
    scene: Scene, caplog: pytest.LogCaptureFixture, epoch: int, told: bool
) -> None:
    """Those of an older one come back by themselves (`edge.peers.regain`)."""
    assert scene.log.epoch == 1
    session: Any = End(A, dialed=True)
    session.held = {(OWN, epoch): codec.LogHead(OWN, epoch, 99, bytes(32))}
    with caplog.at_level(logging.ERROR):
        scene.links.greeted(session)
    assert any("facts of ours" in record.message for record in caplog.records) is told
