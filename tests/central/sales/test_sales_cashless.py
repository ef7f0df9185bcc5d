"""Price lists as people write them: amounts exact, every mistake named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.sales.cashless import KEPT_ELSEWHERE, BadPrices, minor_untrusted, read_untrusted

EXAMPLE = Path(__file__).parents[3] / "config" / "prices.example.toml"
HEAD = """event = 1
[[taxes]]
code = 1
letter = "A"
rate_bp = 2000
name = "VAT"
"""
CUP = '[[articles]]\nnumber = 1\nname = "C"\nshort = "C"\ntax = 1\nkind = "deposit"\n'


def article(number: int, more: str = "", tax: int = 1) -> str:
    return f'[[articles]]\nnumber = {number}\nname = "Beer"\nshort = "Beer"\ntax = {tax}\n{more}\n'


def test_the_example_is_read_to_the_cent() -> None:
    told = read_untrusted(EXAMPLE.read_text())
    prices = {each.number: each.price_minor for each in told.articles}
    assert (prices[10], prices[20], prices[30]) == (520, 1290, None)
    assert told.classes[0].exposure_plain_minor == 3000
    assert told.phases[1].from_ms == 1783108800000
    assert [row.price_minor for row in told.phases[1].prices] == [560]


def test_what_the_example_comments_out_are_the_defaults() -> None:
    text = EXAMPLE.read_text()
    shown = re.sub(r"(?m)^# (?=[a-z_]+ = )", "", text)
    assert shown.count("\n# ") < text.count("\n# ")
    assert read_untrusted(shown) == read_untrusted(text)


@given(st.integers(0, 10**9), st.integers(0, 3))
def test_an_amount_is_what_was_typed(minor: int, exponent: int) -> None:
    digits = str(minor).rjust(exponent + 1, "0")
    text = digits if not exponent else f"{digits[:-exponent]}.{digits[-exponent:]}"
    assert minor_untrusted(text, exponent) == minor


@pytest.mark.parametrize("text", ["", "-1", "1,50", "1.505", "1e3", " 1", "1.", ".5", "٣", "1_0"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(BadPrices, match="is no amount: as 4.50"):
        minor_untrusted(text, 2)


@pytest.mark.parametrize("name", KEPT_ELSEWHERE)
def test_what_the_centre_keeps_does_not_stand_in_the_file(name: str) -> None:
    with pytest.raises(BadPrices, match=f"{name}: does not stand in this file"):
        read_untrusted(f"{name} = []\n{HEAD}")


MISTAKES = [
    ("event = ", "cannot be read"),
    ("event = 1\nexponent = 9", "exponent: the number of decimals"),
    (HEAD + article(2, "price_minor = 4.5"), 'price_minor = 4.5: write amounts as text, "4.50"'),
    (HEAD + article(2, 'price_minor = "4,50"'), "'4,50' is no amount"),
    (HEAD + article(2, "prize = 1"), "articles[0].prize: unknown"),
    (HEAD + article(2) + article(2), "articles: number 2 stands there twice"),
    (HEAD + article(2, tax=3), "article 2: there is no tax 3"),
    (HEAD + article(2, "merchant = 4"), "article 2: there is no merchant 4"),
    (HEAD + article(2) + article(3, "deposit = 2"), "article 3: 2 is no article of kind deposit"),
    (HEAD + article(2, "vouchers = 1"), "article 2: vouchers pay pieces"),
    (HEAD + CUP, "article 1: a deposit has a fixed price and none of its own"),
    (
        HEAD + '[[phases]]\nnumber = 1\nname = "N"\nfrom_ms = 2026-07-03T10:00:00\n',
        "say the offset, as 2026-07-03T10:00:00+02:00",
    ),
    (
        HEAD + '[[phases]]\nnumber = 1\nname = "N"\nfrom_ms = 0\nclosed = [7]\n',
        "phase 1: there is no article 7",
    ),
    (
        HEAD + article(2) + '[[phases]]\nnumber = 1\nname = "N"\nfrom_ms = 0\n'
        "prices = [{article = 2, price_minor = 1}]\n",
        "phase 1: article 2 has its price typed in",
    ),
    (HEAD + "[[grids]]\narticles = [7]\n", "grid of till 0: there is no article 7"),
    (HEAD + "[[grids]]\narticles = []\nphase = 3\n", "grid of till 0: there is no phase 3"),
    (
        HEAD + "[[grids]]\narticles = []\n[[grids]]\narticles = []\n",
        "grids: till and phase (0, 0) stands there twice",
    ),
    ("event = -1", "event: expected a whole number >= 0"),
    ("event = 0.5", "event = 0.5: write a whole number"),
    ("currency = 5", "currency: expected a text, got a whole number"),
    ("", "lacks `event`"),
    ("event = 1\narticles = 5\n", "articles: expected a list, got a whole number"),
    (
        HEAD + '[[phases]]\nnumber = 1\nname = "N"\nfrom_ms = 2026-07-03\n',
        "from_ms = 2026-07-03: say the time, as 2026-07-03T10:00:00+02:00",
    ),
    (
        HEAD + '[[merchants]]\nnumber = 1\nname = "M"\ncommission_bp = 20000\n',
        "merchants[0].commission_bp: expected a whole number <= 10000",
    ),
]


@pytest.mark.parametrize(("text", "told"), MISTAKES, ids=lambda each: str(each)[-40:])
def test_every_mistake_is_named(text: str, told: str) -> None:
    with pytest.raises(BadPrices) as error:
        read_untrusted(text)
    assert told in str(error.value)
