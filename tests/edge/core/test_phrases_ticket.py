"""Words about a ticket: each key names a reason that numbers know, or an admission."""

from edge.core.phrases_ticket import TICKET, Phrase


def test_each_key_is_in_each_language_for_both() -> None:
    for key, languages in TICKET.items():
        assert list(languages) == ["de", "en", "fr"], key
        assert all(isinstance(phrase, Phrase) for phrase in languages.values())


def test_a_case_has_a_plain_key_to_fall_back_to() -> None:
    assert {key.split(".")[0] for key in TICKET} <= TICKET.keys()


def test_guests_are_not_told_what_only_staff_should_know() -> None:
    for languages in TICKET.values():
        for phrase in languages.values():
            assert "supervisor" not in phrase.guest and "Aufsicht" not in phrase.guest
