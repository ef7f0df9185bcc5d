"""One process of a gateway with tills: the real flows, a log in memory, and where it dies.

A process dies at an await: at a command to a band, or while a fact becomes durable. Whatever a
dead process would still do is never seen: its readers, its log and its clock raise `Died`.
"""

from __future__ import annotations

import contextlib
import random
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import trio

from crypto.block import Block, Head
from crypto.bundle import Bundle
from crypto.entry import AnyFact, KnownFact, decode_facts_untrusted, encode_facts
from drivers.reader.memory import MemoryReader
from drivers.reader.tap import NoAnswer
from edge.core.moments import Moment
from edge.core.pricing import PriceList
from edge.core.state import State
from edge.core.texts import Texts
from edge.core.wallet_rules import WalletRules
from edge.gateway import Gateway
from edge.till.till import Place, Till
from edge.till.tills import Tills
from tests.sim.wallet import fair


class Died(BaseException):
    """The process is gone. No product code may catch it, so it is no `Exception`."""


class Run:
    """Facts that became durable together; what a sibling needs of a block."""

    __slots__ = ("body", "count", "epoch", "first_seq", "gateway")

    def __init__(self, gateway: bytes, first_seq: int, facts: list[KnownFact]) -> None:
        self.gateway, self.epoch, self.first_seq = gateway, 1, first_seq
        self.body, self.count = encode_facts(facts), len(facts)

    @property
    def facts(self) -> list[AnyFact]:
        """Decoded anew: nobody shares what was in memory."""
        return decode_facts_untrusted(self.body)


class Machine:
    """A gateway while its process is not there: disk, identity, and how far it has heard others.

    `heard[other]`: how many runs of that gateway stand in the mirror here.
    """

    def __init__(self, number: int, bundle: Bundle, *, skew_ms: int = 0, points: int = 1) -> None:
        self.bundle = bundle
        self.number, self.identity = number, fair.gateway_id(number)
        self.skew_ms, self.points = skew_ms, points
        self.runs: list[Run] = []
        self.heard: dict[Machine, int] = {}
        self.lives = 0
        self.life: Life | None = None
        self.is_unheard: Callable[[], bool] = lambda: False
        self.set_ms = 0

    @property
    def next_seq(self) -> int:
        """Of the log on disk."""
        return self.runs[-1].first_seq + self.runs[-1].count if self.runs else 1

    def now_ms(self) -> int:
        return fair.BEGIN_MS + self.skew_ms + self.set_ms + int(trio.current_time() * 1000)

    def hear(self, other: Machine, most: int | None = None) -> int:
        """Take what `other` has on disk; how many runs were new."""
        at = self.heard.get(other, 0)
        fresh = other.runs[at : None if most is None else at + most]
        for run in fresh:
            if self.life is not None and self.life.alive:
                self.life.fold(run)
        self.heard[other] = at + len(fresh)
        return len(fresh)


class _Log:
    """`FactLog` whose disk asks the life whether it survives."""

    epoch = 1

    def __init__(self, life: Life) -> None:
        self.life = life
        self.durable = Head(life.machine.next_seq - 1)
        self.pending: list[KnownFact] = []
        #: Set while something is in line.
        self.wanted = trio.Event()
        self.on_durable: list[Callable[[list[Block]], None]] = []

    def append(self, fact: KnownFact) -> int:
        self.life.must_live()
        self.pending.append(fact)
        self.wanted.set()
        return self.durable.seq + len(self.pending)

    def sync(self) -> None:
        """The disk has taken everything."""
        if not self.pending or not self.life.alive:
            return
        facts, self.pending, self.wanted = self.pending, [], trio.Event()
        machine = self.life.machine
        machine.runs.append(Run(machine.identity, self.durable.seq + 1, facts))
        first = self.durable.seq + 1
        self.durable = Head(self.durable.seq + len(facts))
        for seq, fact in enumerate(facts, first):
            self.life.world.durable(machine, seq, fact)
        for told in self.on_durable:
            told([])


class _Gateway(Gateway):
    life: Life

    def record_fact(self, fact: KnownFact) -> int:
        self.life.must_live()
        seq = super().record_fact(fact)
        self.life.world.recorded(self.life.machine, seq, fact)
        return seq

    def when_durable(self, seq: int, then: Callable[[], None]) -> None:
        self.life.commit()
        self.life.waiting.append(then)
        super().when_durable(seq, then)


class _Links:
    unheard_after_s = 5.0

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def unheard_s(self, gateway: bytes) -> float:
        return 1e9 if self.machine.is_unheard() else 0.0

    def rows(self) -> list[Any]:
        return []

    def warnings(self) -> list[str]:
        return []


