"""Rights and conflicts once more, from the words of ARCHITECTURE.md, for a gateway that knows some
of the venue's facts. Slow and plain."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

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


class Place(NamedTuple):
    """Where a fact stands, in the whole venue."""

    gateway: bytes
    epoch: int
    seq: int


class Use:
    """One grant, in or out; `made` False: only its outcome is known so far."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.made = self.out = False
        self.hlc = self.gate = self.granted = self.passed = 0
        self.given_back = self.unknown = False
        self._ended_hlc = 0

    def make(self, fact: Admitted | ExitRecorded) -> None:
        self.made, self.hlc, self.gate = True, fact.hlc, fact.gate
        self.out = isinstance(fact, ExitRecorded)
        self.granted = 1 if isinstance(fact, ExitRecorded) else fact.granted

    def end(self, fact: PassageCompleted | PassageLapsed | PassageUnknown) -> None:
        self.passed = max(self.passed, fact.passed)
        if not isinstance(fact, PassageCompleted) and fact.hlc > self._ended_hlc:
            self._ended_hlc = fact.hlc
            self.unknown = isinstance(fact, PassageUnknown)
            self.given_back = not self.unknown

    @property
    def used(self) -> int:
        return self.passed if self.given_back else self.granted

    @property
    def walking(self) -> bool:
        return not (self.given_back or self.unknown) and self.passed < self.granted

    @property
    def order(self) -> tuple[int, bool, Place]:
        """By clock; of two that cannot be told apart the exit first, so that it helps nobody."""
        return (self.hlc, not self.out, self.place)


class Model:
    """What follows from the facts that were learnt so far, in whatever order."""

    def __init__(self, tickets: Iterable[Ticket]) -> None:
        self._tickets = {ticket.identity: ticket for ticket in tickets}
        self.uses: dict[bytes, dict[Place, Use]] = {}

    def learn(self, place: Place, fact: AnyFact) -> None:
        if isinstance(fact, Admitted | ExitRecorded):
            self._use(fact.ticket, place).make(fact)
        elif isinstance(fact, PassageCompleted | PassageLapsed | PassageUnknown):
            self._use(fact.ticket, Place(place.gateway, fact.epoch, fact.seq)).end(fact)

    def _use(self, ticket: bytes, place: Place) -> Use:
        uses = self.uses.setdefault(ticket, {})
        if place not in uses:
            uses[place] = Use(place)
        return uses[place]

    def history(self, ticket: bytes) -> list[Use]:
        """Every grant of `ticket` that is known, in the order of facts."""
        made = [use for use in self.uses.get(ticket, {}).values() if use.made]
        return sorted(made, key=lambda use: use.order)

    def may_enter(self, ticket: bytes, persons: int) -> bool:
        """Whether the right still covers `persons` more."""
        right, uses = self._tickets[ticket], self.history(ticket)
        if persons > right.persons:
            return False
        if _used(uses) + persons <= right.persons:
            return True
        if right.product == venue.AFTER_EXIT:
            return _inside(uses) + persons <= right.persons
        if right.product == venue.UNLIMITED:
            walking = sum(use.granted for use in uses if use.walking and not use.out)
            return walking + persons <= right.persons
        return False

    def conflicts(self, ticket: bytes) -> dict[Place, set[Place]]:
        """Each admission that was one too many, with those of other gateways before it."""
        right = self._tickets[ticket]
        found: dict[Place, set[Place]] = {}
        if right.product == venue.UNLIMITED:
            return found
        before: list[Use] = []
        for use in self.history(ticket):
            if not use.out and use.used:
                taken = _inside(before) if right.product == venue.AFTER_EXIT else _used(before)
                others = {
                    one.place for one in before
                    if not one.out and one.used and one.place.gateway != use.place.gateway
                }  # fmt: skip
                if taken + use.used > right.persons and others:
                    found[use.place] = others
            before.append(use)
        return found

    def came_and_left(self) -> dict[int, tuple[int, int]]:
        """Persons by gate."""
        counts: dict[int, tuple[int, int]] = {}
        for uses in self.uses.values():
            for use in uses.values():
                if use.made:
                    came, left = counts.get(use.gate, (0, 0))
                    more = (0, use.passed) if use.out else (use.used, 0)
                    counts[use.gate] = (came + more[0], left + more[1])
        return counts


def _used(uses: list[Use]) -> int:
    return sum(use.used for use in uses if not use.out)


def _inside(uses: list[Use]) -> int:
    inside = 0
    for use in uses:
        inside = max(0, inside - use.passed) if use.out else inside + use.used
    return inside
