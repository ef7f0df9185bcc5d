"""What a till may undo, and what its closing says. Pure; the book is `edge.core.till_book`."""

from typing import Final, NamedTuple

import msgspec

from crypto.money import MARK_TRAINING, Line, Total
from edge.core.till_book import TillBook
from edge.core.till_reasons import TillReason
from edge.core.till_rows import OPEN, POSTED, Deal, Shift, ShiftKey
from edge.core.till_totals import LOADS, rows

_UNDOABLE = frozenset({"sale", "deposit_return"})


def to_reverse(
    book: TillBook, here: ShiftKey, txid: bytes, *, supervised: bool
) -> Deal | TillReason:
    """The movement that may be taken back now, or why it may not.

    Same gateway, same shift; the same till, or a supervisor at another one. Never twice, and the
    parts of a basket each for themselves.
    """
    deal = book.deals.get(txid)
    if txid in book.done:
        return TillReason.OTHER_SHIFT
    if deal is None or not deal.hlc:
        return TillReason.UNKNOWN_SALE
    if deal.gateway != here[0]:
        return TillReason.ELSEWHERE
    if deal.till != here[1] and not supervised:
        return TillReason.OTHER_TILL
    if deal.till == here[1] and deal.shift != here[2]:
        return TillReason.OTHER_SHIFT
    if deal.movement not in _UNDOABLE or deal.status != POSTED or deal.marks & MARK_TRAINING:
        return TillReason.NOT_REVERSIBLE
    if deal.till != here[1] and _closed(book, deal):
        return TillReason.OTHER_SHIFT
    if book.reversals(txid):
        return TillReason.REVERSED_ALREADY
    return deal


def _closed(book: TillBook, deal: Deal) -> bool:
    shift = book.shifts.get((deal.gateway, deal.till, deal.shift))
    return shift is None or bool(shift.closed_hlc)


def by_receipt(book: TillBook, here: ShiftKey, number: int) -> bytes:
    """The transaction of a receipt of this shift; empty if there is none."""
    for txid, deal in book.of_shift(here):
        if deal.receipt == number:
            return txid
    return b""


def undone(lines: list[Line]) -> list[Line]:
    """The same lines going back."""
    return [
        msgspec.structs.replace(line, quantity=-line.quantity, total_minor=-line.total_minor)
        for line in lines
    ]


#: A top-up is there or will be; an adjustment locks a band.
_NEVER_OPEN: Final = frozenset({"top_up", "adjustment"})


class Summary(NamedTuple):
    """What an X or Z says. `open`: movements that nobody knows the end of yet, and that move money:
    the lock of a band is one by form only."""

    totals: list[Total]
    expected_minor: int
    perpetual_minor: int
    late_minor: int
    open: list[tuple[bytes, Deal]]
    first_receipt: int
    last_receipt: int


def summary(book: TillBook, here: ShiftKey) -> Summary:
    """The shift as it stands now."""
    shift = book.shifts.get(here) or Shift(totals={}, training={})
    mark = book.till(here[0], here[1])
    deals = book.of_shift(here)
    receipts = [deal.receipt for _, deal in deals if deal.receipt]
    sold = sum(deal.net_minor for _, deal in deals if _turnover(deal))
    late = mark.perpetual_minor - mark.z_perpetual_minor - sold
    totals = rows(shift.totals, shift.training)
    if late and not shift.z:
        totals.append(Total("late", 0, late))
    return Summary(
        totals, expected_minor(shift), mark.perpetual_minor, 0 if shift.z else late,
        in_doubt(book, here),
        min(receipts, default=0), max(receipts, default=0),
    )  # fmt: skip


def in_doubt(book: TillBook, here: ShiftKey) -> list[tuple[bytes, Deal]]:
    """The shift's movements that nobody knows the end of, oldest first. None of them is packed, so
    that pages may ask every other second in the longest shift."""
    found = [
        (txid, deal)
        for txid, deal in book.deals.hot.items()
        if deal.status == OPEN and deal.hlc and deal.movement not in _NEVER_OPEN
        and (deal.gateway, deal.till, deal.shift) == here
    ]  # fmt: skip
    return sorted(found, key=lambda each: (each[1].hlc, each[0]))


def _turnover(deal: Deal) -> bool:
    """Whether the perpetual total counts it: sold, and what was taken back of it."""
    loads = deal.movement in LOADS
    return bool(deal.given) and not loads and not deal.marks & MARK_TRAINING


def expected_minor(shift: Shift) -> int:
    """What should be in the drawer: float, what was moved, and all cash that was paid."""
    drawer = shift.totals.get("drawer", [0, 0])[1]
    return shift.float_minor + shift.moved_minor + drawer
