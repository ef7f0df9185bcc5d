"""Lists, questions, capacity, hints and age: what a bundle's terms add to the ladder."""

from datetime import UTC
from typing import Any

import msgspec
import pytest

from crypto import ticket
from crypto.bundle import Gate
from crypto.entry import MARK_ATTENTION, MARK_CHECK, MARK_STALE, Admitted
from crypto.guests import Guest
from crypto.terms import Colour, EntryPolicy, GatePolicy, Note, RuleText, Terms, Zone
from edge.core.decision import Hints
from edge.core.guests import GuestBook
from edge.core.policy import Policy
from edge.core.reasons import Reason
from tests.edge.core.desk import (
    AFTER_EXIT,
    NOON_S,
    NORTH,
    NOWHERE,
    ONCE,
    TONIGHT,
    Desk,
    identity,
    make_code,
    told,
)

V = "admitted"
MINE = identity()

# The rest of the ladder, from the first of these checks to the last.
LADDER = [
    "canceled", "blocked", "unapproved", "unpaid", "product", "performance", "invalid_time",
    "already_redeemed", "zone_full", "rules", "questions", "device",
]  # fmt: skip


def violate(desk: Desk, reasons: list[str]) -> tuple[bytes, int]:
    fields: dict[str, Any] = {"performance": TONIGHT}
    if "already_redeemed" in reasons:
        desk.scan(make_code(performance=TONIGHT))
    desk.scan(make_code(2))
    terms = Terms(
        unapproved=[MINE] if "unapproved" in reasons else [],
        unpaid=[MINE] if "unpaid" in reasons else [],
        capacity=1 if "zone_full" in reasons else 0,
        rules=[RuleText("false")] if "rules" in reasons else [],
        policies=[EntryPolicy(ONCE, questions=["age"] if "questions" in reasons else [])],
    )
    desk.publish(
        terms=terms,
        canceled=[MINE] if "canceled" in reasons else [],
        blocked=[MINE] if "blocked" in reasons else [],
    )
    if "product" in reasons:
        fields["product"] = 99
    if "performance" in reasons:
        fields["performance"] = 99
    if "invalid_time" in reasons:
        fields["valid_until"] = NOON_S
    return make_code(**fields), NOWHERE if "device" in reasons else NORTH


@pytest.mark.parametrize("at", range(len(LADDER)))
def test_of_several_reasons_the_earliest_is_told(at: int) -> None:
    desk = Desk()
    code, gate = violate(desk, LADDER[at:])
    assert told(desk.scan(code, gate=gate)) == LADDER[at]


@pytest.mark.parametrize("reason", LADDER)
def test_each_reason_alone_refuses(reason: str) -> None:
    desk = Desk()
    code, gate = violate(desk, [reason])
    assert told(desk.scan(code, gate=gate)) == reason


# -- lists ---------------------------------------------------------------------------------------


def test_unpaid() -> None:
    desk = Desk(terms=Terms(unpaid=[MINE], notes=[Note(MINE, attention=True)]))
    desk.policy.guests = GuestBook([Guest("1", "Zoë Weiß", MINE)])
    desk.policy.hinted = True
    refused = desk.scan(make_code())
    assert told(refused) == "unpaid"
    assert refused.marks & MARK_ATTENTION
    assert refused.hints is not None and refused.hints.name == "Zoë Weiß"


def test_unpaid_override() -> None:
    accepting = Terms(unpaid=[MINE], gates=[GatePolicy(NORTH, accepts_unpaid=True)])
    assert told(Desk(terms=accepting).scan(make_code(), accept_unpaid=True)) == V
    assert told(Desk(terms=accepting).scan(make_code())) == "unpaid"
    strict = Terms(unpaid=[MINE])
    assert told(Desk(terms=strict).scan(make_code(), accept_unpaid=True)) == "unpaid"


def test_unapproved() -> None:
    terms = Terms(unapproved=[MINE], gates=[GatePolicy(NORTH, accepts_unpaid=True)])
    assert told(Desk(terms=terms).scan(make_code(), accept_unpaid=True)) == "unapproved"