class Clock:
    """Of a machine; its day never changes."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def now(self) -> Moment:
        return self.at(self.machine.now_ms())

    def at(self, ms: int) -> Moment:
        return Moment(ms, 20260926, 120)


class Hand(MemoryReader):
    """A reader whose process may die at each command, before and after it."""

    def __init__(self, life: Life, number: int) -> None:
        super().__init__(entropy=life.dice.randbytes, ciphers=fair.FAST)
        self.life, self.number = life, number
        #: What the guest at this reader wants paid, for the checkers.
        self.wanted: Any = None
        #: The answer to the write of this number from now on is lost; 0: none is.
        self.mute = 0

    async def activate(self) -> bytes | None:
        self.life.must_live()
        return await super().activate()

    async def exchange(self, command: bytes) -> bytes:
        await self.life.pace()
        band = self.band
        self.life.step()
        try:
            answer = self.exchange_now(command)
        finally:
            if band is not None and command[0] in (0xA2, 0xA5):
                self.life.world.wrote(self, band, command)
        self.life.step()
        if command[0] in (0xA2, 0xA5) and self.mute:
            self.mute -= 1
            if not self.mute:
                raise NoAnswer
        return answer


class World:
    """What is told of lives; each simulation brings its own."""

    def recorded(self, machine: Machine, seq: int, fact: KnownFact) -> None:
        """In the log's line and folded, not on disk yet."""

    def durable(self, machine: Machine, seq: int, fact: KnownFact) -> None:
        """On disk."""

    def wrote(self, hand: Hand, band: Any, command: bytes) -> None:
        """A command that writes was sent to a band, whatever came of it."""


class Life:
    """From rebuilding the state to the end. `step` counts the awaits, and dies at `dies_at`."""

    def __init__(self, machine: Machine, world: World, dice: random.Random, tills: int = 1) -> None:
        self.machine, self.world, self.dice = machine, world, dice
        machine.lives += 1
        machine.life = self
        self.alive = True
        self.steps, self.dies_at = 0, -1
        self.how: Callable[[], float] | None = None
        self.scope: trio.CancelScope | None = None
        self.slow_disk = False
        self.waiting: deque[Callable[[], None]] = deque(maxlen=64)
        self.state = State()
        for run in machine.runs:
            self._fold_own(run)
        for other, count in machine.heard.items():
            for run in other.runs[:count]:
                self.state.apply_run(run.gateway, run.epoch, run.first_seq, run.facts)
        self.log = _Log(self)
        self.gateway = _Gateway(
            identity=machine.identity, name=f"g{machine.number}", ledger=self.log,
            state=self.state, clock=Clock(machine),
        )  # fmt: skip
        self.gateway.life = self
        self.gateway.siblings = _Links(machine)
        self.gateway.apply_bundle(machine.bundle, b"a bundle")
        key = fair.credit_key(machine.number) if machine.number < machine.points else None
        self.tills = Tills(self.gateway, entropy=dice.randbytes, credit_key=key)
        self.hands = [Hand(self, number) for number in range(1, tills + 1)]
        self.counters = [
            Till(self.tills, Place(hand.number, "Bar", drawer=True, can_top_up=True), hand)
            for hand in self.hands
        ]

    def _fold_own(self, run: Run) -> None:
        self.state.apply_run(run.gateway, run.epoch, run.first_seq, run.facts)

    def fold(self, run: Run) -> None:
        """A sibling's run has arrived."""
        self.gateway.fold_sibling(run, run.facts)  # type: ignore[arg-type]

    def must_live(self) -> None:
        if not self.alive:
            raise Died

    def step(self) -> None:
        """One await: the process may end here."""
        self.must_live()
        self.steps += 1
        if self.steps == self.dies_at:
            self.kill()
            raise Died

    def kill(self) -> None:
        """Nothing of this process counts any more; what was not durable never was."""
        self.alive = False
        for then in self.waiting:  # whoever waits for the disk goes on, to where it finds out
            then()

    def commit(self) -> None:
        """Somebody waits for the disk: at once here, unless the disk is slow."""
        if self.slow_disk:
            self.must_live()
            return
        self.step()
        self.log.sync()
        self.step()

    async def pace(self) -> None:
        """How long a command takes."""
        if self.how is not None:
            await trio.sleep(self.how())

    async def serve(self) -> None:
        """All tills, until the process dies or is cancelled."""
        try:
            async with trio.open_nursery() as nursery:
                self.scope = nursery.cancel_scope
                for till in self.counters:
                    nursery.start_soon(till.run)
        except* Died:
            pass


@contextlib.contextmanager
def quick() -> Iterator[None]:
    """Within: what never changes is made once, not once for each process."""
    texts = Texts()
    with (
        patch("edge.gateway.Texts", lambda: texts),
        patch("edge.till.tills.WalletRules", cache_of(WalletRules)),
        patch("edge.till.tills.PriceList", cache_of(PriceList)),
    ):
        yield


def cache_of(kind: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """`kind`, made once for each bundle."""
    made: dict[int, tuple[Any, Any]] = {}

    def make(cashless: Any) -> Any:
        if id(cashless) not in made:
            made[id(cashless)] = (cashless, kind(cashless))
        return made[id(cashless)][1]

    return make
