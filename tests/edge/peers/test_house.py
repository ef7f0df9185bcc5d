"""Whole gateways on loopback: what one admits, the others refuse, whatever way it took."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import trio

from crypto.entry import ConflictFound, Started
from tests.edge.peers.site import (
    Node,
    same_state,
    scanned,
    settled,
    site,
    until,
    venue_bundle,
)

pytestmark = pytest.mark.trio


async def test_what_one_admits_the_other_refuses(tmp_path: Path) -> None:
    async with site(tmp_path, "a", "b") as (a, b):
        a.join(b)
        await until(lambda: settled(a, b))
        assert await scanned(a, 1) == "admitted"
        await until(lambda: settled(a, b))
        assert await scanned(b, 1) == "already_redeemed"
        await until(lambda: same_state(a, b))
        assert [row.name for row in b.links.rows()] == ["a", "c"]
        row = b.links.rows()[0]
        assert (row.connected, row.dialed, row.heard_through) == (True, False, "")
        assert row.lag_ms is not None and row.blocks["forged"] == row.blocks["gaps"] == 0


async def test_both_dial_and_one_connection_stays(tmp_path: Path) -> None:
    async with site(tmp_path, "a", "b") as (a, b):
        a.join(b)
        b.join(a)
        await until(lambda: settled(a, b))
        await scanned(a, 1)

        def one_connection() -> bool:
            """Both ends have one, the same one: dialled by one side, taken by the other."""
            ends = [[session.dialed for session in node.links.sessions()] for node in (a, b)]
            return ends in ([[True], [False]], [[False], [True]])

        await until(lambda: settled(a, b) and one_connection() and same_state(a, b))
        await scanned(b, 2)
        await until(lambda: settled(a, b) and one_connection() and same_state(a, b))


async def test_three_converge_when_only_two_pairs_talk(tmp_path: Path) -> None:
    async with site(tmp_path, "a", "b", "c") as (a, b, c):
        a.join(b)
        c.join(b)
        for number, node in enumerate((a, b, c, a, c), 1):
            await scanned(node, number)
        await until(lambda: settled(a, b, c))
        assert [await scanned(node, number) for node in (a, b, c) for number in range(1, 6)] == [
            "already_redeemed"
        ] * 15
        await until(lambda: settled(a, b, c) and same_state(a, b, c))
        rows = {row.name: row for row in a.links.rows()}
        assert not rows["c"].connected and rows["b"].connected
        await until(lambda: a.links.rows()[1].heard_through == "b", 10)


async def test_a_conflict_is_found_once_and_known_to_all(tmp_path: Path) -> None:
    async with site(tmp_path, "a", "b", "c") as (a, b, c):
        a.join(b)
        b.join(c)
        a.join(c)
        await until(lambda: settled(a, b, c))
        for one, two in ((a, b), (b, c), (a, c)):
            one.part(two)
        await until(lambda: not (a.links.sessions() + b.links.sessions() + c.links.sessions()))
        assert [await scanned(node, 1) for node in (a, b)] == ["admitted"] * 2
        with a.gateway.events.listen() as told_a, c.gateway.events.listen() as told_c:
            a.join(b)
            b.join(c)
            await until(lambda: settled(a, b, c))
            for _ in range(3):
                for node in (a, b, c):
                    node.gateway.tick()
                await until(lambda: settled(a, b, c))
            await until(lambda: same_state(a, b, c))
            heard = [
                told_a.receive_nowait() for _ in range(told_a.statistics().current_buffer_used)
            ]
            others = [
                told_c.receive_nowait() for _ in range(told_c.statistics().current_buffer_used)
            ]
        for node in (a, b, c):
            ((place, found),) = node.state.conflicts.items()
            assert place == (b.identity.gateway, b.ledger.epoch, found.fact.later.seq)
            assert isinstance(found.fact, ConflictFound)
        assert any(event["event"] == "conflict" and event["lane"] == 1 for event in heard)
        assert any(event["event"] == "conflict" and "lane" not in event for event in others)
        assert await scanned(a, 1) == "already_redeemed"


async def test_the_lan_may_be_cut_and_healed_again_and_again(tmp_path: Path) -> None:
    async with site(tmp_path, "a", "b", "c") as nodes:
        pairs = [(one, two) for at, one in enumerate(nodes) for two in nodes[at + 1 :]]
        for cut in range(20):
            for one, two in pairs:
                one.join(two)
            if cut % 3:  # else it is cut before all is told
                await until(lambda: settled(*nodes))
            for one, two in pairs:
                one.part(two)
            for node in (nodes[cut % 3], nodes[(cut + 1) % 3]):
                assert await scanned(node, cut) == "admitted"
        for one, two in pairs:
            one.join(two)
        await until(lambda: settled(*nodes))

        def all_found() -> bool:
            for node in nodes:
                node.gateway.tick()
            return all(len(node.state.conflicts) == 20 for node in nodes)

        await until(all_found)
        await until(lambda: settled(*nodes) and same_state(*nodes))

        def nobody_else_listens() -> bool:
            return all(len(node.house.holdings.on_change) == 2 for node in nodes)

        await until(nobody_else_listens)
        for node in nodes:
            assert len(node.links.sessions()) == 2
            assert node.house.connections.crashed == 0
            counts = node.house.intake.counts.values()
            assert not any(each.gaps + each.forged + each.forks for each in counts)


async def test_a_gateway_that_was_away_resumes_where_it_was(tmp_path: Path) -> None:
    async with site(tmp_path, "b", "c") as (b, c):
        c.join(b)
        a = Node(tmp_path, "a")
        async with a.running():
            a.join(b)
            await scanned(a, 1)
            await until(lambda: settled(a, b, c))
        await scanned(b, 2)
        async with a.running():
            a.join(b)
            await until(lambda: settled(a, b, c) and same_state(a, b, c))
            assert await scanned(a, 2) == "already_redeemed"
            counts = a.house.intake.counts[b.identity.gateway]
            # What it had on its disk was read there, and did not travel again.
            assert counts.same == 0
            before = a.house.intake.heads()[(b.identity.gateway, b.ledger.epoch)].seq
            assert counts.folded < before


async def test_a_burnt_gateway_is_rebuilt_by_its_siblings(tmp_path: Path) -> None:
    async with site(tmp_path, "b", "c") as (b, c):
        b.join(c)
        a = Node(tmp_path, "a")
        async with a.running():
            a.join(b)
            assert a.house.empty
            await scanned(a, 1)
            await until(lambda: settled(a, b, c))
            old, facts = a.ledger.epoch, a.ledger.durable.seq
        await scanned(b, 2)
        shutil.rmtree(a.folder)
        a = Node(tmp_path, "a")
        a.bundle_raw = b""  # burnt as well: a sibling brings it
        async with a.running(siblings=(a.at(b), a.at(c))):
            assert a.ledger.epoch > old
            assert a.ledger.heads[old].seq == facts
            assert a.house.empty
            a.join(b)
            with trio.fail_after(20):
                await a.house.learn_history()
            assert a.gateway.policy.version == 1
            assert [await scanned(a, number) for number in (1, 2)] == ["already_redeemed"] * 2
            await until(lambda: settled(a, b, c) and same_state(a, b, c))
        blocks = a.ledger.blocks_from(old, 1, 1 << 20)
        assert blocks[-1].last_seq == facts


async def test_a_revoked_gateway_is_cut_off_and_its_old_blocks_stay(tmp_path: Path) -> None:
    async with site(tmp_path, "a", "b", "c") as (a, b, c):
        a.join(b)
        b.join(c)
        await scanned(a, 1)
        await until(lambda: settled(a, b, c))
        raw = venue_bundle(2, revoked="a")
        b.gateway.apply_bundle(b.house._bundles.read_untrusted(raw), raw)
        await until(lambda: c.gateway.policy.version == 2)  # its sibling brought it
        await until(lambda: not a.links.sessions())
        assert await scanned(a, 2) == "admitted"
        assert await scanned(b, 1) == "already_redeemed"
        await until(lambda: b.links.refused.get("revoked", 0) >= 1)
        assert not b.knows(a) and a.identity.gateway not in {s.other for s in b.links.sessions()}
        (row,) = [row for row in c.links.rows() if row.name == "a"]
        assert row.revoked
        assert not [told for told in c.links.warnings() if "sibling a" in told]


async def test_a_clock_that_is_off_is_measured_and_recorded(tmp_path: Path) -> None:
    nodes = [Node(tmp_path, name) for name in "ab"]
    nodes[0].lead_ms = 3_600_000
    async with nodes[0].running() as a, nodes[1].running() as b:
        a.join(b)
        await until(lambda: bool(a.links.warnings()) and bool(b.links.warnings()))
        await until(lambda: b.gateway.counts.get("ClockMeasured") == 1)
        row = b.links.rows()[0]
        assert row.clock_beyond and row.offset_ms is not None
        assert abs(row.offset_ms + 3_600_000) < 1000
        assert b.gateway.counts["ClockMeasured"] == 1
        await until(lambda: settled(a, b))
        # An hour ahead is further than is followed: b's facts go by b's own clock.
        b.record(lambda hlc, now: Started(hlc, now.day, now.offset_min, "x"))
        assert b.state.hlc_of(b.identity.gateway) < b.state.hlc_of(a.identity.gateway)
        assert b.gateway.ahead_count > 0
