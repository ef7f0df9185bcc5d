"""Refusals turned into few facts: a flood of garbage must not fill the ledger.

Texts that name no ticket give one counted fact per lane, reason and minute. A ticket that is
refused again for the same reason on the same lane within the minute is counted, too; its first
refusal is a fact at once.
"""

from typing import Final

from crypto.entry import AdmissionRefused
from edge.core.reasons import Reason

MINUTE_MS: Final = 60_000
# Different tickets refused on one lane within a minute; beyond it refusals are only counted.
TICKETS_PER_MINUTE_MAX: Final = 600


class RefusalMeter:
    """Counts for one lane. The owner calls `flush` about once a second and at the end."""

    def __init__(self) -> None:
        self._minute = 0
        self._counts: dict[tuple[Reason, bytes], int] = {}

    def garbage(self, reason: Reason) -> None:
        """Count a refusal of a text that names no ticket."""
        self._counts[(reason, b"")] = self._counts.get((reason, b""), 0) + 1

    def repeats(self, fact: AdmissionRefused) -> bool:
        """Whether `fact` only repeats what was said within this minute; it is counted then."""
        key = (Reason(fact.reason), fact.ticket_hash)
        if key in self._counts:
            self._counts[key] += 1
            return True
        if len(self._counts) >= TICKETS_PER_MINUTE_MAX:
            self.garbage(Reason(fact.reason))
            return True
        self._counts[key] = 0
        return False

    def flush(self, now_ms: int, *, force: bool = False) -> list[tuple[Reason, bytes, int]]:
        """(reason, ticket hash, count) of the minute that is over, or of this one if `force`."""
        minute = now_ms // MINUTE_MS
        if minute == self._minute and not force:
            return []
        self._minute = minute
        counts, self._counts = self._counts, {}
        return [(*key, count) for key, count in counts.items() if count]
