"""One tap goes wrong in every way there is; what the guest has at the end is always right.

Through the real flow of tills, chip models, and gateways that are rebuilt from their logs. What is
expected is said from the guest's side: what was served, what was taken from the band.
"""

from __future__ import annotations

import random
from typing import Any, NamedTuple

import trio
import trio.testing

from crypto.entry import KnownFact
from crypto.money import DebitHeld, MediumBlocked, MediumIssued, ToppedUp
from drivers.reader import Chip
from drivers.reader.chips import TearPlan, Type2, from_image_untrusted, image, make
from edge.core.pricing import Item
from edge.till.shifts import open_shift
from edge.till.work import Ask, Work
from tests.sim.wallet import eye, fair
from tests.sim.wallet.after import FIRST, LATER, MORE, Wrong
from tests.sim.wallet.cases import (
    DEBITS,
    DIES,
    HELD_STILL,
    UNHEARD,
    Awaits,
    Case,
)
from tests.sim.wallet.life import Hand, Life, Machine, Run, World

LOADED = 5000
CASH = 300
#: Between two taps: a till looks twice a second whether the last band has left.
LIFTED_S = 0.7
BUNDLE = fair.bundle(2, 1)
BASKETS = {"first": b"\1" * 16, "next": b"\2" * 16, "more": b"\3" * 16}


HELD = (DebitHeld, ToppedUp, MediumIssued, MediumBlocked)


class Start(NamedTuple):
    """A band with money on it, and the logs of both gateways until then."""

    band: bytes
    a: tuple[Run, ...]
    b: tuple[Run, ...]
    awaits: Awaits


