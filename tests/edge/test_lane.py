"""A lane, story by story: what is shown, what moves, what becomes a fact."""

import pytest

from crypto.entry import (
    AdmissionRefused,
    PassageCompleted,
    PassageLapsed,
    PassageUnknown,
)
from edge import answers as answers_of
from edge.core.refusals import MINUTE_MS
from tests.edge.core.desk import AFTER_EXIT, make_code
from tests.edge.venue import Venue, said, said_now

ONE, TWO, THREE = (make_code(n) for n in (1, 2, 3))
GROUP = make_code(7, persons=3)


# -- the two laws ----------------------------------------------------------------------------------


def test_nothing_moves_and_nothing_is_said_before_it_is_durable() -> None:
    venue = Venue()
    answers = venue.show(ONE)
    assert venue.story == ["Admitted"]
    assert not venue.barriers[1].granted
    assert said(answers) == ""
    venue.log.sync()
    assert venue.barriers[1].granted == [(2, 1)]
    assert said(answers) == "admitted"
    assert answers[0].seq == 2


def test_a_refusal_is_said_when_it_is_durable_too() -> None:
    venue = Venue(blocked=[b"venue:" + (1).to_bytes(8, "big")])
    answers = venue.show(ONE)
    assert (venue.story, said(answers)) == (["AdmissionRefused"], "")
    venue.log.sync()
    assert said(answers) == "blocked"


def test_each_waits_for_its_own_fact_only() -> None:
    venue = Venue()
    first, second = venue.show(ONE, 1), venue.show(TWO, 2)
    venue.log.sync(1)
    assert (said(first), said(second)) == ("admitted", "")
    assert not venue.barriers[2].granted
    venue.log.sync()
    assert said(second) == "admitted"


def test_two_lanes_one_ticket_one_tick_exactly_one_is_admitted() -> None:
    venue = Venue()
    answers = [venue.show(ONE, 1), venue.show(ONE, 2)]
    venue.log.sync()
    assert [said(a) for a in answers] == ["admitted", "already_redeemed"]
    assert answers[1][0].text == "In use right now at lane 1. Send them there."
    assert (len(venue.barriers[1].granted), len(venue.barriers[2].granted)) == (1, 0)


# -- the way of a guest ----------------------------------------------------------------------------


def test_shown_admitted_passed_used() -> None:
    venue = Venue()
    venue.show(ONE)
    venue.log.sync()
    venue.barriers[1].passes()
    again = venue.show(ONE)
    venue.log.sync()
    assert venue.story == ["Admitted", "PassageCompleted", "AdmissionRefused"]
    assert said(again) == "already_redeemed"
    assert again[0].text == "Already used at 13:00, lane 1."
    done = venue.log.facts[-2]
    assert isinstance(done, PassageCompleted)
    assert (done.lane, done.epoch, done.seq, done.passed, done.assumed) == (1, 1, 2, 1, False)


def test_who_did_not_walk_gets_the_ticket_back() -> None:
    venue = Venue()
    venue.show(ONE)
    venue.log.sync()
    venue.barriers[1].lapses()
    again = venue.show(ONE, 2)
    venue.log.sync()
    assert said(again) == "admitted"
    lapse = venue.log.facts[-2]
    assert isinstance(lapse, PassageLapsed)
    assert (lapse.epoch, lapse.seq, lapse.passed) == (1, 2, 0)


def test_of_a_group_those_left_outside_are_given_back() -> None:
    venue = Venue()
    venue.show(GROUP, count=3)
    venue.log.sync()
    assert venue.barriers[1].granted == [(2, 3)]
    venue.barriers[1].passes(2)
    assert venue.story == ["Admitted", "PassageCompleted", "PassageLapsed"]
    assert said_now(venue, GROUP) == "admitted"
    venue.barriers[1].passes()
    assert said_now(venue, GROUP) == "already_redeemed"


def test_a_lost_barrier_leaves_the_ticket_possibly_used() -> None:
    venue = Venue()
    venue.show(ONE)
    venue.log.sync()
    venue.lanes[1].unknown(2, 0, "link_lost")
    fact = venue.log.facts[-1]
    assert isinstance(fact, PassageUnknown)
    assert (fact.seq, fact.passed, fact.cause) == (2, 0, "link_lost")
    answers = venue.show(ONE, 2)
    venue.log.sync()
    assert answers[0].text == "Possibly entered at 13:00, lane 1. The supervisor decides."


def test_without_a_barrier_the_passage_is_assumed_when_it_is_durable() -> None:
    venue = Venue()
    venue.add_lane(3)
    answers = venue.show(GROUP, 3, count=2)
    assert venue.story == ["Admitted"]
    venue.log.sync()
    assert venue.story == ["PassageCompleted"]
    assert said(answers) == "admitted"
    done = venue.log.facts[-1]
    assert isinstance(done, PassageCompleted)
    assert (done.passed, done.assumed) == (2, True)


def test_without_a_barrier_nobody_waits_for_anybody() -> None:
    venue = Venue()
    venue.add_lane(3)
    answers = [venue.show(code, 3) for code in (ONE, TWO, THREE)]
    venue.log.sync()
    assert [said(a) for a in answers] == ["admitted"] * 3


def test_a_lane_both_ways_goes_the_way_it_is_told_and_others_their_own() -> None:
    venue = Venue()
    venue.add_lane(3, "both")
    venue.add_lane(4, "exit")
    code = make_code(product=AFTER_EXIT)
    ways = [
        venue.show(code, 3),
        venue.show(code, 3, direction="exit"),
        venue.show(code, 4),
        venue.show(code, 4, direction="entry"),
        venue.show(make_code(9), 1, direction="exit"),
    ]
    venue.log.sync()
    assert [a[0].direction for a in ways] == ["entry", "exit", "exit", "exit", "entry"]
    assert ways[1][0].text == "Goodbye."


