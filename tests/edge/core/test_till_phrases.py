"""Words for cashiers: every reason in every language, and amounts that stand in them."""

import pytest

from edge.core.pricing import PriceList
from edge.core.texts import LANGUAGES
from edge.core.till_phrases import BAND_WORDS, TILL_WORDS, filled, spoken
from edge.core.till_reasons import TillReason, Words
from edge.core.wallet_reasons import WalletReason
from tests.edge.core.bar import bar

NAMED = {r.name.lower() for r in (*TillReason, *WalletReason)} - {"none"} | set(BAND_WORDS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_has_words(language: str) -> None:
    said = spoken(language, "Infostand")
    assert set(said) == NAMED
    assert all(one.detail and "{desk}" not in one.detail + one.hint for one in said.values())
    assert any("Infostand" in one.detail for one in said.values())
    assert set(TILL_WORDS[language]) == set(TillReason) - {TillReason.NONE}


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_no_language_speaks_another(language: str) -> None:
    english, own = spoken("en", ""), spoken(language, "")
    assert [name for name in own if own[name].detail == english[name].detail] == []


@pytest.mark.parametrize(
    ("minor", "exponent", "told"),
    [(1250, 2, "12.50 EUR"), (5, 2, "0.05 EUR"), (5, 0, "5 EUR"), (None, 2, "…")],
)
def test_the_amount_is_exact(minor: int | None, exponent: int, told: str) -> None:
    prices = PriceList(bar(exponent=exponent))
    assert filled(Words("at most {amount}", ""), minor, prices).detail == f"at most {told}"
    assert filled(Words("no amount", "go"), minor, None) == Words("no amount", "go")
