"""Coming again while a gateway with exits is not heard: refused, left to staff, or marked."""

from typing import Any, Literal

import msgspec
import pytest

from crypto.bundle import Gate, GatewayCard
from crypto.entry import (
    MARK_EXIT_UNHEARD,
    MARK_REENTRY_AFTER_EXIT,
    MARK_REENTRY_UNLIMITED,
    Admitted,
    Overridden,
)
from crypto.terms import EntryPolicy, GatePolicy, Limit, RuleText, Terms, Unheard, Zone
from edge.core import staff
from edge.core.conflicts import conflicts
from edge.core.decision import Decision, Presentation
from edge.core.policy import Policy
from edge.core.reasons import Reason
from edge.core.texts import Texts, saying
from tests.edge.core.desk import (
    AFTER_EXIT,
    NORTH,
    ONCE,
    SLOW,
    UNLIMITED,
    A,
    B,
    Desk,
    identity,
    make_bundle,
    make_code,
    told,
)

V, USED, UNHEARD = "admitted", "already_redeemed", "exit_unheard"
SOUTHERN = GatewayCard(B, 2, "south", bytes(32))
When = Literal["refuse", "staff", "mark"]


def desk_with(when: When, *, unheard: bool = True, **terms: Any) -> Desk:
    said = Terms(when_unheard=Unheard(when, ["south"]), **terms)
    desk = Desk(terms=said, gateways=[SOUTHERN])
    desk.policy.unheard = ("south",) if unheard and desk.policy.exit_gateways else ()
    return desk


def marks_of(decision: Decision) -> int:
    assert isinstance(decision.fact, Admitted)
    return decision.fact.marks


def twice(desk: Desk, **shown: Any) -> list[str]:
    return [told(desk.scan(make_code(**shown))) for _ in range(2)]


# when, heard or not, product: what the second scan without any exit is told. Else: as always.
ROWS = [
    ("refuse", True, AFTER_EXIT, USED),
    ("staff", True, AFTER_EXIT, UNHEARD),
    ("mark", True, AFTER_EXIT, V),
    ("staff", False, AFTER_EXIT, USED),
    ("mark", False, AFTER_EXIT, USED),
    ("staff", True, ONCE, USED),
    ("mark", True, ONCE, USED),
    ("staff", True, UNLIMITED, V),
    ("mark", True, UNLIMITED, V),
    ("staff", True, SLOW, USED),
    ("mark", True, SLOW, USED),
]


@pytest.mark.parametrize(("when", "unheard", "product", "answer"), ROWS)
def test_only_where_an_exit_elsewhere_would_matter(
    when: When, unheard: bool, product: int, answer: str
) -> None:
    assert twice(desk_with(when, unheard=unheard), product=product) == [V, answer]


@pytest.mark.parametrize("when", ["staff", "mark"])
def test_an_exit_that_is_known_needs_nobody(when: When) -> None:
    desk = desk_with(when)
    code = make_code(product=AFTER_EXIT)
    desk.scan(code)
    desk.scan(code, way="exit")
    again = desk.scan(code)
    assert told(again) == V
    assert not marks_of(again) & (MARK_EXIT_UNHEARD | MARK_REENTRY_UNLIMITED)


def test_a_first_entry_is_not_marked() -> None:
    assert not marks_of(desk_with("mark").scan(make_code(product=AFTER_EXIT))) & MARK_EXIT_UNHEARD


def test_what_is_admitted_is_marked_and_makes_no_conflict() -> None:
    desk = desk_with("mark")
    code = make_code(product=AFTER_EXIT)
    desk.scan(code, gateway=B)
    again = desk.scan(code, lane=2)
    expected = MARK_EXIT_UNHEARD | MARK_REENTRY_UNLIMITED | MARK_REENTRY_AFTER_EXIT
    assert marks_of(again) & expected == expected
    assert conflicts(desk.state, identity()) == []


@pytest.mark.parametrize("when", ["staff", "mark"])
def test_two_do_not_walk_on_one_right(when: When) -> None:
    desk = desk_with(when)
    code = make_code(product=AFTER_EXIT)
    desk.hold(code)
    second = desk.hold(code, lane=2)
    assert told(second) == USED
    assert second.earlier is not None and second.earlier.open


def test_a_group_is_counted_all_the_same() -> None:
    desk = desk_with("mark")
    code = make_code(product=AFTER_EXIT, persons=3)
    assert [told(desk.scan(code, count=n)) for n in (2, 4, 3)] == [V, USED, V]


def test_the_least_time_between_entries_stands() -> None:
    desk = desk_with("mark")
    code = make_code(product=SLOW)
    desk.scan(code)
    desk.now_s += 599
    assert told(desk.scan(code)) == USED
    desk.now_s += 1
    assert told(desk.scan(code)) == V


