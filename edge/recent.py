"""Scans of this gateway that may still be taken back, by the nonce of their presentation.

Only those of the last minutes are kept; after a restart they are found in the state again.
"""

from typing import Final

import msgspec

from edge.core.history import at_ms
from edge.core.holds import Hold
from edge.core.staff import ANNUL_WINDOW_MS
from edge.core.state import State

#: Longer than any window, so that "too late" can be told from "unknown".
KEPT_MS: Final = 8 * ANNUL_WINDOW_MS


class Annulment(msgspec.Struct, frozen=True):
    """What became of taking a scan back. `problem` "": done; else unknown_nonce (also of another
    gateway: only the owner can), open (it may still settle by itself), too_late or annulled.
    `seq`: of the scan; `fact_seq`: of the fact that took it back."""

    problem: str
    lane: int = 0
    seq: int = 0
    fact_seq: int = 0


class RecentHolds:
    """nonce -> where its hold stands, the oldest first."""

    def __init__(self) -> None:
        self._held: dict[bytes, tuple[int, bytes, int, int]] = {}

    def note(self, nonce: bytes, ticket: bytes, epoch: int, seq: int, now_ms: int) -> None:
        """A presentation was granted at `now_ms` (unix ms)."""
        self._held.pop(nonce, None)
        self._held[nonce] = (now_ms, ticket, epoch, seq)
        while (oldest := next(iter(self._held))) != nonce:
            if now_ms - self._held[oldest][0] <= KEPT_MS:
                break
            del self._held[oldest]

    def recall(self, state: State, gateway: bytes, now_ms: int) -> None:
        """Find those of before this process in the state."""
        found = [
            (at_ms(hold), hold.nonce, ticket, state.origins[hold.origin].epoch, hold.seq)
            for ticket, known in state.tickets.items()
            for hold in known.holds
            if hold.nonce and now_ms - at_ms(hold) <= KEPT_MS
            and state.origins[hold.origin].gateway == gateway
        ]  # fmt: skip
        for when_ms, nonce, ticket, epoch, seq in sorted(found):
            self.note(nonce, ticket, epoch, seq, when_ms)

    def find(self, state: State, gateway: bytes, nonce: bytes) -> tuple[bytes, int, Hold] | None:
        """(ticket, epoch, hold) of a nonce, None if it is not known (any more)."""
        place = self._held.get(nonce)
        if place is None:
            return None
        _, ticket, epoch, seq = place
        return ticket, epoch, state.hold(ticket, state.origin(gateway, epoch), seq)
