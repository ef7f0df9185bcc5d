"""What only the central service's server does: uvloop, shared sockets, letting go."""

from __future__ import annotations

import asyncio
import socket

import pytest
import uvloop

from config.binds import Bind
from config.runtime.limits import Limits
from config.runtime.listen import Connections
from config.runtime.listen_asyncio import serve_asyncio
from tests.config.serving import ask, connect, echo, flood, receive, request


async def started(stop: asyncio.Event, **options: object) -> tuple[asyncio.Task[None], list[Bind]]:
    bound: asyncio.Future[list[Bind]] = asyncio.get_running_loop().create_future()
    arguments = {"app": echo, "binds": ["127.0.0.1:0"], "limits": Limits()} | options
    run = serve_asyncio(shutdown=stop, started=bound.set_result, **arguments)  # type: ignore
    return asyncio.create_task(run), await bound


@pytest.mark.timeout(60)
def test_it_serves_and_stops_on_uvloop_with_an_open_answer() -> None:
    async def main() -> Connections:
        stop = asyncio.Event()
        counts = Connections(8)
        server, (address,) = await started(stop, app=flood, connections=counts)
        sock = await asyncio.to_thread(connect, address)
        sock.sendall(request())
        assert await asyncio.to_thread(receive, sock)
        stop.set()
        await server
        sock.close()
        return counts

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        counts = runner.run(main())
    assert counts.accepted == 1
    assert not counts.open


@pytest.mark.asyncio
async def test_two_listeners_on_one_loop_count_for_themselves() -> None:
    stop = asyncio.Event()
    first, second = Connections(8), Connections(8)
    one, (address, other) = await started(
        stop, binds=["127.0.0.1:0", "127.0.0.1:0"], connections=first
    )
    two, (third,) = await started(stop, connections=second)
    for bind in (address, other, third):
        assert (await asyncio.to_thread(ask, bind, request()))[0] == 200
    assert (first.accepted, second.accepted) == (2, 1)
    stop.set()
    await asyncio.gather(one, two)


@pytest.mark.asyncio
async def test_a_socket_that_a_parent_bound_is_served() -> None:
    stop = asyncio.Event()
    bound = socket.create_server(("127.0.0.1", 0))
    server, (address,) = await started(stop, binds=[bound])
    assert address.port == bound.getsockname()[1]
    assert (await asyncio.to_thread(ask, address, request()))[0] == 200
    stop.set()
    await server


@pytest.mark.asyncio
async def test_being_cancelled_is_not_taken_for_a_crash() -> None:
    counts = Connections(8)
    server, (address,) = await started(asyncio.Event(), connections=counts)
    sock = await asyncio.to_thread(connect, address)
    sock.sendall(request()[:10])
    while not counts.open:
        await asyncio.sleep(0)
    server.cancel()
    with pytest.raises(asyncio.CancelledError):
        await server
    sock.close()
    assert counts.crashed == 0
