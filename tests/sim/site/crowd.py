"""Guests of a venue with several gateways: most of their codes are shown in more than one place."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import trio

from tests.sim.site.life import BARRED, OPEN, OUT
from tests.sim.venue import Ticket

if TYPE_CHECKING:
    from tests.sim.site.history import History

#: How long after one gateway the next one sees a copy.
GAPS_S = (0.0, 0.0, 0.001, 0.02, 0.3, 1.5, 6.0)


class Crowd:
    """Sends guests until told otherwise; every habit of theirs hangs on the seed."""

    def __init__(self, history: History, dice: random.Random) -> None:
        self._history = history
        self._dice = dice
        self._nonces = 0

    async def come(self) -> None:
        dice = self._dice
        every_s = dice.choice((0.3, 0.8, 2.0))
        async with trio.open_nursery() as nursery:
            while True:
                await trio.sleep(dice.expovariate(1 / every_s))
                ticket = dice.choice(self._history.tickets)
                habit = dice.choices((self._honest, self._copies, self._round), (5, 4, 3))[0]
                nursery.start_soon(habit, ticket)

    async def _honest(self, ticket: Ticket) -> None:
        nonce = self._nonce()
        for _ in range(self._dice.choice((1, 1, 1, 2))):  # a client that heard nothing asks again
            self._show(self._anywhere(), ticket, nonce)
            await trio.sleep(self._dice.choice((0.0, 0.4, 5.0)))

    async def _copies(self, ticket: Ticket) -> None:
        """One code at several gateways."""
        count = self._dice.randint(2, self._history.gateways)
        for number in self._dice.sample(range(self._history.gateways), count):
            self._show(number, ticket, self._nonce())
            await trio.sleep(self._dice.choice(GAPS_S))

    async def _round(self, ticket: Ticket) -> None:
        """Out here, in again there."""
        self._show(self._anywhere(), ticket, self._nonce(), out=True)
        await trio.sleep(self._dice.choice(GAPS_S))
        self._show(self._anywhere(), ticket, self._nonce())

    def _anywhere(self) -> int:
        return self._dice.randrange(self._history.gateways)

    def _nonce(self) -> bytes:
        self._nonces += 1
        return b"nonce %d" % self._nonces

    def _show(self, number: int, ticket: Ticket, nonce: bytes, *, out: bool = False) -> None:
        history, machine = self._history, self._history.machines[number]
        lane = OUT if out else self._dice.choice((OPEN, BARRED))
        count = self._dice.choice((1, ticket.persons)) if lane == OPEN else 1
        life = machine.life
        if life is None or not life.ready:
            return
        history.note("shown", machine.name, lane, ticket.number, count)

        def answered(answer: Any) -> None:
            if life.alive:
                history.counts[answer.reason or answer.decision] += 1
                history.note("answer", machine.name, lane, answer.reason or answer.decision)

        history.presenting = (ticket, count)
        life.gateway.lanes[lane].present(ticket.code, answered, nonce=nonce, count=count)
        history.presenting = None
