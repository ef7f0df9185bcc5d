"""Once means once: holds and how they end, groups, re-entry, the nervous guest."""

import pytest

from crypto.entry import Admitted
from tests.edge.core.desk import (
    AFTER_EXIT,
    NOON_S,
    NORTH,
    SLOW,
    SLOW_UNLIMITED,
    UNLIMITED,
    A,
    B,
    Desk,
    identity,
    make_code,
    told,
)

# -- single use ----------------------------------------------------------------------------------


def test_a_ticket_admits_once_and_the_refusal_says_when_and_where() -> None:
    desk = Desk()
    desk.scan(make_code(), lane=2)
    desk.now_s += 60
    refused = desk.scan(make_code(), lane=3)
    assert told(refused) == "already_redeemed"
    assert refused.earlier is not None
    earlier = refused.earlier
    assert (earlier.at_ms, earlier.offset_min) == (NOON_S * 1000, 60)
    assert (earlier.gateway, earlier.gate, earlier.lane) == (A, NORTH, 2)
    assert (earlier.possibly, earlier.open) == (False, False)


def test_a_passage_that_lapsed_gives_the_ticket_back() -> None:
    desk = Desk()
    desk.lapses(desk.hold(make_code()))
    assert told(desk.scan(make_code(), lane=2)) == "admitted"
    assert told(desk.scan(make_code(), lane=2)) == "already_redeemed"


def test_an_unknown_passage_counts_as_used_and_says_possibly() -> None:
    desk = Desk()
    desk.is_lost(desk.hold(make_code(), lane=2))
    refused = desk.scan(make_code(), lane=2)
    assert told(refused) == "already_redeemed"
    assert refused.earlier is not None
    assert (refused.earlier.possibly, refused.earlier.open) == (True, False)


# -- the nervous guest ---------------------------------------------------------------------------


def test_while_held_the_same_lane_gives_the_same_answer_and_no_fact() -> None:
    desk = Desk()
    first = desk.hold(make_code())
    again = desk.hold(make_code())
    assert (again.admitted, again.granted, again.repeated) == (True, 1, True)
    assert again.fact is None
    assert again.hold is desk.state.tickets[identity()].holds[0]
    desk.passes(first)
    assert told(desk.hold(make_code())) == "already_redeemed"


@pytest.mark.parametrize("product", [1, AFTER_EXIT, UNLIMITED])
def test_while_held_another_lane_refuses_and_says_where_to_go(product: int) -> None:
    desk = Desk()
    desk.hold(make_code(product=product), lane=2)
    refused = desk.hold(make_code(product=product), lane=3)
    assert told(refused) == "already_redeemed"
    assert refused.earlier is not None
    assert (refused.earlier.lane, refused.earlier.open) == (2, True)


def test_a_lane_of_the_same_number_at_another_gateway_is_another_lane() -> None:
    desk = Desk()
    desk.hold(make_code(), lane=2, gateway=B)
    refused = desk.hold(make_code(), lane=2, gateway=A)
    assert told(refused) == "already_redeemed"
    assert refused.earlier is not None
    assert refused.earlier.gateway == B


def test_an_open_exit_is_answered_again_too_but_is_no_entry() -> None:
    desk = Desk()
    desk.scan(make_code(product=AFTER_EXIT))
    desk.hold(make_code(product=AFTER_EXIT), way="exit")
    again = desk.hold(make_code(product=AFTER_EXIT), way="exit")
    assert again.repeated
    assert again.marks == 0
    assert told(desk.hold(make_code(product=AFTER_EXIT))) == "already_redeemed"


@pytest.mark.parametrize("ending", ["open", "passed", "lapsed", "lost"])
def test_the_same_nonce_gets_the_same_answer_whatever_became_of_it(ending: str) -> None:
    desk = Desk()
    first = desk.hold(make_code(), nonce=b"n1")
    if ending == "passed":
        desk.passes(first)
    elif ending == "lapsed":
        desk.lapses(first)
    elif ending == "lost":
        desk.is_lost(first)
    again = desk.hold(make_code(), nonce=b"n1", lane=7)
    assert (again.admitted, again.granted, again.repeated, again.fact) == (True, 1, True, None)


