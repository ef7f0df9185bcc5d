"""What the gate must answer, by what was seen so far: a second opinion that shares no code.

The gateway tells its decisions and outcomes as events, in their order. Each decision is held
against what was known of its ticket just then. What happened around a kill -9 is in doubt: an
answer may have been written and never told. Then used or not are both right, here; the ledger is
asked later (`accounts`).
"""

from collections.abc import Container
from dataclasses import dataclass, field
from typing import Final

ADMITTED: Final = "admitted"
REPEATED: Final = "repeated"
REDEEMED: Final = "already_redeemed"
#: Answers of the lane, not about the ticket: they consume nothing and the guest asks again.
LATER: Final = frozenset({"wait", "device"})
#: A decision is told once it is durable: what was true within this time may have decided it.
LATENCY_S: Final = 1.0
#: What was told this shortly before a kill may not have been on disk.
UNSURE_S: Final = 2.0


@dataclass
class _Ticket:
    persons: int
    used: int = 0
    #: (lane, seq) -> persons granted who have neither walked nor lapsed.
    holds: dict[tuple[int, int], int] = field(default_factory=dict)
    doubt: bool = False
    shown: int = 0
    changed_s: float = -1e9
    #: (until, answers): what would have been right before the latest changes.
    past: list[tuple[float, int, int, dict[tuple[int, int], int]]] = field(default_factory=list)


@dataclass(frozen=True)
class Surprise:
    """An answer that nobody could expect."""

    lane: int
    identity: str
    answer: str
    expected: tuple[str, ...]
    seq: int

    def __str__(self) -> str:
        wanted = " or ".join(self.expected)
        what = self.identity or "a text that names no ticket"
        return f"lane {self.lane}: {what} was answered {self.answer}, expected {wanted}"


class Beliefs:
    """Tickets by identity. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._tickets: dict[str, _Ticket] = {}
        self._reasons: dict[tuple[str, int], str] = {}
        self._holds: dict[tuple[int, int], str] = {}
        self.surprises: list[Surprise] = []
        self.expected_count = 0
        self.doubtful_count = 0

    def know(self, identity: str, persons: int, lane: int, reason: str) -> None:
        """A code that will be shown; `reason`: what this lane must always answer, or ""."""
        ticket = self._tickets.setdefault(identity, _Ticket(persons))
        ticket.persons = max(ticket.persons, persons)
        if reason:
            self._reasons[identity, lane] = reason

    def shows(self, identity: str, begins: bool) -> None:
        """Somebody holds it before a scanner, or has stopped to."""
        if identity in self._tickets:
            self._tickets[identity].shown += 1 if begins else -1

    def decided(
        self, now_s: float, lane: int, identity: str, answer: str, count: int, seq: int
    ) -> None:
        """The gateway told a decision: "admitted", "repeated" or the reason of a refusal.

        `count`: how many persons were let in, or wanted to.
        """
        expected = self.expected(now_s, lane, identity, count)
        if answer not in expected and answer not in LATER:
            self.surprises.append(Surprise(lane, identity, answer, tuple(sorted(expected)), seq))
        self.expected_count += 1
        self.doubtful_count += len(expected) > 1
        ticket = self._tickets.get(identity)
        if answer == ADMITTED and ticket is not None:
            self._change(ticket, now_s)
            ticket.holds[lane, seq] = count
            self._holds[lane, seq] = identity

    def expected(self, now_s: float, lane: int, identity: str, count: int = 1) -> set[str]:
        """The answers that are right for showing `identity` on `lane`."""
        always = self._reasons.get((identity, lane))
        ticket = self._tickets.get(identity)
        if always == ADMITTED:
            return {ADMITTED, REPEATED}
        if always is not None:
            return {always}
        if ticket is None:
            return {"invalid"}
        if ticket.doubt:
            return {ADMITTED, REPEATED, REDEEMED}
        right = {_answer(ticket.persons, ticket.used, ticket.holds, lane, count)}
        for until_s, used, persons, holds in ticket.past:
            if now_s <= until_s + LATENCY_S:
                right.add(_answer(persons, used, holds, lane, count))
        if ticket.shown > 1:
            right.add(REDEEMED)  # the other lane may have decided first, and tell it later
        return right

    def settled(self, now_s: float, lane: int, seq: int, outcome: str, passed: int) -> str:
        """How a hold ended: "completed", "lapsed" or "unknown"; the ticket's identity."""
        identity = self._holds.pop((lane, seq), "")
        ticket = self._tickets.get(identity)
        if ticket is not None:
            self._change(ticket, now_s)
            granted = ticket.holds.pop((lane, seq))
            ticket.used += granted if outcome == "unknown" else passed
        return identity

    def open_holds(self, lanes: Container[int]) -> list[int]:
        """Which of `lanes` has somebody between scan and passage, one entry for each."""
        return [lane for lane, _ in self._holds if lane in lanes]

    def killed(self, now_s: float, lanes: Container[int]) -> None:
        """The gateway of `lanes` died, or its words were missed: what was under way is in doubt.

        Where a ticket is being shown is not known here: all of those are in doubt.
        """
        for ticket in self._tickets.values():
            lost = [place for place in ticket.holds if place[0] in lanes]
            if lost or ticket.shown or now_s - ticket.changed_s < UNSURE_S:
                ticket.doubt = True
            for place in lost:
                del ticket.holds[place]
        for place in [place for place in self._holds if place[0] in lanes]:
            del self._holds[place]

    def _change(self, ticket: _Ticket, now_s: float) -> None:
        ticket.past = [one for one in ticket.past if now_s <= one[0] + LATENCY_S]
        ticket.past.append((now_s, ticket.used, ticket.persons, dict(ticket.holds)))
        ticket.changed_s = now_s


def _answer(
    persons: int, used: int, holds: dict[tuple[int, int], int], lane: int, count: int
) -> str:
    if any(at == lane for at, _ in holds):
        return REPEATED
    return ADMITTED if used + sum(holds.values()) + count <= persons else REDEEMED
