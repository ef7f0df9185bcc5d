"""Staff at a lane: overriding, taking back, handing in later, trying; and lists that change."""

from typing import Any

import pytest

from crypto.bundle import content_hash
from crypto.delta import Change, Delta
from crypto.errors import BadBundle
from crypto.guests import Guest, GuestList
from crypto.terms import EntryPolicy, Medium, MediumTicket, RuleText, Terms, Zone
from edge.answers import Answer
from edge.core.moments import Moment
from tests.edge.core.desk import NORTH, ONCE, identity, make_bundle, make_code
from tests.edge.venue import Venue, said

ONE, TWO = make_code(1), make_code(2)


def override(venue: Venue, code: bytes, lane: int = 1, **how: Any) -> list[Answer]:
    answers: list[Answer] = []
    venue.lanes[lane].override(code, answers.append, who="erika", why="stamp", **how)
    return answers


def go(venue: Venue, code: bytes, lane: int = 1, **how: Any) -> None:
    venue.show(code, lane, **how)
    venue.log.sync()
    venue.barriers[lane].passes()
    venue.log.sync()


# -- override ------------------------------------------------------------------------------------


def test_an_override_is_durable_before_the_barrier_moves() -> None:
    venue = Venue(blocked=[identity()])
    answers = override(venue, ONE)
    assert (venue.story, venue.barriers[1].granted) == (["Overridden"], [])
    venue.log.sync()
    assert len(venue.barriers[1].granted) == 1
    assert (said(answers), answers[0].overridden) == ("admitted", "blocked")
    venue.barriers[1].passes()
    assert venue.story == ["PassageCompleted"]


def test_a_queued_override_stays_one() -> None:
    venue = Venue(blocked=[identity(2)])
    venue.show(ONE)
    venue.log.sync()
    answers = override(venue, TWO)
    assert said(answers) == ""
    venue.barriers[1].passes()
    venue.log.sync()
    assert answers[0].overridden == "blocked"


def test_a_barrier_out_of_service_cannot_be_overridden() -> None:
    venue = Venue(blocked=[identity()])
    venue.barriers[1].service = False
    assert said(override(venue, ONE)) == "device"
    assert venue.story == []


def test_what_needs_no_override_is_an_admission() -> None:
    venue = Venue()
    override(venue, ONE)
    assert venue.story == ["Admitted"]


# -- annul ---------------------------------------------------------------------------------------


def test_a_turnstile_that_did_not_turn_gives_the_ticket_back() -> None:
    venue = Venue()
    go(venue, ONE, nonce=b"n1")
    done = venue.gateway.annul(b"n1", "erika", "turnstile")
    assert (done.problem, done.lane) == ("", 1)
    assert venue.story[-1] == "Annulled"
    assert venue.gateway.annul(b"n1", "erika", "turnstile").problem == "annulled"
    assert venue.lanes[2].simulate(ONE).decision == "admitted"


def test_r_annul_failures() -> None:
    venue = Venue()
    go(venue, ONE, nonce=b"n1")
    venue.show(TWO, 2, nonce=b"n2")
    venue.story  # noqa: B018 - looked at, so that what follows is fresh
    gateway = venue.gateway
    assert gateway.annul(b"", "erika", "t").problem == "unknown_nonce"
    assert gateway.annul(b"n9", "erika", "t").problem == "unknown_nonce"
    assert gateway.annul(b"n2", "erika", "t").problem == "open"
    venue.clock.ms += 15 * 60_000 + 1
    assert gateway.annul(b"n1", "erika", "t").problem == "too_late"
    assert venue.story == []


def test_after_a_restart_a_scan_can_still_be_annulled() -> None:
    venue = Venue()
    go(venue, ONE, nonce=b"n1")
    again = Venue(venue.log, venue.gateway.state)
    again.gateway.started()
    assert again.gateway.annul(b"n1", "erika", "t").problem == ""


# -- handed in later, and tried ------------------------------------------------------------------


def test_a_scan_that_is_handed_in_moves_nothing() -> None:
    venue = Venue()
    then = Moment(venue.clock.ms - 60_000, 20260101, 60)
    answers: list[Answer] = []
    venue.lanes[1].upload(ONE, then, answers.append, nonce=b"n1")
    assert venue.story == ["Admitted", "PassageCompleted"]
    venue.log.sync()
    assert (said(answers), answers[0].marks) == ("admitted", ["no_window", "uploaded"])
    assert venue.barriers[1].granted == []
    venue.lanes[1].upload(ONE, then, answers.append, nonce=b"n1")
    assert answers[1].repeated
    venue.lanes[2].upload(ONE, Moment(then.ms + 1, 20260101, 60), answers.append, nonce=b"n2")
    venue.log.sync()
    assert (answers[2].overridden, answers[2].marks[-1]) == ("already_redeemed", "forced")


