"""No ticket is admitted beyond its right, nobody is refused what is theirs, and steel agrees."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING

from crypto.entry import AdmissionRefused, Admitted, BundleApplied, KnownFact
from tests.sim import venue
from tests.sim.model import Model
from tests.sim.watch import Checker, Hold, Read

if TYPE_CHECKING:
    from tests.sim.history import History

ALREADY_REDEEMED = 100


class Rights(Checker):
    name = "rights"

    def __init__(self, history: History) -> None:
        super().__init__(history)
        self._model = Model(history.tickets)
        self._by_hash = {
            hashlib.sha256(t.identity).digest()[:8]: t for t in history.tickets
        }  # fmt: skip
        self._persons = {t.identity: t.persons for t in history.tickets}
        self._once = {t.identity for t in history.tickets if t.product == venue.ONCE}
        self._exits = {plan.number for plan in venue.LANES if plan.direction == "exit"}
        self._lists = venue.Lists()
        self._in: Counter[bytes] = Counter()

    def opened(self, log: list[Read]) -> None:
        self._model = Model(self.history.tickets)
        self._model.replay(log)

    def appended(self, epoch: int, seq: int, fact: KnownFact) -> None:
        if isinstance(fact, Admitted):
            self._admitted(fact)
        elif isinstance(fact, AdmissionRefused) and fact.reason == ALREADY_REDEEMED:
            ticket = self._by_hash[fact.ticket_hash]
            # A counted refusal stands for a time that is over; the first one is made at once.
            wrong = self._model.may_enter(ticket.identity, ticket.persons)
            counted = fact.count > 1 or self._is_counted(fact)
            self.expect(counted or not wrong, f"ticket {ticket.number} was refused its right")
        elif isinstance(fact, BundleApplied):
            self._lists = self.history.published[fact.version]
        self._model.take(epoch, seq, fact)

    def _is_counted(self, fact: AdmissionRefused) -> bool:
        """Flushed by a tick or a stop, not by a presentation in this very moment."""
        return self.history.deciding_lane != fact.lane

    def _admitted(self, fact: Admitted) -> None:
        ticket, lists = fact.ticket, self._lists
        who = f"ticket {ticket.hex()}"
        self.expect(ticket in self._persons, f"{who} was admitted and never sold")
        self.expect(
            self._model.may_enter(ticket, fact.granted), f"{who} was admitted beyond its right"
        )
        least = max(lists.revoked.get(ticket, 0), self._model.newest.get(ticket, 0))
        self.expect(fact.issued_at >= least, f"{who} was admitted by a code that was replaced")
        stopped = ticket in lists.canceled or ticket in lists.blocked
        self.expect(not stopped, f"{who} was admitted though cancelled or blocked")

    def ticked(self) -> None:
        life = self.history.life
        assert life is not None
        for ticket, uses in self._model.uses.items():
            known = life.state.tickets.get(ticket)
            holds = known.holds if known else []
            used = sum(hold.used for hold in holds if hold.hlc and not hold.exit)
            ours = self._model.used(ticket)
            self.expect(used == ours, f"{ticket.hex()}: {used} uses in the state, {ours} in facts")
            walked = sum(hold.passed for hold in holds)
            passed = sum(use.passed for use in uses.values())
            self.expect(walked == passed, f"{ticket.hex()}: {walked} passed, {passed} in facts")

    def walked(self, lane: int, hold: Hold) -> None:
        if lane in self._exits:
            return
        ticket = self.history.holder(hold)
        self._in[ticket] += 1
        if ticket in self._once and ticket not in self.history.lost_tickets:
            most = self._persons[ticket]
            self.expect(self._in[ticket] <= most, f"{self._in[ticket]} people on {ticket.hex()}")
