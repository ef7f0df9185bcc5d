"""The ledger of a running gateway: append now, durable a moment later.

`append` never blocks: it encodes the fact, gives it its seq and puts it in line. Whoever must not
act before the fact is on disk awaits `wait(seq)` (law 2). One group commit is one block, one write
and one fdatasync; `on_durable` callbacks get the blocks as they become durable.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Final, cast

import outcome
import trio
from trio.lowlevel import Abort, Task, checkpoint, current_task, reschedule, wait_task_rescheduled

from config.gateway import Ledger as LedgerConfig
from crypto.block import ALIGN_BYTES, Block, Head
from crypto.entry import KnownFact, encode_fact
from edge.ledger import put_back
from edge.ledger.chain import EpochChain, Trust
from edge.ledger.committer import Committer, Done, ThreadCommitter
from edge.ledger.errors import LedgerFull, StorageFailed
from edge.ledger.reading import Reading
from edge.ledger.recover import Recovered
from edge.ledger.segments import FIRST_BLOCK_AT
from edge.ledger.spares import Room
from edge.ledger.storage import Storage
from edge.ledger.writer import OVERHEAD_BYTES, Pending

log = logging.getLogger(__name__)

#: One fact alone in a block takes one page: so the worst case is counted in pages.
FACT_BYTES_MAX: Final = ALIGN_BYTES - OVERHEAD_BYTES
#: How often a full disk is looked at again.
RETRY_SPARES_S: Final = 10.0


class _Durable:
    """What a waiter returns with: as `outcome.Value(None)`, but one serves for all of them.

    Value may be unwrapped once, and making one for each fact costs as much as appending it.
    """

    __slots__ = ()

    def unwrap(self) -> None:
        """Nothing."""


_DURABLE: Final = cast("outcome.Outcome[None]", _Durable())


class Ledger:
    """Appends facts to the log that `recover` opened. Used from one trio loop, beside `run`."""

    def __init__(
        self, storage: Storage, recovered: Recovered, config: LedgerConfig,
        committer: Committer | None = None,
    ) -> None:  # fmt: skip
        writer = recovered.writer
        self.gateway: Final = writer.gateway
        self.epoch: Final = writer.epoch
        #: Where the durable part of this epoch ends.
        self.durable = writer.head
        self.next_seq = writer.head.seq + 1
        #: Called on the loop with the blocks that have just become durable; must not block.
        self.on_durable: list[Callable[[list[Block]], None]] = []
        #: Set once the disk has failed: the process must end with exit 74.
        self.failed: StorageFailed | None = None
        #: Where each epoch of this log ends, old ones too; durable blocks only.
        self.heads = dict(recovered.heads)
        self._spares = writer.spares
        self._taken = writer.spares.taken
        self._usable_bytes = config.segment_bytes - FIRST_BLOCK_AT
        self._pending: list[Pending] = []
        self._waiting: dict[Task, int] = {}
        self._durable_seq = writer.head.seq
        self._left_bytes = writer.left_bytes
        # What surely finds room in the segment in use, without looking for spare ones.
        self._room_seq = self._durable_seq + self._left_bytes // ALIGN_BYTES
        self._kicker: Task | None = None
        self._spare_taken = trio.Event()
        self._storage = storage
        self._reading = Reading(storage)
        self._committer = committer if committer is not None else ThreadCommitter()
        self._committer.start(self._pending, writer, self._publish)

    def append(self, fact: KnownFact) -> int:
        """Put `fact` in line and return its seq in this epoch. Neither blocks nor yields.

        Raises `LedgerFull` before anything has changed, `StorageFailed` after the disk failed.
        """
        raw = encode_fact(fact)
        seq = self.next_seq
        if seq > self._room_seq:
            self._refuse_without_room(seq)
        if len(raw) > FACT_BYTES_MAX:
            raise ValueError(f"a fact has at most {FACT_BYTES_MAX} bytes, this one {len(raw)}")
        self.next_seq = seq + 1
        self._pending.append((raw, fact.hlc))
        if self._kicker is not None:
            reschedule(self._kicker)
            self._kicker = None
        return seq

    async def wait(self, seq: int) -> None:
        """Return when every fact through `seq` is durable. Raises `StorageFailed`."""
        assert 0 <= seq < self.next_seq
        if self.failed is not None:
            raise StorageFailed(str(self.failed))
        if seq <= self._durable_seq:
            await checkpoint()
            return
        task, waiting = current_task(), self._waiting
        waiting[task] = seq

        def abort(_: object) -> Abort:
            del waiting[task]
            return Abort.SUCCEEDED

        await wait_task_rescheduled(abort)

    def blocks_from(self, epoch: int, seq: int, limit_bytes: int) -> list[Block]:
        """Consecutive durable blocks from the one that holds `seq`; empty when there is none yet.

        At least one, then as many as fit `limit_bytes`. Old blocks come from disk: ask for about a
        megabyte at a time, or call it in a thread. Raises `LedgerDamaged`.
        """
        end = self.heads.get(epoch)
        return self._reading.run_from(epoch, seq, limit_bytes, end.seq) if end else []

    def recent_from(self, epoch: int, seq: int, limit_bytes: int) -> list[Block]:
        """As `blocks_from`, but at once: empty unless all of it is in memory."""
        return self._reading.recent_from(epoch, seq, limit_bytes)

    async def chain_after(self, trust: Trust, epoch: int, head: Head) -> EpochChain | None:
        """What must follow `head` in an older epoch; None when nobody knows its key here."""
        found: list[EpochChain | None] = []
        await self._committer.aside(
            lambda: found.append(put_back.chain_after(self._storage, trust, epoch, head))
        )
        return found[0]

    async def put_back(self, blocks: Sequence[Block]) -> None:
        """Make blocks of an older epoch durable that others had kept, and tell `on_durable`.

        The caller has checked that they follow each other and `heads`. Of the epoch in use nothing
        is ever put back: its numbers are being given away. Raises `LedgerFull` or `StorageFailed`.
        """
        epoch, last = blocks[0].epoch, blocks[-1]
        assert epoch < self.epoch
        await self._committer.aside(
            lambda: put_back.write(self._storage, self.gateway, blocks)
        )  # fmt: skip
        self.heads[epoch] = Head(last.last_seq, last.hash)
        for told in self.on_durable:
            told(list(blocks))

    @property
    def room(self) -> Room:
        """How close the disk is to full: ALARM, then UNREADY (readiness red), then NONE."""
        return self._spares.room(self._left_bytes)

    @property
    def spares_count(self) -> int:
        """Spare segments that are ready."""
        return self._spares.count

    async def run(self) -> None:
        """Serve until cancelled. Raises `StorageFailed` when the disk fails, and never again."""
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._committer.run)
                nursery.start_soon(self._keep_spares)
                await self._hand_over()
        except BaseExceptionGroup:
            if self.failed is not None:
                raise self.failed from None  # plain: the daemon's exit code hangs on it
            raise

    def close(self) -> None:
        """Stop the writer after what it is writing; what is pending is written too."""
        self._committer.close()

    async def _hand_over(self) -> None:
        task = trio.lowlevel.current_task()

        def abort(_: object) -> Abort:
            self._kicker = None
            return Abort.SUCCEEDED

        while True:
            if self._pending:
                self._committer.kick()
            self._kicker = task
            # Rescheduled by the first append, runs one tick later: the batch fills meanwhile.
            await wait_task_rescheduled(abort)

    def _publish(self, done: Done) -> None:
        """On the loop: a block is durable, or the disk has failed."""
        if done.failed is not None:
            self.failed = done.failed
            self._room_seq = -1
            for task in self._waiting:
                reschedule(task, outcome.Error(StorageFailed(str(done.failed))))
            self._waiting.clear()
            raise done.failed
        self.durable = self.heads[self.epoch] = done.head
        self._durable_seq = through = done.head.seq
        self._left_bytes = done.left_bytes
        self._room_seq = self._durable_seq + done.left_bytes // ALIGN_BYTES
        if done.taken != self._taken:
            self._taken = done.taken
            self._spare_taken.set()
        for block in done.blocks:
            self._reading.add(block)
        waiting = self._waiting
        due = [task for task, seq in waiting.items() if seq <= through]
        if len(due) == len(waiting):
            waiting.clear()
        else:
            for task in due:
                del waiting[task]
        for task in due:
            reschedule(task, _DURABLE)
        for told in self.on_durable:
            told(done.blocks)

    @property
    def _room_bytes(self) -> int:
        # Both figures are of the writer's last report and the facts it has not reported are
        # counted in full, so what is promised here is there when the writer gets to it.
        return self._usable_bytes if self._spares.made > self._taken else self._left_bytes

    def _refuse_without_room(self, seq: int) -> None:
        if self.failed is not None:
            raise StorageFailed(str(self.failed))
        if (seq - self._durable_seq) * ALIGN_BYTES <= self._room_bytes:
            return
        if self._spares.made > self._taken:
            behind = self.next_seq - 1 - self.durable.seq
            raise LedgerFull(f"{behind} facts wait for the disk, which does not keep up")
        raise LedgerFull("the ledger has no room for another fact: free space on its disk")

    async def _keep_spares(self) -> None:
        told = False
        while True:
            self._spare_taken = trio.Event()
            while self._spares.wanted:
                try:
                    await self._committer.aside(self._spares.prepare)
                except LedgerFull as error:
                    if not told:
                        log.error("no room for spare segments: %s", error)
                    told = True
                    await trio.sleep(RETRY_SPARES_S)
            if told:
                log.warning("all spare segments are ready again")
                told = False
            await self._spare_taken.wait()
