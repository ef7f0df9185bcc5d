"""Who may go in, once more, from the words of ARCHITECTURE.md, *Admission*, and no code of ours.

Slow and plain: a list of uses per ticket, looked through from the beginning each time.
"""

from __future__ import annotations

from collections.abc import Iterable

from crypto.entry import (
    Admitted,
    AnyFact,
    ExitRecorded,
    PassageCompleted,
    PassageLapsed,
    PassageUnknown,
)
from tests.sim import venue
from tests.sim.venue import Ticket
from tests.sim.watch import Hold, Read


class Use:
    """One grant, in or out."""

    def __init__(self, granted: int, out: bool) -> None:
        self.granted = granted
        self.out = out
        self.passed = 0
        self.given_back = False
        self.unknown = False
        self.ended_hlc = 0

    def end(self, fact: PassageLapsed | PassageUnknown) -> None:
        """A lapse that rotted away and was fetched back later finds the hold unknown by then: the
        later word counts."""
        if fact.hlc > self.ended_hlc:
            self.ended_hlc = fact.hlc
            self.unknown = isinstance(fact, PassageUnknown)
            self.given_back = not self.unknown

    @property
    def used(self) -> int:
        """A hold counts whole, until what nobody walked on is given back."""
        return self.passed if self.given_back else self.granted

    @property
    def walking(self) -> bool:
        """Somebody may still go through on it."""
        return not (self.given_back or self.unknown) and self.passed < self.granted


class Model:
    """Fed with facts in the order of the log."""

    def __init__(self, tickets: Iterable[Ticket]) -> None:
        self._tickets = {ticket.identity: ticket for ticket in tickets}
        self.uses: dict[bytes, dict[Hold, Use]] = {}
        self.newest: dict[bytes, int] = {}

    def replay(self, log: Iterable[Read]) -> None:
        for epoch, seq, fact in log:
            self.take(epoch, seq, fact)

    def take(self, epoch: int, seq: int, fact: AnyFact) -> None:
        if isinstance(fact, Admitted):
            self._uses(fact.ticket)[Hold(epoch, seq)] = Use(fact.granted, False)
            self.newest[fact.ticket] = max(self.newest.get(fact.ticket, 0), fact.issued_at)
        elif isinstance(fact, ExitRecorded):
            self._uses(fact.ticket)[Hold(epoch, seq)] = Use(1, True)
        elif isinstance(fact, PassageCompleted | PassageLapsed | PassageUnknown):
            use = self._uses(fact.ticket).get(Hold(fact.epoch, fact.seq))
            if use is None:
                return
            use.passed = max(use.passed, fact.passed)
            if isinstance(fact, PassageLapsed | PassageUnknown):
                use.end(fact)

    def _uses(self, ticket: bytes) -> dict[Hold, Use]:
        return self.uses.setdefault(ticket, {})

    def used(self, ticket: bytes) -> int:
        """Persons that count as having entered."""
        return sum(use.used for use in self._uses(ticket).values() if not use.out)

    def inside(self, ticket: bytes) -> int:
        inside = 0
        for use in self._uses(ticket).values():
            inside = max(0, inside - use.passed) if use.out else inside + use.used
        return inside

    def may_enter(self, ticket: bytes, persons: int) -> bool:
        """Whether the right still covers `persons` more."""
        right = self._tickets[ticket]
        if persons > right.persons:
            return False
        if self.used(ticket) + persons <= right.persons:
            return True
        if right.product == venue.AFTER_EXIT:
            return self.inside(ticket) + persons <= right.persons
        if right.product == venue.UNLIMITED:
            walking = [u for u in self._uses(ticket).values() if u.walking and not u.out]
            return sum(use.granted for use in walking) + persons <= right.persons
        return False
