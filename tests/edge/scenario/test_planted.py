"""Mistakes planted in the core: each is seen by an example."""

from collections.abc import Callable

import pytest

from edge.core import history
from edge.core.holds import Hold
from edge.core.state import State
from edge.gateway import Gateway
from edge.scenario.network import Network
from edge.scenario.reading import example_bytes, parse_untrusted
from edge.scenario.running import run

Plant = Callable[[pytest.MonkeyPatch], None]


def failing(name: str) -> list[str]:
    scenario = parse_untrusted(example_bytes(name), name)
    return [line["message"] for line in run(scenario) if not line["ok"]]


def used_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Hold, "used", property(lambda hold: 0))


def nothing_is_open(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(State, "open_holds", lambda state, gateway: iter(()))


def nobody_is_too_soon(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(history, "redeemed", lambda *_: None)


def conflicts_are_not_looked_for(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Gateway, "_look_for_conflicts", lambda gateway: None)


def siblings_are_not_folded(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Gateway, "fold_sibling", lambda *_: None)


def bundles_stay_at_the_centre(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Network, "_settle", lambda *_: False)


@pytest.mark.parametrize(
    ("plant", "example"),
    [
        (used_is_forgotten, "new-year"),
        (nothing_is_open, "crash-before-passage"),
        (nobody_is_too_soon, "minimum-interval"),
        (conflicts_are_not_looked_for, "conflict-after-healing"),
        (siblings_are_not_folded, "two-gateways"),
        (bundles_stay_at_the_centre, "canceled"),
    ],
)
def test_a_mistake_in_the_core_makes_an_example_fail(
    plant: Plant, example: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert failing(example) == []
    plant(monkeypatch)
    told = failing(example)
    assert told
    assert told[0].startswith("steps[")
