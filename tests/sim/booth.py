"""The turnstile itself: steel, a relay, a contact. It outlives every process that commands it.

What really happened is known here alone: a pulse opens for one person, until somebody went
through or `OPEN_S` is over. That is a little less than the gateway waits, as vendors advise.
"""

from __future__ import annotations

import contextlib
import math
import random
from collections.abc import Callable

import trio

from tests.sim.watch import Hold
from tests.sim.wires import MemoryLink

OPEN_S = 4.0
CONTACT_S = 0.3


class Booth:
    """One barrier. `last` is the hold of the last pulse that was sent."""

    def __init__(
        self, nursery: trio.Nursery, lane: int, dice: random.Random,
        saw: Callable[[str, int, Hold], None],
    ) -> None:  # fmt: skip
        self.lane = lane
        self.link = MemoryLink(nursery, self.serve, f"booth {lane}")
        self.last: Hold | None = None
        self.opened_for: Hold | None = None
        self.changed = trio.Event()
        #: Chances of trouble for each pulse; the history turns them off to heal.
        self.trouble = 0.0
        self._nursery = nursery
        self._dice = dice
        self._saw = saw
        self._until = -math.inf
        self._closed = False
        self._wire: trio.abc.Stream | None = None
        self._late: list[int] = []

    @property
    def heard_for_s(self) -> float:
        """For how long no cable was pulled."""
        return trio.current_time() - self.link.dropped_at

    def is_open_for(self, hold: Hold) -> bool:
        """Whether the guest of `hold` could walk now."""
        return self.opened_for == hold and trio.current_time() < self._until

    def walk(self, hold: Hold) -> bool:
        """Somebody pushes. False when it is locked, or open for somebody else by now."""
        if not self.is_open_for(hold):
            return False
        self._until = -math.inf
        self.opened_for = None
        self._saw("walked", self.lane, hold)
        self._nursery.start_soon(self._contact)
        return True

    async def _contact(self) -> None:
        self._closed = True
        await self._say(b"IN 1\n")
        await trio.sleep(CONTACT_S)
        self._closed = False
        await self._say(b"IN 0\n")

    async def _say(self, line: bytes) -> None:
        wire = self._wire
        if wire is None:
            return
        with contextlib.suppress(
            trio.BrokenResourceError, trio.ClosedResourceError, trio.BusyResourceError
        ):
            await wire.send_all(line)

    async def serve(self, wire: trio.abc.Stream) -> None:
        """One connection of a gateway; the newest is the one that hears of the contact."""
        self._wire, self._late = wire, []
        buffer = b""
        try:
            while data := await wire.receive_some():
                *lines, buffer = (buffer + bytes(data)).split(b"\n")
                for line in lines:
                    await self._obey(line)
        finally:
            if self._wire is wire:
                self._wire = None

    async def _obey(self, line: bytes) -> None:
        word, *rest = line.split()
        if word == b"OFF":
            await self._say(b"READY %d\n" % self._closed)
            return
        number = int(rest[0])
        roll = self._dice.random()
        for old in self._late:  # stuck in some buffer until now
            await self._say(b"ACK %d\n" % old)
        self._late = []
        if roll >= self.trouble:
            self._open()
            await self._say(b"ACK %d\n" % number)
        else:
            await self._misbehave(number, roll / self.trouble)

    async def _misbehave(self, number: int, how: float) -> None:
        if how < 0.2:
            assert self.last is not None
            self._saw("shut", self.lane, self.last)
            await self._say(b"NO %d\n" % number)
        elif how < 0.4:
            self._open()
            await self._say(b"PERHAPS %d\n" % number)
        elif how < 0.6:
            self._open()  # the answer is lost
        elif how < 0.7:
            await self.link.drop()
        elif how < 0.8:
            self._open()
            await self.link.drop()
        else:
            self._open()
            self._nursery.start_soon(self._answer_late, number)

    async def _answer_late(self, number: int) -> None:
        """The guest may be quicker than the answer; it may even come a second time."""
        await trio.sleep(self._dice.uniform(0.2, 0.9))
        await self._say(b"ACK %d\n" % number)
        self._late.append(number)

    def _open(self) -> None:
        self.opened_for = self.last
        self._until = trio.current_time() + OPEN_S
        self.changed.set()
        self.changed = trio.Event()
