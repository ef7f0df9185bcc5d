"""The tills of one gateway of a scenario: the daemon's own flows, on a virtual clock.

It runs while somebody holds a band to a reader.
"""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

import trio
import trio.testing

from crypto.money import CardDeclined
from drivers.reader.chips import Type2
from drivers.reader.memory import MemoryReader, now
from edge.core import wallet
from edge.gateway import Gateway
from edge.scenario import schema
from edge.scenario.codes import key_of
from edge.scenario.hand import CIPHERS, NOTHING, CardTerminal, Died, Hand, Mishap
from edge.till.bands import read_band
from edge.till.shifts import open_shift
from edge.till.till import Place, Till
from edge.till.tills import Tills
from edge.till.work import CANCELLED, WORKING, Ask, Work

T = TypeVar("T")
#: How long a guest holds a band to a reader, and how often it is looked whether that is enough.
HELD_S: Final = 3.0
LOOK_S: Final = 0.1
OPERATOR: Final = 1
#: The till that issues and loads, before the first step, the bands that have a class.
BEFORE_DOORS: Final = 65535


class _Tills(Tills):
    """Whoever waits for the disk finds that it has just written."""

    sync: Callable[[], None]

    async def durable(self, seq: int) -> None:
        self.sync()
        await super().durable(seq)


def virtual(call: Callable[[], Awaitable[T]], at_ms: int) -> T:
    """Run `call` on a clock that stands at `at_ms`, and jumps where everybody waits."""
    clock = trio.testing.MockClock(autojump_threshold=0)
    clock.jump(at_ms / 1000)
    return trio.run(call, clock=clock)


class Counter:
    """All tills of the gateway `name`, through one life of its process."""

    def __init__(
        self, gateway: Gateway, name: str, tills: Sequence[schema.Till], life: int,
        sync: Callable[[], None],
    ) -> None:  # fmt: skip
        self._seed, self._count = f"{name} {life}", 0
        tops_up = any(till.can_top_up for till in tills)
        key = key_of("credit", name) if tops_up else None
        self.tills = _Tills(gateway, entropy=self._entropy, credit_key=key)
        self.tills.sync = sync
        for each in tills:
            self._till(each)

    def _entropy(self, count: int) -> bytes:
        self._count += 1
        return hashlib.sha256(f"{self._seed} {self._count}".encode()).digest()[:count]

    def _till(self, plan: schema.Till) -> Till:
        place = Place(
            plan.number, f"Till {plan.number}", plan.drawer, plan.can_top_up, plan.only_bands,
            debounce_s=0.0,
        )  # fmt: skip
        hand = Hand()
        hand.till = Till(self.tills, place, hand, CardTerminal() if plan.terminal else None)
        return hand.till

    def open_shifts(self, at_ms: int) -> None:
        """Each till that has no shift begins one."""

        async def opening() -> None:
            for till in self.tills.tills.values():
                if till.shift is None:
                    await open_shift(till, OPERATOR, 0)

        virtual(opening, at_ms)

    def before_doors(self, asks: Sequence[tuple[Ask, Type2]], at_ms: int) -> None:
        """Issue and load bands at a till that is gone when doors open."""
        till = self._till(schema.Till(number=BEFORE_DOORS, can_top_up=True, drawer=True))
        self.open_shifts(at_ms)
        for ask, band in asks:
            work = self.serve(till, ask, band, at_ms)
            assert work.state == "done", f"{ask.kind}: {work.because}"
        del self.tills.tills[BEFORE_DOORS]

    def serve(
        self, till: Till, ask: Ask, band: Type2 | None, at_ms: int, *,
        mishap: Mishap = NOTHING, answers: Sequence[str] = (), quoted: bool = True,
    ) -> Work:  # fmt: skip
        """One work, until it is over, or its till waits for somebody who is not there.

        `quoted`: its basket has its price already, somewhere in the venue. What was left open at
        this till before is given up, unless it is the same. Raises `OtherContent`, and `Died`
        where the gateway dies.
        """

        async def serving() -> Work:
            work = self._begin(till, ask, quoted)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(till.run)
                hand = till.reader
                assert isinstance(hand, Hand)
                if band is not None and not work.over:
                    debit = ask.kind not in ("top_up", "issue", "reissue")
                    hand.hold(band, mishap, debit=debit)
                await self._until_still(till, work, hand, answers)
                hand.let_go()
                nursery.cancel_scope.cancel()
            return work

        try:
            return virtual(serving, at_ms)
        except BaseExceptionGroup as group:
            if group.subgroup(Died) is None:
                raise
            raise Died from None

    def _begin(self, till: Till, ask: Ask, quoted: bool) -> Work:
        for work in list(till.works.values()):
            if work.over or work.name == (ask.id, ask.part):
                continue
            if work.held:
                till.give_up(work, given=False)
            else:
                till.end(work, CANCELLED, "cancelled")
        known = till.works.get((ask.id, ask.part))
        if not quoted:
            till.price(ask, ask.id)
        work = till.submit(ask)
        if known is not None and not known.over:
            # The page has asked again: what is known of it stands in the book of the till.
            del till.works[known.name]
            till.work = None
            work = till.submit(ask)
        return work

    async def _until_still(
        self, till: Till, work: Work, hand: Hand, answers: Sequence[str]
    ) -> None:
        for _ in range(round(HELD_S / LOOK_S)):
            if work.over:
                return
            await trio.sleep(LOOK_S)
            if work.question is not None and work.question in answers:
                till.answer(work, work.question, True)
            elif work.question is not None or self._waits(till, work, hand):
                return

    @staticmethod
    def _waits(till: Till, work: Work, hand: Hand) -> bool:
        """Whether nobody is there, and nothing is under way."""
        busy = work.state == WORKING or till.terminal_free.locked()
        return hand.band is None and not busy

    def seen(self, band: Type2) -> wallet.Look | None:
        """What a band says here now, without settling anything; None without a price list."""
        rules = self.tills.rules
        if rules is None:
            return None
        reader = MemoryReader(ciphers=CIPHERS)
        reader.place(band)
        sensed = now(reader.sense())
        tap = now(read_band(reader, sensed, self.tills.secrets(sensed.uid)))
        reader.take()
        gateway, now_ms = self.tills.gateway, self.tills.gateway.clock.now().ms
        unheard = self.tills.unheard(now_ms)
        return wallet.look(gateway.state.wallets, rules, tap, unheard=unheard, now_ms=now_ms)

    def declined_late(self, till: Till, basket: bytes) -> bool:
        """The terminal says that an approved payment of `basket` was none. False: there is none."""
        gateway = self.tills.gateway
        for txid, card in gateway.state.tills.cards.items():
            if card.basket == basket and card.status == "approved":
                who = self.tills.who(till.number, card.shift, 0, False)
                gateway.record(_late(txid, card, who))
                return True
        return False


def _late(txid: bytes, card: Any, who: wallet.Who) -> wallet.Make:
    return lambda hlc, moment: CardDeclined(
        hlc, moment.day, moment.offset_min, txid, who.till, who.operator, who.shift, who.marks,
        card.terminal, card.amount_minor, card.reference, "expired", True,
    )  # fmt: skip
