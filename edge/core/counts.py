"""How many persons came in and went out: by gate, product and quarter of an hour. Pure.

A function of the holds: each counts `Hold.counted` persons at the quarter hour of its own clock,
an exit as the product of its ticket. Kept while facts are folded, and equal to a count from
scratch (`recount`). Quarters, because every zone's local days and hours are made of them.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

import msgspec

from crypto.fact import HLC_COUNTER_BITS

if TYPE_CHECKING:
    from edge.core.state import State

QUARTER_MS: Final = 900_000
_LOW: Final = 0xFFFF


class Cell(msgspec.Struct, frozen=True, gc=False):
    """Persons who came in and went out at `gate` in the quarter hour from `from_ms` (unix ms)."""

    from_ms: int
    gate: int
    product: int
    came: int
    left: int


class Counts:
    """The cells, and beside them who is inside since a time that was asked for before."""

    __slots__ = ("_cells", "_net", "_since")

    def __init__(self) -> None:
        # quarter << 32 | gate << 16 | product -> [came, left]
        self._cells: dict[int, list[int]] = {}
        self._since = 0
        self._net: dict[int, int] = {}

    def add(self, hlc: int, gate: int, product: int, leaving: bool, persons: int) -> None:
        """Count `persons` (negative: less than were counted) at the clock of a hold."""
        quarter = (hlc >> HLC_COUNTER_BITS) // QUARTER_MS
        key = quarter << 32 | gate << 16 | product
        cell = self._cells.get(key)
        if cell is None:
            cell = self._cells[key] = [0, 0]
        if leaving:
            cell[1] += persons
            persons = -persons
        else:
            cell[0] += persons
        if quarter >= self._since:
            self._net[gate] = self._net.get(gate, 0) + persons

    def inside(self, gates: Iterable[int], since_ms: int = 0) -> int:
        """Persons who came in by `gates` since then and did not leave by one of them.

        The first question about another `since_ms` counts all cells, the next ones none.
        """
        since = since_ms // QUARTER_MS
        if since != self._since:
            self._since, self._net = since, {}
            for key, (came, left) in self._cells.items():
                if key >> 32 >= since:
                    gate = key >> 16 & _LOW
                    self._net[gate] = self._net.get(gate, 0) + came - left
        net = self._net
        # Below 0: somebody left who was let in where nobody scans.
        return max(0, sum([net.get(gate, 0) for gate in gates]))

    def cells(self, since_ms: int = 0) -> Iterator[Cell]:
        """Every cell in which somebody was counted, since then, in order."""
        for key, came, left in self.dump():
            if (key >> 32) * QUARTER_MS >= since_ms:
                gate, product = key >> 16 & _LOW, key & _LOW
                yield Cell((key >> 32) * QUARTER_MS, gate, product, came, left)

    def dump(self) -> list[tuple[int, int, int]]:
        """(key, came, left), the same for the same set of facts."""
        return [
            (key, cell[0], cell[1]) for key, cell in sorted(self._cells.items()) if cell != [0, 0]
        ]

    @classmethod
    def load(cls, rows: list[tuple[int, int, int]]) -> "Counts":
        """What `dump` gave."""
        counts = cls()
        for key, came, left in rows:
            counts._cells[key] = [came, left]
            gate = key >> 16 & _LOW
            counts._net[gate] = counts._net.get(gate, 0) + came - left
        return counts


def recount(state: "State") -> Counts:
    """The same from scratch, from the holds alone."""
    counts = Counts()
    for ticket in state.tickets.values():
        for hold in ticket.holds:
            if hold.counted:
                counts.add(hold.hlc, hold.gate, ticket.product, hold.exit, hold.counted)
    return counts
