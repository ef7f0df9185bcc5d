"""What staff and guests are shown: languages, the venue's own words, the lane display."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from config.bounds import Name
from config.check import Cross, known

Language = Literal["de", "en", "fr"]


class Phrases(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The venue's own phrases by key (`product`, `product.gate`), for one audience. Keys and the
    placeholders in braces are checked by the gateway, which knows them."""

    de: dict[str, str] = {}
    en: dict[str, str] = {}
    fr: dict[str, str] = {}


class Texts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Decisions in words."""

    #: What staff read.
    staff_language: Language = "en"
    #: What guests read; the first comes first on displays.
    guest_languages: Annotated[tuple[Language, ...], Meta(min_length=1, max_length=3)] = (
        "de", "en", "fr",
    )  # fmt: skip
    #: Where guests are sent when a gate cannot help. Absent: a general word for it.
    help_desk: Name | None = None
    guest: Phrases = Phrases()
    staff: Phrases = Phrases()

    @property
    def overrides(self) -> dict[str, dict[str, dict[str, str]]]:
        """audience -> language -> key -> phrase."""
        return {
            "guest": msgspec.structs.asdict(self.guest),
            "staff": msgspec.structs.asdict(self.staff),
        }


class Display(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The screen at a lane."""

    #: How long an answer stays before the display asks for the next ticket.
    answer_s: Annotated[float, Meta(ge=1, le=60)] = 6.0
    #: With staff configured: screens need no sign-in. They get what they show, and nothing else.
    open: bool = False


def texts_faults(texts: Any) -> Iterator[Cross]:
    """A language twice would take two turns on the display."""
    languages = known(texts, "guest_languages") or ()
    if len(set(languages)) != len(languages):
        path = ("texts", "guest_languages")
        yield path, "names a language twice", "each language once, the first comes first"
