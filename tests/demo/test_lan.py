"""The cable between gateways: what goes through, and what does not once it is pulled."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio

from edge.demo.lan import Lan

FAST_S = 10


async def echo(stream: trio.SocketStream) -> None:
    async for data in stream:
        await stream.send_all(data)


@asynccontextmanager
async def laid() -> AsyncIterator[Lan]:
    """A cable to one gateway that says everything back."""
    lan = Lan(["demo-1", "demo-2"])
    with trio.fail_after(FAST_S):
        async with trio.open_nursery() as nursery:
            await nursery.start(lan.run)
            listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
            nursery.start_soon(trio.serve_listeners, echo, listeners)
            lan.leads_to("demo-1", listeners[0].socket.getsockname()[1])
            yield lan
            nursery.cancel_scope.cancel()


async def call(lan: Lan, name: str = "demo-1") -> bytes:
    """What comes back; b"" when the connection is closed instead."""
    stream = await trio.open_tcp_stream("127.0.0.1", lan.ports[name])
    async with stream:
        return await said(stream)


async def said(stream: trio.SocketStream) -> bytes:
    try:
        await stream.send_all(b"hello")
        return bytes(await stream.receive_some(64))
    except trio.BrokenResourceError:
        return b""


@pytest.mark.trio
async def test_bytes_go_both_ways_through_a_port_of_each_gateways_own() -> None:
    async with laid() as lan:
        assert await call(lan) == b"hello"
        assert lan.ports["demo-1"] != lan.ports["demo-2"]


@pytest.mark.trio
async def test_a_cut_ends_what_goes_through_and_lets_nobody_in_until_it_heals() -> None:
    async with laid() as lan:
        stream = await trio.open_tcp_stream("127.0.0.1", lan.ports["demo-1"])
        assert await said(stream) == b"hello"
        lan.cut()
        assert await said(stream) == b""
        assert lan.closed == 1
        assert await call(lan) == b""
        lan.heal()
        assert await call(lan) == b"hello"


@pytest.mark.trio
async def test_a_gateway_that_is_away_is_nobody() -> None:
    async with laid() as lan:
        assert await call(lan, "demo-2") == b""
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        port = listeners[0].socket.getsockname()[1]
        await listeners[0].aclose()
        lan.leads_to("demo-2", port)
        assert await call(lan, "demo-2") == b""
        assert await call(lan) == b"hello"
