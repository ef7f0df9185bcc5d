"""State is a function of the set of facts (law 3)."""

from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.entry import (
    AdmissionRefused,
    Admitted,
    Annulled,
    AnyFact,
    BundleApplied,
    ConflictFound,
    ExitRecorded,
    KnownFact,
    Overridden,
    PassageCompleted,
    PassageLapsed,
    PassageUnknown,
    Started,
    UnknownFact,
    Use,
    encode_fact,
)
from edge.core.admission import Presentation, decide
from edge.core.holds import LAPSED, UNKNOWN, Origin
from edge.core.moments import Moment
from edge.core.policy import Policy
from edge.core.reasons import Reason
from edge.core.state import State
from tests.edge.core.desk import A, B, identity, make_bundle, make_code

Placed: TypeAlias = tuple[bytes, int, int, AnyFact]
TICKETS = [identity(n) for n in (1, 2)]
DAY = (20260101, 60)

hlcs = st.integers(1, 6).map(lambda n: n << 16)
tickets = st.sampled_from(TICKETS)
# Outcomes name holds by (epoch, seq): small numbers, so that they often meet, or meet nothing.
places = st.tuples(st.integers(1, 2), st.integers(1, 8))


@st.composite
def facts(draw: st.DrawFn) -> AnyFact:
    kind = draw(st.integers(0, 10))
    stamp = (draw(hlcs), *DAY)
    small = draw(st.integers(0, 3))
    if kind == 0:
        product = draw(st.integers(1, 2))
        return Admitted(*stamp, 1, 1, draw(tickets), small, product, 0, 1 + small, 4, b"n", small)
    if kind == 1:
        return ExitRecorded(*stamp, 2, 1, draw(tickets), b"x")
    outcome = (1, draw(tickets), *draw(places), small)
    if kind == 2:
        return PassageCompleted(*stamp, *outcome)
    if kind == 3:
        return PassageLapsed(*stamp, *outcome)
    if kind == 4:
        return PassageUnknown(*stamp, *outcome, "restart")
    if kind == 5:
        return AdmissionRefused(*stamp, 1, small, 10 + small, b"", 1 + small)
    if kind == 6:
        return BundleApplied(*stamp, small, bytes([small]) * 32)
    if kind == 7:
        uses = [Use(draw(st.sampled_from([A, B])), 1, n, *[1] * 4) for n in (small, small + 1)]
        return ConflictFound(*stamp, bytes([small]) * 16, draw(tickets), *uses)
    if kind == 8:
        return Annulled(*stamp, 1, draw(tickets), *draw(places), "erika", "turnstile")
    if kind == 9:
        shown = (draw(tickets), small, 1, 0, 1, 4, b"o", 0)
        return Overridden(*stamp, 1, 2, *shown, "erika", "stamp", 100)  # type: ignore[arg-type]
    return UnknownFact(500, b"\x92\xcd\x01\xf4\x00")


@st.composite
def logs(draw: st.DrawFn) -> list[Placed]:
    """Facts of two gateways in two epochs each, at their places."""
    placed: list[Placed] = []
    for gateway in (A, B):
        for epoch in (1, 2):
            seq = 1
            for fact in draw(st.lists(facts(), max_size=8)):
                seq += draw(st.integers(0, 1)) * draw(st.integers(0, 1))  # at times one is lost
                placed.append((gateway, epoch, seq, fact))
                seq += 1
    return placed


def folded(placed: list[Placed]) -> State:
    state = State()
    for gateway, epoch, seq, fact in placed:
        state.apply(gateway, epoch, seq, fact)
    return state


@settings(max_examples=150)
@given(logs(), st.data())
def test_any_order_and_any_duplicates_give_the_same_bytes(
    log: list[Placed], data: st.DataObject
) -> None:
    twice = data.draw(st.lists(st.sampled_from(log))) if log else []
    shuffled = data.draw(st.permutations(log + twice))
    assert folded(log).dump() == folded(shuffled).dump()


@given(logs(), st.data())
def test_any_order_gives_the_same_decisions(log: list[Placed], data: st.DataObject) -> None:
    policy, now = Policy(make_bundle()), Moment(100, 20260101)
    before, after = folded(log), folded(data.draw(st.permutations(log)))
    for product in range(1, 6):
        code = make_code(1, product=product, persons=4, issued_at=9)
        shown = Presentation(code, A, 7, 1)
        answers = [decide(state, policy, shown, now, 7 << 16) for state in (before, after)]
        assert answers[0] == answers[1]


