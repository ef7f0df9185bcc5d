"""Refusals on record are the refusals that guests saw; a flood of noise leaves few facts."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import trio

from crypto.entry import AdmissionRefused, ClockStepped, KnownFact
from tests.sim.watch import Checker

if TYPE_CHECKING:
    from tests.sim.history import History

#: About the lane, not about the guest: said, and not recorded.
_NOT_RECORDED = {"device", "wait"}


class Counts(Checker):
    name = "counts"

    def __init__(self, history: History) -> None:
        super().__init__(history)
        self._said: Counter[tuple[int, int]] = Counter()
        self._recorded: Counter[tuple[int, int]] = Counter()
        self._noise: Counter[tuple[int, int]] = Counter()
        self._steps = 0
        self._since = 0.0

    def started(self) -> None:
        self._said.clear()
        self._recorded.clear()
        self._noise.clear()
        self._steps, self._since = 0, trio.current_time()

    def decided(self, lane: int, answer: dict[str, Any]) -> None:
        if answer["decision"] == "refused" and answer["reason"] not in _NOT_RECORDED:
            self._said[(lane, answer["reason_number"])] += 1

    def appended(self, epoch: int, seq: int, fact: KnownFact) -> None:
        if isinstance(fact, AdmissionRefused):
            self._recorded[(fact.lane, fact.reason)] += fact.count
            self._noise[(fact.lane, fact.reason)] += not fact.ticket_hash
        elif isinstance(fact, ClockStepped):
            self._steps += 1

    def ticked(self) -> None:
        """One fact per lane, reason and minute; a clock that is set may begin a minute early."""
        minutes = int((trio.current_time() - self._since) / 60) + 1
        most = minutes + self._steps + 2
        for where, facts in self._noise.items():
            self.expect(facts <= most, f"lane and reason {where}: {facts} facts about noise")

    def stopped(self) -> None:
        life = self.history.life
        assert life is not None
        if life.gateway.unsaved_count:
            return
        for where in sorted({*self._said, *self._recorded}):
            said, recorded = self._said[where], self._recorded[where]
            self.expect(said == recorded, f"lane and reason {where}: {said} said, {recorded} kept")
