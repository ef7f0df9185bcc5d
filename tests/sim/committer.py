"""A writer that takes its time, without a thread: facts pile up while the disk is busy."""

from __future__ import annotations

import random
from collections.abc import Callable

import trio

from edge.ledger import committer
from edge.ledger.committer import Done
from edge.ledger.writer import Pending, Writer


class SlowCommitter:
    """`edge.ledger.committer.Committer`: up to `most_s` before and after each write.

    Between the write and its report the fact is on disk and nobody has been told yet.
    """

    def __init__(self, dice: random.Random, most_s: float) -> None:
        self._dice = dice
        self._most_s = most_s
        self._wake = trio.Event()

    def start(
        self, pending: list[Pending], writer: Writer, publish: Callable[[Done], None]
    ) -> None:
        self._pending, self._writer, self._publish = pending, writer, publish

    def kick(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake = trio.Event()
            while self._pending:
                await trio.sleep(self._dice.random() * self._most_s)
                done = committer.turn(self._pending, self._writer)
                await trio.sleep(self._dice.random() * self._most_s)
                self._publish(done)

    async def aside(self, work: Callable[[], None]) -> None:
        await trio.sleep(self._dice.random() * self._most_s)
        work()

    def close(self) -> None:
        pass
