"""The four wires of the contract suite, in memory, and links that hand them out.

whole     chunks arrive as they were sent
bytes     every byte arrives alone
lossy     bytes vanish (seeded)
delayed   chunks arrive in order, but late
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from functools import partial

import trio
import trio.testing

from drivers.errors import Lost
from drivers.link import Wire

WIRES = ("whole", "bytes", "lossy", "delayed")
LOSS = 0.02
DELAY_S = 0.02


class MemoryLink:
    """Opens a new wire of one kind to `serve`, the double's side, at each `open`.

    `gone` makes `open` fail. `cut_after` ends the next wire after so many bytes from the
    double; `cut()` ends the wire that is open.
    """

    def __init__(
        self,
        nursery: trio.Nursery,
        serve: Callable[[trio.abc.Stream], Awaitable[None]],
        kind: str = "whole",
        seed: int = 0,
    ) -> None:
        self.opened_count = 0
        self.gone = False
        self.cut_after: int | None = None
        self.newer = trio.Event()
        self._nursery = nursery
        self._serve = serve
        self._kind = kind
        self._random = random.Random(seed)
        self._ends: list[trio.abc.Stream] = []

    async def open(self) -> Wire:
        await trio.lowlevel.checkpoint()
        if self.gone:
            raise Lost("the double is switched off")
        self.opened_count += 1
        ours, near = trio.testing.memory_stream_pair()
        far, theirs = trio.testing.memory_stream_pair()
        self._ends = [near, far]
        self._nursery.start_soon(partial(self._carry, near, far, None))
        self._nursery.start_soon(partial(self._carry, far, near, self.cut_after))
        self._nursery.start_soon(self._serve, theirs)
        self.cut_after = None
        return Wire(ours, "the double")

    async def superseded(self) -> None:
        await self.newer.wait()
        self.newer = trio.Event()

    async def cut(self) -> None:
        for end in self._ends:
            await trio.aclose_forcefully(end)

    async def _carry(
        self, source: trio.abc.Stream, sink: trio.abc.Stream, cut_after: int | None
    ) -> None:
        left = cut_after
        try:
            while data := await source.receive_some(65536):
                if left is not None:
                    data, left = data[:left], max(0, left - len(data))
                for chunk in self._chunks(bytes(data)):
                    if self._kind == "delayed":
                        await trio.sleep(DELAY_S)
                    await sink.send_all(chunk)
                if left == 0:
                    break
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        for end in (source, sink):
            await trio.aclose_forcefully(end)

    def _chunks(self, data: bytes) -> list[bytes]:
        if self._kind == "lossy":
            data = bytes(byte for byte in data if self._random.random() >= LOSS)
        if self._kind == "bytes":
            return [data[at : at + 1] for at in range(len(data))]
        return [data] if data else []
