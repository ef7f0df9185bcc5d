"""Every hold is settled once, by its own lane, or is open and somebody's; each person one pulse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from crypto.entry import (
    Admitted,
    ExitRecorded,
    KnownFact,
    PassageCompleted,
    PassageLapsed,
    PassageUnknown,
)
from tests.sim.watch import Checker, Hold, Read

if TYPE_CHECKING:
    from tests.sim.history import History

#: A hold lives 30 s for each person; a tick and a slow disk more.
HOLD_S, SLACK_S = 30, 40
#: After a cable was pulled, nobody knows which last words were heard.
UNHEARD_S = 2.0


class _Held:
    def __init__(self, lane: int, ticket: bytes, granted: int, life: int, since: float) -> None:
        self.lane, self.ticket, self.granted = lane, ticket, granted
        self.life, self.since = life, since
        self.passed = self.pulses = self.grants = 0
        self.settled = ""
        self.shut = False

    @property
    def open(self) -> bool:
        return not self.settled and self.passed < self.granted


class Holds(Checker):
    name = "holds"

    def __init__(self, history: History) -> None:
        super().__init__(history)
        self._held: dict[Hold, _Held] = {}

    def appended(self, epoch: int, seq: int, fact: KnownFact) -> None:
        if isinstance(fact, Admitted | ExitRecorded):
            self._held[Hold(epoch, seq)] = self._make(fact, self.history.lives)
        elif isinstance(fact, PassageCompleted | PassageLapsed | PassageUnknown):
            self._settle(fact)

    def _make(self, fact: Admitted | ExitRecorded, life: int) -> _Held:
        granted = fact.granted if isinstance(fact, Admitted) else 1
        return _Held(fact.lane, fact.ticket, granted, life, trio.current_time())

    def _settle(self, fact: PassageCompleted | PassageLapsed | PassageUnknown) -> None:
        hold = Hold(fact.epoch, fact.seq)
        held = self._held.get(hold)
        self.expect(held is not None, f"{hold} is settled and was never granted")
        assert held is not None
        same = (held.lane, held.ticket) == (fact.lane, fact.ticket)
        self.expect(same, f"{hold} of lane {held.lane} is settled by lane {fact.lane}")
        self.expect(held.open, f"{hold} is settled twice: {held.settled}")
        self.expect(held.passed <= fact.passed <= held.granted, f"{hold}: {fact.passed} passed")
        restart = isinstance(fact, PassageUnknown) and fact.cause == "restart"
        owned = held.life == self.history.lives
        self.expect(owned != restart, f"{hold} of life {held.life} is settled by another life")
        self._shut_is_not_unknown(hold, held, fact)
        held.passed = fact.passed
        if not isinstance(fact, PassageCompleted):
            held.settled = type(fact).__name__

    def _shut_is_not_unknown(self, hold: Hold, held: _Held, fact: KnownFact) -> None:
        """The board said that it did not open: then the right is given back."""
        if isinstance(fact, PassageUnknown) and fact.cause in ("fault", "link_lost"):
            heard = self.history.booths[held.lane].heard_for_s > UNHEARD_S
            self.expect(not (held.shut and heard), f"{hold}: the board said no, not perhaps")

    def granted(self, lane: int, hold: Hold, persons: int) -> None:
        held = self._held[hold]
        held.grants += 1
        self.expect(held.grants == 1, f"{hold} was let go {held.grants} times")
        self.expect(persons == held.granted, f"{hold}: {persons} instead of {held.granted}")

    def pulsed(self, lane: int, hold: Hold) -> None:
        held = self._held[hold]
        held.pulses += 1
        held.shut = False
        self.expect(held.pulses <= held.granted, f"{hold} got {held.pulses} pulses")
        self.expect(held.open, f"{hold} is settled ({held.settled}) and gets a pulse")
        self.expect(held.life == self.history.lives, f"{hold} of another life gets a pulse")

    def shut(self, lane: int, hold: Hold) -> None:
        if hold in self._held:
            self._held[hold].shut = True

    def started(self) -> None:
        for hold, held in self._held.items():
            mine = held.life == self.history.lives
            self.expect(mine or not held.open or self._full, f"{hold} was left open by a crash")

    @property
    def _full(self) -> bool:
        life = self.history.life
        assert life is not None
        return life.gateway.unsaved_count > 0

    def ticked(self) -> None:
        now = trio.current_time()
        for hold, held in self._held.items():
            old = now - held.since > HOLD_S * held.granted + SLACK_S
            self.expect(not (held.open and old) or self._full, f"{hold} is open for ever")

    def opened(self, log: list[Read]) -> None:
        """What is not in the log was never granted; what was settled there is."""
        before, self._held = self._held, {}
        for epoch, seq, fact in log:
            hold = Hold(epoch, seq)
            if isinstance(fact, Admitted | ExitRecorded):
                made = self._held[hold] = self._make(fact, 0)
                if hold in before:
                    made.grants, made.pulses = before[hold].grants, before[hold].pulses
            elif isinstance(fact, PassageCompleted | PassageLapsed | PassageUnknown):
                self._reread(fact)

    def _reread(self, fact: PassageCompleted | PassageLapsed | PassageUnknown) -> None:
        held = self._held.get(Hold(fact.epoch, fact.seq))
        if held is None:
            return
        held.passed = max(held.passed, fact.passed)
        if not isinstance(fact, PassageCompleted):
            held.settled = type(fact).__name__
