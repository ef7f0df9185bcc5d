"""Holds whose end follows from other facts are ended by a fact of their own.

A guest may leave in doubt and pay at another bar; the hold there proves what became of the one
here. Tills, receipts and the centre go by facts about the hold itself, so whoever made it says so,
also when the band is never shown again.
"""

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from edge.core.wallet_look import settled_by_others
from edge.core.wallet_words import Who
from edge.ledger.errors import LedgerFull

if TYPE_CHECKING:
    from edge.till.tills import Tills

#: Holds that are looked at in one tick: all of them in turn, some milliseconds at a time.
HOLDS_MAX: Final = 100


class Settling:
    """Goes through the holds of this gateway that no fact has posted."""

    def __init__(self, tills: "Tills") -> None:
        self._tills = tills
        self._round: list[tuple[bytes, bytes]] = []

    def look(self) -> None:
        """Record what has become of some of them, if others prove it."""
        gateway = self._tills.gateway
        unposted = gateway.state.wallets.unposted
        self._round = self._round or list(unposted)
        due, self._round = self._round[:HOLDS_MAX], self._round[HOLDS_MAX:]
        serving = {work.held for work in self._tills.serving.values()}
        for medium, txid in due:
            row = unposted.get((medium, txid))
            if row is None or row.gateway != gateway.identity or txid in serving:
                continue
            outcome = settled_by_others(gateway.state.wallets.account(medium), row)
            if outcome is not None:
                who = Who(row.till, 0, row.shift, self._tills.gateway_index)
                with suppress(LedgerFull):  # the next round finds it again
                    gateway.record(outcome.make(who))
