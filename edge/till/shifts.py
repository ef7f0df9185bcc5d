"""The drawer: a shift is opened with a float, counted blind and closed with a Z."""

from functools import partial
from typing import Literal

from crypto.money import CashMoved, ClosingMade, ShiftClosed, ShiftOpened
from edge.core.moments import Moment
from edge.core.till import Summary, expected_minor, summary
from edge.core.till_reasons import TillReason
from edge.core.till_rows import Shift
from edge.core.wallet_words import Make, Who
from edge.till.till import Till


class NotNow(Exception):
    """This cannot be done at the till now."""

    def __init__(self, reason: TillReason) -> None:
        super().__init__(reason.name.lower())
        self.reason = reason


def _who(till: Till, operator: int, shift: int) -> Who:
    return till.tills.who(till.number, shift, operator, False)


async def open_shift(till: Till, operator: int, float_minor: int) -> Shift:
    """Begin the next shift with `float_minor` in the drawer. Raises `NotNow`, `LedgerFull`."""
    if till.shift is not None:
        raise NotNow(TillReason.SHIFT_OPEN)
    known = till.tills.book.shifts.get(till.shift_key)
    if known is not None and known.opened_hlc and not known.z:
        raise NotNow(TillReason.NO_Z)
    if float_minor and not till.place.drawer:
        raise NotNow(TillReason.NO_DRAWER)
    number = till.shift_key[2] + 1
    await _record(till, partial(_opened, _who(till, operator, number), till, float_minor))
    assert till.shift is not None
    return till.shift


async def move_cash(till: Till, operator: int, amount_minor: int, because: str) -> Shift:
    """Money into or out of the drawer that no guest paid. Raises `NotNow`, `LedgerFull`."""
    if till.shift is None:
        raise NotNow(TillReason.SHIFT_CLOSED)
    if not till.place.drawer:
        raise NotNow(TillReason.NO_DRAWER)
    who = _who(till, operator, till.shift_key[2])
    await _record(till, partial(_moved, who, till, amount_minor, because))
    return till.tills.book.shifts[till.shift_key]


async def close_shift(till: Till, operator: int, counted_minor: int) -> Shift:
    """End the shift: what was counted is said before what was expected is shown.

    Raises `NotNow`, also while a work is under way, and `LedgerFull`.
    """
    shift = till.shift
    if shift is None:
        raise NotNow(TillReason.SHIFT_CLOSED)
    if till.work is not None and not till.work.quiet:
        raise NotNow(TillReason.TILL_BUSY)
    who = _who(till, operator, till.shift_key[2])
    await _record(till, partial(_closed, who, till, counted_minor))
    return till.tills.book.shifts[till.shift_key]


async def make_closing(
    till: Till, operator: int, closing: Literal["X", "Z"]
) -> tuple[ClosingMade, Summary]:
    """An X any time in a shift, the Z once, after the drawer was counted. Raises `NotNow`."""
    key, book = till.shift_key, till.tills.book
    shift = book.shifts.get(key)
    if shift is None or not shift.opened_hlc or shift.z:
        raise NotNow(TillReason.SHIFT_CLOSED)
    if closing == "Z" and not shift.closed_hlc:
        raise NotNow(TillReason.SHIFT_OPEN)
    found = summary(book, key)
    number = book.till(*key[:2]).z + 1 if closing == "Z" else 0
    made: list[ClosingMade] = []
    who = _who(till, operator, key[2])
    await _record(till, partial(_closing, who, till, closing, number, found, made))
    return made[0], found


async def _record(till: Till, make: Make) -> None:
    await till.tills.durable(till.tills.record(make))
    events = till.tills.gateway.events
    events.publish("till_shift", till=till.number, shift=till.shift_key[2])


def _head(
    who: Who, till: Till, hlc: int, now: Moment
) -> tuple[int, int, int, bytes, int, int, int, int]:
    txid = till.tills.new_id()
    return (hlc, now.day, now.offset_min, txid, who.till, who.operator, who.shift, who.marks)


def _opened(who: Who, till: Till, float_minor: int, hlc: int, now: Moment) -> ShiftOpened:
    return ShiftOpened(*_head(who, till, hlc, now), float_minor)


def _moved(who: Who, till: Till, amount: int, because: str, hlc: int, now: Moment) -> CashMoved:
    return CashMoved(*_head(who, till, hlc, now), amount, because)


def _closed(who: Who, till: Till, counted_minor: int, hlc: int, now: Moment) -> ShiftClosed:
    expected = expected_minor(till.tills.book.shifts[till.shift_key])
    return ShiftClosed(*_head(who, till, hlc, now), counted_minor, expected)


def _closing(
    who: Who, till: Till, closing: Literal["X", "Z"], number: int, found: Summary,
    made: list[ClosingMade], hlc: int, now: Moment,
) -> ClosingMade:  # fmt: skip
    fact = ClosingMade(
        *_head(who, till, hlc, now), closing, number, found.totals, found.perpetual_minor
    )
    made.append(fact)
    return fact
