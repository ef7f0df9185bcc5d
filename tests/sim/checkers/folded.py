"""The state after a start is the fold of the facts that are left, in whatever order (law 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crypto.entry import Admitted, PassageLapsed
from edge.core.state import State
from tests.sim import venue
from tests.sim.watch import Checker, Read

if TYPE_CHECKING:
    from tests.sim.history import History

OTHER = b"another gateway."


class Folded(Checker):
    name = "folded"

    def __init__(self, history: History) -> None:
        super().__init__(history)
        self._dice = history.dice("folded")

    def opened(self, log: list[Read]) -> None:
        life = self.history.life
        assert life is not None
        facts = [*log, *self._dice.sample(log, len(log) // 3)]
        self._dice.shuffle(facts)
        state = State()
        for epoch, seq, fact in facts:
            state.apply(venue.GATEWAY, epoch, seq, fact)
        same = state.dump() == life.state.dump()
        self.expect(same, "the state is not the fold of the facts in the log")
        self._others_settle_nothing(state, log)

    def _others_settle_nothing(self, state: State, log: list[Read]) -> None:
        """A fact of another gateway that names our hold must leave it alone."""
        held = [one for one in log if isinstance(one.fact, Admitted)]
        if not held:
            return
        epoch, seq, fact = self._dice.choice(held)
        assert isinstance(fact, Admitted)
        before = _used(state, fact.ticket)
        lapse = PassageLapsed(fact.hlc + 1, fact.day, fact.offset_min, fact.lane, fact.ticket,
                              epoch, seq, 0)  # fmt: skip
        state.apply(OTHER, epoch, 1, lapse)
        self.expect(_used(state, fact.ticket) == before, "another gateway settled our hold")


def _used(state: State, ticket: bytes) -> list[tuple[int, int, bool]]:
    ours = [h for h in state.tickets[ticket].holds if state.origins[h.origin].gateway != OTHER]
    return [(hold.seq, hold.used, hold.open) for hold in ours]
