"""The local API on a real loopback socket, and an HTTP client that reads a stream as it comes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import httpx2
import msgspec
import trio

from config.runtime.limits import Limits
from config.runtime.listen import Connections
from config.runtime.listen_trio import keep_serving_trio
from tests.edge.web.house import House


class Served:
    """`house` at `port`. `stop` is set to end the server in good order."""

    def __init__(self, house: House, port: int, counts: Connections, stop: trio.Event) -> None:
        self.house = house
        self.port = port
        self.counts = counts
        self.stop = stop

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(base_url=self.url, timeout=20)

    async def raw(self, data: bytes) -> bytes:
        """Send these bytes on a connection of their own; what comes until it is closed."""
        stream = await trio.open_tcp_stream("127.0.0.1", self.port)
        async with stream:
            answer = b""
            try:
                await stream.send_all(data)
                while more := await stream.receive_some():
                    answer += more
            except trio.BrokenResourceError:
                pass
        return answer


@asynccontextmanager
async def served(house: House, limits: Limits | None = None) -> AsyncIterator[Served]:
    """Serve `house.app` as the daemon does, for as long as the block runs."""
    limits = Limits() if limits is None else limits
    counts, stop = Connections(limits.connections_max), trio.Event()
    async with trio.open_nursery() as nursery:
        run = partial(keep_serving_trio, connections=counts, shutdown=stop)
        (bound,) = await nursery.start(run, house.app, ["127.0.0.1:0"], limits)
        with trio.fail_after(60):
            yield Served(house, bound.port, counts, stop)
        nursery.cancel_scope.cancel()


async def events(lines: AsyncIterator[str]) -> AsyncIterator[tuple[str, Any]]:
    """(event, data) as they come; a comment is ("", its text)."""
    kind = ""
    async for line in lines:
        if line.startswith(":"):
            yield "", line[1:].strip()
        elif line.startswith("event: "):
            kind = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield kind, msgspec.json.decode(line.removeprefix("data: "))
