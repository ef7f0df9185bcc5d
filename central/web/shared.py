"""One answer for all who ask: sums over everything that ever happened, worked out once.

Each open page asks every two seconds. Without this a few of them would keep all connections to
the database busy, and gateways that deliver would wait for one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Shared(Generic[T]):
    """What `make` said last, for `patience` times as long as it took, and for that long again
    while the next one is made. Beyond that whoever asks waits.

    The work goes on when its asker has gone: who asks next finds it done.
    """

    def __init__(self, make: Callable[[], Awaitable[T]], patience: int) -> None:
        self._make, self._patience = make, patience
        self._kept: list[T] = []
        self._until = self._old = 0.0
        self._work: asyncio.Task[T] | None = None

    async def read(self) -> T:
        """The answer. Raises what `make` raises."""
        now = asyncio.get_running_loop().time()
        if self._kept and now < self._until:
            return self._kept[0]
        if self._work is None:
            self._work = asyncio.create_task(self._anew())
            self._work.add_done_callback(self._over)
        if self._kept and now < self._old:
            return self._kept[0]
        return await asyncio.shield(self._work)

    async def _anew(self) -> T:
        clock = asyncio.get_running_loop().time
        began = clock()
        told = await self._make()
        fresh_s = self._patience * (clock() - began)
        self._kept, self._until, self._old = [told], clock() + fresh_s, clock() + 2 * fresh_s
        return told

    def _over(self, work: asyncio.Task[T]) -> None:
        self._work = None
        if not work.cancelled():
            work.exception()  # whoever waited has it; nobody else has to hear of it
