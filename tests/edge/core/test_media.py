"""One medium, several tickets: the one that works, the next one, the closest, or none."""

from typing import Any

import pytest

from crypto.bundle import Performance, Revocation
from crypto.terms import EntryPolicy, Medium, MediumTicket, Terms, Window
from edge.core.admission import ticket_hash
from tests.edge.core.desk import (
    AFTER_EXIT,
    NOON_S,
    ONCE,
    TONIGHT,
    UNLIMITED,
    B,
    Desk,
    identity,
    make_code,
    told,
)

V, USED, TIME = "admitted", "already_redeemed", "invalid_time"
DAY = 86_400
BAND = b"5555"


def linked(number: int, product: int = ONCE, **more: Any) -> MediumTicket:
    return MediumTicket(identity(number), product, **more)


def desk_with(*tickets: MediumTicket, blocked: bool = False, **more: Any) -> Desk:
    bands = [Medium(BAND, list(tickets), blocked), Medium(b"6666", [linked(9)])]
    return Desk(terms=Terms(media=bands, **more))


def used(desk: Desk) -> list[bytes]:
    """The tickets that were used, in order."""
    return [fact.ticket for _, _, fact in desk.facts if hasattr(fact, "granted")]


def test_medium_inactive() -> None:
    desk = desk_with(linked(1), blocked=True)
    assert told(desk.scan(BAND)) == "medium_blocked"
    assert [type(fact).__name__ for _, _, fact in desk.facts] == ["AdmissionRefused"]


def test_a_medium_that_nobody_knows() -> None:
    desk = desk_with(linked(1), medium_prefixes=[b"55", b"WB-"])
    assert told(desk.scan(b"WB-7")) == "medium_unknown"
    assert desk.facts == []  # it names no ticket: only counted
    assert told(desk.scan(b"77")) == "invalid"
    assert told(desk.scan(make_code())) == V


def test_without_prefixes_an_unknown_text_is_just_no_code() -> None:
    assert told(desk_with(linked(1)).scan(b"7777")) == "invalid"


def test_what_a_scanner_adds_around_it_is_taken_off() -> None:
    assert told(desk_with(linked(1)).scan(b" 5555\r\n")) == V


def test_a_medium_uses_its_ticket() -> None:
    desk = desk_with(linked(1))
    decision = desk.scan(BAND)
    assert decision.claim is not None
    assert (decision.claim.scheme, decision.claim.issuer) == ("medium", "venue")
    assert [told(desk.scan(BAND)), told(desk.scan(make_code()))] == [USED, USED]


def test_a_ticket_that_was_used_by_its_code_is_used_on_the_medium() -> None:
    desk = desk_with(linked(1))
    assert [told(desk.scan(make_code())), told(desk.scan(BAND))] == [V, USED]


def test_a_code_that_was_replaced_leaves_the_link_to_the_medium() -> None:
    desk = desk_with(linked(1, AFTER_EXIT))
    desk.publish(revoked=[Revocation(identity(), NOON_S)])
    assert told(desk.scan(make_code(product=AFTER_EXIT))) == "revoked"
    assert told(desk.scan(BAND)) == V


def test_medium_two_disjoint() -> None:
    desk = desk_with(linked(1, valid_until=NOON_S + DAY), linked(3, valid_from=NOON_S + DAY))
    assert told(desk.scan(BAND)) == V
    desk.now_s += DAY
    assert told(desk.scan(BAND)) == V
    assert used(desk) == [identity(1), identity(3)]


def test_medium_two_events() -> None:
    # The second ticket is for a performance that this gateway knows nothing of.
    desk = desk_with(linked(1), linked(2, performance=99))
    assert told(desk.scan(BAND)) == V
    assert used(desk) == [identity(1)]


def test_medium_disjoint_events() -> None:
    desk = desk_with(linked(1, performance=99), linked(2, valid_from=NOON_S + DAY))
    assert told(desk.scan(BAND)) == TIME
    desk.now_s += DAY
    assert told(desk.scan(BAND)) == V


