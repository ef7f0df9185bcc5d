"""One gateway of a scenario: real `Gateway` and `Lane`s; log, clock and barriers in memory.

What is on the log survives a crash, as sealed and signed blocks; everything else is made anew.
"""

from collections.abc import Callable, Mapping
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from crypto import block, entry
from crypto.block import Block, Head
from crypto.entry import AnyFact, KnownFact, decode_facts_untrusted
from edge.answers import Answer
from edge.clock import SystemClock
from edge.core.state import State
from edge.core.texts import Texts
from edge.gateway import Gateway
from edge.lane import Done, Lane
from edge.scenario import schema
from edge.scenario.bundles import gateway_id, read_bundle, read_guests
from edge.scenario.codes import key_of
from edge.scenario.counter import Counter
from edge.scenario.ears import Ears
from edge.scenario.lanes import tills_of

EPOCH: Final = 1
#: (gateway, epoch): whose log.
Log = tuple[bytes, int]


class Time:
    """What time it is; only the scenario moves it."""

    def __init__(self, ms: int) -> None:
        self.ms = ms


class MemoryLog:
    """The ledger of a gateway (`edge.gateway.FactLog`), whose disk always has room."""

    def __init__(self, gateway: bytes, name: str) -> None:
        self.gateway = gateway
        self.epoch = EPOCH
        self.durable = Head()
        self.on_durable: list[Callable[[list[Block]], None]] = []
        self.blocks: list[Block] = []
        self.pending: list[KnownFact] = []
        self._key = key_of("epoch", name)

    def append(self, fact: KnownFact) -> int:
        """Give `fact` the next seq."""
        self.pending.append(fact)
        return self.durable.seq + len(self.pending)

    def sync(self, wall_ms: int) -> None:
        """What was appended becomes one block, and is durable."""
        while self.pending:
            facts = self.pending[: entry.FACTS_PER_BLOCK_MAX]
            del self.pending[: len(facts)]
            raw = block.seal(
                gateway=self.gateway, epoch=self.epoch, head=self.durable, count=len(facts),
                body=entry.encode_facts(facts), wall_ms=wall_ms,
                last_hlc=max(fact.hlc for fact in facts), key=self._key,
            )  # fmt: skip
            made, _ = block.read_untrusted(raw)
            self.blocks.append(made)
            self.durable = Head(made.last_seq, made.hash)
            for told in self.on_durable:
                told([made])

    def died(self) -> None:
        """Nobody waits any more, and what was not durable is gone."""
        self.pending.clear()
        self.on_durable.clear()


class MemoryBarrier:
    """A barrier that does what the scenario says (`edge.lane.Barrier`)."""

    def __init__(self) -> None:
        self.service = True
        self.open: tuple[int, int] | None = None

    def grant(self, grant_id: int, persons: int) -> None:
        """Open for `persons`: a lane lets nobody else walk before it knows what became of them."""
        self.open = (grant_id, persons)


class Shown(msgspec.Struct):
    """Somebody in front of a lane, and what they will do once they may walk."""

    lane: int
    guest: str
    passed: int | None = None
    answer: Answer | None = None


