"""Who gets in: the tenant's gateways that the bundle names, and nobody else."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import trio

from crypto import authority
from edge.peers import codec, connections
from edge.peers.connections import STRANGERS_MAX
from edge.peers.session import Session
from edge.peers.tls import client_context, host_name
from tests.edge.peers.site import CA, TENANT, Node, gateway_id, identity, site, until

pytestmark = pytest.mark.trio
FOREIGN = authority.make_authority(b"\x61" * 32, TENANT, int(time.time()), 9)


async def call(node: Node, context: ssl.SSLContext, first: bytes = b"") -> bytes:
    """What a caller hears until it is hung up on; b"" too when TLS says no."""
    tcp = await trio.open_tcp_stream("127.0.0.1", node.port)
    stream = trio.SSLStream(tcp, context, server_hostname=host_name(node.identity.gateway))
    heard = b""
    try:
        with trio.fail_after(20):
            await stream.do_handshake()
            await stream.send_all(first)
            while data := await stream.receive_some():
                heard += data
    except trio.BrokenResourceError:
        pass
    finally:
        await trio.aclose_forcefully(stream)
    return heard


def bare(folder: Path) -> ssl.SSLContext:
    """Trusts the venue, but shows nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=CA.pem)
    return context


def of_another_authority(folder: Path) -> ssl.SSLContext:
    made = identity(folder, "b", FOREIGN)
    context = client_context(made)
    context.load_verify_locations(cadata=CA.pem)
    return context


def not_in_the_bundle(folder: Path) -> ssl.SSLContext:
    return client_context(identity(folder, "stranger"))


def old_tls(folder: Path) -> ssl.SSLContext:
    context = client_context(identity(folder, "b"))
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


@pytest.mark.parametrize("who", [bare, of_another_authority, not_in_the_bundle, old_tls])
async def test_a_stranger_hears_nothing(
    tmp_path: Path, who: Callable[[Path], ssl.SSLContext]
) -> None:
    async with site(tmp_path, "a", "b") as (a, b):
        hello = codec.encode(codec.Hello(codec.VERSION, gateway_id("b"), 1, True, []))
        assert await call(a, who(tmp_path), hello) == b""
        assert a.links.sessions() == [] and a.house.connections.crashed == 0
        a.join(b)  # and whoever belongs here still gets in
        await until(lambda: len(a.links.sessions()) == 1)
        assert a.links.refused.get("not_in_bundle", 0) == (who is not_in_the_bundle)


async def test_what_is_no_tls_hangs_up_and_harms_nobody(tmp_path: Path) -> None:
    async with site(tmp_path, "a", "b") as (a, b):
        for junk in (b"GET / HTTP/1.1\r\n\r\n", b"", bytes(5000)):
            stream = await trio.open_tcp_stream("127.0.0.1", a.port)
            await stream.send_all(junk)
            await stream.aclose()
        a.join(b)
        await until(lambda: len(a.links.sessions()) == 1)
        assert a.house.connections.crashed == 0


async def test_only_so_many_strangers_at_once_and_they_keep_nobody_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "CONNECT_S", 600.0)  # nobody leaves because of time
    async with site(tmp_path, "a", "b") as (a, b):
        streams = [await trio.open_tcp_stream("127.0.0.1", a.port) for _ in range(STRANGERS_MAX)]
        await until(lambda: len(a.house.connections._strangers) == STRANGERS_MAX)
        b.join(a)
        with trio.fail_after(20), pytest.raises((trio.BrokenResourceError, EOFError)):
            if not await streams[0].receive_some():
                raise EOFError
        await until(lambda: len(a.links.sessions()) == 1)
        assert len(a.house.connections._strangers) < STRANGERS_MAX
        assert a.house.connections.crashed == 0
        for stream in streams:
            await stream.aclose()


async def test_another_gateway_at_the_address_is_not_taken_for_the_sibling(tmp_path: Path) -> None:
    async with site(tmp_path, "a", "b", "c") as (a, b, c):
        wrong = type(a.at(b))("b", "127.0.0.1", c.port)
        with trio.move_on_after(0.5):
            await a.house.connections.dial(wrong)
        assert a.links.sessions() == []


async def test_a_crash_of_one_connection_stays_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site(tmp_path, "a", "b") as (a, b):
        run, crashes = Session.run, [1]

        async def once(self: Session) -> None:
            if crashes:
                crashes.pop()
                raise RuntimeError("planted")
            await run(self)

        monkeypatch.setattr(Session, "run", once)
        a.join(b)
        await until(lambda: len(a.links.sessions()) == 1)
        assert a.house.connections.crashed + b.house.connections.crashed == 1


async def test_whoever_stops_in_order_does_not_call_its_siblings_lost(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("WARNING")
    async with site(tmp_path, "a", "b") as (a, b):
        a.join(b)
        await until(lambda: len(a.links.sessions()) == 1)
    assert not [r for r in caplog.records if "the connection crashed" in str(vars(r))]
