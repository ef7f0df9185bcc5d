"""Every double admission is one conflict, for all who know the same facts."""

import hashlib
import itertools
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.entry import (
    MARK_INNER,
    MARK_PER_DAY,
    MARK_REENTRY_AFTER_EXIT,
    MARK_REENTRY_UNLIMITED,
    Admitted,
    AnyFact,
    ExitRecorded,
    PassageCompleted,
    PassageLapsed,
)
from edge.core.conflicts import as_fact, conflict_id, conflicts, unrecorded
from edge.core.moments import Moment
from edge.core.state import State, place_of
from tests.edge.core.desk import AFTER_EXIT, ONCE, UNLIMITED, A, B, Desk, identity, make_code

C = b"C" * 16
TICKET = identity(1)
NOW = Moment(9000, 20260101, 60)
Placed = tuple[bytes, int, AnyFact]


def entry(minute: int, *, granted: int = 1, persons: int = 1, marks: int = 0) -> Admitted:
    return Admitted(
        minute << 16, 20260101, 60, 3, 1, TICKET, 5, 1, 0, granted, persons, b"", marks
    )  # fmt: skip


def leaves(minute: int) -> ExitRecorded:
    return ExitRecorded(minute << 16, 20260101, 60, 4, 1, TICKET, b"")


def went(seq: int, passed: int = 1) -> PassageCompleted:
    return PassageCompleted(90 << 16, 20260101, 60, 3, TICKET, 1, seq, passed)


def folded(*placed: Placed) -> State:
    state = State()
    for gateway, seq, fact in placed:
        state.apply(gateway, 1, seq, fact)
    return state


def found(*placed: Placed) -> list[tuple[bytes, bytes]]:
    """(gateway of the earlier, gateway of the later), the same in every order of arrival."""
    orders = [placed] if len(placed) > 5 else list(itertools.permutations(placed))
    told = {str(conflicts(folded(*order), TICKET)): folded(*order) for order in orders}
    assert len(told) == 1
    state = next(iter(told.values()))
    return [(early.gateway, late.gateway) for early, late in conflicts(state, TICKET)]


def test_a_copy_at_two_gateways_is_one_conflict() -> None:
    assert found((A, 1, entry(1)), (B, 1, entry(2))) == [(A, B)]


def test_of_two_admissions_at_once_the_order_of_gateways_decides() -> None:
    assert found((A, 1, entry(1)), (B, 1, entry(1))) == [(A, B)]


def test_each_admission_too_many_is_one_conflict() -> None:
    assert found((A, 1, entry(1)), (B, 1, entry(2)), (C, 1, entry(3))) == [(A, B), (B, C)]


def test_an_admission_that_was_given_back_is_none() -> None:
    lapsed = PassageLapsed(90 << 16, 20260101, 60, 3, TICKET, 1, 1, 0)
    assert found((A, 1, entry(1)), (A, 2, lapsed), (B, 1, entry(2))) == []


def test_a_gateway_alone_makes_no_conflict() -> None:
    assert found((A, 1, entry(1)), (A, 2, entry(2))) == []
    assert found((A, 1, entry(1))) == []
    assert conflicts(State(), TICKET) == []


def test_the_rest_of_a_group_may_come_elsewhere() -> None:
    group = {"persons": 4, "granted": 2}
    assert found((A, 1, entry(1, **group)), (B, 1, entry(2, **group))) == []
    assert found(
        (A, 1, entry(1, **group)), (B, 1, entry(2, **group)), (C, 1, entry(3, **group))
    ) == [(B, C)]


def test_coming_again_without_leaving_is_a_conflict_after_exit_only() -> None:
    after = {"marks": MARK_REENTRY_AFTER_EXIT}
    assert found((A, 1, entry(1, **after)), (B, 1, entry(2, **after))) == [(A, B)]
    assert found(
        (A, 1, entry(1, **after)), (C, 1, leaves(2)), (C, 2, went(1)), (B, 1, entry(3, **after))
    ) == []  # fmt: skip
    free = {"marks": MARK_REENTRY_UNLIMITED}
    assert found((A, 1, entry(1, **free)), (B, 1, entry(2, **free))) == []


@pytest.mark.parametrize(
    ("product", "mark"),
    [(ONCE, 0), (AFTER_EXIT, MARK_REENTRY_AFTER_EXIT), (UNLIMITED, MARK_REENTRY_UNLIMITED)],
)
def test_an_admission_says_what_its_product_allows(product: int, mark: int) -> None:
    decision = Desk().scan(make_code(product=product))
    assert isinstance(decision.fact, Admitted)
    assert decision.fact.marks & (MARK_REENTRY_AFTER_EXIT | MARK_REENTRY_UNLIMITED) == mark


