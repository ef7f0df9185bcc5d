"""Who is inside: kept while facts are folded, and always what a count from scratch gives."""

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.counts import QUARTER_MS, Cell, Counts, recount
from edge.core.state import State
from tests.edge.core.desk import AFTER_EXIT, NOON_S, NORTH, ONCE, SOUTH, Desk, make_code, told
from tests.edge.core.test_state import Placed, folded, logs

NOON_MS = NOON_S * 1000


@settings(max_examples=200)
@given(logs())
def test_what_is_kept_equals_a_count_from_scratch(log: list[Placed]) -> None:
    state = folded(log)
    assert state.counts.dump() == recount(state).dump()
    assert State.load(state.dump()).counts.dump() == state.counts.dump()


@settings(max_examples=100)
@given(logs(), logs(), st.integers(0, 2))
def test_a_question_asked_before_changes_no_answer(
    first: list[Placed], second: list[Placed], since: int
) -> None:
    asked, quiet = folded(first), folded(first)
    asked.counts.inside([1, 2], since * QUARTER_MS)
    for gateway, epoch, seq, fact in second:
        asked.apply(gateway, epoch + 2, seq, fact)
        quiet.apply(gateway, epoch + 2, seq, fact)
    for at in (since, 0, 1):
        since_ms = at * QUARTER_MS
        assert asked.counts.inside([1, 2], since_ms) == quiet.counts.inside([1, 2], since_ms)


def test_entries_and_exits_by_gate_product_and_quarter() -> None:
    desk = Desk()
    desk.scan(make_code(1))
    desk.scan(make_code(2, product=AFTER_EXIT), gate=SOUTH)
    desk.now_s += 900
    desk.scan(make_code(2, product=AFTER_EXIT), way="exit")
    assert list(desk.state.counts.cells()) == [
        Cell(NOON_MS, NORTH, ONCE, 1, 0),
        Cell(NOON_MS, SOUTH, AFTER_EXIT, 1, 0),
        Cell(NOON_MS + QUARTER_MS, NORTH, AFTER_EXIT, 0, 1),
    ]
    later = [cell.from_ms for cell in desk.state.counts.cells(NOON_MS + 1)]
    assert later == [NOON_MS + QUARTER_MS]
    assert desk.state.counts.inside([NORTH, SOUTH]) == 1


def test_who_stands_before_the_barrier_counts_until_the_hold_lapses() -> None:
    desk = Desk()
    held = desk.hold(make_code(persons=5), count=5)
    assert desk.state.counts.inside([NORTH]) == 5
    desk.lapses(held, 2)
    assert desk.state.counts.inside([NORTH]) == 2


def test_who_was_there_before_is_not_counted_since() -> None:
    desk = Desk()
    desk.scan(make_code(1))
    desk.now_s += 900
    desk.scan(make_code(2))
    counts = desk.state.counts
    assert counts.inside([NORTH], NOON_MS + QUARTER_MS) == 1
    desk.scan(make_code(3))
    assert counts.inside([NORTH], NOON_MS + QUARTER_MS) == 2
    assert counts.inside([NORTH]) == 3


def test_nobody_is_less_than_nobody() -> None:
    desk = Desk()
    assert told(desk.scan(make_code(product=AFTER_EXIT), way="exit")) == "admitted"
    assert desk.state.counts.inside([NORTH]) == 0


def test_an_exit_that_is_heard_of_first_counts_for_its_product_later() -> None:
    desk = Desk()
    desk.scan(make_code(product=AFTER_EXIT), way="exit")
    desk.scan(make_code(product=AFTER_EXIT))
    assert [cell.product for cell in desk.state.counts.cells()] == [AFTER_EXIT]


def test_an_empty_count_is_loaded() -> None:
    assert Counts.load([]).dump() == []
