"""Mistakes that somebody could make with bands and money, as patches of the real code.

Never a flag of the product. Each must be found; one that survives means that a check is missing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

from crypto.medium import CHIPS, pages
from crypto.money import DebitHeld, ToppedUp
from drivers.reader import BandUnsure, Chip
from drivers.reader.tap import Tap as ReaderTap
from edge.core import wallet_conflicts, wallet_hold, wallet_look, wallet_rows
from edge.core.till_book import TillBook
from edge.core.wallet_reasons import WalletReason
from edge.core.wallet_rows import OPEN, POSTED, VOIDED, Account
from edge.core.wallet_words import Refused
from edge.core.wallets import Wallets
from edge.till import debit
from edge.till.tills import Tills

Plant = Callable[[], contextlib.AbstractContextManager[Any]]
FAULTS: dict[str, Plant] = {}
#: Where each is looked for first: at a flow and chip of `every`, or at a seed.
FOUND_AT: dict[str, tuple[str, Chip] | int] = {}


def fault(
    where: tuple[str, Chip] | int,
) -> Callable[[Callable[[], Iterator[None]]], Callable[[], Iterator[None]]]:
    """A mistake that can be named; it yields while it is planted."""

    def plant(made: Callable[[], Iterator[None]]) -> Callable[[], Iterator[None]]:
        FAULTS[made.__name__] = contextlib.contextmanager(made)
        FOUND_AT[made.__name__] = where
        return made

    return plant


@fault(("sale", Chip.NTAG213))
def looks_only_for_our_own_slot() -> Iterator[None]:
    """What later holds have read proves nothing."""

    def status(self: Account, row: Any) -> int:
        return POSTED if row.ended & POSTED else VOIDED if row.ended else OPEN

    with patch.object(Account, "status", status):
        yield


@fault(("sale", Chip.NTAG213))
def voids_when_the_base_merely_differs() -> Iterator[None]:
    """Whatever is in doubt did not happen."""
    real = wallet_look._settle

    def settle(seen: Any, reading: Any) -> None:
        real(seen, reading)
        for txid in seen.in_doubt:
            row = seen.account.rows[txid]
            seen.resolutions += (wallet_look._outcome(row, VOIDED, "base_current"),)
        seen.in_doubt = ()

    with patch.object(wallet_look, "_settle", settle):
        yield


@fault(("sale", Chip.NTAG213))
def writes_the_winning_slot() -> Iterator[None]:
    real = wallet_hold._held

    def held(look: Any, reading: Any, *rest: Any) -> Any:
        made = real(look, reading, *rest)
        page = CHIPS[look.tap.chip].slot_pages[reading.current]
        chip, _, raw, before, counter = made.place
        return made._replace(writes=pages(page, raw), place=(chip, page, raw, before, counter))

    with patch.object(wallet_hold, "_held", held):
        yield


@fault(0)
def seq_used_again_after_a_known_hold() -> Iterator[None]:
    real = wallet_hold._target

    def target(look: Any, *rest: Any) -> Any:
        mark = look.account.mark
        kept, mark.ahead = mark.ahead, 0
        try:
            return real(look, *rest)
        finally:
            mark.ahead = kept

    with patch.object(wallet_hold, "_target", target):
        yield


@fault(("sale", Chip.NTAG213))
def posts_before_it_reads_back() -> Iterator[None]:
    with patch("edge.core.wallet.judge", lambda held, tap: "posted"):
        yield


def _impatient(kind: type) -> Any:
    real = Tills.durable

    async def durable(self: Tills, seq: int) -> None:
        pending = self.gateway.ledger.pending  # type: ignore[attr-defined]
        if not (pending and isinstance(pending[-1], kind)):
            await real(self, seq)

    return patch.object(Tills, "durable", durable)


@fault(("sale", Chip.NTAG213))
def hold_durable_after_the_band_is_written() -> Iterator[None]:
    with _impatient(DebitHeld):
        yield


@fault(2)
def certificate_written_before_its_fact_is_durable() -> Iterator[None]:
    with _impatient(ToppedUp):
        yield


@fault(("sale", Chip.UL_C))
def increment_repeated() -> Iterator[None]:
    """As libraries do when an answer is lost."""
    real = ReaderTap.increment

    async def increment(self: ReaderTap) -> None:
        try:
            await real(self)
        except BandUnsure:
            await real(self)

    with patch.object(ReaderTap, "increment", increment):
        yield


@fault(0)
def exposure_not_counted_when_unheard() -> Iterator[None]:
    with patch.object(Tills, "unheard", lambda self, now_ms: False):
        yield


@fault(39)
def void_beats_posted() -> Iterator[None]:
    real = Account.status

    def status(self: Account, row: Any) -> int:
        return VOIDED if row.ended & VOIDED else real(self, row)

    with patch.object(Account, "status", status):
        yield


@fault(14)
def high_water_by_seq_alone() -> Iterator[None]:
    def behind(seen: Any, now: bytes) -> WalletReason | None:
        mark = seen.account.mark
        late = mark.epoch == seen.epoch and now[:2] < mark.top[:2]
        return WalletReason.BEHIND if late else None

    with (
        patch.object(wallet_look, "_behind", behind),
        patch.object(Wallets, "_fork", lambda *_: None),
        patch.object(Wallets, "_split", lambda *_: None),
    ):
        yield


@fault(1)
def gives_back_more_than_was_taken() -> Iterator[None]:
    real = wallet_hold._undoing

    def undoing(look: Any, order: Any) -> Any:
        found = real(look, order)
        too_much = isinstance(found, Refused) and found.reason is WalletReason.GIVEN_TOO_MUCH
        return None if too_much else found

    with patch.object(wallet_hold, "_undoing", undoing):
        yield


@fault(("sale", Chip.NTAG213))
def same_basket_paid_anew_after_it_was_paid() -> Iterator[None]:
    async def settled_before(*_: Any) -> bool:
        return False

    with (
        patch.object(wallet_hold, "_before", lambda look, order: None),
        patch.object(debit, "_settled_before", settled_before),
    ):
        yield


@fault(0)
def paid_is_said_before_it_is_durable() -> Iterator[None]:
    async def must(self: Tills, make: Any) -> None:
        self.gateway.must_record(make)

    with patch.object(Tills, "must", must):
        yield


@fault(2)
def reversed_as_often_as_asked() -> Iterator[None]:
    real = wallet_hold._undoing

    def undoing(look: Any, order: Any) -> Any:
        found = real(look, order)
        again = isinstance(found, Refused) and found.reason is WalletReason.ALREADY_REVERSED
        return None if again else found

    with (
        patch.object(wallet_hold, "_undoing", undoing),
        patch.object(TillBook, "reversals", lambda self, txid: []),
    ):
        yield


@fault(8)
def codes_used_twice_unnoticed() -> Iterator[None]:
    with patch.object(wallet_conflicts, "_sources", lambda *_: []):
        yield


@fault(0)
def what_was_heard_last_is_the_mark() -> Iterator[None]:
    """A fold that asks in which order facts came."""
    real = wallet_rows.Mark.reach

    def reach(self: Any, epoch: int, packed: bytes) -> None:
        real(self, epoch, packed)
        if epoch == self.epoch and any(packed):
            self.top = packed

    with patch.object(wallet_rows.Mark, "reach", reach):
        yield