def test_two_desks_that_did_not_hear_of_each_other() -> None:
    north, south = Desk(), Desk()
    north.scan(make_code(1))
    south.now_s += 60
    south.scan(make_code(1), gateway=B)
    for gateway, seq, fact in south.facts:
        north.state.apply(gateway, 1, seq, fact)
    ((ticket, earlier, later),) = unrecorded(north.state, north.state.suspects)
    assert (ticket, earlier.gateway, later.gateway) == (TICKET, A, B)
    admitted = south.facts[0][2]
    assert isinstance(admitted, Admitted)
    assert (later.gate, later.lane, later.hlc) == (1, 1, admitted.hlc)


def test_what_was_recorded_by_anybody_is_recorded() -> None:
    state = folded((A, 1, entry(1)), (B, 1, entry(2)))
    ((ticket, earlier, later),) = unrecorded(state, state.suspects)
    fact = as_fact(ticket, earlier, later, 99, NOW)
    assert fact.id == conflict_id((A, 1, 1), (B, 1, 1)) == conflict_id((B, 1, 1), (A, 1, 1))
    by_hand = A + (1).to_bytes(4, "big") + (1).to_bytes(8, "big")
    by_hand += B + (1).to_bytes(4, "big") + (1).to_bytes(8, "big")
    assert fact.id == hashlib.sha256(by_hand).digest()[:16]
    state.apply(C, 1, 1, fact)
    assert unrecorded(state, [TICKET]) == []
    assert list(state.conflicts) == [place_of(later)]


def test_records_of_one_conflict_merge_to_the_first() -> None:
    """Two gateways, each with half of the story: B after A, or B after C."""
    whole = ((A, 1, entry(1)), (C, 1, entry(2)), (B, 1, entry(3)))
    records = []
    for hlc, seen in ((50, (whole[0], whole[2])), (40, (whole[1], whole[2]))):
        state = folded(*seen)
        records += [as_fact(*each, hlc, NOW) for each in unrecorded(state, state.suspects)]
    assert records[0].id != records[1].id
    told: list[Placed] = [*whole, (A, 2, records[0]), (C, 2, records[1])]
    dumps = set()
    for order in itertools.permutations(told):
        state = folded(*order)
        assert [f.fact for f in state.conflicts.values()] == [records[1]]
        assert [late.gateway for _, _, late in unrecorded(state, [TICKET])] == [C]
        dumps.add(state.dump())
        assert State.load(state.dump()).conflicts == state.conflicts
    assert len(dumps) == 1


@st.composite
def stories(draw: st.DrawFn) -> list[Placed]:
    """Entries and exits of one ticket at three gateways, in any order of clocks."""
    mark = draw(st.sampled_from([0, MARK_REENTRY_AFTER_EXIT, MARK_REENTRY_UNLIMITED]))
    persons = draw(st.integers(1, 3))
    placed: list[Placed] = []
    for gateway in (A, B, C):
        for seq in range(1, draw(st.integers(1, 4))):
            minute = draw(st.integers(1, 9))
            fact: Any = leaves(minute)
            if draw(st.integers(0, 3)):
                fact = entry(minute, persons=persons, granted=draw(st.integers(1, 2)), marks=mark)
            placed.append((gateway, seq, fact))
    return placed


@settings(max_examples=150)
@given(stories(), st.data())
def test_the_same_facts_give_the_same_conflicts(placed: list[Placed], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(placed))
    one, other = folded(*placed), folded(*shuffled)
    assert conflicts(one, TICKET) == conflicts(other, TICKET)
    if conflicts(one, TICKET):  # nobody who has all the facts overlooks them
        assert TICKET in one.suspects
        assert TICKET in other.suspects


@settings(max_examples=150)
@given(stories(), st.data())
def test_without_exits_a_further_fact_never_takes_a_conflict_back(
    placed: list[Placed], data: st.DataObject
) -> None:
    entries = [each for each in placed if isinstance(each[2], Admitted)]
    some = data.draw(st.lists(st.sampled_from(entries), unique_by=id)) if entries else []
    before = {place_of(late) for _, late in conflicts(folded(*some), TICKET)}
    after = {place_of(late) for _, late in conflicts(folded(*entries), TICKET)}
    assert before <= after


def test_a_gate_within_the_venue_makes_no_conflict() -> None:
    within = MARK_INNER
    assert found((A, 1, entry(1)), (B, 1, entry(2, marks=within))) == []
    assert found((A, 1, entry(1, marks=within)), (B, 1, entry(2))) == []
    assert found((A, 1, entry(1, marks=within)), (B, 1, entry(2)), (C, 1, entry(3))) == [(B, C)]


def test_a_right_of_each_day_is_judged_day_by_day() -> None:
    first, same = entry(1, marks=MARK_PER_DAY), entry(2, marks=MARK_PER_DAY)
    next_day = msgspec.structs.replace(same, day=20260102)
    assert found((A, 1, first), (B, 1, same)) == [(A, B)]
    assert found((A, 1, first), (B, 1, next_day)) == []
