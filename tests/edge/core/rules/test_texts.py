"""Every sentence exists in every language, takes the same fields, and can be joined."""

from datetime import datetime
from string import Formatter

import pytest

from edge.core.rules.texts import (
    CALENDARS,
    LANGUAGES,
    TEXTS,
    gate_called,
    joined,
    moment,
    sentence,
    span,
    together,
)

# The only words a German sentence begins with: all of them small when another stands before.
SMALL = {"Nach", "Erst", "Nur", "Höchstens", "Seit", "Nicht", "Bereits", "Mit", "Ohne"}


def fields(text: str | tuple[str, str]) -> set[str]:
    many = text if isinstance(text, str) else text[1]
    return {name for _, name, _, _ in Formatter().parse(many) if name}


def test_complete() -> None:
    assert set(TEXTS) == set(CALENDARS) == set(LANGUAGES)
    for lang in LANGUAGES:
        assert set(TEXTS[lang]) == set(TEXTS["en"])
        for kind, text in TEXTS[lang].items():
            assert fields(text) == fields(TEXTS["en"][kind]), (lang, kind)
        assert (len(CALENDARS[lang].weekdays), len(CALENDARS[lang].months)) == (7, 12)


def test_all_german_sentences_may_stand_second() -> None:
    for text in TEXTS["de"].values():
        for form in (text,) if isinstance(text, str) else text:
            assert form.split()[0] in SMALL, form


def test_two_sentences_become_one() -> None:
    assert together("de", "Nur heute", "Nicht hier") == "Nur heute; nicht hier"
    assert together("fr", "Pas ici") == "Pas ici"


@pytest.mark.parametrize(
    ("minutes", "shown"), [(0, "0 min"), (45, "45 min"), (180, "3 h"), (90, "1 h 30 min")]
)
def test_spans(minutes: int, shown: str) -> None:
    assert span(minutes) == shown


def test_lists_and_gates() -> None:
    assert joined("fr", ["a"]) == "a"
    assert joined("en", ["a", "b", "c"]) == "a, b or c"
    assert gate_called("en", "North") == "gate North"
    assert gate_called("en", "Gate North") == "Gate North"
    assert gate_called("de", "Tor 3") == "Tor 3"


def test_a_moment_says_as_much_as_is_needed() -> None:
    now = datetime(2026, 3, 14, 12, 30)
    assert moment("en", datetime(2026, 3, 14, 8, 0), now) == "08:00"
    assert moment("de", datetime(2026, 3, 15, 8, 0), now) == "15. März, 08:00"
    assert moment("fr", datetime(2027, 3, 14, 8, 0, 5), now) == "08:00:05 le 14 mars 2027"


def test_one_and_many() -> None:
    assert sentence("en", "entries_today_max", n=1) == "At most one entry per day"
    assert sentence("en", "entries_today_max", n=0) == "At most 0 entries per day"
