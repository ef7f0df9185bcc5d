"""The same question gets the same answer: one nonce is one presentation, however often asked."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from crypto.entry import Admitted, ExitRecorded, KnownFact
from tests.sim.watch import Checker, Read

if TYPE_CHECKING:
    from tests.sim.history import History


class Answers(Checker):
    name = "answers"

    def __init__(self, history: History) -> None:
        super().__init__(history)
        self._facts: Counter[tuple[bytes, bytes]] = Counter()
        self._granted: dict[tuple[bytes, bytes], int] = {}

    def appended(self, epoch: int, seq: int, fact: KnownFact) -> None:
        if isinstance(fact, Admitted | ExitRecorded) and fact.nonce:
            key = (fact.ticket, fact.nonce)
            self._facts[key] += 1
            self.expect(self._facts[key] == 1, f"{fact.nonce!r} was let through twice")

    def opened(self, log: list[Read]) -> None:
        self._facts = Counter(
            (one.fact.ticket, one.fact.nonce) for one in log
            if isinstance(one.fact, Admitted | ExitRecorded) and one.fact.nonce
        )  # fmt: skip

    def replied(self, ticket: bytes, nonce: bytes, answer: dict[str, Any]) -> None:
        key = (ticket, nonce)
        granted = answer["granted"]
        known = self._granted.get(key)
        if known is not None and ticket not in self.history.lost_tickets:
            self.expect(granted == known, f"{nonce!r}: granted {known}, and then {granted}")
        if granted and not answer["repeated"]:
            self._granted[key] = granted
