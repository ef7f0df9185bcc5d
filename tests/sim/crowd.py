"""Guests: each a task that outlives every crash of the gateway, as guests do."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import trio

from tests.sim import venue
from tests.sim.venue import Ticket
from tests.sim.watch import Hold
from tests.sim.wires import MemoryLink

if TYPE_CHECKING:
    from tests.sim.history import History

#: A client gives up on an answer after this and asks again by the same nonce.
CLIENT_S = 3.0
#: A guest before a shut barrier leaves after this.
PATIENCE_S = 9.0


class Stand:
    """A scanner on its post: what is held before it goes down the wire in pieces."""

    def __init__(self, nursery: trio.Nursery, lane: int, dice: random.Random) -> None:
        self.link = MemoryLink(nursery, self._serve, f"scanner {lane}")
        self._dice = dice
        self._wire: trio.abc.Stream | None = None

    async def _serve(self, wire: trio.abc.Stream) -> None:
        self._wire = wire
        try:
            await wire.receive_some()  # nothing is ever said to a scanner: this is the end
        finally:
            if self._wire is wire:
                self._wire = None

    async def hold(self, text: bytes) -> None:
        """Show `text`; nobody learns whether it was read."""
        wire = self._wire
        if wire is None:
            return
        line = text + self._dice.choice((b"\r", b"\n", b"\r\n"))
        cut = self._dice.randrange(len(line) + 1)
        try:
            for piece in (line[:cut], line[cut:]):
                if piece:
                    await wire.send_all(piece)
        except (trio.BrokenResourceError, trio.ClosedResourceError, trio.BusyResourceError):
            return


class Crowd:
    """Sends guests until `until_s`; every habit of theirs hangs on the seed."""

    def __init__(self, history: History, dice: random.Random) -> None:
        self._history = history
        self._dice = dice
        self._nonces = 0

    async def come(self, until_s: float) -> None:
        """Guests arrive in bunches, and stop coming at `until_s`."""
        dice, history = self._dice, self._history
        async with trio.open_nursery() as nursery:
            while trio.current_time() < until_s:
                await trio.sleep(dice.expovariate(1.2))
                ticket = dice.choice(history.tickets)
                habit = dice.choices(HABITS, WEIGHTS)[0]
                history.note("guest", habit, ticket.number)
                nursery.start_soon(getattr(self, f"_{habit}"), ticket)

    # -- habits -----------------------------------------------------------------------------------

    async def _honest(self, ticket: Ticket) -> None:
        await self._enter(ticket, ticket.code)

    async def _nervous(self, ticket: Ticket) -> None:
        """Shows the code again and again, faster than the gateway answers."""
        lane = self._dice.choice((1, 2, 2, 3))
        async with trio.open_nursery() as nursery:
            for _ in range(self._dice.randint(2, 4)):
                nursery.start_soon(self._enter, ticket, ticket.code, lane)
                await trio.sleep(self._dice.choice((0.0, 0.0, 0.05, 0.6, 2.5)))

    async def _copy(self, ticket: Ticket) -> None:
        """Two people, one code, two lanes, the same moment."""
        async with trio.open_nursery() as nursery:
            for lane in self._dice.sample((1, 2, 3), 2):
                nursery.start_soon(self._enter, ticket, ticket.code, lane)
                await trio.sleep(self._dice.choice((0.0, 0.0, 0.0, 0.01, 0.3, 3.0)))

    async def _newer(self, ticket: Ticket) -> None:
        """A reissued code; the older one follows, sooner or later."""
        await self._enter(ticket, ticket.newer)
        await trio.sleep(self._dice.uniform(0, 5))
        await self._enter(ticket, ticket.code)

    async def _leave(self, ticket: Ticket) -> None:
        """Out, and maybe in again."""
        await self._client(4, ticket, ticket.code, 1)
        if self._dice.random() < 0.6:
            await trio.sleep(self._dice.uniform(0, 4))
            await self._enter(ticket, ticket.code)

    async def _forger(self, ticket: Ticket) -> None:
        for code in self._dice.sample(venue.bad_codes(self._dice, ticket), 3):
            await self._enter(ticket, code)

    async def _flood(self, ticket: Ticket) -> None:
        """Noise at one lane, faster than anybody reads, or without end."""
        lane, slow = self._dice.choice((1, 2, 3)), self._dice.random() < 0.4
        for _ in range(self._dice.randint(20, 60)):
            await self._show(lane, self._dice.randbytes(6).hex().encode())
            await trio.sleep(self._dice.choice((0.5, 1.0) if slow else (0.0, 0.01, 0.1)))

    async def _retry(self, ticket: Ticket) -> None:
        """A client that asks the same question again, also long after the guest went in."""
        nonce = self._nonce()
        for _ in range(3):
            await self._client(2, ticket, ticket.code, 1, nonce)
            await trio.sleep(self._dice.choice((0.0, 0.5, 6.0, 12.0)))

    # -- what they do -----------------------------------------------------------------------------

    async def _enter(self, ticket: Ticket, code: bytes, lane: int = 0) -> None:
        lane = lane or self._dice.choice((1, 1, 2, 2, 3))
        if lane == 2:
            count = self._dice.choice((1, ticket.persons, ticket.persons))
            await self._client(lane, ticket, code, count)
            return
        await self._show(lane, code)
        booth = self._history.booths.get(lane)
        if booth is None:
            return
        with trio.move_on_after(PATIENCE_S):
            while True:
                hold = booth.opened_for
                if hold is not None and self._history.holder(hold) == ticket.identity:
                    await self._walk(lane, hold)
                    return
                await booth.changed.wait()

    async def _show(self, lane: int, code: bytes) -> None:
        stand = self._history.stands.get(lane)
        if stand is not None:
            await stand.hold(code)
        else:
            self._present(lane, code, lambda answer: None, b"", 1)

    async def _client(
        self, lane: int, ticket: Ticket, code: bytes, count: int, nonce: bytes = b""
    ) -> None:
        """A handheld asks, and asks again by the same nonce when no answer comes."""
        nonce = nonce or self._nonce()
        for _ in range(3):
            got: list[Any] = []
            answered = trio.Event()

            def take(answer: Any, got: list[Any] = got, done: trio.Event = answered) -> None:
                got.append(answer)
                done.set()

            if self._present(lane, code, take, nonce, count):
                with trio.move_on_after(CLIENT_S):
                    await answered.wait()
            if got:
                answer = {"decision": got[0].decision, "seq": got[0].seq,
                          "granted": got[0].granted, "reason": got[0].reason,
                          "repeated": got[0].repeated}  # fmt: skip
                self._history.saw("replied", ticket.identity, nonce, answer)
                if got[0].decision == "admitted" and lane in self._history.booths:
                    await self._walk_all(lane, ticket, got[0].granted)
                return
            await trio.sleep(self._dice.uniform(0.2, 4))

    def _present(self, lane: int, code: bytes, done: Any, nonce: bytes, count: int) -> bool:
        life = self._history.life
        if life is None or not life.ready:
            return False
        self._history.saw("shown", lane, code)

        def tell(answer: Any) -> None:
            if life.alive:
                done(answer)

        life.gateway.lanes[lane].present(code, tell, nonce=nonce, count=count)
        return True

    async def _walk_all(self, lane: int, ticket: Ticket, persons: int) -> None:
        booth = self._history.booths[lane]
        with trio.move_on_after(PATIENCE_S + 2 * persons):
            while persons:
                hold = booth.opened_for
                if hold is not None and self._history.holder(hold) == ticket.identity:
                    await self._walk(lane, hold)
                    persons -= 1
                await booth.changed.wait()

    async def _walk(self, lane: int, hold: Hold) -> None:
        """Most walk; some late, some turn round."""
        roll = self._dice.random()
        if roll < 0.1:
            return
        late = roll < 0.2
        await trio.sleep(self._dice.uniform(3.5, 6) if late else self._dice.uniform(0, 1.2))
        self._history.booths[lane].walk(hold)

    def _nonce(self) -> bytes:
        self._nonces += 1
        return b"nonce %d" % self._nonces


HABITS = ("honest", "nervous", "copy", "newer", "leave", "forger", "flood", "retry")
WEIGHTS = (30, 12, 14, 4, 22, 5, 2, 8)
