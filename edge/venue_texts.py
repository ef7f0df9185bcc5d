"""The venue's own words from the configuration: checked, and made ready to speak."""

from collections.abc import Iterator

from config.check import Cross, known
from config.gateway import Gateway
from edge.core.texts import Texts, override_faults


def phrase_faults(config: object) -> Iterator[Cross]:
    """What only we know of `[texts]`: which keys there are, and what stands in braces."""
    overrides = {
        audience: {
            language: known(config, "texts", audience, language) or {}
            for language in ("de", "en", "fr")
        }
        for audience in ("guest", "staff")
    }
    for path, problem, hint in override_faults(overrides):
        yield ("texts", *path), problem, hint


def venue_texts(config: Gateway) -> Texts:
    """The texts that `config` asks for; it has passed `phrase_faults`."""
    texts = config.texts
    return Texts(
        zone=config.zone, staff_language=texts.staff_language,
        guest_languages=texts.guest_languages, help_desk=texts.help_desk or "",
        overrides=texts.overrides,
    )  # fmt: skip
