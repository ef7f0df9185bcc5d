"""drivers/link.py, over real sockets of the loopback: few, bounded, port 0."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import struct

import pytest
import trio
import trio.testing

from drivers.errors import Lost
from drivers.link import TcpClient, TcpServer, Wire


@pytest.mark.trio
async def test_a_wire_turns_every_end_into_lost() -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    wire = Wire(ours, "device")
    await theirs.send_all(b"ab")
    await wire.wait_send_all_might_not_block()
    assert await wire.receive_some() == b"ab"
    await theirs.aclose()
    with pytest.raises(Lost, match="device closed the connection"):
        await wire.receive_some()
    with pytest.raises(Lost, match="while we were sending"):
        await wire.send_all(b"x")
    await wire.aclose()
    with pytest.raises(Lost):
        await wire.receive_some()
    with pytest.raises(Lost):
        await wire.wait_send_all_might_not_block()


@pytest.mark.trio
async def test_a_client_connects_and_says_what_to_do_when_it_cannot() -> None:
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listeners[0].socket.getsockname()[1]
    with trio.fail_after(5):
        client = TcpClient("127.0.0.1", port)
        async with await client.open() as wire, await listeners[0].accept() as device:
            await device.send_all(b"hello")
            assert await wire.receive_some() == b"hello"
            with trio.move_on_after(0.01) as scope:
                await client.superseded()
            assert scope.cancelled_caught, "nobody but us opens this stream"
        await listeners[0].aclose()
        with pytest.raises(Lost, match=f"127.0.0.1:{port}: .*refused.*; check the address"):
            await client.open()


@pytest.mark.trio
async def test_a_client_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object) -> None:
        await trio.sleep_forever()

    monkeypatch.setattr(trio, "open_tcp_stream", never)
    with pytest.raises(Lost, match="within 0.01 s; check"):
        await TcpClient("192.0.2.1", 1, connect_s=0.01).open()


@pytest.mark.trio
async def test_the_newest_connection_is_the_device() -> None:
    server = TcpServer("127.0.0.1", 0)
    port = await server.bind()
    assert await server.bind() == port
    with trio.fail_after(5):
        old = await trio.open_tcp_stream("127.0.0.1", port)
        first = await server.open()
        device = await trio.open_tcp_stream("127.0.0.1", port)
        await server.superseded()
        await device.send_all(b"new")
        second = await server.open()
        assert await second.receive_some() == b"new"
        assert second.peer != first.peer
        for stream in (old, first, device, second):
            await stream.aclose()
        # One that came and was never opened is closed with the server.
        async with await trio.open_tcp_stream("127.0.0.1", port) as device:
            await server.superseded()
            await server.aclose()
            assert await device.receive_some() == b""
        await server.aclose()


@pytest.mark.trio
async def test_strangers_are_closed_unheard() -> None:
    server = TcpServer("127.0.0.1", 0, peer_ip="127.0.0.2")
    port = await server.bind()
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:

            async def stranger() -> None:
                async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
                    assert await stream.receive_some() == b""
                nursery.cancel_scope.cancel()

            nursery.start_soon(stranger)
            await server.open()
    assert server.turned_away_count == 1
    await server.aclose()


@pytest.mark.trio
async def test_a_port_in_use_is_named() -> None:
    first = TcpServer("127.0.0.1", 0)
    port = await first.bind()
    with pytest.raises(Lost, match=f"cannot listen on 127.0.0.1:{port}: .*in use"):
        await TcpServer("127.0.0.1", port).open()
    await first.aclose()


@pytest.mark.trio
async def test_a_server_that_stops_listening_lets_its_waiter_go() -> None:
    server = TcpServer("127.0.0.1", 0)
    await server.bind()
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:

            async def wait() -> None:
                with pytest.raises(Lost, match="stopped listening"):
                    await server.open()

            nursery.start_soon(wait)
            await trio.testing.wait_all_tasks_blocked()
            await server.aclose()


class Visitors:
    """A listener's visitors, in order; an error stands for accept() failing."""

    def __init__(self, *visitors: trio.SocketStream | OSError) -> None:
        self._visitors = list(visitors)

    async def __call__(self, _: object) -> trio.SocketStream:
        await trio.lowlevel.checkpoint()
        visitor = self._visitors.pop(0)
        if isinstance(visitor, OSError):
            raise visitor
        return visitor


