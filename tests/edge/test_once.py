"""Once means once, whatever the order of guests, disk, barriers, clock steps and crashes.

The oracle knows nothing of states and holds: it counts who physically walked through a barrier.
"""

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from crypto.entry import AnyFact, decode_facts_untrusted
from edge.core.state import State
from tests.edge.core.desk import identity, make_code
from tests.edge.venue import GATEWAY, Barrier, Venue

PERSONS = {1: 1, 2: 1, 3: 3}
CODES = {n: make_code(n, persons=persons) for n, persons in PERSONS.items()}
lanes = st.sampled_from((1, 2))


class Watched(Barrier):
    """Notes when it is opened for a fact that is not on disk (law 2)."""

    venue: Venue
    too_early = False

    def grant(self, grant_id: int, persons: int) -> None:
        # Not asserted here: a lane takes a barrier that raises for a broken driver, and goes on.
        self.too_early = self.too_early or grant_id > self.venue.log.durable.seq
        super().grant(grant_id, persons)


class Guests(RuleBasedStateMachine):
    """Guests with three tickets at two lanes of one gateway."""

    def __init__(self) -> None:
        super().__init__()
        self.walked: Counter[bytes] = Counter()
        self.tickets: dict[int, bytes] = {}
        self.epoch = 1
        self.venue = self._open(None)

    def _open(self, before: Venue | None) -> Venue:
        venue = Venue(before.log if before else None, replayed(before) if before else None)
        if before:
            venue.clock.ms = before.clock.ms
        for number, lane in venue.lanes.items():
            barrier = Watched(lane)
            barrier.venue = venue
            venue.barriers[number] = barrier
        self.open: dict[int, list[tuple[int, int]]] = {1: [], 2: []}
        return venue

    def _grants(self) -> None:
        """Barriers that were opened since the last look: somebody may walk now."""
        for number, barrier in self.venue.barriers.items():
            self.open[number] += barrier.granted
            barrier.granted.clear()
        at = dict(enumerate(self.venue.log.facts[self._base() :], 1))
        self.tickets = {seq: getattr(fact, "ticket", b"") for seq, fact in at.items()}

    def _base(self) -> int:
        """Where the facts of this epoch begin in the log's list."""
        return sum(b.count for e, bs in self.venue.log.blocks.items() if e < self.epoch for b in bs)

    @rule(lane=lanes, ticket=st.sampled_from((1, 2, 3)), count=st.integers(1, 3))
    def shows(self, lane: int, ticket: int, count: int) -> None:
        self.venue.show(CODES[ticket], lane, count=count)

    @rule(lane=lanes, ticket=st.sampled_from((1, 2, 3)), nonce=st.sampled_from((b"a", b"b")))
    def retries(self, lane: int, ticket: int, nonce: bytes) -> None:
        self.venue.show(CODES[ticket], lane, nonce=nonce)

    @rule(most=st.integers(1, 5))
    def disk_writes(self, most: int) -> None:
        self.venue.log.sync(most)

    @rule(full=st.booleans())
    def disk_is_full(self, full: bool) -> None:
        self.venue.log.full = full
        self.venue.gateway.tick()

    @precondition(lambda self: any(self.open.values()))
    @rule(lane=lanes, data=st.data())
    def walks_or_not(self, lane: int, data: st.DataObject) -> None:
        if not self.open[lane]:
            return
        seq, persons = self.open[lane].pop(0)
        walk = data.draw(st.integers(0, persons))
        told = data.draw(st.sampled_from(["true", "true", "unknown", "nothing"]))
        self.walked[self.tickets[seq]] += walk
        at = self.venue.lanes[lane]
        if told == "unknown":
            at.unknown(seq, 0, "link_lost")
        elif told == "true" and walk:
            at.completed(seq, walk)
        elif told == "true":
            at.lapsed(seq)

    @rule(lane=lanes)
    def barrier_goes_or_comes(self, lane: int) -> None:
        self.venue.barriers[lane].service ^= True

    @rule(ms=st.sampled_from((1000, 31_000, 100_000)))
    def time_passes(self, ms: int) -> None:
        self.venue.later(ms)

    @rule(step_ms=st.sampled_from((-86_400_000, 86_400_000)))
    def clock_is_set(self, step_ms: int) -> None:
        self.venue.clock.ms += step_ms
        self.venue.gateway.clock_stepped(step_ms)

    @rule(snapshot=st.booleans())
    def crashes(self, snapshot: bool) -> None:
        # Those for whom the barrier is open walk through it while nobody looks.
        for opened in self.open.values():
            for seq, persons in opened:
                self.walked[self.tickets[seq]] += persons
        self.venue.log.crash()
        self.epoch += 1
        self.venue.log.begin_epoch(self.epoch)
        state = State.load(replayed(self.venue).dump()) if snapshot else None
        self.venue = self._open(self.venue)
        if state is not None:
            assert state.dump() == replayed(self.venue).dump()
        self.venue.gateway.started()
        assert not list(self.venue.gateway.state.open_holds(GATEWAY))

    @invariant()
    def nobody_walks_twice(self) -> None:
        self._grants()
        for number, persons in PERSONS.items():
            assert self.walked[identity(number)] <= persons

    @invariant()
    def nothing_moves_before_it_is_durable_and_nothing_crashes(self) -> None:
        for barrier in self.venue.barriers.values():
            assert isinstance(barrier, Watched)
            assert not barrier.too_early
        assert "crashed" not in self.venue.gateway.counts

    @invariant()
    def whoever_may_walk_is_known_to_the_lane(self) -> None:
        held = {hold.seq for _, hold in self.venue.gateway.state.open_holds(GATEWAY)}
        of_lanes = [seq for lane in self.venue.lanes.values() for seq in lane._grants]
        assert len(of_lanes) == len(set(of_lanes))
        if not self.venue.gateway.unsaved_count:
            assert set(of_lanes) == held

    @invariant()
    def the_state_is_what_the_facts_say(self) -> None:
        state = replayed(self.venue)
        waiting: list[AnyFact] = list(self.venue.log.pending)
        state.apply_run(GATEWAY, self.epoch, self.venue.log.durable.seq + 1, waiting)
        assert state.dump() == self.venue.gateway.state.dump()


def replayed(venue: Venue) -> State:
    """What a start would read from the disk."""
    state = State()
    for epoch, blocks in sorted(venue.log.blocks.items()):
        for made in blocks:
            facts = decode_facts_untrusted(made.body, made.count)
            state.apply_run(GATEWAY, epoch, made.first_seq, facts)
    return state


TestOnce = Guests.TestCase
TestOnce.settings = settings(max_examples=60, stateful_step_count=40)
