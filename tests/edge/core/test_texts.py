"""Every reason in every language for both audiences, with what helps the guest filled in."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import bundle
from edge.core.admission import Decision, Earlier
from edge.core.moments import Moment
from edge.core.reasons import Reason
from edge.core.texts import (
    AUDIENCES,
    LANGUAGES,
    PHRASES,
    Gate,
    Lane,
    Saying,
    Texts,
    Time,
    allowed,
    override_faults,
    placeholders,
    saying,
)
from tests.edge.core.desk import (
    AFTER_EXIT,
    NOON_S,
    NORTH,
    ONCE,
    SOUTH,
    TOMORROW,
    TONIGHT,
    A,
    B,
    Desk,
    make_code,
)

VIENNA = ZoneInfo("Europe/Vienna")
NOW = Moment(NOON_S * 1000, 20260101, 60)
FILLED = {
    "at": Time(NOW.ms, 60), "opens": Time(NOW.ms), "where": Lane(4), "gates": [Gate("North", 1)],
    "persons": 28, "performance": "Tonight", "gateways": ["south"],
    "why": {"de": "Warum.", "en": "Why.", "fr": "Parce."},
}  # fmt: skip


def test_every_reason_has_its_words_for_both_in_every_language() -> None:
    for key in (*(reason.code for reason in Reason), "admitted", "admitted.exit", "admitted.again"):
        assert tuple(PHRASES[key]) == LANGUAGES, key


def test_every_phrase_reads_well_and_says_the_same_in_every_language() -> None:
    for key, languages in PHRASES.items():
        for i, audience in enumerate(AUDIENCES):
            phrases = [languages[language][i] for language in LANGUAGES]
            assert len({placeholders(phrase) for phrase in phrases}) == 1, (key, audience)
            for language in LANGUAGES:
                spoken = Texts().put(Saying(key, FILLED, NOW), audience, language)
                assert spoken[0].isupper() or spoken[0] in "„“«", spoken
                assert spoken.endswith((".", "!")) and "{" not in spoken, spoken
                assert len(spoken) <= 110, spoken


def test_a_case_belongs_to_a_reason_and_needs_no_more_than_is_filled() -> None:
    for key in PHRASES:
        assert key.split(".")[0] in PHRASES
        assert allowed(key) <= FILLED.keys() | {"desk"}


def at_gate(desk: Desk, code: bytes, gate: int = NORTH, **how: object) -> Saying:
    decision = desk.hold(code, gate=gate, **how)  # type: ignore[arg-type]
    way = str(how.get("way", "entry"))
    return saying(decision, desk.policy, A, gate, way, desk.moment)


def words(said: Saying, language: str = "en") -> str:
    return Texts(zone=VIENNA).put(said, "guest", language)


def test_a_wrong_gate_names_the_right_one() -> None:
    said = at_gate(Desk(), make_code(), SOUTH)
    assert said.key == "product.gate"
    assert words(said) == "Please go to North gate."
    assert words(said, "de") == "Bitte gehen Sie zu: North gate."


def test_the_right_gate_takes_the_performance_as_well() -> None:
    gates = [
        bundle.Gate(SOUTH, "South gate", [], [TOMORROW]),
        bundle.Gate(3, "East gate", [ONCE], [TONIGHT]),
        bundle.Gate(4, "West gate", [], [TONIGHT]),
        bundle.Gate(5, "Crew gate", [AFTER_EXIT]),
    ]
    said = at_gate(Desk(gates=gates), make_code(performance=TONIGHT), SOUTH)
    assert said.key == "performance.gate"
    assert words(said) == "“Tonight”: please go to East gate or West gate."
    assert words(said, "fr") == "Pour « Tonight », rendez-vous à : East gate ou West gate."


def test_no_right_gate_sends_to_the_help_desk() -> None:
    nowhere = [bundle.Gate(SOUTH, "South gate", [AFTER_EXIT])]
    for code, gates in ((make_code(product=999), None), (make_code(), nowhere)):
        desk = Desk(gates=gates) if gates else Desk()
        said = at_gate(desk, code, SOUTH)
        assert said.key == "product"
        assert words(said).endswith("Please go to the help desk.")
    said = at_gate(Desk(), make_code(performance=999))
    assert said.key == "performance"
    assert words(said, "fr").endswith("Adressez-vous à : l’accueil.")


def test_nobody_is_sent_to_the_gate_where_they_stand() -> None:
    desk = Desk(gates=[bundle.Gate(NORTH, "North gate")])
    claim = desk.hold(make_code()).claim
    said = saying(Decision(Reason.PRODUCT, 0, claim), desk.policy, A, NORTH, "entry", NOW)
    assert said.key == "product"


def test_who_comes_early_is_told_when_to_come() -> None:
    said = at_gate(Desk(), make_code(performance=TOMORROW))
    assert words(said, "de") == "Sie sind früh! Einlass ab 12:00 Uhr am 2. Januar."
    assert words(said) == "You are early! Entry from 12:00 on 2 January."
    assert words(said, "fr") == "Vous êtes en avance ! Entrée dès 12h00 le 2 janvier."
    later = at_gate(Desk(), make_code(performance=TONIGHT, valid_from=NOON_S + 3600))
    assert words(later) == "You are early! Entry from 14:00."


def test_the_hour_is_that_of_the_venue_after_its_clocks_have_changed() -> None:
    spring_s = 1_774_746_000  # 2026-03-29 01:00 UTC: Vienna goes from +1 to +2
    desk = Desk()
    desk.now_s = spring_s - 3600
    said = at_gate(desk, make_code(valid_from=spring_s + 3600))
    assert words(said) == "You are early! Entry from 04:00."


def test_who_comes_late_is_told_until_when_it_was() -> None:
    desk = Desk()
    desk.now_s = NOON_S + 7200
    said = at_gate(desk, make_code(performance=TONIGHT))
    assert words(said) == "This ticket was valid until 15:00. Please go to the help desk."
    ended = at_gate(Desk(), make_code(valid_until=NOON_S))
    assert ended.key == "invalid_time.late"


def test_a_refusal_for_time_that_no_window_explains_has_plain_words() -> None:
    desk = Desk()
    claim = desk.hold(make_code()).claim
    said = saying(Decision(Reason.INVALID_TIME, 0, claim), desk.policy, A, NORTH, "entry", NOW)
    assert said.key == "invalid_time"


@pytest.mark.parametrize(
    ("gateway", "flags", "told"),
    [
        (A, (False, False), "This ticket was used at 12:30 (lane 4). For help: the help desk."),
        (B, (False, False), "This ticket was used at 12:30 (North gate). For help: the help desk."),
        (A, (True, False), "This ticket was read at 12:30 (lane 4). Please ask our staff."),
        (A, (False, True), "Your way is open at lane 4. Please go there."),
    ],
)
def test_a_used_ticket_says_where_and_when(
    gateway: bytes, flags: tuple[bool, bool], told: str
) -> None:
    desk = Desk()
    claim = desk.hold(make_code()).claim
    use = Earlier(NOW.ms - 1_800_000, 60, gateway, NORTH, 4, *flags)
    decision = Decision(Reason.ALREADY_REDEEMED, 0, claim, earlier=use)
    assert words(saying(decision, desk.policy, A, NORTH, "entry", NOW)) == told


def test_a_use_of_another_day_says_the_day() -> None:
    use = {"at": Time(NOW.ms - 86_400_000, 60), "where": Lane(4)}
    said = Saying("already_redeemed.at", use, NOW)
    assert words(said).startswith("This ticket was used at 13:00 on 31 December (lane 4)")


def test_a_group_is_told_how_many_it_is() -> None:
    said = at_gate(Desk(), make_code(persons=28), count=29)
    assert (
        words(said, "de")
        == "Dieser Code gilt für 28 Person(en); so viele Eintritte sind nicht mehr frei."
    )


def test_a_gate_without_a_name_and_a_lane_are_called_in_the_language() -> None:
    said = Saying("already_redeemed.open", {"where": Gate("", 77), "at": Time(0)}, NOW)
    assert words(said, "de").endswith("zu Eingang 77.")
    assert words(said, "fr").startswith("Votre passage est ouvert : porte 77")
    said = Saying("already_redeemed.open", {"where": Lane(3), "at": Time(0)}, NOW)
    assert words(said, "de").endswith("zu Spur 3.")


def test_words_for_coming_and_going() -> None:
    desk = Desk()
    code = make_code(product=AFTER_EXIT)
    keys = [at_gate(desk, code).key, at_gate(desk, code).key, at_gate(desk, code, way="exit").key]
    assert keys == ["admitted", "admitted.again", "admitted.exit"]


def test_garbage_is_said_to_be_no_ticket() -> None:
    assert words(at_gate(Desk(), b"garbage")) == "This is not a valid ticket code."


def test_what_others_put_into_words_is_taken_by_language() -> None:
    said = Saying(
        "rules.why", {"why": {"de": "Erst ab Montag.", "en": "From Monday.", "fr": "x"}}, NOW
    )
    assert words(said, "de") == "Erst ab Montag."


def test_the_venue_has_its_own_words_and_its_own_help_desk() -> None:
    texts = Texts(
        zone=VIENNA, staff_language="de", guest_languages=("fr", "en"), help_desk="Container 3",
        overrides={"guest": {"fr": {"blocked": "Non. Voyez {desk}."}}},
    )  # fmt: skip
    said = Saying("blocked", {}, NOW)
    assert texts.guest(said) == {
        "de": "Dieses Ticket ist gesperrt. Bitte gehen Sie zu: Container 3.",
        "en": "This ticket is blocked. Please go to Container 3.",
        "fr": "Non. Voyez Container 3.",
    }
    assert texts.staff(said) == "Gesperrt. An Container 3 verweisen."
    assert texts.guest_languages == ("fr", "en")


@pytest.mark.parametrize(
    ("key", "phrase", "told"),
    [
        ("blocked", "{desk}", None),
        ("product.gate", "-> {gates} ({desk})", None),
        ("blocked", "{gates}", "nobody fills {gates} here"),
        ("blocked", "{desk!r}", "is not a plain name"),
        ("blocked", "{desk:>9999999999}", "is not a plain name"),
        ("blocked", "{desk.__class__}", "is not a plain name"),
        ("blocked", "{0}", "is not a plain name"),
        ("blocked", "{desk", "expected '}'"),
        ("blocked", "a } b", "Single '}'"),
        ("blocked", " ", "is empty"),
        ("blocked", "x" * 301, "too long"),
        ("blokked", "x", "there is no text 'blokked'"),
    ],
)
def test_a_phrase_that_could_not_be_spoken_is_found_before(
    key: str, phrase: str, told: str | None
) -> None:
    found = list(override_faults({"guest": {"de": {key: phrase}}}))
    assert [path for path, _, _ in found] == ([("guest", "de", key)] if told else [])
    assert told is None or told in found[0][1]


@given(st.integers(), st.integers() | st.none(), st.integers(0, 1 << 48))
def test_no_time_of_anybody_is_unspeakable(ms: int, offset: int | None, now_ms: int) -> None:
    said = Saying("invalid_time.early", {"opens": Time(ms, offset)}, Moment(now_ms, 20260101, 1440))
    assert words(said)
