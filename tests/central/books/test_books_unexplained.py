"""What bands show that no fact explains: how much, who saw it first, and never twice."""

from __future__ import annotations

import random
from typing import NamedTuple

import pytest

from central.books.unexplained import HELD, POSTED, REISSUED, VOIDED, Row, State, Step, began, steps
from central.money_rows import MONEY_COLUMNS, money_row
from tests.edge.core.purse import told
from tests.edge.core.test_wallet_issue import lost, replaced

START = State(0, 0, 0)
BAND, BAR = b"band-one-is-here", b"gateway-number-1"


class Slots(NamedTuple):
    """Facts about one band; each hold takes the next number."""

    rows: list[Row]

    def add(self, kind: int, number: int, target: State, base: State = START) -> None:
        at = len(self.rows) + 1
        txid = number.to_bytes(16, "big")
        self.rows.append(Row(kind, BAND, 1, txid, BAR, 5, at, at << 16, 3, base, target))

    def hold(self, number: int, base: tuple[int, ...], target: tuple[int, ...]) -> None:
        self.add(HELD, number, State(*target), State(*base))

    def pay(self, number: int, base: tuple[int, ...], target: tuple[int, ...]) -> None:
        self.hold(number, base, target)
        self.add(POSTED, number, State(*target))

    def void(self, number: int, base: tuple[int, ...], target: tuple[int, ...]) -> None:
        self.hold(number, base, target)
        self.add(VOIDED, number, State(*target))


@pytest.fixture
def band() -> Slots:
    """450 were paid with what was on it from the start."""
    slots = Slots([])
    slots.pay(1, (0, 0, 0), (1, 450, 0))
    return slots


def short(found: list[Step]) -> list[tuple[tuple[int, ...], int, int]]:
    return [(tuple(one.after), one.given_minor, one.debited_minor) for one in found]


def test_honest_taps_need_no_explanation(band: Slots) -> None:
    band.void(2, (1, 450, 0), (2, 500, 0))  # the next write skips what a void had aimed at
    band.pay(3, (1, 450, 0), (3, 600, 0))
    band.pay(4, (3, 600, 0), (4, 600, 100))
    band.hold(5, (4, 600, 100), (5, 700, 100))  # in doubt, and what was on the band in the end
    band.pay(6, (5, 700, 100), (6, 701, 100))
    # A faded slot was written again: the hold begins from what had been posted.
    band.pay(7, (6, 701, 100), (7, 702, 100))
    assert steps(band.rows) == []


def test_each_undoing_counts_once(band: Slots) -> None:
    band.hold(2, (2, 450, 450), (3, 550, 450))
    band.pay(3, (2, 450, 450), (4, 650, 450))  # the same reading again, by a second attempt
    band.pay(4, (5, 650, 650), (6, 660, 650))
    found = steps(band.rows)
    assert short(found) == [((2, 450, 450), 450, 0), ((5, 650, 650), 200, 0)]
    assert found[0].before == (1, 450, 0)
    assert [int.from_bytes(one.shown.txid, "big") for one in found] == [2, 4]
    assert steps(band.rows[::-1]) == found


def test_of_two_steps_at_once_each_counts_from_the_one_before(band: Slots) -> None:
    band.void(2, (2, 450, 100), (3, 500, 100))
    band.void(3, (4, 450, 300), (5, 500, 300))
    assert short(steps(band.rows)) == [((2, 450, 100), 100, 0), ((4, 450, 300), 200, 0)]


def test_what_was_taken_and_what_moved_alone_is_told(band: Slots) -> None:
    band.pay(2, (9, 950, 0), (10, 960, 0))
    band.pay(3, (30, 960, 0), (31, 961, 0))
    assert short(steps(band.rows)) == [((9, 950, 0), 0, 500), ((30, 960, 0), 0, 0)]


def test_a_total_that_went_down_is_money_given(band: Slots) -> None:
    band.pay(2, (2, 50, 0), (3, 60, 0))
    assert short(steps(band.rows)) == [((2, 50, 0), 400, 0)]


def test_what_was_voided_and_stands_on_the_band_is_told(band: Slots) -> None:
    band.void(2, (1, 450, 0), (2, 450, 450))
    band.pay(3, (2, 450, 450), (3, 500, 450))
    assert short(steps(band.rows)) == [((2, 450, 450), 450, 0)]
    band.add(POSTED, 2, State(2, 450, 450))
    assert steps(band.rows) == []


def test_a_posting_of_which_there_is_no_hold_is_told(band: Slots) -> None:
    band.add(POSTED, 2, State(2, 450, 300))
    assert short(steps(band.rows)) == [((2, 450, 300), 300, 0)]
    band.hold(2, (1, 450, 0), (2, 450, 300))
    assert steps(band.rows) == []


def test_a_copy_is_told_as_a_fork_alone(band: Slots) -> None:
    band.pay(2, (1, 450, 0), (2, 550, 0))
    band.add(POSTED, 3, State(2, 750, 0))  # its copy elsewhere, of which the hold is not here
    band.pay(4, (2, 750, 0), (3, 760, 0))
    assert steps(band.rows) == []
    # What is undone on the copy is compared with the copy.
    band.pay(5, (4, 760, 30), (5, 770, 30))
    band.pay(6, (2, 550, 0), (4, 560, 0))
    assert short(steps(band.rows)) == [((4, 760, 30), 30, 0)]


def test_an_epoch_begins_where_its_band_took_its_own_place() -> None:
    band = Slots([])
    assert began(1550, 2000) == (1, 2450, 0)
    band.add(REISSUED, 1, began(1550, 2000))
    band.pay(2, (1, 2450, 0), (2, 2460, 0))
    assert steps(band.rows) == []
    band.hold(3, (0, 0, 0), (3, 10, 0))
    assert short(steps(band.rows)) == [((0, 0, 0), 2450, 0)]


@pytest.mark.parametrize(("absorbed", "debited"), [(0, 0), (2500, 2500), (9000, 10_600)])
def test_where_it_begins_is_what_the_till_writes(absorbed: int, debited: int) -> None:
    gateway, band = lost(5000, 400 if absorbed < 9000 else 3600)
    medium = gateway.look(band).medium
    gateway.rules = told(medium, absorbed_minor=absorbed)
    for page in range(0x1C, 0x28):
        band.write(page, b"\xee" * 4)
    place = (bytes(16), BAR, 5, 1)
    row = dict(zip(MONEY_COLUMNS, money_row(place, replaced(gateway, medium, band)), strict=True))
    slot = gateway.look(band).base
    carried, signed = row["amount_minor"], row["absorbed_minor"]
    assert isinstance(carried, int) and isinstance(signed, int)
    assert began(carried, signed) == (slot.seq, slot.debited, slot.given) == (1, debited, 0)


def test_epochs_and_orders_are_one_as_another(band: Slots) -> None:
    band.pay(2, (2, 450, 450), (3, 500, 450))
    other = [row for row in band.rows if row.txid[-1] == 2]
    band.rows.extend(Row(**{**_told(row), "band_epoch": 2}) for row in other)
    found = steps(band.rows)
    assert len(found) == 2 and found[0].shown.band_epoch + found[1].shown.band_epoch == 3
    for seed in range(6):
        random.Random(seed).shuffle(band.rows)
        assert sorted(map(repr, steps(band.rows))) == sorted(map(repr, found))


def _told(row: Row) -> dict[str, object]:
    return {name: getattr(row, name) for name in Row.__struct_fields__}
