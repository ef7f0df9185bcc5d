"""Mistakes planted in what decides about money: each is seen by an example."""

from collections.abc import Callable

import pytest

from crypto.cashless import Wallet
from edge.core import pricing, wallet_credit, wallet_hold, wallet_look
from edge.core.till_book import TillBook
from edge.core.wallet_rules import WalletRules
from edge.scenario.hand import Hand
from edge.till.tills import Tills
from tests.edge.scenario.test_planted import failing

Plant = Callable[[pytest.MonkeyPatch], None]


def everybody_is_always_heard(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Tills, "unheard", lambda *_: False)


def high_water_is_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(wallet_look, "_high_water", lambda *_: None)


def attempts_are_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(wallet_hold, "_before", lambda *_: None)


def open_holds_stay_open(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(wallet_look, "_settle", lambda *_: None)


def phases_never_begin(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pricing.PriceList, "phase_at", lambda *_: 0)


def codes_are_good_for_ever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(wallet_credit, "_used", lambda *_: False)


def the_centre_says_nothing_of_bands(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(WalletRules, "wallet", lambda rules, medium: Wallet(medium))


def nobody_is_denied(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(wallet_look, "_refusal", lambda *_: None)


def reversed_as_often_as_asked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(TillBook, "reversals", lambda *_: [])


def conflicts_of_money_are_not_looked_for(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Tills, "look_for_conflicts", lambda _: None)


def bands_never_leave(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Hand, "_strike", lambda *_: None)


@pytest.mark.parametrize(
    ("plant", "example"),
    [
        (everybody_is_always_heard, "cut-off-bar-limits"),
        (high_water_is_not_looked_at, "band-copied-at-two-islands"),
        (attempts_are_forgotten, "band-torn-and-paid-elsewhere"),
        (open_holds_stay_open, "gateway-dies-at-the-bar"),
        (phases_never_begin, "bar-with-deposit"),
        (codes_are_good_for_ever, "voucher-and-age"),
        (the_centre_says_nothing_of_bands, "presale-and-late-decline"),
        (nobody_is_denied, "lost-band"),
        (reversed_as_often_as_asked, "paid-in-parts-and-taken-back"),
        (conflicts_of_money_are_not_looked_for, "band-copied-at-two-islands"),
        (bands_never_leave, "band-torn-and-paid-elsewhere"),
    ],
)
def test_a_mistake_about_money_makes_an_example_fail(
    plant: Plant, example: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert failing(example) == []
    plant(monkeypatch)
    told = failing(example)
    assert told
    assert told[0].startswith("steps[")
