"""The venue's own words and the display, as the configuration says them."""

from __future__ import annotations

from config.shown import Phrases, Texts, texts_faults


def test_the_venues_words_are_found_by_audience_and_language() -> None:
    texts = Texts(guest=Phrases(fr={"blocked": "Non."}), staff=Phrases(de={"wait": "Halt."}))
    assert texts.overrides == {
        "guest": {"de": {}, "en": {}, "fr": {"blocked": "Non."}},
        "staff": {"de": {"wait": "Halt."}, "en": {}, "fr": {}},
    }


def test_a_language_stands_once() -> None:
    assert not list(texts_faults(Texts()))
    assert not list(texts_faults(None))
    ((path, problem, _),) = texts_faults(Texts(guest_languages=("fr", "fr")))
    assert (path, problem) == (("texts", "guest_languages"), "names a language twice")
