"""What staff may do: override, hand in a scan later, try, take back."""

from typing import Any

import pytest

from crypto.bundle import Revocation
from crypto.entry import (
    MARK_FORCED,
    MARK_REENTRY_UNLIMITED,
    MARK_UPLOADED,
    Admitted,
    Annulled,
    Overridden,
)
from crypto.guests import Guest
from crypto.terms import GatePolicy, Medium, MediumTicket, Terms
from edge.core import staff
from edge.core.conflicts import conflicts
from edge.core.decision import Decision, Presentation
from edge.core.guests import GuestBook
from edge.core.holds import ANNULLED
from edge.core.moments import Moment
from edge.core.reasons import Reason
from tests.edge.core.desk import (
    AFTER_EXIT,
    NOON_S,
    NORTH,
    ONCE,
    A,
    B,
    Desk,
    identity,
    make_code,
    told,
)

V, USED = "admitted", "already_redeemed"


def shown(code: bytes, **more: Any) -> Presentation:
    return Presentation(code, more.pop("gateway", A), more.pop("lane", 1), NORTH, **more)


def override(desk: Desk, code: bytes, **more: Any) -> Decision:
    decision = staff.override(
        desk.state, desk.policy, shown(code, **more), desk.moment, desk.stamp(), "erika", "stamp"
    )
    if decision.fact is not None:
        desk.fold(decision.fact, more.get("gateway", A))
    return decision


def test_an_override_admits_and_says_who_why_and_what_was_refused() -> None:
    desk = Desk()
    desk.scan(make_code())
    decision = override(desk, make_code(), lane=2)
    assert decision.admitted
    assert decision.overridden is Reason.ALREADY_REDEEMED
    fact = decision.fact
    assert isinstance(fact, Overridden)
    assert (fact.who, fact.why, fact.reason) == ("erika", "stamp", 100)
    assert fact.marks & MARK_FORCED
    assert len(desk.state.tickets[identity()].holds) == 2


def test_who_needs_no_override_gets_none() -> None:
    desk = Desk()
    decision = override(desk, make_code())
    assert type(decision.fact) is Admitted
    assert decision.overridden is None
    again = override(desk, make_code())
    assert again.repeated and again.fact is None


def test_r_revoked_force() -> None:
    desk = Desk(revoked=[Revocation(identity(), NOON_S)])
    decision = override(desk, make_code())
    assert decision.overridden is Reason.REVOKED
    assert isinstance(decision.fact, Overridden) and decision.fact.ticket == identity()


def test_a_text_that_names_no_ticket_cannot_be_forced() -> None:
    assert told(override(Desk(), b"nonsense")) == "invalid"


def test_an_exit_is_not_forced() -> None:
    assert told(override(Desk(blocked=[identity()]), make_code(), direction="exit")) == "blocked"


def test_which_ticket_of_a_medium_must_be_said_before_it_is_forced() -> None:
    band = Medium(b"55", [MediumTicket(identity(n), 1) for n in (1, 2)])
    desk = Desk(terms=Terms(media=[band]))
    assert told(override(desk, b"55")) == "ambiguous"
    assert override(desk, b"55", choice=identity(2)).admitted


def test_an_override_is_no_conflict_between_gateways() -> None:
    desk = Desk()
    desk.scan(make_code(), gateway=B)
    override(desk, make_code())
    assert conflicts(desk.state, identity()) == []


def test_whoever_was_overridden_counts_as_inside() -> None:
    desk = Desk()
    desk.scan(make_code(product=AFTER_EXIT))
    override(desk, make_code(product=AFTER_EXIT), lane=2)
    assert desk.state.counts.inside([NORTH]) == 2
    assert told(desk.scan(make_code(product=AFTER_EXIT), lane=3)) == USED


# -- handed in later -----------------------------------------------------------------------------


def upload(desk: Desk, code: bytes, ago_s: int, **more: Any) -> Decision:
    then = Moment((desk.now_s - ago_s) * 1000, 20260101, 60)
    decision = staff.upload(desk.state, desk.policy, shown(code, **more), then, then.ms << 16)
    if decision.fact is not None:
        desk.fold(decision.fact)
    return decision


def marks(decision: Decision) -> int:
    assert isinstance(decision.fact, Admitted)
    return decision.fact.marks & (MARK_UPLOADED | MARK_FORCED | MARK_REENTRY_UNLIMITED)