def test_a_simulation_writes_nothing_and_moves_nothing() -> None:
    venue = Venue()
    before = venue.gateway.state.dump()
    answer = venue.lanes[1].simulate(ONE)
    assert (answer.decision, answer.simulated, answer.seq) == ("admitted", True, 0)
    assert venue.lanes[1].simulate(b"nonsense").reason == "invalid"
    later = Moment(venue.clock.ms + 1, 20260101)
    early = make_code(3, valid_from=later.ms // 1000 + 60)
    assert venue.lanes[1].simulate(early, at=later).opens_ms > later.ms
    assert (venue.story, venue.lanes[1].said, venue.lanes[1].last) == ([], {}, None)
    assert venue.gateway.state.dump() == before


# -- what a refusal shows ------------------------------------------------------------------------


def test_questions_choices_and_the_full_zone_are_shown() -> None:
    band = Medium(b"55", [MediumTicket(identity(n), ONCE) for n in (1, 2)])
    venue = Venue(terms=Terms(media=[band], policies=[EntryPolicy(ONCE, questions=["age"])]))
    answer = venue.lanes[1].simulate(ONE)
    assert (answer.reason, answer.questions) == ("questions", ["age"])
    assert venue.lanes[1].simulate(ONE, answers=("age",)).decision == "admitted"
    several = venue.lanes[1].simulate(b"55", answers=("age",))
    assert several.reason == "ambiguous"
    assert [(one.product, one.performance) for one in several.choices] == [("Day ticket", "")] * 2
    full = Venue(terms=Terms(capacity=1, zones=[Zone(1, "Hall")]))
    go(full, ONE)
    answer = full.lanes[2].simulate(TWO)
    assert (answer.reason, answer.zone) == ("zone_full", "venue")


def test_the_reason_of_a_rule_is_the_text() -> None:
    venue = Venue(terms=Terms(rules=[RuleText('{"<": [{"var": "entries_number"}, 0]}')]))
    answer = venue.lanes[1].simulate(ONE)
    assert answer.reason == "rules"
    assert set(answer.guest_text) == {"de", "en", "fr"}
    assert answer.text == answer.guest_text["en"]
    assert "entr" in answer.text.lower()


# -- lists that change, and guests ---------------------------------------------------------------


def delta(version: int, **changes: Any) -> Delta:
    fields: dict[str, Any] = {
        "version": version, "tenant": bytes(16), "issued_at_ms": 1, "base_version": 1,
        "base_hash": content_hash(b"a bundle"),
    }  # fmt: skip
    return Delta(**(fields | changes))


def test_a_delta_blocks_a_ticket_at_once() -> None:
    venue = Venue()
    venue.gateway.apply_delta(delta(2, blocked=Change([identity()])), b"delta 2")
    assert venue.story == ["BundleApplied"]
    assert venue.lanes[1].simulate(ONE).reason == "blocked"
    # Each delta is of the full bundle: the next one takes the first one's place.
    venue.gateway.apply_delta(delta(3, canceled=Change([identity(2)])), b"delta 3")
    assert [venue.lanes[1].simulate(code).reason for code in (ONE, TWO)] == ["", "canceled"]
    assert venue.gateway.policy.version == 3


def test_a_delta_that_is_old_or_of_another_bundle_changes_nothing() -> None:
    venue = Venue()
    venue.gateway.apply_delta(delta(3), b"delta 3")
    for wrong in (delta(2), delta(3), delta(4, base_version=2), delta(4, base_hash=bytes(32))):
        with pytest.raises(BadBundle):
            venue.gateway.apply_delta(wrong, b"wrong")
    assert venue.gateway.policy.version == 3


def test_a_full_bundle_takes_the_place_of_bundle_and_delta() -> None:
    venue = Venue()
    venue.gateway.apply_delta(delta(2, blocked=Change([identity()])), b"delta 2")
    assert venue.gateway.apply_bundle(make_bundle(version=3), b"bundle 3")
    assert venue.lanes[1].simulate(ONE).decision == "admitted"


def test_a_confirmation_makes_the_lists_young() -> None:
    venue = Venue()
    venue.gateway.bundle_confirmed()
    assert venue.gateway.policy.age_ms(venue.clock.ms + 5) == 5
    venue.gateway.apply_bundle(make_bundle(version=2), b"bundle 2")
    assert venue.gateway.policy.age_ms(venue.clock.ms + 5) == 5


def test_a_guest_is_greeted_by_name_and_the_list_outlives_a_bundle() -> None:
    venue = Venue()
    guests = GuestList(version=1, guests=[Guest("1", "Zoë Weiß", identity(), note="press")])
    assert venue.gateway.apply_guests(guests)
    assert not venue.gateway.apply_guests(guests)
    venue.gateway.apply_bundle(make_bundle(version=2), b"bundle 2")
    answer = venue.lanes[1].simulate(ONE)
    assert (answer.name, answer.note) == ("Zoë Weiß", "press")
    assert venue.gateway.policy.guests.search("zoe")[0].guest.key == "1"


def test_a_rule_that_cannot_be_read_is_told_to_technicians(
    caplog: pytest.LogCaptureFixture,
) -> None:
    venue = Venue()
    broken = make_bundle(version=2, terms=Terms(rules=[RuleText("{", NORTH)]))
    venue.gateway.apply_bundle(broken, b"bundle 2")
    assert "cannot be decided by" in caplog.text
