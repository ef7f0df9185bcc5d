"""One history of a venue with several gateways: they live, die, burn and are built again.

`run(seed, gateways)` is the whole of it. What happens is decided by the seed alone; each checker
sees each step as it happens and ends the history at the first broken promise.
"""

from __future__ import annotations

import hashlib
import logging
import math
import random
from collections import Counter
from typing import Any

import trio
import trio.testing

from crypto.block import Block
from edge.ledger.errors import LedgerDamaged
from edge.peers.learning import NoHistory
from tests.sim import determinism, venue
from tests.sim.disk import PowerCut, StorageFailed
from tests.sim.history import Result, _first, _say
from tests.sim.site import checkers, trouble
from tests.sim.site.centre import Centre, make_bundle
from tests.sim.site.crowd import Crowd
from tests.sim.site.lan import Lan
from tests.sim.site.life import Life
from tests.sim.site.machine import Machine
from tests.sim.site.model import Place
from tests.sim.site.truth import Truth, Vector, say
from tests.sim.venue import Ticket
from tests.sim.watch import Broken

GATEWAYS = (2, 3, 4)
#: After everything was healed: this long for all to arrive everywhere.
HEAL_S = 90.0


def run(seed: int, gateways: int, *, trace: bool = False) -> Result:
    """The history of `seed` with so many gateways (2 to 4)."""
    logging.disable(logging.CRITICAL)
    with determinism.repeatable(seed):
        history = History(seed, gateways, trace)
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


