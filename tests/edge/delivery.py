"""A gateway in memory, its uplink, and the centre in memory that it feeds."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import trio

from crypto.entry import Started
from crypto.keys import VerifyKey
from crypto.receipt import Receipt
from edge.uplink import Backoff, Uplink
from tests.edge.centre import RECEIPT_KEY, Centre
from tests.edge.venue import TENANT, Venue

BACKOFF_MAX_S = 30.0


class House:
    """A gateway with some facts and its uplink to a centre in memory."""

    def __init__(self, **how: Any) -> None:
        self.venue = Venue()
        self.log = self.venue.log
        self.centre = Centre()
        self.kept: list[Receipt] = []
        fields: dict[str, Any] = {
            "gateway": self.venue.gateway,
            "source": self.log,
            "transport": self.centre,
            "receipt_key": VerifyKey(RECEIPT_KEY.public),
            "tenant": TENANT,
            "backoff": Backoff(0.5, BACKOFF_MAX_S, lambda: 0.0),
            "keep": lambda raw, receipt: self.kept.append(receipt),
        }
        self.uplink = Uplink(**(fields | how))

    def blocks(self, count: int) -> None:
        """`count` more blocks become durable, two facts each."""
        for _ in range(count):
            for _ in range(2):
                self.venue.gateway.record(lambda hlc, now: Started(hlc, now.day, 0, "x"))
            self.log.sync()

    @asynccontextmanager
    async def running(self, s: float = 0.0) -> AsyncIterator[None]:
        """The uplink runs; `s` seconds first."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.uplink.run)
            await trio.sleep(s)
            yield
            nursery.cancel_scope.cancel()

    def agree(self) -> bool:
        """The centre holds every block of every epoch once, and in order."""
        held = {epoch: [b.hash for b in blocks] for epoch, blocks in self.centre.stored.items()}
        return held == {epoch: [b.hash for b in bs] for epoch, bs in self.log.blocks.items()}
