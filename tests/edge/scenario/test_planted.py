"""Mistakes planted in the core: each is seen by an example."""

from collections.abc import Callable

import pytest

from edge.answers import Answer
from edge.core import history, ruling, staff, validity
from edge.core.admission import decide
from edge.core.holds import Hold
from edge.core.policy import Policy
from edge.core.state import State
from edge.gateway import Gateway
from edge.lane import Lane
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


def windows_are_always_open(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(validity, "holds", lambda *_: True)


def rules_refuse_nobody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ruling, "refused", lambda *_: None)


def nobody_ever_leaves_by_the_clock(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Policy, "emptied_ms", lambda policy, at_ms: 0)


def the_clock_ignores_its_zone(patch: pytest.MonkeyPatch) -> None:
    real = Policy.__init__
    patch.setattr(Policy, "__init__", lambda self, bundle, *_, **__: real(self, bundle))


def an_override_is_no_override(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(staff, "override", lambda state, policy, p, now, hlc, who, why: decide(
        state, policy, p, now, hlc))  # fmt: skip


def everything_can_be_annulled(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("edge.gateway.annulable", lambda *_: None)


def a_trial_is_written(patch: pytest.MonkeyPatch) -> None:
    def tried(lane: Lane, code: bytes, **_: object) -> Answer:
        answers: list[Answer] = []
        lane.present(code, answers.append)
        lane.gateway.ledger.sync(0)  # type: ignore[attr-defined]
        return answers[0]

    patch.setattr(Lane, "simulate", tried)


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
        (windows_are_always_open, "night-window"),
        (rules_refuse_nobody, "rule-gates"),
        (nobody_ever_leaves_by_the_clock, "everybody-out-at-four"),
        (the_clock_ignores_its_zone, "rule-thrice-a-day"),
        (an_override_is_no_override, "forced"),
        (everything_can_be_annulled, "annulled"),
        (a_trial_is_written, "simulated"),
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