def test_another_nonce_is_another_presentation() -> None:
    desk = Desk()
    desk.scan(make_code(), nonce=b"n1")
    assert told(desk.scan(make_code(), nonce=b"n2")) == "already_redeemed"
    assert told(desk.scan(make_code())) == "already_redeemed"


def test_a_nonce_of_an_entry_is_not_one_of_an_exit() -> None:
    desk = Desk()
    desk.scan(make_code(), nonce=b"n1")
    left = desk.scan(make_code(), nonce=b"n1", way="exit")
    assert (left.admitted, left.repeated) == (True, False)


# -- groups --------------------------------------------------------------------------------------


def test_a_code_of_three_admits_three_one_by_one_then_is_used() -> None:
    desk = Desk()
    answers = [told(desk.scan(make_code(persons=3))) for _ in range(4)]
    assert answers == ["admitted"] * 3 + ["already_redeemed"]


@pytest.mark.parametrize("counts", [(5,), (1, 4), (2, 2, 1), (1, 1, 1, 1, 1)])
def test_staff_choose_the_count_up_to_what_is_left(counts: tuple[int, ...]) -> None:
    desk = Desk()
    for count in counts:
        decision = desk.scan(make_code(persons=5), count=count)
        assert (told(decision), decision.granted) == ("admitted", count)
    assert told(desk.scan(make_code(persons=5))) == "already_redeemed"


def test_more_persons_than_are_left_are_refused_whole_and_consume_nothing() -> None:
    desk = Desk()
    desk.scan(make_code(persons=5), count=3)
    assert told(desk.scan(make_code(persons=5), count=3)) == "already_redeemed"
    assert told(desk.scan(make_code(persons=5), count=2)) == "admitted"


@pytest.mark.parametrize("product", [1, AFTER_EXIT, UNLIMITED])
def test_more_persons_than_the_code_is_for_are_refused_without_naming_a_use(product: int) -> None:
    desk = Desk()
    desk.lapses(desk.hold(make_code(persons=2, product=product)))
    refused = desk.scan(make_code(persons=2, product=product), count=3)
    assert told(refused) == "already_redeemed"
    assert refused.earlier is None


@pytest.mark.parametrize(("count", "granted"), [(0, 1), (-5, 1), (255, 255), (1000, 255)])
def test_a_count_out_of_range_is_brought_into_it(count: int, granted: int) -> None:
    assert Desk().scan(make_code(persons=255), count=count).granted == granted


def test_of_a_group_only_those_who_did_not_pass_are_given_back() -> None:
    desk = Desk()
    held = desk.hold(make_code(persons=3), count=3)
    desk.passes(held, 1)
    desk.lapses(held, 1)
    assert told(desk.scan(make_code(persons=3), count=3)) == "already_redeemed"
    assert told(desk.scan(make_code(persons=3), count=2)) == "admitted"


def test_of_an_unknown_group_all_count_as_used() -> None:
    desk = Desk()
    held = desk.hold(make_code(persons=3), count=2)
    desk.is_lost(held, 1)
    assert told(desk.scan(make_code(persons=3))) == "admitted"
    assert told(desk.scan(make_code(persons=3))) == "already_redeemed"


def test_a_group_may_come_through_two_lanes_at_once() -> None:
    desk = Desk()
    assert told(desk.hold(make_code(persons=2), lane=1)) == "admitted"
    assert told(desk.hold(make_code(persons=2), lane=2)) == "admitted"
    assert told(desk.hold(make_code(persons=2), lane=3)) == "already_redeemed"


# -- re-entry ------------------------------------------------------------------------------------


def test_without_reentry_leaving_does_not_help() -> None:
    desk = Desk()
    desk.scan(make_code())
    desk.scan(make_code(), way="exit")
    assert told(desk.scan(make_code())) == "already_redeemed"


def test_after_an_exit_one_may_come_back_each_time() -> None:
    desk = Desk()
    code = make_code(product=AFTER_EXIT)
    for _ in range(3):
        assert told(desk.scan(code)) == "admitted"
        assert told(desk.scan(code)) == "already_redeemed"
        assert told(desk.scan(code, way="exit")) == "admitted"


