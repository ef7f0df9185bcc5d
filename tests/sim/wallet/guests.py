"""What guests want, and what they have in their hands: cash, cups, goods, and a band.

A guest knows prices and counts. What the house's books say is compared with that, never the other
way round.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import trio

from drivers.reader import Chip
from drivers.reader.chips import TearPlan, Torn, copied, from_image_untrusted, image, make
from edge.core.pricing import Item
from edge.till.till import Busy, Till
from edge.till.work import Ask, Work
from tests.sim.wallet import fair
from tests.sim.wallet.life import Life, Machine

if TYPE_CHECKING:
    from tests.sim.wallet.history import History

CHIPS = (*Chip, Chip.NTAG213, Chip.NTAG213)
WANTS = (
    ("sale", 10), ("top_up", 3), ("return", 2), ("balance", 1), ("reversal", 2), ("cash_out", 1),
    ("refund", 1), ("again", 2), ("gift", 2),
)  # fmt: skip


class Bought(NamedTuple):
    """A sale that a till called paid."""

    machine: Machine
    till: int
    ask: Ask
    txid: bytes


def price_of(ask: Ask) -> int:
    """What a basket costs a guest who has no vouchers; negative: comes back."""
    total = 0
    for item in ask.items:
        count = 1 if item.quantity is None else item.quantity
        if item.article == fair.CUP:
            total += fair.DEPOSIT * count
        elif item.article == fair.BEER:
            total += (fair.PRICES[fair.BEER] + fair.DEPOSIT) * count
        else:
            total += fair.PRICES[item.article] * count
    return -total if ask.kind == "refund" else total


class Guest:
    """One guest with one band."""

    def __init__(self, history: History, number: int) -> None:
        self.history, self.number = history, number
        self.dice = history.dice(f"guest {number}")
        self.uid = b"\x04" + self.dice.randbytes(6)
        self.medium = fair.medium_of(self.uid)
        self.band = make(self.dice.choice(CHIPS), self.uid, random=self.dice.randbytes)
        self.bands = [self.band]
        self.cups = 0
        #: Cash that tills took for this band, by top-up; gifts by their code's top-up.
        self.handed: dict[bytes, int] = {}
        self.bought: list[Bought] = []
        #: Works whose gateway died, or that were left: they may be asked for again.
        self.open: list[tuple[Machine, Ask]] = []
        self.loads = 0
        #: What is being asked for right now.
        self.left = b""

    async def come(self) -> None:
        """The evening of this guest."""
        await trio.sleep(self.dice.uniform(0, 3))
        issue = Ask(kind="issue", id=self.dice.randbytes(16), wallet_class=1, operator=5)
        while True:
            work = await self.want(self._point(), issue, 3)
            if work is not None and work.state == "done":
                break
            await trio.sleep(self.dice.uniform(0.2, 2))
        await self._top_up(gift=self.dice.random() < 0.7)
        names, weights = zip(*WANTS, strict=True)
        while True:
            await trio.sleep(self.dice.expovariate(1 / 1.5))
            await self._act(self.dice.choices(names, weights)[0])

    def leave(self) -> None:
        """Whatever band lies on a reader goes with its owner."""
        for machine in self.history.machines:
            for hand in machine.life.hands if machine.life is not None else ():
                if hand.band in self.bands:
                    hand.take()

    def _point(self) -> Machine:
        return self.history.machines[self.dice.randrange(self.history.points)]

    async def _act(self, what: str) -> None:
        machine = self.dice.choice(self.history.machines)
        if what in ("top_up", "gift"):
            await self._top_up(gift=what == "gift")
        elif what == "again":
            await self._again()
        elif what == "reversal" and self.bought:
            one = self.dice.choice(self.bought)
            ask = self._ask("reversal", reverses=one.txid, supervised=True)
            await self.want(one.machine, ask, 3, one.till)
        elif what == "return" and self.cups:
            count = self.dice.randint(1, self.cups)
            work = await self.want(machine, self._ask("sale", items=(Item(fair.CUP, -count),)), 3)
            if work is not None and work.state == "paid":
                self.cups -= count
        elif what == "cash_out":
            amount = self.dice.choice((None, 300))
            await self.want(machine, self._ask("cash_out", amount_minor=amount), 3)
        elif what == "refund":
            await self.want(machine, self._ask("refund", items=(Item(fair.WATER, 1),)), 3)
        elif what in ("sale", "balance"):
            items = self._items() if what == "sale" else ()
            await self.want(machine, self._ask(what, items=items), self.dice.randint(1, 4))

    def _ask(self, kind: Any, **how: Any) -> Ask:
        return Ask(kind=kind, id=self.dice.randbytes(16), operator=5, **how)

    def _items(self) -> tuple[Item, ...]:
        waters, beers = self.dice.choice(((1, 0), (2, 0), (0, 1), (1, 1), (0, 2)))
        items = [Item(fair.WATER, waters)] * bool(waters) + [Item(fair.BEER, beers)] * bool(beers)
        if self.cups and self.dice.random() < 0.3:
            items.append(Item(fair.CUP, -1))
        return tuple(items)

    async def _top_up(self, gift: bool = False) -> None:
        how: dict[str, Any] = {"method": "cash", "amount_minor": self.dice.choice((1000, 3000))}
        point = self._point()
        if gift:  # friends share a code, and each goes to another point
            point = self.history.machines[self.number % self.history.points]
            code = fair.code_text(self.dice.randrange(self.history.codes))
            how = {"method": "voucher", "code": code}
        self.loads += 1
        if self.loads % 4 == 0:  # a bar, which has no key: refused, one hopes
            point = self.history.machines[-1]
        await self.want(point, self._ask("top_up", **how), self.dice.randint(1, 5))

    async def _again(self) -> None:
        """The page asks for the same thing once more: after a crash, or just so."""
        known = [(one.machine, one.ask) for one in self.bought[-3:]]
        asked = self.open[-3:] + known
        if asked:
            machine, ask = self.dice.choice(asked)
            await self.want(machine, ask, 3)

    # -- at a till --------------------------------------------------------------------------------

    async def want(
        self, machine: Machine, ask: Ask, taps: int, number: int | None = None
    ) -> Work | None:
        """Ask a till for something, hold the band to it some times, and go. None: no till."""
        life = machine.life
        free = [] if life is None or not life.alive else [t for t in life.counters if not t.work]
        if number is not None:
            free = [till for till in free if till.number == number]
        if not free or life is None:
            return None
        till = self.dice.choice(free)
        try:
            work = till.submit(ask)
        except Busy:
            return None
        work.confirmed.update(("same_amount", "age"))
        self.left = ask.id  # the evening may end in the middle of a tap
        for _ in range(taps):
            if work.over or not life.alive:
                break
            await self._tap(life, till, work)
        self.left = b""
        self._end(machine, life, till, work)
        return work

    async def _tap(self, life: Life, till: Till, work: Work) -> None:
        dice, band, hand = self.dice, self.band, life.hands[till.number - 1]
        hand.wanted = work
        await trio.sleep(dice.uniform(0.05, 0.5))
        if hand.band is not None:
            return
        if dice.random() < 0.25:
            torn = dice.choice((Torn.OLD, Torn.NEW, Torn.GARBAGE, Torn.GARBAGE))
            band.tear = TearPlan(dice.randint(0, 8), torn, garbage=dice.randbytes(4))
        elif dice.random() < 0.1:
            hand.mute = dice.randint(1, 8)
        hand.place(band)
        with trio.move_on_after(dice.choice((0.03, 0.1, 0.5, 2.0))):
            await work.ended.wait()
        if hand.band is band:
            hand.take()
        band.tear, hand.mute = None, 0

    def _end(self, machine: Machine, life: Life, till: Till, work: Work) -> None:
        """What the guest sees when going away."""
        if life.alive and not work.over and not till.cancel(work):
            till.give_up(work, given=self.dice.random() < 0.3)
        ask = work.ask
        if not life.alive or not work.over:
            self.open.append((machine, ask))
            return
        self.history.said(machine, work)
        if work.state in ("in_doubt", "cancelled"):
            self.open.append((machine, ask))
        known = any(one.ask.id == ask.id for one in self.bought)
        if ask.kind == "sale" and work.state == "paid" and not known:
            self.bought.append(Bought(machine, till.number, ask, work.txid))
            for item in ask.items:
                self.cups += (item.quantity or 0) * (item.article == fair.BEER)

    async def show(self, machine: Machine, band: Any) -> None:
        """When all is over: what is on it? Whatever stands at the till before is given up."""
        while machine.life is None or not machine.life.alive:
            await trio.sleep(0.5)
        life = machine.life
        till, hand = life.counters[0], life.hands[0]
        if till.work is not None and not till.cancel(till.work):
            till.give_up(till.work, given=False)
        await trio.sleep(0.5)
        work = till.submit(self._ask("balance"))
        hand.wanted, band.tear = work, None
        for _ in range(3):
            hand.place(band)
            with trio.move_on_after(3):
                await work.ended.wait()
            hand.take()
            await trio.sleep(1)
            if work.over:
                break
        self.history.said(machine, work)
        await trio.sleep(0.5)


class Thief(Guest):
    """Copies a guest's band onto cards whose UID can be written, and brings old copies back."""

    async def come(self) -> None:
        dice, self.bands = self.dice, []
        await trio.sleep(dice.uniform(5, 20))
        victim = self.history.guests[0]
        kept = image(victim.band)
        while True:
            self.band = copied(victim.band) if dice.random() < 0.6 else from_image_untrusted(kept)
            self.bands = [self.band]
            self.history.cloned.add(victim.medium)
            self.history.note("cloned", victim.medium)
            for _ in range(dice.randint(2, 6)):
                await trio.sleep(dice.uniform(0.5, 3))
                machine = dice.choice(self.history.machines)
                small = dice.random() < 0.5  # many of them raise seq faster than D
                items = (Item(fair.WATER, 1),) if small else self._items()
                await self.want(machine, self._ask("sale", items=items), 2)
