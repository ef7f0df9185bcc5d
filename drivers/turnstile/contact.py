"""One input, debounced by time: a contact counts when it has stayed for `debounce_s`."""

from __future__ import annotations


class Contact:
    """Samples in, edges out. `debounce_s` 0 believes each sample."""

    def __init__(self, debounce_s: float) -> None:
        self.closed = False
        self.closed_since = 0.0
        self.pending = False
        self._debounce_s = debounce_s
        self._changed_at = 0.0

    def settle(self, closed: bool, now: float) -> None:
        """Believe this level without an edge: the first sample after an absence."""
        self.closed = closed
        self.closed_since = now
        self.pending = False

    def sample(self, closed: bool, now: float) -> bool:
        """Take a sample; whether the believed level has changed with it."""
        if closed == self.closed:
            self.pending = False
            return False
        if not self.pending:
            self.pending = True
            self._changed_at = now
        if now - self._changed_at < self._debounce_s:
            return False
        self.settle(closed, now)
        return True
