"""One history of a fair: several gateways with tills, guests with bands, and some who cheat.

`run(seed)` is the whole of it. What happens is decided by the seed alone; each checker sees each
step as it happens and ends the history at the first broken promise.
"""

from __future__ import annotations

import hashlib
import logging
import random
from collections import Counter
from typing import Any

import trio
import trio.testing

from crypto.entry import KnownFact, encode_fact
from drivers.reader import Chip
from drivers.reader.chips import Type2
from edge.till.shifts import open_shift
from edge.till.work import Work
from tests.sim import determinism
from tests.sim.history import Result, _first
from tests.sim.wallet import books, fair, trouble
from tests.sim.wallet.checkers import Checkers
from tests.sim.wallet.guests import Guest, Thief
from tests.sim.wallet.life import Hand, Life, Machine, World, quick
from tests.sim.wallet.promises import PROMISES
from tests.sim.watch import Broken

CODES = 1
#: After everything was healed: so many rounds in which all hear all and every band is shown.
ROUNDS = 3


def run(seed: int, *, trace: bool = False) -> Result:
    """The history of `seed`."""
    logging.disable(logging.CRITICAL)
    with determinism.repeatable(seed), quick():
        history = History(seed, trace)
        try:
            trio.run(history.main, clock=trio.testing.MockClock(autojump_threshold=0.0))
        except BaseException as error:
            broken = history.broken or _first(error, Broken)
            if broken is None:
                raise
            history.broken = broken  # type: ignore[assignment]
    told = history.broken
    return Result(
        seed, history.digest(), told.checker if told else "", str(told or ""),
        dict(sorted(history.counts.items())), history.lines,
    )  # fmt: skip


