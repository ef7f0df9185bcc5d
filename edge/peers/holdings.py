"""All the blocks this gateway can give: its own durable ones, and those of its siblings."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Protocol

from crypto.block import Block, Head
from edge.ledger.errors import LedgerDamaged, LedgerDeleted
from edge.peers.codec import HELLO_LOGS_MAX, LogHead
from edge.peers.intake import Intake, Key
from edge.uplink import Aside, in_thread

log = logging.getLogger(__name__)


class OwnLog(Protocol):
    """What siblings are given of our own ledger (`edge.ledger.ledger.Ledger`)."""

    heads: dict[int, Head]
    on_durable: list[Callable[[list[Block]], None]]

    def blocks_from(self, epoch: int, seq: int, limit_bytes: int) -> list[Block]: ...

    def recent_from(self, epoch: int, seq: int, limit_bytes: int) -> list[Block]: ...


class Holdings:
    """`own` is the log of gateway `intake.own`. `on_change`: called on the loop with new blocks."""

    def __init__(self, own: OwnLog, intake: Intake, aside: Aside = in_thread) -> None:
        self.gateway = intake.own
        self.own = own
        self.intake = intake
        self.on_change: list[Callable[[list[Block]], None]] = []
        self._aside = aside
        self._told: set[Key] = set()
        own.on_durable.append(self._changed)
        intake.on_durable.append(self._changed)

    def _changed(self, blocks: list[Block]) -> None:
        for told in tuple(self.on_change):
            told(blocks)

    def heads(self) -> dict[Key, Head]:
        """How far each log can be given."""
        own = {(self.gateway, epoch): head for epoch, head in self.own.heads.items() if head.seq}
        return own | self.intake.heads()

    def rows(self) -> list[LogHead]:
        """`heads` as a message says them; of too many the newest epochs."""
        heads = self.heads()
        newest = sorted(heads, key=lambda key: key[1])[-HELLO_LOGS_MAX:]
        return [LogHead(*key, heads[key].seq, heads[key].hash) for key in sorted(newest)]

    async def run(self, key: Key, seq: int, limit_bytes: int) -> list[Block]:
        """Blocks of a log from the one that holds `seq` on; empty when there is none (any more)."""
        gateway, epoch = key
        if gateway == self.gateway:
            recent = self.own.recent_from(epoch, seq, limit_bytes)
            if recent:
                return recent
            read = partial(self.own.blocks_from, epoch, seq, limit_bytes)
        else:
            row = self.intake.log(key)
            if row is None:
                return []
            recent = row.reading.recent_from(epoch, seq, limit_bytes)
            if recent:
                return recent
            read = partial(row.reading.run_from, epoch, seq, limit_bytes, row.durable.seq)
        try:
            return await self._aside(read)
        except LedgerDeleted as error:
            if key not in self._told:
                self._told.add(key)
                log.warning("a sibling is not given what it asks for", extra={"why": str(error)})
            return []
        except LedgerDamaged:
            return []  # told by whoever opens or repairs the folder; siblings have copies