class Node:
    """A gateway by its name, through all its lives. `gateway` is None while it is dead."""

    def __init__(
        self, plan: schema.Gateway, lanes: list[schema.Lane], gates: Mapping[str, int],
        scenario: schema.Scenario, zone: ZoneInfo, time: Time,
    ) -> None:  # fmt: skip
        self.name = plan.name
        self.identity = gateway_id(plan.name)
        self.log = MemoryLog(self.identity, plan.name)
        self.time = time
        self.ears = Ears(time)
        #: By how much its wall clock is ahead.
        self.ahead_ms = 0
        self.gateway: Gateway | None = None
        #: Its tills, while it lives and there is money.
        self.counter: Counter | None = None
        self.lanes = lanes
        #: Blocks of every log that it holds, its own first.
        self.held: dict[Log, list[Block]] = {(self.identity, EPOCH): self.log.blocks}
        self._said: list[Shown] = []
        #: Who got an answer, in order; the scenario takes them out.
        self.answered: list[Shown] = []
        self._gates = gates
        self._zone = zone
        self._scenario = scenario
        self._plan = plan
        self._lives = 0
        hours, minutes = scenario.business_day_cutover.split(":")
        self._cutover_min = int(hours) * 60 + int(minutes)
        self._confirmed = scenario.clock_confirmed
        self._bundle_raw = self._guests_raw = b""
        self._seen = 0
        self._barriers: dict[int, MemoryBarrier] = {}

    # -- its lives --------------------------------------------------------------------------------

    def start(self) -> None:
        """The process starts on what its log holds."""
        state = State()
        self.held = {(self.identity, EPOCH): self.log.blocks}
        for each in self.log.blocks:
            state.apply_run(each.gateway, each.epoch, each.first_seq, facts_of(each))
        self.clock = SystemClock(
            self._zone,
            self._cutover_min,
            wall_ns=lambda: (self.time.ms + self.ahead_ms) * 1_000_000,
            monotonic_ns=lambda: self.time.ms * 1_000_000,
        )
        self.confirm(self._confirmed)
        gateway = self.gateway = Gateway(
            identity=self.identity, name=self.name, ledger=self.log, state=state,
            clock=self.clock, zone=self._zone,
        )  # fmt: skip
        self.ears.started()
        gateway.siblings = self.ears
        gateway.texts = Texts(
            zone=self._zone,
            staff_language=self._scenario.language,
            help_desk=self._scenario.help_desk,
        )
        self._barriers = {}
        for plan in self.lanes:
            lane = Lane(
                gateway, plan.number, f"Lane {plan.number}", self._gates[plan.gate],
                plan.direction, plan.hold_timeout_s,
            )  # fmt: skip
            gateway.lanes[plan.number] = lane
            if plan.barrier:
                lane.barrier = self._barriers[plan.number] = MemoryBarrier()
        self._lives += 1
        if self._scenario.bundle.cashless is not None:
            tills = tills_of(self._plan)
            self.counter = Counter(gateway, self.name, tills, self._lives, self._sync)
        if self._bundle_raw:
            self.take_bundle(self._bundle_raw, self._guests_raw)
        gateway.started()
        gateway.tick()
        self.settle()
        if self.counter is not None:
            self.counter.open_shifts(self.time.ms)

    def crash(self) -> None:
        """The process is gone between two instructions."""
        self.gateway = self.counter = None
        self.log.died()
        self._said.clear()

    def stop(self) -> None:
        """The process ends in order."""
        if self.gateway is not None:
            self.gateway.stopped()
            self.settle()
            self.crash()

    # -- what comes to it -------------------------------------------------------------------------

    def tick(self) -> None:
        """What the daemon does about once a second."""
        if self.gateway is not None:
            self.gateway.tick()
            self.settle()

    def take_bundle(self, raw: bytes, guests_raw: bytes) -> bool:
        """Bundle and guest list of the centre have come; whether they are now in force."""
        self._bundle_raw, self._guests_raw = raw, guests_raw
        if self.gateway is None:
            return False
        newer = self.gateway.apply_bundle(read_bundle(raw), raw)
        return self.gateway.apply_guests(read_guests(guests_raw)) or newer

    def take_block(self, made: Block) -> None:
        """A sibling's block, of its own log or of another's."""
        assert self.gateway is not None
        self.held.setdefault((made.gateway, made.epoch), []).append(made)
        if made.gateway != self.identity:
            self.gateway.fold_sibling(made, facts_of(made))

    def confirm(self, good: bool) -> None:
        """The clock is compared with the right time; with `good` False nobody ever did."""
        self._confirmed = good
        self.clock.offset_ms = None
        if good:
            self.clock.confirm(self.time.ms, 0)

    def set_clock(self, by_ms: int) -> None:
        """The wall clock is set."""
        self.ahead_ms += by_ms
        if self.gateway is not None:
            moved = self.clock.stepped_ms()
            if moved:
                self.gateway.clock_stepped(moved)
                self.settle()

    def show(self, shown: Shown, present: Callable[[Lane, Done], None]) -> None:
        """Somebody presents something at a lane: `present` calls it, with what takes the answer."""

        def done(answer: Answer) -> None:
            shown.answer = answer
            self._said.append(shown)

        present(self.lane(shown.lane), done)
        self.settle()

    def device(self, number: int, well: bool) -> None:
        """The barrier of a lane comes or goes."""
        if self.gateway is None:
            return
        if number in self._barriers:
            self._barriers[number].service = well
        self.lane(number).device("turnstile", well, "" if well else "silent")
        self.settle()

    # -- what comes of it -------------------------------------------------------------------------

    def settle(self) -> None:
        """Facts become durable, answers are given, and whoever may walk does as the file says."""
        self._sync()
        while self._said:
            shown = self._said.pop(0)
            self.answered.append(shown)
            answer = shown.answer
            if answer is not None and answer.decision == "admitted" and not answer.repeated:
                if shown.guest == "walks":
                    self.walk(shown.lane, shown.passed)
                elif shown.guest == "turns_back":
                    self.turn_back(shown.lane)
                self._sync()

    def _sync(self) -> None:
        self.log.sync(self.time.ms + self.ahead_ms)

    def walk(self, number: int, passed: int | None) -> bool:
        """Who may walk at a lane does; `passed` persons, or all. False if nobody may."""
        grant = self._taken(number)
        if grant is not None:
            grant_id, persons = grant
            self.lane(number).completed(grant_id, min(passed or persons, persons))
        return grant is not None

    def turn_back(self, number: int) -> bool:
        """Who may walk at a lane does not. False if nobody may."""
        grant = self._taken(number)
        if grant is not None:
            self.lane(number).lapsed(grant[0])
        return grant is not None

    def _taken(self, number: int) -> tuple[int, int] | None:
        barrier = self._barriers.get(number)
        if self.gateway is None or barrier is None or not self.lane(number).busy:
            return None
        grant, barrier.open = barrier.open, None
        return grant

    def lane(self, number: int) -> Lane:
        """Its lane of this number."""
        assert self.gateway is not None
        return self.gateway.lanes[number]

    def new_facts(self) -> list[str]:
        """The kinds of facts on its log since the last call."""
        fresh = [fact for each in self.log.blocks for fact in self._after(each)]
        self._seen = self.log.durable.seq
        return [type(fact).__name__ for fact in fresh]

    def _after(self, each: Block) -> list[AnyFact]:
        if each.last_seq <= self._seen:
            return []
        return facts_of(each)[max(0, self._seen + 1 - each.first_seq) :]


def facts_of(made: Block) -> list[AnyFact]:
    """What stands in a block."""
    return decode_facts_untrusted(made.body)
