"""Words about the place: no key of theirs stands among those about the ticket."""

from edge.core.phrases_place import PLACE
from edge.core.phrases_ticket import TICKET, Phrase


def test_no_key_stands_twice() -> None:
    assert not PLACE.keys() & TICKET.keys()


def test_each_key_is_in_each_language_for_both() -> None:
    for key, languages in PLACE.items():
        assert list(languages) == ["de", "en", "fr"], key
        assert all(isinstance(phrase, Phrase) for phrase in languages.values())


def test_a_copied_band_is_a_word_for_staff_only() -> None:
    assert "copy" in PLACE["medium_cloned"]["en"].staff
    assert "copy" not in PLACE["medium_cloned"]["en"].guest