def test_r_custom_datetime() -> None:
    desk = Desk()
    decision = upload(desk, make_code(issued_at=1), 86_400)
    assert isinstance(decision.fact, Admitted)
    assert decision.fact.wall_ms == (NOON_S - 86_400) * 1000


def test_r_forced_flag_only_if_needed() -> None:
    desk = Desk()
    assert marks(upload(desk, make_code(), 60, nonce=b"1")) == MARK_UPLOADED
    second = upload(desk, make_code(), 30, nonce=b"2", lane=2)
    assert marks(second) == MARK_UPLOADED | MARK_FORCED
    assert second.overridden is Reason.ALREADY_REDEEMED


def test_r_reupload_same_nonce() -> None:
    desk = Desk()
    assert upload(desk, make_code(), 60, nonce=b"1").fact is not None
    again = upload(desk, make_code(), 60, nonce=b"1")
    assert (again.admitted, again.repeated, again.fact) == (True, True, None)


def test_b_order_by_scan_time() -> None:
    # The exit was heard of first; the entry before it is judged by what was before it.
    desk = Desk()
    code = make_code(product=AFTER_EXIT)
    desk.now_s -= 300
    desk.scan(code, way="exit")
    desk.now_s += 300
    assert marks(upload(desk, code, 600)) == MARK_UPLOADED
    assert told(desk.scan(code)) == V


def test_what_came_later_does_not_force_what_came_before() -> None:
    desk = Desk()
    desk.scan(make_code(), lane=2)
    assert marks(upload(desk, make_code(), 600)) == MARK_UPLOADED


def test_nonsense_that_is_handed_in_is_refused_and_kept_as_such() -> None:
    assert told(upload(Desk(), b"nonsense", 60)) == "invalid"
    left = upload(Desk(), make_code(), 60, direction="exit")
    assert left.admitted and type(left.fact).__name__ == "ExitRecorded"


# -- trying --------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [V, USED])
def test_a_simulation_gives_the_whole_answer_and_no_fact(answer: str) -> None:
    desk = Desk()
    if answer == USED:
        desk.scan(make_code())
    before = desk.state.dump()
    decision = staff.simulate(desk.state, desk.policy, shown(make_code(), lane=5), desk.moment)
    assert told(decision) == answer
    assert decision.fact is None
    assert (decision.earlier is not None) == (answer == USED)
    assert desk.state.dump() == before


# -- taking back ---------------------------------------------------------------------------------


def annul(desk: Desk, seq: int = 1, gateway: bytes = A) -> None:
    desk.fold(Annulled(desk.stamp(), 20260101, 60, 1, identity(), 1, seq, "erika", "t"), gateway)


def test_what_is_annulled_gives_the_ticket_back() -> None:
    desk = Desk()
    desk.scan(make_code())
    annul(desk)
    assert desk.state.counts.inside([NORTH]) == 0
    assert told(desk.scan(make_code())) == V


def test_an_annulled_exit_leaves_the_guest_inside() -> None:
    desk = Desk()
    code = make_code(product=AFTER_EXIT)
    desk.scan(code)
    desk.scan(code, way="exit")
    annul(desk, 3)
    assert told(desk.scan(code)) == USED


def test_a_nonce_that_was_annulled_moves_nothing_again() -> None:
    desk = Desk()
    desk.scan(make_code(), nonce=b"1")
    annul(desk)
    assert desk.scan(make_code(), nonce=b"1").repeated


def test_an_annulment_stays_whatever_arrives_later() -> None:
    desk = Desk()
    held = desk.hold(make_code())
    annul(desk)
    desk.is_lost(held)
    assert desk.state.tickets[identity()].holds[0].status == ANNULLED
    assert told(desk.scan(make_code())) == V


def test_only_the_owner_annuls() -> None:
    desk = Desk()
    desk.scan(make_code())
    annul(desk, gateway=B)
    assert told(desk.scan(make_code())) == USED


def test_what_can_be_annulled() -> None:
    desk = Desk()
    held = desk.hold(make_code())
    hold = desk.state.tickets[identity()].holds[0]
    now_ms = desk.now_s * 1000
    assert staff.annulable(hold, now_ms) == "open"
    desk.passes(held)
    assert staff.annulable(hold, now_ms) is None
    assert staff.annulable(hold, now_ms + 900_000) is None
    assert staff.annulable(hold, now_ms + 900_001) == "too_late"
    assert staff.annulable(hold, now_ms - 1) is None  # the clock was set back
    annul(desk)
    assert staff.annulable(hold, now_ms) == "annulled"


