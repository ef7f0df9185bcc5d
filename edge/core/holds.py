"""What the state keeps of one ticket: its holds; and of one log: how much of it was folded."""

from bisect import bisect_left
from typing import Final

import msgspec

OPEN: Final = 0
LAPSED: Final = 1
UNKNOWN: Final = 2
ANNULLED: Final = 3


class Hold(msgspec.Struct, array_like=True, gc=False):
    """One grant: an entry of `granted` persons, or an exit, and how it ended.

    `origin` indexes `State.origins`; `hlc` 0 = the grant itself has not arrived yet. `persons`:
    what the ticket is for in all; `reentry`: those of its marks that say what its product allows.
    """

    origin: int
    seq: int
    hlc: int = 0
    day: int = 0
    offset_min: int = 0
    lane: int = 0
    gate: int = 0
    granted: int = 0
    exit: bool = False
    nonce: bytes = b""
    passed: int = 0
    status: int = OPEN
    closed_hlc: int = 0
    persons: int = 0
    reentry: int = 0

    @property
    def used(self) -> int:
        """Persons that count as through: all of an open or unknown hold, else those who passed."""
        if self.status == ANNULLED:
            return 0
        return self.passed if self.status == LAPSED else self.granted

    @property
    def walked(self) -> int:
        """Persons who have gone through: what counts of an exit."""
        return 0 if self.status == ANNULLED else self.passed

    @property
    def counted(self) -> int:
        """Persons that `counts` counts; nobody before the grant itself has arrived."""
        if not self.hlc:
            return 0
        return self.walked if self.exit else self.used

    @property
    def open(self) -> bool:
        """Whether somebody may still walk on this grant."""
        return self.status == OPEN and self.passed < self.granted


class Ticket(msgspec.Struct, array_like=True, gc=False):
    """All that happened to one identity. `issued_at`: newest code admitted, unix s.

    `product`: what it is of; the highest number, should its codes have named several.
    """

    issued_at: int = 0
    holds: list[Hold] = []
    product: int = 0


class Origin(msgspec.Struct, array_like=True, gc=False):
    """How much of one log (gateway, epoch) has been folded: all below `next`, and `beyond`.

    `hlc`: the highest clock in it.
    """

    gateway: bytes
    epoch: int
    next: int = 1
    beyond: list[int] = []
    hlc: int = 0

    def mark(self, seq: int) -> bool:
        """Note `seq` as folded; False if it was already."""
        if seq == self.next:
            self.next += 1
            joined = 0
            while joined < len(self.beyond) and self.beyond[joined] == self.next:
                joined += 1
                self.next += 1
            del self.beyond[:joined]
            return True
        # A lost block leaves a gap for ever, and a million facts may follow it: no linear search.
        at = bisect_left(self.beyond, seq)
        if seq < self.next or (at < len(self.beyond) and self.beyond[at] == seq):
            return False
        self.beyond.insert(at, seq)
        return True