def test_who_is_in_with_a_debt_may_leave_with_it() -> None:
    desk = Desk(terms=Terms(unpaid=[MINE], unapproved=[identity(2)]), blocked=[identity(3)])
    said = [told(desk.scan(make_code(n, product=AFTER_EXIT), way="exit")) for n in (1, 2, 3)]
    assert said == [V, V, "blocked"]


# -- questions -----------------------------------------------------------------------------------


def test_question_required_then_given() -> None:
    desk = Desk(terms=Terms(policies=[EntryPolicy(ONCE, questions=["age", "card"])]))
    first = desk.scan(make_code(), answers=("age",))
    assert told(first) == "questions"
    assert first.questions == ("card",)
    assert told(desk.scan(make_code(), answers=("age", "card"))) == V


def test_question_suppressed() -> None:
    policies = [EntryPolicy(ONCE, questions=["age"])]
    desk = Desk(terms=Terms(policies=policies, gates=[GatePolicy(NORTH, no_questions=True)]))
    assert told(desk.scan(make_code())) == V


def test_x_used_and_questions() -> None:
    desk = Desk(terms=Terms(policies=[EntryPolicy(ONCE, questions=["age"])]))
    desk.scan(make_code(), answers=("age",))
    assert told(desk.scan(make_code())) == "already_redeemed"


def test_who_leaves_is_asked_nothing() -> None:
    desk = Desk(terms=Terms(policies=[EntryPolicy(AFTER_EXIT, questions=["age"])]))
    assert told(desk.scan(make_code(product=AFTER_EXIT), way="exit")) == V


# -- capacity ------------------------------------------------------------------------------------

HALL = 3


def hall(**more: Any) -> Desk:
    terms = Terms(zones=[Zone(1, "Hall", 2, 1)], gates=[GatePolicy(HALL, [1], inner=True)], **more)
    return Desk(terms=terms, gates=[Gate(NORTH, "North"), Gate(HALL, "Hall")])


def test_a_full_zone_refuses_until_somebody_leaves_it() -> None:
    desk = hall()
    for number in (1, 2, 3):
        assert told(desk.scan(make_code(number), gate=NORTH)) == V  # the venue has no limit
    assert [told(desk.scan(make_code(n), gate=HALL)) for n in (1, 2, 3)] == [V, V, "zone_full"]
    refused = desk.scan(make_code(3), gate=HALL)
    assert refused.zone == 1
    assert refused.reason is not None and refused.reason.retryable
    desk.scan(make_code(1), gate=HALL, way="exit")
    assert told(desk.scan(make_code(3), gate=HALL)) == V


def test_a_group_that_does_not_fit_whole_is_refused() -> None:
    desk = hall()
    code = make_code(persons=3)
    assert [told(desk.scan(code, gate=HALL, count=n)) for n in (3, 2)] == ["zone_full", V]


def test_the_venue_has_a_capacity_of_its_own() -> None:
    desk = hall(capacity=1)
    assert [told(desk.scan(make_code(n))) for n in (1, 2)] == [V, "zone_full"]
    assert told(desk.scan(make_code(2), gate=HALL)) == V  # from within: the venue's count stays


def test_everybodys_exit_empties_a_zone() -> None:
    desk = hall(capacity=1, exit_all_at=0)
    desk.scan(make_code(1))
    desk.now_s += 43_200
    assert told(desk.scan(make_code(2))) == V


# -- hints ---------------------------------------------------------------------------------------


def hinted(guests: list[Guest], **terms: Any) -> Desk:
    desk = Desk(terms=Terms(**terms))
    desk.policy = Policy(desk.policy.bundle, UTC, GuestBook(guests))
    return desk


