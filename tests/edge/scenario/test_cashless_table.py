"""The tables of money take what people write in config/prices.example.toml, word for word."""

import json
import tomllib
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from central.sales.cashless import KEPT_ELSEWHERE, read_untrusted
from crypto import cashless
from edge.scenario import cashless_table
from edge.scenario.cashless import compiled
from edge.scenario.moment import at_ms
from edge.scenario.reading import _plain, parse_untrusted
from tests.edge.scenario.selling import SIX

EXAMPLE = (Path(__file__).parents[3] / "config" / "prices.example.toml").read_text()


TABLES = ("WalletClass", "Tax", "Merchant", "Article", "Price", "Phase", "Grid", "Cashless")


@pytest.mark.parametrize("table", TABLES)
def test_whatever_a_price_list_may_say_may_stand_in_a_scenario(table: str) -> None:
    said = set(getattr(cashless, table).__struct_fields__) - set(KEPT_ELSEWHERE)
    assert said - set(getattr(cashless_table, table).__struct_fields__) == set()


def test_the_price_list_that_ships_means_the_same_in_a_scenario() -> None:
    whole = {
        "name": "x", "timezone": "Europe/Vienna", "steps": [{"at": SIX, "do": "wait"}],
        "bundle": {"cashless": _plain(tomllib.loads(EXAMPLE), 1)},
    }  # fmt: skip
    scenario = parse_untrusted(json.dumps(whole).encode(), "a.json")
    assert scenario.bundle.cashless is not None
    zone = ZoneInfo(scenario.timezone)
    made, told = compiled(scenario.bundle.cashless, (), zone, 0), read_untrusted(EXAMPLE)
    for name in ("classes", "taxes", "merchants", "articles", "phases", "grids", "burn_first"):
        assert getattr(made, name) == getattr(told, name), name
    assert made.promo_unheard_minor == told.promo_unheard_minor == 1000
    assert made.phases[1].from_ms == at_ms("2026-07-03T22:00:00+02:00", zone)