class Story(World):
    """Two gateways, one band, one guest."""

    def __init__(self, chip: Chip) -> None:
        self.chip = chip
        self.a, self.b = Machine(0, BUNDLE), Machine(1, BUNDLE, skew_ms=10_000)
        self.dice = random.Random(f"every/{chip.value}")
        self.band: Type2 = make(chip, b"\x04every!", random=self.dice.randbytes)
        self.nursery: trio.Nursery
        self.landed: list[eye.Mark] = []
        self.facts: dict[tuple[int, int], KnownFact] = {}
        #: Baskets that were served, and what each was worth.
        self.served: dict[bytes, int] = {}
        self.next_id = 0
        self.lifted: dict[Life, float] = {}
        self.unheard = False
        #: How many awaits there were when something was held for the first time.
        self.first_held = 0
        self.writes = 0
        self.told: list[str] | None = None
        #: The basket of the accident, and whether the band was blocked by it.
        self.first, self.blocked = BASKETS["first"], False
        for machine in (self.a, self.b):
            machine.is_unheard = lambda: self.unheard

    # -- the world --------------------------------------------------------------------------------

    def recorded(self, machine: Machine, seq: int, fact: KnownFact) -> None:
        if isinstance(fact, HELD) and machine.life is not None:
            self.first_held = self.first_held or machine.life.steps

    def durable(self, machine: Machine, seq: int, fact: KnownFact) -> None:
        self.facts[machine.number, seq] = fact
        self.tell(f"gateway {machine.number} fact {seq}: {fact}")

    def tell(self, what: str) -> None:
        """A line of the story, for whoever replays it."""
        if self.told is not None:
            self.told.append(f"{trio.current_time():8.2f} {what}")

    def wrote(self, hand: Hand, band: Type2, command: bytes) -> None:
        self.writes += 1
        now = eye.look(band).now
        if now is not None and (not self.landed or now != self.landed[-1]):
            if now.seq and not any(self._is_of(fact, now) for fact in self.facts.values()):
                raise Wrong("law 2", f"{now} on the band, and nobody holds it on disk (law 2)")
            self.landed.append(now)
            self.tell(f"on the band: {now}")

    @staticmethod
    def _is_of(fact: KnownFact, now: eye.Mark) -> bool:
        return isinstance(fact, DebitHeld) and eye.hash4(fact.txid) == now.hash4

    def begin(self, machine: Machine) -> Life:
        life = Life(machine, self, self.dice)
        self.nursery.start_soon(life.serve)
        return life

    def alive(self, machine: Machine) -> Life:
        """The process of a gateway: the one there is, or the next."""
        life = machine.life
        return life if life is not None and life.alive else self.begin(machine)

    def id(self) -> bytes:
        self.next_id += 1
        return b"\x07" * 12 + self.next_id.to_bytes(4, "big")

    # -- what the guest does ----------------------------------------------------------------------

    async def do(self, machine: Machine, *, taps: int = 1, **how: Any) -> Work:
        """One work at a gateway, and so many taps; what it said counts as done."""
        life = self.alive(machine)
        till = life.counters[0]
        if trio.current_time() < self.lifted.get(life, 0.0):
            await trio.sleep(LIFTED_S)
        if till.work is not None and till.work.ask.id != how.get("id"):
            await self._give_up(life)
        ask = Ask(id=how.pop("id", None) or self.id(), operator=5, **how)
        work = till.submit(ask)
        work.confirmed.update(("same_amount", "age"))
        for _ in range(taps):
            await self.tap(life)
            if work.over or not life.alive:
                break
        self._note(work)
        return work

    async def tap(self, life: Life) -> None:
        """Hold the band to the reader until nothing moves any more."""
        hand = life.hands[0]
        hand.place(self.band)
        await trio.testing.wait_all_tasks_blocked()
        hand.take()
        await trio.testing.wait_all_tasks_blocked()
        self.lifted[life] = trio.current_time() + LIFTED_S
        if life.alive:
            life.log.sync()

    async def _give_up(self, life: Life) -> None:
        """The guest has gone elsewhere; nothing was handed over."""
        work = life.counters[0].work
        assert work is not None
        if not life.counters[0].cancel(work):
            life.counters[0].give_up(work, given=False)
        await trio.testing.wait_all_tasks_blocked()
        life.log.sync()

    def _note(self, work: Work) -> None:
        self.tell(f"said: {work.ask.kind} {work.ask.id.hex()[-4:]} {work.state} {work.because}")
        if work.ask.kind in DEBITS and work.state in ("paid", "done"):
            price = work.amount_minor
            if self.served.setdefault(work.ask.id, price) != price:
                raise Wrong(
                    "price", f"a basket of {self.served[work.ask.id]} was answered with {price}"
                )

    def wish(self, flow: str, what: str) -> dict[str, Any]:
        """What the guest wants: the "first", the "next" or a "later" thing of this flow."""
        how: dict[str, Any] = {"id": BASKETS[what]} if what in BASKETS else {}
        if flow == "top_up" and what in ("first", "more"):
            amount = FIRST if what == "first" else MORE
            return how | {"kind": flow, "method": "cash", "amount_minor": amount}
        if flow == "issue":
            return how | {"kind": flow, "wallet_class": 1}
        if flow == "lock" and what == "first":
            return how | {"kind": flow, "because": "lost"}
        if flow == "cash_out" and what != "later":
            return how | {"kind": flow, "amount_minor": CASH if what == "first" else CASH + 100}
        if flow == "refund" and what == "first":
            return how | {"kind": flow, "items": (Item(fair.WATER, 1),)}
        if what == "later":
            return how | {"kind": "sale", "items": (Item(fair.WATER, 1),)}
        cup = (Item(fair.CUP, -1),) if what == "next" else ()
        return how | {"kind": "sale", "items": (Item(fair.BEER, 1), *cup)}

    # -- the story --------------------------------------------------------------------------------

    async def prepare(self, flow: str) -> Start:
        """A band is issued, loaded, and has paid once; how many awaits a good tap has."""
        for machine in (self.a, self.b):
            life = self.begin(machine)
            life.log.sync()
            await open_shift(life.counters[0], 5, 0)
        if flow != "issue":
            await self.do(self.a, kind="issue", wallet_class=1)
            await self.do(self.a, kind="top_up", method="cash", amount_minor=LOADED + LATER)
            work = await self.do(self.a, **self.wish(flow, "later"))
            assert work.state == "paid", work.because
        self.b.hear(self.a)
        self.a.hear(self.b)
        await trio.sleep(10)
        kept, runs = image(self.band), (tuple(self.a.runs), tuple(self.b.runs))
        assert self.a.life is not None
        before, self.first_held, self.writes = self.a.life.steps, 0, 0
        work = await self.do(self.a, **self.wish(flow, "first"))
        assert work.state in ("paid", "done"), work.because
        all_of_it = self.a.life.steps - before
        return Start(kept, *runs, Awaits(self.first_held - before, all_of_it, self.writes))

    def resume(self, start: Start) -> None:
        """Begin where `prepare` has ended."""
        self.band = from_image_untrusted(start.band, random=self.dice.randbytes)
        for machine, other, runs in ((self.a, self.b, start.a), (self.b, self.a, start.b)):
            machine.runs = list(runs)
            machine.heard[other] = len(start.b if machine is self.a else start.a)
        for machine in (self.a, self.b):
            first = 1
            for run in machine.runs:
                for fact in run.facts:
                    self.facts[machine.number, first] = fact  # type: ignore[assignment]
                    first += 1
        seen = eye.look(self.band)
        self.landed = [seen.now] if seen.now is not None else []
        self.next_id = 1000
        self.begin_seq = seen.now.seq if seen.now is not None else 0
        self.begin_spent = seen.now.spent if seen.now is not None else 0
        self.begin_credit = LOADED + LATER if seen.now is not None else 0

    async def accident(self, case: Case) -> Work | None:
        """The first tap."""
        one, life = case.accident, self.alive(self.a)
        if one.at:
            life.dies_at = life.steps + one.at
        elif one.then == UNHEARD:
            life.hands[0].mute = one.page + 1
        else:
            self.band.tear = TearPlan(one.page, one.torn, leaves=one.then != HELD_STILL)
        work = await self.do(self.a, **self.wish(one.flow, "first"))
        self.band.tear, life.dies_at = None, -1
        if one.then == DIES:
            life.kill()
        return work

    async def play(self, case: Case) -> str:
        """The whole of it; "" or what the second answer was."""
        first = await self.accident(case)
        self.tried = (first.txid,) if first is not None and first.txid else ()
        self.unheard = not case.heard
        self.blocked = any(isinstance(fact, MediumBlocked) for fact in self.facts.values())
        if case.heard:
            self.b.hear(self.a)
        for _ in range(case.later):
            await self.do(self.b, taps=2, **self.wish(case.accident.flow, "later"))
        if case.heard:
            self.alive(self.a)
            self.a.hear(self.b)
        where = self.b if case.at_b else self.a
        if case.second:
            life = self.alive(where)
            life.dies_at = life.steps + case.second
        if case.again >= 0:
            self.band.tear = TearPlan(case.again, case.how)
        said = await self._next(case, where)
        life = self.alive(where)
        life.dies_at, self.band.tear = -1, None
        if case.second:
            said = await self._next(case, where)
        self.unheard = False
        if case.accident.flow == "issue":
            await self._use()
        await self._settle()
        return said

    async def _next(self, case: Case, where: Machine) -> str:
        flow = case.accident.flow
        if flow in DEBITS:
            what = self.wish(flow, "first" if case.same else "next")
            if case.same and case.at_b:  # the page took what it knew along
                what["attempts"] = self.tried
        elif case.at_b or (flow == "lock" and not case.same):
            what = self.wish("sale", "next")
        else:
            what = self.wish(flow, "first" if case.same else "more")
        return (await self.do(where, taps=4, **what)).state

    async def _use(self) -> None:
        """A band that was issued somehow: issued once more if need be, loaded, and it pays."""
        await self.do(self.a, taps=3, **self.wish("issue", "other"))
        await self.do(self.a, kind="top_up", taps=3, method="cash", amount_minor=FIRST)
        await self.do(self.a, taps=3, **self.wish("sale", "later"))

    async def _settle(self) -> None:
        """Everybody hears everything, and the guest asks for the balance here and there."""
        for machine, other in ((self.a, self.b), (self.b, self.a), (self.a, self.b)):
            self.alive(machine)
            machine.hear(other)
            self.last = await self.do(machine, kind="balance", taps=3)
            for _ in range(2):  # what contradicts itself waits for one more delivery
                life = self.alive(machine)
                life.gateway.tick()
                life.log.sync()
            other.hear(machine)
