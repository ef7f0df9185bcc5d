"""Live events, across the deaths of the one who tells them."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from edge.demo.listening import Listener

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
HELLO = b'retry: 1000\n\nevent: hello\ndata: {"gateway": "demo-1"}\n\n'


@pytest.mark.trio
async def test_events_are_heard_and_a_loss_is_told_once() -> None:
    heard: list[Any] = []
    again = trio.Event()
    connections = 0

    async def tell(stream: trio.SocketStream) -> None:
        nonlocal connections
        connections += 1
        await stream.receive_some(65536)
        text = (
            b": beat\n\n" + b'event: lapsed\ndata: {"event": "lapsed", "n": %d}\n\n' % connections
        )
        await stream.send_all(HEAD + HELLO + text)
        if connections == 2:
            again.set()
            await trio.sleep_forever()
        await stream.aclose()

    async with trio.open_nursery() as nursery:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        port = listeners[0].socket.getsockname()[1]
        nursery.start_soon(trio.serve_listeners, tell, listeners)
        listener = Listener(
            lambda: f"http://127.0.0.1:{port}",
            heard.append,
            lambda: heard.append("deaf"),
            lambda: heard.append("hello"),
        )
        nursery.start_soon(listener.run)
        with trio.fail_after(30):
            await again.wait()
            while len(heard) < 5:
                await trio.sleep(0.01)
        assert listener.hears.is_set()
        nursery.cancel_scope.cancel()
    assert heard == [
        "hello", {"event": "lapsed", "n": 1}, "deaf", "hello", {"event": "lapsed", "n": 2}
    ]  # fmt: skip


@pytest.mark.trio
async def test_while_nobody_answers_nothing_is_told() -> None:
    heard: list[Any] = []
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listeners[0].socket.getsockname()[1]
    await listeners[0].aclose()
    listener = Listener(lambda: f"http://127.0.0.1:{port}", heard.append,
                        lambda: heard.append("deaf"), lambda: heard.append("hello"))  # fmt: skip
    with trio.move_on_after(0.5):
        await listener.run()
    assert heard == []
    assert not listener.hears.is_set()
