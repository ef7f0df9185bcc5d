"""Links in memory: the gateway opens one, the device's side gets the other end."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable

import trio
import trio.testing

from drivers.errors import Lost
from drivers.link import Wire

Serve = Callable[[trio.abc.Stream], Awaitable[None]]


class MemoryLink:
    """`drivers.link.Link` to a device that may be without power. `serve` runs in `nursery`."""

    def __init__(self, nursery: trio.Nursery, serve: Serve, name: str) -> None:
        self._nursery = nursery
        self._serve = serve
        self._name = name
        self.powered = True
        self.dropped_at = -math.inf
        self._far: trio.abc.Stream | None = None

    async def open(self) -> Wire:
        await trio.sleep(0.01)
        if not self.powered:
            raise Lost(f"{self._name} does not answer")
        near, far = trio.testing.memory_stream_pair()
        self._far = far
        self._nursery.start_soon(self._attend, far)
        return Wire(near, self._name)

    async def superseded(self) -> None:
        await trio.sleep_forever()

    async def _attend(self, far: trio.abc.Stream) -> None:
        try:
            await self._serve(far)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        finally:
            await trio.aclose_forcefully(far)

    async def drop(self) -> None:
        """The cable is pulled out and put in again."""
        self.dropped_at = trio.current_time()
        if self._far is not None:
            await trio.aclose_forcefully(self._far)
