"""Who writes: one parked thread in a gateway, the loop itself in a simulation.

A hand-over is deferred by one tick of the loop, so that every task that is ready now can still add
its fact to the batch. The writer pulls; while it is busy, facts pile up and become the next batch.
"""

import logging
import os
import threading
from collections import deque
from collections.abc import Callable
from typing import NamedTuple, Protocol

import trio

from crypto.block import Block, Head
from edge.ledger.errors import LedgerFull, StorageFailed
from edge.ledger.writer import Pending, Writer

log = logging.getLogger(__name__)


class Done(NamedTuple):
    """What one turn of the writer made durable, or why it cannot write any more."""

    blocks: list[Block]
    head: Head
    left_bytes: int
    taken: int
    failed: StorageFailed | None


class Committer(Protocol):
    """Moves batches from `pending` through `writer` and reports on the loop by `publish`."""

    def start(
        self, pending: list[Pending], writer: Writer, publish: Callable[[Done], None]
    ) -> None:
        """Called once, on the loop, before anything else."""

    def kick(self) -> None:
        """Facts are pending: called on the loop, one tick after the first of them."""

    async def run(self) -> None:
        """Serve until cancelled."""

    async def aside(self, work: Callable[[], None]) -> None:
        """Do slow disk work without holding up the loop."""

    def close(self) -> None:
        """Release thread and descriptors; what is being written is finished first."""


def turn(pending: list[Pending], writer: Writer) -> Done:
    """Write what is pending now, as one block."""
    failed: StorageFailed | None = None
    blocks: list[Block] = []
    try:
        blocks = [writer.commit(writer.group(pending))]
    except StorageFailed as error:
        failed = error
    except LedgerFull as error:  # append counts the room, so this would be our own mistake
        failed = StorageFailed(f"accepted facts do not fit: {error}")
    return Done(blocks, writer.head, writer.left_bytes, writer.spares.taken, failed)


class InlineCommitter:
    """Writes on the loop: no thread, no timing, the same order every time."""

    def start(
        self, pending: list[Pending], writer: Writer, publish: Callable[[Done], None]
    ) -> None:
        self._pending, self._writer, self._publish = pending, writer, publish

    def kick(self) -> None:
        while self._pending:
            done = turn(self._pending, self._writer)
            self._publish(done)
            if done.failed is not None:
                return

    async def run(self) -> None:
        await trio.sleep_forever()

    async def aside(self, work: Callable[[], None]) -> None:
        await trio.lowlevel.checkpoint()
        work()

    def close(self) -> None:
        while self._pending and turn(self._pending, self._writer).failed is None:
            pass


class ThreadCommitter:
    """One writer thread, parked on an eventfd; its answers wake the loop by a second one."""

    def start(
        self, pending: list[Pending], writer: Writer, publish: Callable[[Done], None]
    ) -> None:
        self._pending, self._writer, self._publish = pending, writer, publish
        self._done: deque[Done] = deque()
        self._wake = os.eventfd(0, os.EFD_CLOEXEC)
        self._answer = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._closing = False
        self._thread = threading.Thread(target=self._write, name="ledger", daemon=True)
        self._thread.start()

    def kick(self) -> None:
        os.eventfd_write(self._wake, 1)

    async def run(self) -> None:
        while True:
            await trio.lowlevel.wait_readable(self._answer)
            self._collect()

    def _collect(self) -> None:
        os.eventfd_read(self._answer)
        while self._done:
            self._publish(self._done.popleft())

    async def aside(self, work: Callable[[], None]) -> None:
        await trio.to_thread.run_sync(work)

    def close(self) -> None:
        self._closing = True
        self.kick()
        self._thread.join()
        os.close(self._wake)
        os.close(self._answer)

    def _write(self) -> None:
        pending, writer = self._pending, self._writer
        while True:
            os.eventfd_read(self._wake)
            while pending:
                try:
                    done = turn(pending, writer)
                except Exception as error:  # noqa: BLE001 - the border of this thread
                    # A mistake of ours. A writer that is simply gone would leave everybody waiting.
                    log.exception("the ledger's writer has a fault")
                    failed = StorageFailed(f"the ledger's writer has a fault: {error!r}")
                    done = Done([], writer.head, 0, writer.spares.taken, failed)
                self._done.append(done)
                os.eventfd_write(self._answer, 1)
                if done.failed is not None:
                    return
            if self._closing:
                return