class History:
    """The world around the lives of all gateways."""

    def __init__(self, seed: int, gateways: int, trace: bool) -> None:
        self.seed, self.gateways = seed, gateways
        self.broken: Broken | None = None
        self.counts: Counter[str] = Counter()
        self.lines: list[str] = []
        self._trace = trace
        self._hash = hashlib.sha256()
        self.shuffles = self.dice("shuffles")
        plan = self.dice("plan")
        self.tickets = venue.make_tickets(self.dice("tickets"), plan.choice((4, 12, 30)))
        self.until_s = plan.uniform(20, 50)
        self.truth = Truth()
        self.lan = Lan(self.dice("lan"), self.note)
        self.centre = Centre(self.dice("centre"), gateways)
        self.machines = [Machine(self, number) for number in range(gateways)]
        self.checkers = checkers.make(self)
        #: For each gateway: what each of the others, and the centre, held when it began.
        self.heard: dict[int, list[Vector]] = {}
        #: When everything was healed, and what each gateway held of its siblings' logs then.
        self.healed_at = math.inf
        self.held_then: dict[int, Vector] = {}
        #: The ticket that is being presented in this very moment, and for how many.
        self.presenting: tuple[Ticket, int] | None = None

    def dice(self, name: str) -> random.Random:
        return determinism.dice(self.seed, f"{self.gateways} {name}")

    # -- what is seen -----------------------------------------------------------------------------

    def note(self, kind: str, *what: Any) -> None:
        """One line of the history: it goes into the digest, and into the trace."""
        line = f"{trio.current_time():.6f} {kind} {' '.join(map(_say, what))}"
        self._hash.update(line.encode() + b"\n")
        if self._trace:
            self.lines.append(line)

    def saw(self, kind: str, machine: Machine, *what: Any) -> None:
        """Something happened: noted, counted, and shown to every checker."""
        self.counts[kind] += 1
        if kind == "appended":
            place, fact = what
            self.counts[type(fact).__name__] += 1
            self.note(kind, say(place), fact)
        elif kind != "ticked":
            self.note(kind, machine.name, *[w for w in what if not isinstance(w, list)])
        for checker in self.checkers:
            getattr(checker, kind)(machine, *what)
        if kind == "appended":
            machine.learn(*what)
        elif kind == "folded":
            block: Block = what[0]
            for seq, fact in enumerate(what[1], block.first_seq):
                machine.learn(Place(block.gateway, block.epoch, seq), fact)

    def open_machines(self) -> list[Machine]:
        """Gateways whose lanes are open now."""
        return [one for one in self.machines if one.life is not None and one.life.ready]

    def digest(self) -> str:
        """Of all that was seen, and of the states and bytes that are left."""
        final = self._hash.copy()
        for machine in self.machines:
            for disk in machine.disks:
                for file in sorted(disk.files):
                    final.update(file.encode() + hashlib.sha256(disk.files[file]).digest())
            if machine.life is not None:
                final.update(machine.life.state.dump())
        for _, blocks in sorted(self.centre.blocks.items()):
            for block in blocks:
                final.update(block.hash)
        return final.hexdigest()

    # -- what happens -----------------------------------------------------------------------------

    async def main(self) -> None:
        self.ending = trio.Event()
        first = make_bundle(1, self.gateways, venue.Lists())
        self.centre.publish(1, first)
        dice = self.dice("bundles")
        for machine in self.machines:
            if machine.number == 0 or dice.random() < 0.8:
                machine.papers.keep(first)
        async with trio.open_nursery() as nursery:
            for machine in self.machines:
                nursery.start_soon(self._lives, machine)
            async with trio.open_nursery() as moods:
                trouble.start(self, moods)
                moods.start_soon(Crowd(self, self.dice("crowd")).come)
                await trio.sleep(self.until_s)
                moods.cancel_scope.cancel()
            trouble.heal(self)
            self.note("healed")
            self.healed_at = trio.current_time()
            self.held_then = {one.number: dict(one.holds) for one in self.machines}
            self.ending.set()
            with trio.move_on_after(HEAL_S):
                await trio.sleep(10)
                while self.what_is_left():
                    await trio.sleep(0.5)
            self._look()
            nursery.cancel_scope.cancel()

    def what_is_left(self) -> str:
        """Why it is not over yet, in words; "" when all has arrived."""
        for machine in self.machines:
            if machine.burnt:
                continue
            life = machine.life
            if life is None or not life.ready:
                return f"{machine.name} is not open"
            if life.ledger.durable.seq + 1 != life.ledger.next_seq:
                return f"{machine.name} is writing"
        for checker in self.checkers:
            if isinstance(checker, checkers.Kept) and (left := checker.left()):
                return left
            if isinstance(checker, checkers.Conflicts) and (missing := checker.missing()):
                return missing
        return ""

    def _look(self) -> None:
        for checker in self.checkers:
            checker.healed()
        left = self.what_is_left()
        if left:
            self.broken = Broken("ends", left)
            raise self.broken

    async def _lives(self, machine: Machine) -> None:
        dice = self.dice(f"ends {machine.number}")
        await trio.sleep(dice.choice((0.0, 0.0, dice.uniform(0, 10))))
        while not machine.burnt:
            end = trouble.plan_end(self, machine, dice)
            await self._one_life(machine, end)
            if end.after and not self.ending.is_set():
                self._wipe(machine, end.after)
            await trio.sleep(end.down_s)

    def _wipe(self, machine: Machine, how: str) -> None:
        if how == "burn":
            if not trouble.may_burn(self, machine):
                return
            machine.burnt = True
        self.counts[how] += 1
        self.note(how, machine.name)
        machine.life = None
        machine.wipe()
        machine.forget()

    async def _one_life(self, machine: Machine, end: trouble.End) -> None:
        machine.lives += 1
        life = machine.life = Life(machine)
        self.note("life", machine.name, machine.lives, end)
        self.heard[machine.number] = self._held(machine)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(trouble.bring, self, life, end, nursery.cancel_scope)
                await life.open()
                await life.live()
                nursery.cancel_scope.cancel()
        except* (PowerCut, StorageFailed):
            pass
        except* NoHistory:
            self.counts["NoHistory"] += 1
            self.note("nobody tells", machine.name)
        except* LedgerDamaged as damaged:
            self.broken = Broken("damage", f"nothing was damaged, but: {damaged.exceptions[0]}")
            raise self.broken from None
        life.kill()
        for disk in machine.disks:
            if end.kind == "power":
                disk.lose_power()
            else:
                disk.lose_process()
        self.note("died", machine.name)

    def _held(self, machine: Machine) -> list[Vector]:
        """What the others can tell: the durable part, so that nothing more must be known."""
        told = [
            dict(one.holds) for one in self.machines if one is not machine and not one.burnt
        ]  # fmt: skip
        return [*told, {key: self.centre.head(key).seq for key in self.centre.blocks}]