# -- the nervous guest and the next one ------------------------------------------------------------


def test_a_repeated_presentation_waits_for_the_first_and_moves_nothing_again() -> None:
    venue = Venue()
    first, again = venue.show(ONE), venue.show(ONE)
    assert (said(first), said(again)) == ("", "")
    venue.log.sync()
    assert (said(first), said(again)) == ("admitted", "admitted")
    assert (again[0].repeated, again[0].seq, again[0].text) == (True, 2, "Please go through.")
    assert again[0].marks == first[0].marks == ["no_window"]
    assert venue.barriers[1].granted == [(2, 1)]
    assert venue.story == ["Admitted"]


def test_a_retried_request_gets_its_answer_at_once_when_the_first_is_durable() -> None:
    venue = Venue()
    venue.show(ONE, nonce=b"n1")
    venue.log.sync()
    venue.barriers[1].passes()
    again = venue.show(ONE, 2, nonce=b"n1")
    assert (said(again), again[0].repeated) == ("admitted", True)
    assert not venue.barriers[2].granted


def test_a_retry_of_what_an_earlier_process_admitted_waits_for_nothing() -> None:
    venue = Venue()
    venue.show(ONE, nonce=b"n1")
    venue.log.sync()
    venue.barriers[1].passes()
    venue.log.sync()
    venue.log.begin_epoch(2)
    after = Venue(venue.log, venue.gateway.state)
    again = after.show(ONE, nonce=b"n1")
    assert (said(again), again[0].repeated, again[0].seq) == ("admitted", True, 0)


# -- no room, garbage, clients ---------------------------------------------------------------------


def test_without_room_nobody_is_admitted_nothing_is_folded_and_the_next_one_works() -> None:
    venue = Venue()
    venue.log.full = True
    before = venue.gateway.state.dump()
    answers = venue.show(ONE)
    assert (said(answers), answers[0].retry) == ("device", True)
    assert venue.gateway.state.dump() == before
    assert not venue.lanes[1].busy
    venue.log.full = False
    assert said_now(venue, ONE) == "admitted"


def test_without_room_refusals_keep_their_reason_and_are_counted() -> None:
    venue = Venue(blocked=[b"venue:" + (1).to_bytes(8, "big")])
    venue.lanes[1].flush()
    venue.log.full = True
    assert [said(venue.show(ONE)) for _ in range(3)] == ["blocked"] * 3
    venue.log.full = False
    venue.later(MINUTE_MS)
    (counted,) = venue.log.facts[venue.seen :]
    assert isinstance(counted, AdmissionRefused)
    assert (counted.reason, counted.count) == (40, 3)


def test_garbage_is_one_fact_a_minute_and_the_next_guest_is_served() -> None:
    venue = Venue()
    venue.lanes[1].flush()
    for n in range(5000):
        assert said(venue.show(b"\x00garbage %d" % n)) == "invalid"
    assert venue.story == []
    assert said_now(venue, ONE) == "admitted"
    venue.later(MINUTE_MS)
    counted = [f for f in venue.log.facts if isinstance(f, AdmissionRefused)]
    assert [(f.reason, f.count, f.lane, f.ticket_hash) for f in counted] == [(10, 5000, 1, b"")]


def test_a_client_that_has_gone_strands_nobody() -> None:
    venue = Venue()

    def gone(answer: object) -> None:
        raise ConnectionError("the client hung up")

    venue.lanes[1].present(ONE, gone)
    other = venue.show(TWO, 2)
    venue.log.sync()
    assert said(other) == "admitted"
    assert venue.barriers[1].granted == [(2, 1)]
    venue.barriers[1].passes()
    assert said_now(venue, THREE) == "admitted"


def test_a_nonce_too_long_for_a_fact_is_our_own_mistake() -> None:
    with pytest.raises(AssertionError):
        Venue().show(ONE, nonce=bytes(33))


def test_a_scanner_needs_no_answer() -> None:
    venue = Venue()
    venue.lanes[1].scanned(ONE)
    venue.log.sync()
    assert venue.barriers[1].granted == [(2, 1)]
    assert venue.lanes[1].last is not None
    assert venue.lanes[1].said == {"admitted": 1}


def test_a_barrier_does_not_wait_for_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words are put together when somebody asks, and then as things stood when it was decided."""
    made: list[int] = []
    real = answers_of.describe

    def describe(*args: object, **more: object) -> object:
        made.append(1)
        return real(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(answers_of, "describe", describe)
    venue = Venue()
    venue.lanes[1].scanned(ONE)
    venue.log.sync()
    assert venue.barriers[1].granted == [(2, 1)]
    assert made == []
    last = venue.lanes[1].last
    assert last is not None and last.decision == "admitted" and made == [1]
    assert venue.lanes[1].last is last and made == [1]
    with venue.gateway.events.listen() as heard:
        venue.lanes[2].scanned(TWO)
        venue.log.sync()
        assert heard.receive_nowait()["decision"] == "admitted"


def test_what_a_technician_sees() -> None:
    venue = Venue()
    venue.add_lane(3, "both")
    venue.show(ONE)
    venue.barriers[2].service = False
    seen = {row["lane"]: row for row in venue.gateway.health()}
    assert [seen[n]["busy"] for n in (1, 2, 3)] == [True, False, False]
    assert [seen[n]["in_service"] for n in (1, 2, 3)] == [True, False, True]
    assert seen[3]["direction"] == "both"
