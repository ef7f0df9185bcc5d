"""What may be undone at a till, and what its closing says of what came late."""

import msgspec
import pytest

from crypto import money
from crypto.money import Line
from edge.core.till import by_receipt, expected_minor, summary, to_reverse, undone
from edge.core.till_reasons import TillReason
from edge.core.till_rows import Deal, Shift
from tests.edge.core.test_till_book import HERE, THERE, fold, head, held, posted, sold

KEY = (HERE, 2, 1)


def opened(shift: int = 1, till: int = 2) -> money.ShiftOpened:
    return money.ShiftOpened(**head(1, 90 + shift + till, shift, till=till), float_minor=100)


def test_the_way_to_a_reversal() -> None:
    book = fold(opened(), held(2, 1), posted(3, 1, receipt=4))
    txid = b"\1" * 16
    assert isinstance(to_reverse(book, KEY, txid, supervised=False), Deal)
    assert by_receipt(book, KEY, 4) == txid
    assert by_receipt(book, KEY, 5) == b""


@pytest.mark.parametrize(
    ("here", "supervised", "reason"),
    [
        ((THERE, 2, 1), True, TillReason.ELSEWHERE),
        ((HERE, 3, 1), False, TillReason.OTHER_TILL),
        ((HERE, 2, 2), True, TillReason.OTHER_SHIFT),
    ],
)
def test_not_here(here: tuple[bytes, int, int], supervised: bool, reason: TillReason) -> None:
    book = fold(opened(), held(2, 1), posted(3, 1))
    assert to_reverse(book, here, b"\1" * 16, supervised=supervised) is reason


def test_a_supervisor_at_another_till_while_its_shift_is_open() -> None:
    book = fold(opened(), held(2, 1), posted(3, 1))
    assert isinstance(to_reverse(book, (HERE, 3, 1), b"\1" * 16, supervised=True), Deal)
    book.fold(HERE, money.ShiftClosed(**head(9, 60), counted_minor=0, expected_minor=0))
    found = to_reverse(book, (HERE, 3, 1), b"\1" * 16, supervised=True)
    assert found is TillReason.OTHER_SHIFT


def test_neither_open_ones_nor_twice() -> None:
    book = fold(opened(), held(2, 1), sold(3, 2, cash=600))
    assert to_reverse(book, KEY, b"\1" * 16, supervised=False) is TillReason.NOT_REVERSIBLE
    assert to_reverse(book, KEY, b"\7" * 16, supervised=False) is TillReason.UNKNOWN_SALE
    book.fold(HERE, sold(4, 3, cash=-600, movement="reversal", reverses=b"\2" * 16))
    assert to_reverse(book, KEY, b"\2" * 16, supervised=False) is TillReason.REVERSED_ALREADY
    assert to_reverse(book, KEY, b"\3" * 16, supervised=False) is TillReason.NOT_REVERSIBLE


def test_lines_that_go_back() -> None:
    (line,) = undone([Line("article", 1, 2, 300, 600, 1)])
    assert (line.quantity, line.total_minor, line.unit_minor) == (-2, -600, 300)


def test_what_is_late_is_told_by_the_next_closing() -> None:
    """A debit of a shift that has its Z is posted afterwards, by a band seen again."""
    book = fold(opened(), held(2, 1), held(3, 2), posted(4, 2, receipt=1))
    first = summary(book, KEY)
    assert [txid for txid, _ in first.open] == [b"\1" * 16]
    assert (first.perpetual_minor, first.first_receipt, first.late_minor) == (1000, 1, 0)
    book.fold(
        HERE,
        money.ClosingMade(
            **head(5, 50), closing="Z", number=1, totals=first.totals, perpetual_minor=1000
        ),
    )
    assert summary(book, KEY).late_minor == 0
    book.fold(HERE, opened(2))
    book.fold(HERE, posted(7, 1, shift=2))
    found = summary(book, (HERE, 2, 2))
    assert (found.perpetual_minor, found.late_minor) == (2000, 1000)
    assert found.totals[-1] == money.Total("late", 0, 1000)


def test_the_lock_of_a_band_is_nothing_that_a_cashier_has_to_clear_up() -> None:
    lock = msgspec.structs.replace(held(2, 1), movement="adjustment", debit_minor=0, lines=[])
    assert summary(fold(opened(), lock), KEY).open == []


def test_what_should_be_in_the_drawer() -> None:
    shift = Shift(float_minor=100, moved_minor=-50, totals={"drawer": [2, 700]})
    assert expected_minor(shift) == 750
    assert expected_minor(Shift(totals={})) == 0