class History(World):
    """The world around all gateways, and what was seen of it."""

    #: Checkers that are not looked at, for mistakes that others shall find as well.
    blind: frozenset[str] = frozenset()

    def __init__(self, seed: int, trace: bool) -> None:
        self.seed, self._trace = seed, trace
        self.broken: Broken | None = None
        self.counts: Counter[str] = Counter()
        self.lines: list[str] = []
        self._hash = hashlib.sha256()
        plan = self.dice("plan")
        self.guests = [Guest(self, number) for number in range(plan.choice((2, 3, 5)))]
        if plan.random() < 0.5:
            self.guests.append(Thief(self, len(self.guests)))
        count = plan.choice((2, 3, 4))
        self.points = plan.choice((1, 2, 2))
        promo = {
            guest.medium: (plan.choice((0, 400)), plan.choice((0, 2)))
            for guest in self.guests
            if plan.random() < 0.4
        }
        self.bundle = fair.bundle(count, self.points, CODES, promo)
        self.promo, self.codes = promo, CODES
        #: Media of which there were two bands.
        self.cloned: set[bytes] = set()
        self.until_s = plan.uniform(30, 90)
        self.machines = [
            Machine(n, self.bundle, skew_ms=plan.randint(-2000, 2000), points=self.points)
            for n in range(count)
        ]
        self.ending = False
        #: Pairs that do not hear each other now, and when each was heard last.
        self.cut: set[frozenset[int]] = set()
        self.heard_at: dict[tuple[int, int], float] = {}
        self.checkers = Checkers(self)
        for machine in self.machines:
            machine.is_unheard = lambda machine=machine: self.unheard(machine)  # type: ignore[misc]

    def dice(self, name: str) -> random.Random:
        return determinism.dice(self.seed, f"wallet {name}")

    def unheard(self, machine: Machine) -> bool:
        """Whether a sibling was not heard for too long."""
        now = trio.current_time()
        return any(
            now - self.heard_at.get((machine.number, other.number), 0.0) >= 5.0
            for other in self.machines
            if other is not machine
        )

    def chip_of(self, medium: bytes) -> Chip:
        """Of which kind the bands of a medium are."""
        return next(guest.band.chip for guest in self.guests if guest.medium == medium)

    # -- what is seen -----------------------------------------------------------------------------

    def note(self, kind: str, *what: Any) -> None:
        """One line of the history: into the digest, and into the trace."""
        said = " ".join(one.hex()[-12:] if isinstance(one, bytes) else str(one) for one in what)
        line = f"{trio.current_time():.4f} {kind} {said}"
        self._hash.update(line.encode() + b"\n")
        self.counts[kind] += 1
        if self._trace:
            self.lines.append(line)

    def fail(self, checker: str, what: str) -> None:
        """A promise is broken: the history ends here."""
        assert checker in PROMISES, checker
        if checker in self.blind:
            return
        self.broken = self.broken or Broken(checker, what)
        raise self.broken

    def recorded(self, machine: Machine, seq: int, fact: KnownFact) -> None:
        self.checkers.recorded(machine, seq, fact)

    def durable(self, machine: Machine, seq: int, fact: KnownFact) -> None:
        self._hash.update(encode_fact(fact))
        self.note("durable", machine.number, seq, fact if self._trace else type(fact).__name__)
        self.counts[type(fact).__name__] += 1
        self.checkers.durable(machine, seq, fact)

    def wrote(self, hand: Hand, band: Type2, command: bytes) -> None:
        self.checkers.wrote(hand, band, command)

    def said(self, machine: Machine, work: Work) -> None:
        """A till has said how a work ended."""
        self.note("said", machine.number, work.ask.kind, work.ask.id, work.state, work.because)
        self.counts[f"{work.ask.kind} {work.state}"] += 1
        self.checkers.said(machine, work)

    def digest(self) -> str:
        """Of all that was seen, and of the states that are left."""
        final = self._hash.copy()
        for machine in self.machines:
            if machine.life is not None:
                final.update(machine.life.state.dump())
        for guest in self.guests:
            final.update(bytes(guest.band.memory))
        return final.hexdigest()

    # -- what happens -----------------------------------------------------------------------------

    async def main(self) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._reap)
            for machine in self.machines:
                await self._first_life(machine, nursery)
            async with trio.open_nursery() as moods:
                trouble.start(self, moods)
                for guest in self.guests:
                    moods.start_soon(guest.come)
                await trio.sleep(self.until_s)
                moods.cancel_scope.cancel()
            self.ending = True
            self.note("healed")
            self.cut.clear()
            for guest in self.guests:
                guest.leave()
            for machine in self.machines:
                life = machine.life
                assert life is not None
                life.dies_at = -1
            await trio.sleep(30)
            await self._settle()
            books.check(self)
            nursery.cancel_scope.cancel()

    async def _reap(self) -> None:
        """However it ends: nobody waits under a shield for the disk of a process that is gone."""
        try:
            await trio.sleep_forever()
        finally:
            for machine in self.machines:
                if machine.life is not None:
                    machine.life.kill()

    async def _first_life(self, machine: Machine, nursery: trio.Nursery) -> None:
        born = trio.Event()
        nursery.start_soon(self._lives, machine, born)
        await born.wait()
        assert machine.life is not None
        for till in machine.life.counters:
            await open_shift(till, 5, 10_000)

    async def _lives(self, machine: Machine, born: trio.Event) -> None:
        dice = self.dice(f"ends {machine.number}")
        while True:
            life = Life(machine, self, dice, tills=2)
            life.slow_disk = True
            pace = random.Random(dice.random())
            life.how = lambda pace=pace: pace.uniform(0.0005, 0.006)
            if machine.lives > 1 or dice.random() < 0.7:
                life.dies_at = (
                    0 if self.ending else dice.choice((60, 200, 700, 2000)) + (dice.randint(0, 60))
                )
            self.note("life", machine.number, machine.lives)
            self.checkers.born(machine, life)
            born.set()
            await self._one_life(life, pace)
            self.note("died", machine.number)
            await trio.sleep(dice.uniform(0.1, 4))

    async def _one_life(self, life: Life, pace: random.Random) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trouble.disk, self, life, pace, nursery.cancel_scope)
            nursery.start_soon(trouble.ticks, life)
            await life.serve()
            life.kill()
            nursery.cancel_scope.cancel()

    async def _settle(self) -> None:
        """All hear all, and each band is shown everywhere, some times."""
        for _ in range(ROUNDS):
            for machine in self.machines:
                for other in self.machines:
                    if other is not machine:
                        machine.hear(other)
                        self.heard_at[machine.number, other.number] = trio.current_time()
            for machine in self.machines:
                for guest in self.guests:
                    for band in guest.bands:
                        await guest.show(machine, band)
            await trio.sleep(1)
        for _ in range(2):
            for machine in self.machines:
                for other in self.machines:
                    if other is not machine:
                        machine.hear(other)