@given(logs())
def test_a_dump_is_loaded_and_dumped_again(log: list[Placed]) -> None:
    state = folded(log)
    loaded = State.load(state.dump())
    assert loaded.dump() == state.dump()
    assert loaded.digest() == state.digest()


@given(logs(), logs())
def test_a_loaded_state_goes_on_as_the_one_it_was_dumped_from(
    log: list[Placed], rest: list[Placed]
) -> None:
    state = folded(log)
    loaded = State.load(state.dump())
    for placed in rest:
        assert state.apply(*placed) is loaded.apply(*placed)
    assert loaded.dump() == state.dump()


@given(
    st.lists(facts(), min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(0, 11), st.integers(1, 12)), max_size=6),
)
def test_a_run_of_facts_is_folded_as_each_of_them(
    log: list[AnyFact], cuts: list[tuple[int, int]]
) -> None:
    one_by_one = folded([(A, 1, seq, fact) for seq, fact in enumerate(log, 1)])
    in_runs = State()
    for start, size in [*cuts, (0, len(log))]:
        in_runs.apply_run(A, 1, start + 1, log[start : start + size])
    assert in_runs.dump() == one_by_one.dump()


# -- what a fold does, one by one ------------------------------------------------------------------


def admitted(ticket: bytes = TICKETS[0], *, hlc: int = 1 << 16, granted: int = 1) -> Admitted:
    return Admitted(hlc, *DAY, 3, 1, ticket, 5, 1, 0, granted, granted, b"n1")


def outcome(kind: type, seq: int, passed: int, *, hlc: int = 2 << 16, epoch: int = 1) -> KnownFact:
    rest = ("restart",) if kind is PassageUnknown else ()
    fact: KnownFact = kind(hlc, *DAY, 3, TICKETS[0], epoch, seq, passed, *rest)
    return fact


def test_a_fact_is_folded_once() -> None:
    state = State()
    assert state.apply(A, 1, 1, admitted())
    before = state.dump()
    assert not state.apply(A, 1, 1, admitted())
    assert state.dump() == before


def test_refusals_are_counted_once_each() -> None:
    state = State()
    fact = AdmissionRefused(1, *DAY, 1, 2, Reason.INVALID, b"", 7)
    for _ in range(3):
        state.apply(A, 1, 1, fact)
    state.apply(A, 1, 2, fact)
    assert state.refused == {(2, Reason.INVALID): 14}


def test_an_unknown_fact_counts_as_seen_and_changes_nothing_else() -> None:
    state = State()
    newer = UnknownFact(500, b"\x92\xcd\x01\xf4\x00")
    assert state.apply(A, 1, 1, newer)
    assert not state.apply(A, 1, 1, newer)
    assert state.origins == [Origin(A, 1, 2, [], 0)]
    assert not state.tickets
    assert state.hlc == 0


def test_a_fact_without_meaning_for_admission_moves_the_clock_alone() -> None:
    state = State()
    state.apply(A, 1, 1, Started(9 << 16, *DAY, "0.1.0"))
    state.apply(A, 1, 2, Started(4 << 16, *DAY, "0.1.0"))
    assert state.hlc == 9 << 16


def test_an_outcome_waits_for_its_admission() -> None:
    state = State()
    state.apply(A, 1, 2, outcome(PassageCompleted, 1, 1))
    (hold,) = state.tickets[TICKETS[0]].holds
    assert not state.in_order(state.tickets[TICKETS[0]])
    assert not list(state.open_holds(A))
    state.apply(A, 1, 1, admitted())
    assert state.in_order(state.tickets[TICKETS[0]]) == [hold]
    assert (hold.used, hold.open) == (1, False)


def test_only_the_owner_settles_a_hold() -> None:
    state = State()
    state.apply(A, 1, 1, admitted())
    state.apply(B, 1, 1, outcome(PassageLapsed, 1, 0))
    assert [hold.seq for _, hold in state.open_holds(A)] == [1]


def test_the_owner_may_settle_it_in_a_later_epoch() -> None:
    state = State()
    state.apply(A, 1, 1, admitted())
    state.apply(A, 2, 1, outcome(PassageUnknown, 1, 0, epoch=1))
    assert not list(state.open_holds(A))
    (hold,) = state.tickets[TICKETS[0]].holds
    assert (hold.status, hold.used) == (UNKNOWN, 1)


