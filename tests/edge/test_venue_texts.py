"""The venue's words: mistakes are named before the doors open, good ones are spoken."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.faults import ConfigInvalid
from config.gateway import Gateway
from config.load import load
from edge.core.moments import Moment
from edge.core.texts import Saying
from edge.venue_texts import phrase_faults, venue_texts

BASE = """
name = "north"
identity_dir = "/x"
timezone = "Europe/Vienna"
[[gates]]
number = 1
name = "North"
[[lanes]]
number = 4
name = "Left"
gate = 1
[texts]
help_desk = "Container 3"
staff_language = "de"
guest_languages = ["fr", "en"]
[texts.guest.fr]
"""


def read(tmp_path: Path, more: str) -> Gateway:
    (tmp_path / "g.toml").write_text(BASE + more)
    return load(tmp_path / "g.toml", Gateway, {}, also=phrase_faults)


def test_the_venues_words_are_spoken(tmp_path: Path) -> None:
    texts = venue_texts(read(tmp_path, 'blocked = "Non. Voyez {desk}."'))
    said = Saying("blocked", {}, Moment(0, 19700101))
    assert texts.guest(said)["fr"] == "Non. Voyez Container 3."
    assert texts.staff(said) == "Gesperrt. An Container 3 verweisen."
    assert texts.guest_languages == ("fr", "en")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('bloked = "Non."', "texts.guest.fr.bloked: there is no text"),
        ('blocked = "{gates}"', "texts.guest.fr.blocked: nobody fills {gates} here"),
        ("blocked = 5", "texts.guest.fr"),
    ],
)
def test_a_mistake_is_named_with_its_file_and_place(tmp_path: Path, line: str, told: str) -> None:
    with pytest.raises(ConfigInvalid) as error:
        read(tmp_path, line)
    assert str(error.value).startswith(f"{tmp_path}/g.toml: {told}")