def test_of_a_group_as_many_come_back_as_went_out() -> None:
    desk = Desk()
    code = make_code(product=AFTER_EXIT, persons=3)
    desk.scan(code, count=3)
    desk.scan(code, way="exit")
    desk.scan(code, way="exit")
    assert told(desk.scan(code, count=3)) == "already_redeemed"
    assert told(desk.scan(code, count=2)) == "admitted"


@pytest.mark.parametrize("ending", ["open", "lapsed", "lost"])
def test_an_exit_counts_only_when_somebody_walked_out(ending: str) -> None:
    desk = Desk()
    code = make_code(product=AFTER_EXIT)
    desk.scan(code)
    held = desk.hold(code, way="exit")
    if ending == "lapsed":
        desk.lapses(held)
    elif ending == "lost":
        desk.is_lost(held)
    assert told(desk.scan(code)) == "already_redeemed"


def test_leaving_twice_does_not_let_two_in() -> None:
    desk = Desk()
    code = make_code(product=AFTER_EXIT)
    desk.scan(code, way="exit")
    desk.scan(code, way="exit")
    assert [told(desk.scan(code)) for _ in range(2)] == ["admitted", "already_redeemed"]


def test_unlimited_means_again_and_again() -> None:
    desk = Desk()
    assert {told(desk.scan(make_code(product=UNLIMITED))) for _ in range(5)} == {"admitted"}


@pytest.mark.parametrize("product", [SLOW, SLOW_UNLIMITED])
def test_who_comes_back_too_soon_is_told_the_last_entry(product: int) -> None:
    desk = Desk()
    code = make_code(product=product)
    desk.scan(code)
    desk.scan(code, way="exit")
    desk.now_s += 599
    refused = desk.scan(code)
    assert told(refused) == "already_redeemed"
    assert refused.earlier is not None
    assert refused.earlier.at_ms == NOON_S * 1000
    desk.now_s += 1
    assert told(desk.scan(code)) == "admitted"


def test_an_entry_that_lapsed_makes_nobody_wait() -> None:
    desk = Desk()
    code = make_code(product=SLOW_UNLIMITED)
    desk.lapses(desk.hold(code))
    assert told(desk.scan(code)) == "admitted"


@pytest.mark.parametrize("product", [SLOW, SLOW_UNLIMITED])
def test_the_second_of_a_group_does_not_wait_for_the_first(product: int) -> None:
    desk = Desk()
    code = make_code(product=product, persons=2)
    assert [told(desk.scan(code)) for _ in range(2)] == ["admitted", "admitted"]
    desk.scan(code, way="exit")
    assert told(desk.scan(code)) == "already_redeemed"


def test_a_clock_that_steps_back_never_turns_used_into_unused() -> None:
    desk = Desk()
    code = make_code(product=AFTER_EXIT)
    desk.scan(code)
    desk.now_s -= 86_400
    assert told(desk.scan(code)) == "already_redeemed"
    assert told(desk.scan(code, way="exit")) == "admitted"
    assert told(desk.scan(code)) == "admitted"


def test_two_gateways_that_gave_the_same_clock_fail_closed() -> None:
    # An exit at B and an entry at A with one HLC: whichever is read first, the guest is inside.
    code = make_code(product=AFTER_EXIT)
    answers = []
    for entry_first in (True, False):
        desk = Desk()
        for way in ("entry", "exit") if entry_first else ("exit", "entry"):
            desk.clock.last = (NOON_S * 1000 << 16) + 4
            gateway = A if way == "entry" else B
            desk.scan(code, way="entry" if way == "entry" else "exit", gateway=gateway)
        hlcs = {h.hlc for h in desk.state.tickets[identity()].holds}
        assert len(hlcs) == 1
        answers.append(told(desk.scan(code)))
    assert answers == ["already_redeemed", "already_redeemed"]


def test_deciding_changes_nothing() -> None:
    desk = Desk()
    desk.scan(make_code())
    before = desk.state.dump()
    fact = desk.hold(make_code(2)).fact
    assert isinstance(fact, Admitted)
    desk2 = Desk()
    desk2.scan(make_code())
    assert desk2.state.dump() == before