def test_name_note_and_birthday_of_a_guest() -> None:
    desk = hinted([Guest("1", "Zoë Weiß", MINE, 1, 101, "press"), Guest("2", "B", identity(2))])
    assert desk.scan(make_code()).hints == Hints("Zoë Weiß", "press", True)
    assert desk.scan(make_code()).hints == Hints("Zoë Weiß", "press", True)  # refused: known still
    assert desk.scan(make_code(2)).hints == Hints("B")
    assert desk.scan(make_code(3)).hints is None
    assert desk.scan(make_code(4), way="exit").hints is None


def test_a_repeated_answer_has_its_hints() -> None:
    desk = hinted([Guest("1", "Zoë", MINE)])
    desk.hold(make_code())
    assert desk.hold(make_code()).hints == Hints("Zoë")


def test_the_colour_of_the_day() -> None:
    desk = hinted([], colours=[Colour(20260101, "green"), Colour(20260102, "red")])
    assert desk.scan(make_code()).hints == Hints(colour="green")
    desk.now_s += 86_400
    assert desk.scan(make_code(2)).hints == Hints(colour="red")
    desk.now_s += 86_400
    assert desk.scan(make_code(3)).hints is None


def test_check_and_attention_from_the_code_or_the_bundle() -> None:
    desk = Desk(terms=Terms(notes=[Note(MINE, check=True), Note(identity(2), attention=True)]))
    both = ticket.FLAG_CHECK | ticket.FLAG_ATTENTION
    wanted = MARK_CHECK | MARK_ATTENTION
    assert desk.scan(make_code()).marks & wanted == MARK_CHECK
    assert desk.scan(make_code(2)).marks & wanted == MARK_ATTENTION
    assert desk.scan(make_code(3, flags=both)).marks & wanted == wanted
    assert desk.scan(make_code(4)).marks & wanted == 0


# -- age -----------------------------------------------------------------------------------------


def test_old_lists_mark_every_admission() -> None:
    desk = Desk(terms=Terms(stale_after_s=60), issued_at_ms=NOON_S * 1000 - 60_000)
    assert not desk.scan(make_code(1)).marks & MARK_STALE
    desk.now_s += 1
    late = desk.scan(make_code(2))
    assert late.marks & MARK_STALE
    assert isinstance(late.fact, Admitted) and late.fact.marks & MARK_STALE
    desk.policy.confirmed_ms = desk.now_s * 1000
    assert not desk.scan(make_code(3)).marks & MARK_STALE


def test_the_age_of_each_part() -> None:
    desk = Desk(issued_at_ms=1000)
    desk.policy.confirmed_ms = 5000
    assert desk.policy.ages_ms(7000) == {"bundle": 6000, "lists": 2000}
    desk.policy.guests = GuestBook([], issued_at_ms=3000)
    assert desk.policy.ages_ms(7000)["guests"] == 4000
    assert desk.policy.age_ms(1) == 0  # a clock behind the centre's
    empty = Policy(msgspec.structs.replace(desk.policy.bundle, version=0))
    assert empty.ages_ms(7000) == {}


def test_without_terms_no_product_needs_care() -> None:
    desk = Desk()
    assert desk.policy.careful == frozenset()
    assert not desk.policy.reads_media
    assert not desk.policy.hinted


CAREFUL = [
    ({"policies": [EntryPolicy(ONCE)]}, {ONCE}),
    ({"rules": [RuleText("true", 0, ONCE)]}, {ONCE}),
    ({"rules": [RuleText("true")]}, {1, 2, 3, 4, 5}),
    ({"capacity": 5}, {1, 2, 3, 4, 5}),
    ({"exit_all_at": 0}, {1, 2, 3, 4, 5}),
    ({"unpaid": [MINE], "notes": [Note(MINE)]}, set()),
]


@pytest.mark.parametrize(("terms", "products"), CAREFUL)
def test_products_that_need_care(terms: dict[str, Any], products: set[int]) -> None:
    assert Desk(terms=Terms(**terms)).policy.careful == products


def test_a_ticket_on_two_lists_is_refused_for_the_first() -> None:
    desk = Desk(canceled=[MINE], blocked=[MINE], terms=Terms(unpaid=[MINE]))
    assert desk.policy.denied == {MINE: Reason.CANCELED}
