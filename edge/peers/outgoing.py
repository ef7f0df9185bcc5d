"""Which log is told next on one connection, from which fact on, and when."""

import math
from collections.abc import Container
from typing import Final

import trio

from crypto.block import Block, Head
from edge.peers import codec
from edge.peers.holdings import Holdings
from edge.peers.intake import Key

#: A log whose owner the other hears itself is passed on only when that takes longer than this.
FORWARD_AFTER_S: Final = 1.0


class Outgoing:
    """What gateway `other` was told on this connection, of the logs that `holdings` can give.

    `sent`: through which seq the other has a log, or it is on its way there.
    """

    def __init__(self, holdings: Holdings, other: bytes) -> None:
        self.sent: dict[Key, int] = {}
        self._holdings = holdings
        self._other = other
        self._behind_since: dict[Key, float] = {}

    def has(self, key: Key, seq: int) -> None:
        """The other holds a log through `seq`."""
        self.sent[key] = max(self.sent.get(key, 0), seq)

    def asked(self, key: Key, seq: int) -> None:
        """The other wants a log from `seq` on. Of a log that nobody has here, nothing is noted."""
        if key in self._holdings.heads():
            # One less: the next block to send is the one that holds this seq.
            self.sent[key] = seq - 1
            self._behind_since[key] = -math.inf  # asked for: no waiting for others

    def next(self, hears: Container[bytes], streams: bool) -> tuple[Key | None, float]:
        """The log to go on with, or how long until one is due to be passed on for its owner.

        `hears`: whom the other hears itself. `streams` False: it gets only what it asks for.
        """
        now, wait_s = trio.current_time(), math.inf
        heads = self._holdings.heads()
        asked = [key for key, since in self._behind_since.items() if since == -math.inf]
        for key in [*asked, *heads]:  # what was asked for goes before what is streamed
            head = heads.get(key, Head())
            if head.seq <= self.sent.get(key, 0) or not self._due_to(key, streams):
                self._behind_since.pop(key, None)
                continue
            if key[0] == self._holdings.gateway or key[0] not in hears:
                return key, 0.0
            due = self._behind_since.setdefault(key, now) + FORWARD_AFTER_S
            if due <= now:
                return key, 0.0
            wait_s = min(wait_s, due - now)
        return None, wait_s

    def _due_to(self, key: Key, streams: bool) -> bool:
        """Its own log nobody needs to be told, unless it asks."""
        asked = self._behind_since.get(key) == -math.inf
        return asked or (streams and key[0] != self._other)

    async def take(self, key: Key) -> list[Block]:
        """The next blocks of a log, which are on their way from now on; empty: none can be read."""
        before = self.sent.get(key, 0)
        blocks = await self._holdings.run(key, before + 1, codec.RUN_BYTES)
        # What cannot be read here others have.
        through = blocks[-1].last_seq if blocks else self._holdings.heads()[key].seq
        now = self.sent.get(key, 0)
        if now >= before:  # else it was asked for from further back while we read
            self.sent[key] = max(now, through)
        return blocks
