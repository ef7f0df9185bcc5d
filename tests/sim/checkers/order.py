"""The logical clock rises with every fact, whatever happens to the clock on the wall."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crypto.entry import KnownFact, UnknownFact
from tests.sim.watch import Checker, Read

if TYPE_CHECKING:
    from tests.sim.history import History


class Order(Checker):
    name = "order"

    def __init__(self, history: History) -> None:
        super().__init__(history)
        self._last = 0

    def appended(self, epoch: int, seq: int, fact: KnownFact) -> None:
        self.expect(fact.hlc > self._last, f"the clock of {epoch}:{seq} fell")
        self._last = fact.hlc

    def opened(self, log: list[Read]) -> None:
        before: dict[int, int] = {}
        for epoch, seq, fact in log:
            assert not isinstance(fact, UnknownFact)
            self.expect(fact.hlc > before.get(epoch, 0), f"the clock of {epoch}:{seq} fell")
            before[epoch] = fact.hlc
        self._last = max(before.values())