def test_a_day_ticket_goes_before_a_season_ticket() -> None:
    desk = desk_with(
        linked(1, UNLIMITED, valid_until=NOON_S + 90 * DAY), linked(2, valid_until=NOON_S + DAY)
    )
    assert [told(desk.scan(BAND)) for _ in range(3)] == [V, V, V]
    assert used(desk) == [identity(2), identity(1), identity(1)]


def test_the_end_of_a_window_counts_as_an_end() -> None:
    policies = [EntryPolicy(AFTER_EXIT, [Window(last_day=20260102)])]
    desk = desk_with(linked(1), linked(2, AFTER_EXIT), policies=policies)
    desk.scan(BAND)
    assert used(desk) == [identity(2)]


def test_two_that_fit_equally_are_ambiguous_and_staff_choose() -> None:
    desk = desk_with(linked(1), linked(2))
    refused = desk.scan(BAND)
    assert told(refused) == "ambiguous"
    assert [one.identity for one in refused.choices] == [identity(1), identity(2)]
    assert told(desk.scan(BAND, choice=identity(2))) == V
    assert told(desk.scan(BAND)) == V  # only one is left
    assert used(desk) == [identity(2), identity(1)]


def test_a_choice_that_is_not_on_the_medium_is_refused() -> None:
    assert told(desk_with(linked(1)).scan(BAND, choice=identity(7))) == "medium_unknown"


def test_the_nervous_guest_is_not_asked_which_ticket_again() -> None:
    desk = desk_with(linked(1), linked(2))
    desk.hold(BAND, choice=identity(2))
    again = desk.hold(BAND)
    assert (again.admitted, again.repeated) == (True, True)


WORST = [
    # two tickets that do not work, and which refusal is told
    ("next before used", [linked(1), linked(2, valid_from=NOON_S + DAY)], TIME, 2),
    ("the sooner of two", [linked(1, valid_from=NOON_S + 9), linked(2, valid_from=NOON_S + 5)],
     TIME, 2),
    ("used before past", [linked(1), linked(2, valid_until=NOON_S)], USED, 1),
    ("past before blocked", [linked(3), linked(2, valid_until=NOON_S)], TIME, 2),
    ("the later of two past", [linked(4, valid_until=5), linked(2, valid_until=6)], TIME, 2),
    ("the furthest on the ladder", [linked(3), linked(2, performance=99)], "performance", 2),
]  # fmt: skip


@pytest.mark.parametrize(("name", "tickets", "answer", "number"), WORST, ids=[w[0] for w in WORST])
def test_of_tickets_that_do_not_work_the_nearest_is_told(
    name: str, tickets: list[MediumTicket], answer: str, number: int
) -> None:
    for order in (tickets, tickets[::-1]):
        desk = desk_with(*order)
        desk.publish(blocked=[identity(3)])
        desk.scan(make_code(1), gateway=B)
        refused = desk.scan(BAND)
        assert told(refused) == answer
        assert refused.claim is not None
        assert refused.claim.identity == identity(number)


def test_who_leaves_leaves_on_the_ticket_that_is_inside() -> None:
    desk = desk_with(linked(1, AFTER_EXIT), linked(2, AFTER_EXIT))
    desk.scan(BAND, choice=identity(2))
    left = desk.scan(BAND, way="exit")
    assert left.claim is not None and left.claim.identity == identity(2)
    assert told(desk.scan(BAND, way="exit")) == "ambiguous"  # neither is inside


def test_the_end_of_a_performance_counts_as_an_end() -> None:
    desk = desk_with(linked(1), linked(2, performance=TONIGHT))
    desk.publish(performances=[Performance(TONIGHT, "T", ends_at=NOON_S + 60)])
    desk.scan(BAND)
    assert used(desk) == [identity(2)]


def test_a_refusal_of_a_medium_names_no_medium() -> None:
    desk = desk_with(linked(1), linked(2))
    desk.scan(BAND)
    ((_, _, fact),) = desk.facts
    assert BAND not in repr(fact).encode()
    assert fact.ticket_hash != ticket_hash(BAND)
