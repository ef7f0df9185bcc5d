"""Siblings that nobody has configured: found, proven by mutual TLS, shown; a liar gains nothing."""

from __future__ import annotations

import shutil
import socket
from functools import partial
from pathlib import Path

import pytest
import trio

from config.peers import Sibling
from edge.peers import connections, house, rebuild
from edge.peers.connections import CAME, CONFIGURED, FOUND
from edge.peers.discovery import Discovery
from edge.peers.dnssd import announced
from edge.peers.found import Found
from edge.peers.rows import SiblingRow
from tests.edge.peers.site import Node, gateway_id, same_state, site, until

pytestmark = pytest.mark.trio


@pytest.fixture
def own_mdns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gateways of this test speak mDNS at a port of their own.

    At the port of mDNS they would hear each other and those of every test that runs on this
    machine at the same time: gateways of the same names, with the same keys, at other addresses.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("", 0))
        speaking = partial(Discovery, mdns_port=free.getsockname()[1])
    for who in (house, rebuild):
        monkeypatch.setattr(who, "Discovery", speaking)


def look(node: Node) -> Found:
    """`node` dials what its book of addresses says."""
    found = node.links.found = Found(node.identity.gateway, lambda: {gateway_id(n) for n in "abc"})
    node._nursery.start_soon(node.house.connections.dial_found, found, lambda: None)
    return found


def tell(found: Found, name: str, port: int) -> None:
    found.hear(announced(gateway_id(name), port, ["127.0.0.1"]), trio.current_time())


def row(node: Node, name: str) -> SiblingRow:
    found: list[SiblingRow] = [row for row in node.links.rows() if row.name == name]
    return found[0]


async def test_by_mdns_alone(
    tmp_path: Path, own_mdns: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild, "BROWSE_S", 0.1)  # who begins anew asks; here nobody does
    async with site(tmp_path, "a", "b", discover=True) as (a, b):
        await until(lambda: row(a, "b").connected and row(b, "a").connected and same_state(a, b))
        ways = {row(a, "b").how, row(b, "a").how}
        assert ways in ({FOUND, CAME}, {FOUND})
        dialer, other = (a, b) if row(a, "b").how == FOUND else (b, a)
        assert row(dialer, other.name).address == f"127.0.0.1:{other.port}"
        (shown,) = row(dialer, other.name).found
        assert (shown.address, shown.problem) == (f"127.0.0.1:{other.port}", "")
        assert not row(a, "c").found


async def test_not_unless_it_is_asked_for(tmp_path: Path) -> None:
    async with site(tmp_path, "a") as (a,):
        assert a.links.found is None and not a.house.config.discover


async def test_an_address_of_somebody_else_is_dropped_and_shown(tmp_path: Path) -> None:
    async with site(tmp_path, "a", "b", "c") as (a, b, c):
        found = look(a)
        with socket.create_server(("127.0.0.1", 0)) as deaf:
            tell(found, "b", c.port)  # a sibling that pretends to be another one
            tell(found, "b", 1)  # nobody
            deaf.close()
            await until(lambda: len(row(a, "b").found) == 2)
            await until(lambda: all(each.problem and each.again_s for each in row(a, "b").found))
        assert {each.again_s > 0 for each in row(a, "b").found} == {True}
        assert not a.links.sessions() and a.house.connections.crashed == 0
        tell(found, "b", b.port)
        await until(lambda: row(a, "b").connected and row(b, "a").connected)
        assert row(a, "b").how == FOUND and row(b, "a").how == CAME
        good = [each for each in row(a, "b").found if not each.problem]
        assert [each.address for each in good] == [f"127.0.0.1:{b.port}"]


async def test_a_configured_address_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "FOUND_AFTER_S", 1.0)
    async with site(tmp_path, "b", "c") as (b, c):
        a = Node(tmp_path, "a", siblings=(b_at := Sibling("b", "127.0.0.1", b.port),
                                          Sibling("c", "127.0.0.1", 1)))  # fmt: skip
        async with a.running():
            found = look(a)
            tell(found, "b", b.port)
            tell(found, "c", c.port)
            await until(lambda: row(a, "b").connected)
            assert row(a, "b").how == CONFIGURED and row(a, "b").address == f"127.0.0.1:{b_at.port}"
            await until(lambda: row(a, "c").connected)  # its configured address is of no use
            assert row(a, "c").how == FOUND


async def test_a_burnt_gateway_asks_siblings_that_it_finds(tmp_path: Path, own_mdns: None) -> None:
    async with site(tmp_path, "b", discover=True) as (b,):
        a = Node(tmp_path, "a")
        async with a.running():
            a.join(b)
            await until(lambda: b.holds(a))
            old, end = a.ledger.epoch, a.ledger.durable
        shutil.rmtree(a.folder)
        a = Node(tmp_path, "a", discover=True)
        a.bundle_raw = b""  # so nobody is named: the authority vouches
        async with a.running():
            assert a.ledger.heads[old] == end and a.ledger.epoch > old