async def connected() -> tuple[trio.SocketStream, trio.SocketStream]:
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    async with listeners[0]:
        port = listeners[0].socket.getsockname()[1]
        return await trio.open_tcp_stream("127.0.0.1", port), await listeners[0].accept()


@pytest.mark.trio
async def test_one_who_left_before_we_looked_and_exhaustion_cost_the_device_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = TcpServer("127.0.0.1", 0)
    await server.bind()
    device, ours = await connected()
    left = trio.SocketStream(trio.socket.socket())  # not connected: getpeername fails
    visitors = Visitors(left, OSError(errno.EMFILE, "Too many open files"), ours)
    monkeypatch.setattr(trio.SocketListener, "accept", lambda self: visitors(self))
    with trio.fail_after(5):
        await server.superseded()
    async with await server.open() as wire, device:
        await device.send_all(b"here")
        assert await wire.receive_some() == b"here"
    assert server.turned_away_count == 1
    await server.aclose()


@pytest.mark.trio
async def test_a_listener_that_fails_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    server = TcpServer("127.0.0.1", 0)
    await server.bind()
    visitors = Visitors(OSError(errno.EIO, "Input/output error"))
    monkeypatch.setattr(trio.SocketListener, "accept", lambda self: visitors(self))
    with pytest.raises(Lost, match="no connection accepted: Input/output error"):
        await server.open()
    await server.aclose()


@pytest.mark.trio
async def test_a_real_wire_sends_all_and_ends_in_lost() -> None:
    ours, device = await connected()
    wire = Wire(ours, "device")
    data = bytes(range(256)) * 40_000  # more than the kernel takes at once
    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(wire.send_all, data)
            got = b""
            while len(got) < len(data):
                got += await device.receive_some()
        assert got == data
        await device.aclose()
        with pytest.raises(Lost, match="closed the connection"):
            await wire.receive_some()
        with pytest.raises(Lost, match="while we were sending"):
            while True:
                await wire.send_all(b"x")
    await wire.aclose()
    with pytest.raises(Lost):
        await wire.receive_some()


async def wired() -> tuple[Wire, trio.SocketStream]:
    ours, device = await connected()
    return Wire(ours, "device"), device


@pytest.mark.trio
async def test_a_socket_takes_bytes_at_once_and_says_how_many() -> None:
    wire, device = await wired()
    with trio.fail_after(5):
        async with wire, device:
            assert wire.send_now(b"pulse") == 5
            assert await device.receive_some() == b"pulse"
            while wire.send_now(bytes(65536)):
                pass  # nobody reads: full
            async with trio.open_nursery() as nursery:
                nursery.start_soon(wire.send_all, b"rest")
                await trio.testing.wait_all_tasks_blocked()
                with contextlib.suppress(BlockingIOError):
                    while os.read(device.socket.fileno(), 65536):
                        pass
                assert wire.send_now(b"x") == 0, "nothing overtakes what waits"
            assert (await device.receive_some(65536)).endswith(b"rest")


@pytest.mark.trio
async def test_bytes_at_once_are_0_where_there_is_no_socket_or_none_any_more() -> None:
    ours, _theirs = trio.testing.memory_stream_pair()
    assert Wire(ours, "device").send_now(b"pulse") == 0
    wire, device = await wired()
    await wire.aclose()
    assert wire.send_now(b"pulse") == 0
    with pytest.raises(Lost, match="device went away"):
        await wire.receive_some()
    await device.aclose()


@pytest.mark.trio
async def test_a_socket_that_is_closed_or_reset_while_it_is_read_is_lost() -> None:
    with trio.fail_after(5):
        for ours_ends in (True, False):
            wire, device = await wired()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_lost, wire)
                await trio.testing.wait_all_tasks_blocked()
                if not ours_ends:
                    linger = struct.pack("ii", 1, 0)
                    device.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                await (wire if ours_ends else device).aclose()
            await device.aclose()
            await wire.aclose()


async def _lost(wire: Wire) -> None:
    with pytest.raises(Lost, match="device"):
        await wire.receive_some()