# -- found by name ---------------------------------------------------------------------------------


def listed_desk(**changes: Any) -> Desk:
    desk = Desk(**changes)
    desk.policy.take_guests(GuestBook([Guest("1", "Mia", identity(), ONCE)]))
    return desk


def find(desk: Desk, code: bytes = b"", ticket: bytes = identity(), **more: Any) -> Decision:
    p = Presentation(code, A, 1, NORTH, ticket=ticket, **more)
    decision = staff.found(desk.state, desk.policy, p, desk.moment, desk.stamp(), "8")
    if decision.fact is not None:
        desk.fold(decision.fact)
    return decision


def test_whoever_was_found_by_name_is_admitted_as_by_a_code() -> None:
    desk = listed_desk()
    first = find(desk)
    assert isinstance(first.fact, Overridden)
    assert (first.fact.who, first.fact.why, first.fact.reason) == ("8", "found_by_name", 0)
    assert first.overridden is None
    assert not first.fact.marks & (MARK_FORCED | MARK_REENTRY_UNLIMITED)
    assert find(desk).repeated
    assert told(desk.scan(make_code(), lane=2)) == "already_redeemed"
    desk = listed_desk()
    desk.scan(make_code())
    assert told(find(desk)) == "already_redeemed"


def test_a_newer_code_revokes_no_name() -> None:
    desk = listed_desk(revoked=[Revocation(identity(), NOON_S)])
    assert told(desk.scan(make_code(issued_at=NOON_S - 1))) == "revoked"
    assert told(find(desk)) == "admitted"


def test_a_code_that_is_shown_counts_and_no_name_beside_it() -> None:
    assert told(find(listed_desk(), code=b"garbage")) == "invalid"


def test_who_stands_on_no_list_is_not_admitted_by_name() -> None:
    assert told(find(listed_desk(), ticket=identity(2))) == "invalid"


# -- not paid --------------------------------------------------------------------------------------


def owing(accepts: bool = True) -> Desk:
    gates = [GatePolicy(NORTH, accepts_unpaid=accepts)]
    return Desk(terms=Terms(unpaid=[identity()], gates=gates))


def unpaid(desk: Desk, code: bytes, accept: bool = True) -> Decision:
    p = shown(code, accept_unpaid=accept)
    decision = staff.unpaid(desk.state, desk.policy, p, desk.moment, desk.stamp(), "8")
    if decision.fact is not None:
        desk.fold(decision.fact)
    return decision


def test_who_took_an_unpaid_ticket_on_is_in_the_fact() -> None:
    desk = owing()
    decision = unpaid(desk, make_code())
    assert (decision.admitted, decision.overridden) == (True, Reason.UNPAID)
    fact = decision.fact
    assert isinstance(fact, Overridden)
    assert (fact.who, fact.why, fact.reason) == ("8", "unpaid_accepted", 60)
    assert not fact.marks & (MARK_FORCED | MARK_REENTRY_UNLIMITED)  # all else was asked as always
    again = unpaid(desk, make_code())
    assert again.repeated and again.fact is None


def test_nothing_is_said_of_whoever_has_paid() -> None:
    decision = unpaid(owing(), make_code(2))
    assert type(decision.fact) is Admitted
    assert decision.overridden is None


@pytest.mark.parametrize(("accepts", "accept"), [(False, True), (True, False)])
def test_without_the_gate_or_the_word_unpaid_stays_out(accepts: bool, accept: bool) -> None:
    assert told(unpaid(owing(accepts), make_code(), accept)) == "unpaid"


def test_an_unpaid_ticket_passes_the_rest_of_the_ladder() -> None:
    desk = owing()
    desk.scan(make_code(), gateway=B, accept_unpaid=True)
    refused = unpaid(desk, make_code())
    assert told(refused) == USED
    assert type(refused.fact) is not Overridden


def test_a_guest_found_by_name_who_has_not_paid_is_in_the_fact_as_both() -> None:
    desk = owing()
    desk.policy.take_guests(GuestBook([Guest("1", "Mia", identity(), ONCE)]))
    p = shown(b"", ticket=identity(1), accept_unpaid=True)
    fact = staff.found(desk.state, desk.policy, p, desk.moment, desk.stamp(), "8").fact
    assert isinstance(fact, Overridden)
    assert (fact.why, fact.reason) == ("found_by_name", 60)
