"""Holds, and who was admitted twice, from rows alone; the same sum for ledger and centre.

A hold of n persons counts n until it lapses; then it counts those who passed. An open one and
one whose end nobody knows count in full. At no moment may a ticket without re-entry count more
than it is for.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from edge.demo.rows import Row

ADMITTED: Final = 10
REFUSED: Final = 11
COMPLETED: Final = 12
LAPSED: Final = 13
UNKNOWN: Final = 14


@dataclass
class Hold:
    """One admission and how it ended: "open", "completed", "lapsed" or "unknown"."""

    row: Row
    granted: int
    passed: int = 0
    end: str = "open"

    @property
    def used(self) -> int:
        """Persons that count as through."""
        return self.passed if self.end == "lapsed" else self.granted


@dataclass(frozen=True)
class Double:
    """A ticket that let in more than it is for, by the admission that was one too many."""

    ticket: str
    persons: int
    used: int
    by: Row

    def __str__(self) -> str:
        return (
            f"ticket {shown(self.ticket)} is for {self.persons} and let in {self.used}:"
            f" the last by {self.by}"
        )


@dataclass(frozen=True)
class Accounts:
    """What the facts amount to. `refused`: by reason number.

    `regained`: tickets that were admitted again after a passage of theirs had lapsed unused.
    """

    admitted: int
    persons: int
    completed: int
    lapsed: int
    unknown: int
    open: int
    refused: dict[int, int]
    doubles: list[Double]
    regained: frozenset[str] = frozenset()


def account(rows: Iterable[Row]) -> Accounts:
    """Add up the facts of any number of logs, in the order of their clocks."""
    holds: dict[tuple[str, int, int], Hold] = {}
    by_ticket: dict[str, list[Hold]] = {}
    refused: dict[int, int] = {}
    doubles: dict[str, Double] = {}
    regained: set[str] = set()
    for row in sorted(rows, key=lambda row: (row.hlc, *row.place)):
        if row.kind == ADMITTED:
            hold = holds[row.place] = Hold(row, row.persons or 0)
            held = by_ticket.setdefault(row.ticket or "", [])
            if any(one.end == "lapsed" and not one.passed for one in held):
                regained.add(row.ticket or "")
            held.append(hold)
            used = sum(one.used for one in held)
            persons = max(one.row.ticket_persons or 0 for one in held)
            if used > persons:
                doubles[row.ticket or ""] = Double(row.ticket or "", persons, used, row)
        elif row.kind == REFUSED and row.code is not None:
            refused[row.code] = refused.get(row.code, 0) + (row.persons or 0)
        elif row.kind in (COMPLETED, LAPSED, UNKNOWN):
            _settle(holds.get((row.gateway, row.of_epoch or 0, row.of_seq or 0)), row)
    ends = [hold.end for hold in holds.values()]
    return Accounts(
        len(holds), sum(hold.used for hold in holds.values()), ends.count("completed"),
        ends.count("lapsed"), ends.count("unknown"), ends.count("open"), refused,
        list(doubles.values()), frozenset(regained - doubles.keys()),
    )  # fmt: skip


def _settle(hold: Hold | None, row: Row) -> None:
    if hold is None:
        return
    hold.passed = max(hold.passed, row.persons or 0)
    if row.kind == UNKNOWN:
        hold.end = "unknown"
    elif row.kind == LAPSED:
        hold.end = "lapsed"
    elif hold.passed >= hold.granted:
        hold.end = "completed"


def shown(ticket: str) -> str:
    """A ticket's identity (hex of issuer ':' id) as people see it."""
    issuer, _, raw = bytes.fromhex(ticket).partition(b":")
    return f"{issuer.decode('ascii', 'replace')}:{raw.hex()}"
