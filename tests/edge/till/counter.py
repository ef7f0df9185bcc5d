"""A bar counter in memory: real tills and real state, emulated bands, a disk in the test's hand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import trio
import trio.testing

from crypto.bundle import Bundle, GatewayCard
from crypto.cashless import CreditKey, DebitKey, WalletClass
from crypto.keys import SigningKey
from drivers.reader import Chip
from drivers.reader.chips import Type2, make
from drivers.reader.memory import MemoryReader
from edge.core.pricing import Item
from edge.core.state import State
from edge.gateway import Gateway
from edge.till.shifts import open_shift
from edge.till.till import Place, Till
from edge.till.tills import Tills
from edge.till.work import Ask, Work
from tests.edge.core.bar import BEFORE_MS, bar
from tests.edge.venue import GATEWAY, Clock, Log

CREDIT = SigningKey(b"\x0c" * 32)
OTHER = b"O" * 16


def bundle(**changes: Any) -> Bundle:
    gateways = changes.pop("gateways", [])
    version = changes.pop("version", 1)
    given: dict[str, Any] = {
        "debit_keys": [DebitKey(1, b"d" * 16)],
        "credit_keys": [CreditKey(1, CREDIT.public, GATEWAY)],
        "chip_key": b"c" * 32,
        "classes": [WalletClass(1, "Guest"), WalletClass(2, "Crew", ages=[16, 18])],
        "link": "",
    }
    return Bundle(version=version, cashless=bar(**{**given, **changes}), gateways=gateways)


def cards(*others: bytes) -> list[GatewayCard]:
    """The gateways of the venue: this one, and `others`."""
    return [
        GatewayCard(each, at, f"g{at}", bytes(32)) for at, each in enumerate((GATEWAY, *others), 1)
    ]


class Disk(Log):
    """`Log` that is on disk at once, unless the test holds it."""

    def __init__(self) -> None:
        super().__init__()
        self.holding = False
        #: From the next fact of this kind on, it holds.
        self.holds_at: type | None = None

    def append(self, fact: Any) -> int:
        seq = super().append(fact)
        if self.holds_at is not None and isinstance(fact, self.holds_at):
            self.holding, self.holds_at = True, None
        if not self.holding:
            self.sync()
        return seq


class Counter:
    """Gateway with till 1 (and more on demand). `counter.run()` has its tills running."""

    def __init__(self, log: Disk | None = None, state: State | None = None, **changes: Any) -> None:
        self.clock = Clock()
        self.clock.ms = BEFORE_MS
        self.log = log if log is not None else Disk()
        self.state = state if state is not None else State()
        self.gateway = Gateway(
            identity=GATEWAY, name="bar", ledger=self.log, state=self.state, clock=self.clock
        )
        self.gateway.apply_bundle(bundle(**changes), b"a bundle")
        self.tills = Tills(self.gateway, entropy=lambda n: bytes(range(n)), credit_key=CREDIT)
        self.readers: dict[int, MemoryReader] = {}
        self.scope: trio.CancelScope | None = None
        self.one = self.add_till(1)
        # Ids are never used again.
        self._next = 1000 * (len(self.log.facts) + len(self.state.tills.deals))

    def add_till(self, number: int, terminal: Any = None, **place: Any) -> Till:
        given: dict[str, Any] = {"drawer": True, "can_top_up": True, **place}
        self.readers[number] = MemoryReader()
        place_ = Place(number, f"Bar {number}", **given)
        return Till(self.tills, place_, self.readers[number], terminal)

    @asynccontextmanager
    async def run(self) -> AsyncIterator["Counter"]:
        """With all tills running, and a shift open at each."""
        async with trio.open_nursery() as nursery:
            for till in self.tills.tills.values():
                nursery.start_soon(till.run)
                if till.shift is None:
                    await open_shift(till, 5, 10_000 if till.place.drawer else 0)
            self.scope = nursery.cancel_scope
            yield self
            nursery.cancel_scope.cancel()

    def id(self) -> bytes:
        self._next += 1
        return self.clock.ms.to_bytes(6, "big") + self._next.to_bytes(10, "big")

    async def do(self, kind: Any, band: Type2 | None = None, till: int = 1, **how: Any) -> Work:
        """One work from its beginning to its end, with `band` held to the reader once."""
        how.setdefault("operator", 5)
        ask = Ask(kind=kind, id=how.pop("id", None) or self.id(), **how)
        work = self.tills.tills[till].submit(ask)
        await self.tap(band, work, till)
        return work

    async def tap(self, band: Type2 | None, work: Work, till: int = 1) -> None:
        """Hold `band` to the reader until the work is over, or wants something."""
        reader = self.readers.get(till, self.readers[1])
        if band is not None:
            reader.place(band)
        for _ in range(6):
            await trio.testing.wait_all_tasks_blocked()
            if work.over or work.question is not None:
                break
            await trio.sleep(0.2)
        if band is not None:
            reader.take()
            await trio.sleep(0.6)  # an idle till sees the band leave

    async def wallet(self, amount_minor: int = 5000, chip: Chip = Chip.NTAG213) -> Type2:
        """A band with that much on it."""
        self._next += 1
        band = make(chip, b"\x04" + self._next.to_bytes(6, "big"))
        issued = await self.do("issue", band, wallet_class=1)
        assert issued.state == "done", issued.because
        if amount_minor:
            topped = await self.do("top_up", band, amount_minor=amount_minor, method="cash")
            assert topped.state == "done", topped.because
        return band

    async def sell(self, band: Type2 | None, *items: Item, **how: Any) -> Work:
        return await self.do("sale", band, items=items, **how)

    async def balance(self, band: Type2, till: int = 1) -> int:
        work = await self.do("balance", band, till)
        assert work.balance_minor is not None
        return work.balance_minor

    def story(self, since: int = 0) -> list[str]:
        return [type(fact).__name__ for fact in self.log.facts[since:]]