def test_open_holds_are_those_of_this_gateway_that_nobody_settled() -> None:
    state = State()
    for seq, n in enumerate((1, 2, 3, 4), 1):
        state.apply(A, 1, seq, admitted(identity(n)))
    state.apply(A, 1, 5, ExitRecorded(1 << 16, *DAY, 4, 1, identity(5), b""))
    state.apply(B, 1, 1, admitted(identity(6)))
    for seq, (kind, n, passed) in enumerate(
        ((PassageCompleted, 1, 1), (PassageLapsed, 2, 0), (PassageUnknown, 3, 0)), 6
    ):
        rest = ("x",) if kind is PassageUnknown else ()
        state.apply(A, 1, seq, kind(2 << 16, *DAY, 3, identity(n), 1, n, passed, *rest))
    left = [(ticket, hold.seq, hold.exit) for ticket, hold in state.open_holds(A)]
    assert left == [(identity(4), 4, False), (identity(5), 5, True)]


def test_a_group_that_went_through_in_part_is_still_open() -> None:
    state = State()
    state.apply(A, 1, 1, admitted(granted=3))
    state.apply(A, 1, 2, outcome(PassageCompleted, 1, 2))
    ((_, hold),) = state.open_holds(A)
    assert (hold.passed, hold.used) == (2, 3)
    state.apply(A, 1, 3, outcome(PassageLapsed, 1, 2))
    assert hold.used == 2


@pytest.mark.parametrize("order", [(2, 3), (3, 2)])
def test_of_two_closings_the_later_counts_for_everybody(order: tuple[int, int]) -> None:
    closings = {
        2: outcome(PassageLapsed, 1, 0, hlc=5 << 16),
        3: outcome(PassageUnknown, 1, 0, hlc=4 << 16),
    }
    state = State()
    state.apply(A, 1, 1, admitted())
    for seq in order:
        state.apply(A, 1, seq, closings[seq])
    assert state.tickets[TICKETS[0]].holds[0].status == LAPSED


@pytest.mark.parametrize("order", [(2, 3), (3, 2)])
def test_of_two_closings_at_once_the_one_that_counts_as_used_wins(order: tuple[int, int]) -> None:
    closings = {2: outcome(PassageLapsed, 1, 0), 3: outcome(PassageUnknown, 1, 0)}
    state = State()
    state.apply(A, 1, 1, admitted())
    for seq in order:
        state.apply(A, 1, seq, closings[seq])
    assert state.tickets[TICKETS[0]].holds[0].status == UNKNOWN


def test_the_newest_bundle_of_each_gateway_is_known() -> None:
    state = State()
    state.apply(A, 1, 2, BundleApplied(5, *DAY, 8, b"8" * 32))
    state.apply(A, 1, 1, BundleApplied(4, *DAY, 7, b"7" * 32))
    state.apply(B, 1, 1, BundleApplied(3, *DAY, 6, b"6" * 32))
    assert {gateway: known[1] for gateway, known in state.bundles.items()} == {A: 8, B: 6}


@pytest.mark.parametrize(
    "raw",
    [b"", b"\xc1", b"hello", b"\x90", encode_fact(Started(1, *DAY, "x")), b"\x96" + b"\x91" * 9000],
)
def test_what_is_no_state_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match="no state of a gateway"):
        State.load(raw)


def test_a_state_of_another_format_is_refused() -> None:
    raw = bytearray(State().dump())
    assert raw[1] == 5
    raw[1] = 1
    with pytest.raises(ValueError, match="state format 1"):
        State.load(bytes(raw))


def test_each_log_has_a_clock_of_its_own() -> None:
    state = State()
    state.apply(A, 1, 1, Started(9 << 16, *DAY, "0.1.0"))
    state.apply_run(B, 1, 1, [Started(3 << 16, *DAY, "0.1.0"), Started(2 << 16, *DAY, "0.1.0")])
    state.apply(A, 2, 1, Started(4 << 16, *DAY, "0.1.0"))
    assert (state.hlc, state.hlc_of(A), state.hlc_of(B)) == (9 << 16, 9 << 16, 3 << 16)
    assert (State().hlc, State().hlc_of(A)) == (0, 0)


def test_an_admission_without_a_clock_is_none() -> None:
    # A hold is granted once its clock is known; nobody is counted for one that has none.
    state = folded([(A, 1, 1, Admitted(0, *DAY, 1, 1, TICKETS[0], 1, 1, 0, 1, 1, b""))])
    assert state.counts.dump() == []
    assert state.in_order(state.tickets[TICKETS[0]]) == []
