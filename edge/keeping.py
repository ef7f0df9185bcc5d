"""How long blocks stay on this gateway's disk: old segments go, our own and those of siblings.

Looks seldom, and reads and deletes beside the loop. What may go is `edge.ledger.retention`'s to
say. While the clock is unsure nothing is old.
"""

import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial
from typing import Final, NamedTuple, Protocol

import trio

from crypto.block import Head
from edge.core.moments import Moment
from edge.ledger import retention
from edge.ledger.errors import LedgerDamaged, LedgerError, StorageFailed
from edge.ledger.ledger import Ledger
from edge.ledger.reading import Reading
from edge.ledger.segments import SegmentName
from edge.ledger.storage import Storage
from edge.peers.intake import Intake
from edge.receipts import ReceiptStore
from edge.transport import HttpTransport, Turned, UplinkLost
from edge.uplink import Aside, in_thread

log = logging.getLogger(__name__)
LOOK_S: Final = 3600.0
DAY_MS: Final = 86_400_000


class Log(NamedTuple):
    """The blocks of one gateway on this disk: how far they are durable, per epoch."""

    gateway: bytes
    storage: Storage
    heads: Mapping[int, Head]


#: How far the centre holds each epoch of a sibling; empty while it cannot be asked.
Receipted = Callable[[bytes], Awaitable[Mapping[int, Head]]]


class _Clock(Protocol):
    def now(self) -> Moment: ...


def ask_centre(transport: HttpTransport) -> Receipted:
    """Asks the centre for the heads of a sibling's log."""

    async def ask(gateway: bytes) -> Mapping[int, Head]:
        try:
            heads = await transport.of(gateway).heads()
        except (UplinkLost, Turned):
            return {}
        return {each.epoch: Head(each.through_seq, bytes.fromhex(each.head)) for each in heads}

    return ask


class Keeping:
    """`siblings`: their logs here, as they are now; `receipted` asks the centre about one."""

    def __init__(
        self, storage: Storage, ledger: Ledger, receipts: ReceiptStore, clock: _Clock,
        retention_days: int, *, siblings: Callable[[], Iterator[Log]] | None = None,
        receipted: Receipted | None = None, aside: Aside = in_thread,
    ) -> None:  # fmt: skip
        self._storage = storage
        self._ledger = ledger
        self._receipts = receipts
        self._clock = clock
        self._days = retention_days
        self._siblings = siblings
        self._receipted = receipted
        self._aside = aside
        #: Segments deleted since the start.
        self.deleted = 0

    async def run(self) -> None:
        """Look every hour, for ever; with `retention_days` = 0 at nothing."""
        while self._days:
            await trio.sleep(LOOK_S)
            try:
                await self.look()
            except StorageFailed:
                raise
            except (LedgerError, OSError) as error:
                log.warning("old segments stay for now", extra={"why": str(error)})

    async def look(self) -> None:
        """Delete what may go now."""
        now = self._clock.now()
        if now.unsure:
            return
        before_ms = now.ms - self._days * DAY_MS
        own = Log(self._ledger.gateway, self._storage, dict(self._ledger.heads))
        receipts = {each.epoch: Head(each.through_seq, each.head) for each in self._receipts.all()}
        await self._delete_old(own, own, receipts, before_ms)
        if self._siblings is None or self._receipted is None:
            return
        for each in list(self._siblings()):
            await self._delete_old(own, each, await self._receipted(each.gateway), before_ms)

    async def _delete_old(
        self, own: Log, which: Log, receipted: Mapping[int, Head], before_ms: int
    ) -> None:
        work = partial(delete_old, own, which, receipted, before_ms)
        gone = await self._aside(work)
        if gone:
            self.deleted += len(gone)
            log.info(
                "old segments were deleted; the centre has what they said",
                extra={"gateway": which.gateway.hex(), "segments": [name.file for name in gone]},
            )


def make_keeping(
    storage: Storage, ledger: Ledger, receipts: ReceiptStore, clock: _Clock, retention_days: int,
    intake: Intake | None, transport: HttpTransport | None,
) -> Keeping:  # fmt: skip
    """For a daemon: its own ledger in `storage`, its mirrors, and the centre if there is one."""

    def mirrors() -> Iterator[Log]:
        for owner, mirror in intake.mirrors.items() if intake is not None else ():
            yield Log(owner, mirror.storage, {e: row.durable for e, row in mirror.logs.items()})

    receipted = ask_centre(transport) if transport is not None else None
    return Keeping(
        storage, ledger, receipts, clock, retention_days, siblings=mirrors, receipted=receipted
    )


def delete_old(
    own: Log, which: Log, receipted: Mapping[int, Head], before_ms: int
) -> list[SegmentName]:
    """Delete the old segments of `which`; those that are gone. `own` holds the snapshots."""
    ends = {epoch: head.seq for epoch, head in which.heads.items()}

    def found(held: Mapping[int, int], covered: Mapping[int, int]) -> list[SegmentName]:
        return retention.deletable(
            which.storage, ends=ends, covered=covered, receipted=held, before_ms=before_ms,
            growing=which.gateway != own.gateway,
        )  # fmt: skip

    held = {epoch: head.seq for epoch, head in receipted.items()}
    # Snapshots are large: they are read only when everything else would let something go.
    if not found(held, ends):
        return []
    own_ends = {epoch: head.seq for epoch, head in own.heads.items()}
    proven = retention.proven(own.storage, own.gateway, own_ends)
    covered = retention.covered(own.storage, which.gateway, proven)
    return retention.delete(which.storage, found(_agreed(which, receipted), covered))


def _agreed(which: Log, receipted: Mapping[int, Head]) -> dict[int, int]:
    """`receipted` without the epochs of which the centre holds another history than we do."""
    agreed: dict[int, int] = {}
    reading = Reading(which.storage)
    for epoch, head in receipted.items():
        ours = which.heads.get(epoch, Head())
        if head.seq > ours.seq:
            agreed[epoch] = head.seq
            continue
        try:
            blocks = reading.run_from(epoch, head.seq, 1, ours.seq)
        except LedgerDamaged:
            continue
        if blocks and (blocks[0].last_seq, blocks[0].hash) == (head.seq, head.hash):
            agreed[epoch] = head.seq
        else:
            where = {"gateway": which.gateway.hex(), "epoch": epoch, "seq": head.seq}
            log.error("the centre holds another history; ours is kept as evidence", extra=where)
    return agreed