@pytest.mark.parametrize("when", ["staff", "mark"])
@pytest.mark.parametrize(
    "entry",
    [
        EntryPolicy(AFTER_EXIT, limits=[Limit(1)]),
        EntryPolicy(AFTER_EXIT, passback_s=60),
    ],
)
def test_limits_and_passback_stand(when: When, entry: EntryPolicy) -> None:
    assert twice(desk_with(when, policies=[entry]), product=AFTER_EXIT) == [V, USED]


def test_a_zone_is_left_by_exits_too() -> None:
    terms: dict[str, Any] = {"zones": [Zone(1, "Stage")], "gates": [GatePolicy(NORTH, [1])]}
    assert twice(desk_with("staff", **terms), product=AFTER_EXIT) == [V, UNHEARD]
    assert twice(desk_with("mark", **terms), product=AFTER_EXIT) == [V, V]


# -- its place on the ladder -----------------------------------------------------------------------


def test_it_is_told_after_used_and_before_a_full_zone() -> None:
    numbers = (Reason.ALREADY_REDEEMED, Reason.EXIT_UNHEARD, Reason.ZONE_FULL)
    assert list(numbers) == sorted(numbers)
    assert twice(desk_with("staff", capacity=1), product=AFTER_EXIT) == [V, UNHEARD]
    # Whom the venue admits without an exit must pass the rest of the ladder.
    assert twice(desk_with("mark", capacity=1), product=AFTER_EXIT) == [V, "zone_full"]


def test_rules_count_for_whom_the_venue_admits() -> None:
    rule = RuleText('{"<": [{"var": "entries_number"}, 1]}')
    assert twice(desk_with("mark", rules=[rule]), product=AFTER_EXIT) == [V, "rules"]


def test_a_gate_that_nobody_knows_stays_out_of_service() -> None:
    desk = desk_with("mark")
    code = make_code(product=AFTER_EXIT)
    desk.scan(code)
    assert told(desk.scan(code, gate=9)) == "device"


# -- staff -----------------------------------------------------------------------------------------


def test_staff_may_override_it_and_the_fact_says_what() -> None:
    desk = desk_with("staff")
    code = make_code(product=AFTER_EXIT)
    desk.scan(code)
    shown = Presentation(code, A, 1, NORTH)
    forced = staff.override(
        desk.state, desk.policy, shown, desk.moment, desk.stamp(), "7", "was_outside"
    )
    assert isinstance(forced.fact, Overridden)
    assert (forced.fact.reason, forced.fact.who) == (105, "7")


def test_an_upload_is_judged_by_what_was_before_it() -> None:
    desk = desk_with("mark")
    code = make_code(product=AFTER_EXIT)
    desk.scan(code)
    desk.now_s += 60
    then = msgspec.structs.replace(desk.moment, ms=desk.moment.ms - 90_000)
    shown = Presentation(code, A, 1, NORTH)
    handed = staff.upload(desk.state, desk.policy, shown, then, then.ms << 16)
    assert not marks_of(handed) & MARK_EXIT_UNHEARD  # nobody had come before it


# -- words -----------------------------------------------------------------------------------------


def spoken(desk: Desk, decision: Decision) -> str:
    said = saying(decision, desk.policy, A, NORTH, "entry", desk.moment)
    return Texts(zone=desk.zone).put(said, "staff", "en")


def test_staff_read_who_is_not_heard() -> None:
    desk = desk_with("staff")
    code = make_code(product=AFTER_EXIT)
    desk.scan(code, lane=3)
    decision = desk.scan(code)
    assert "lane 3" in spoken(desk, decision)
    assert "south is not heard" in spoken(desk, decision)
    desk = desk_with("mark")
    first = desk.scan(code)
    assert spoken(desk, first) == "Welcome."
    assert "south is not heard" in spoken(desk, desk.scan(code))


# -- who counts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "card", "counts"),
    [
        ("refuse", SOUTHERN, False),
        ("staff", SOUTHERN, True),
        ("mark", SOUTHERN, True),
        ("mark", msgspec.structs.replace(SOUTHERN, revoked=True), False),
        ("mark", msgspec.structs.replace(SOUTHERN, name="west"), False),
    ],
)
def test_gateways_with_exits_are_those_that_the_terms_name(
    when: When, card: GatewayCard, counts: bool
) -> None:
    terms = Terms(when_unheard=Unheard(when, ["south", "nobody"]))
    policy = Policy(make_bundle(terms=terms, gateways=[card], gates=[Gate(NORTH, "North")]))
    assert policy.exit_gateways == ({B: "south"} if counts else {})
    assert policy.unheard == ()


def test_a_word_alone_means_every_gateway_of_the_bundle() -> None:
    gone = GatewayCard(b"C" * 16, 3, "gone", bytes(32), revoked=True)
    policy = Policy(make_bundle(terms=Terms(when_unheard="staff"), gateways=[SOUTHERN, gone]))
    assert policy.exit_gateways == {B: "south"}
