"""Every planted mistake is found, by a checker and not by a crash. One that survives names a
checker that is missing."""

from __future__ import annotations

import json

import pytest

from tests.sim.faults import FAULTS, FOUND_AT
from tests.sim.test_histories import sim

#: So many histories it may take; most mistakes need fewer than ten.
SEEDS = 150


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_mistake_is_found(name: str) -> None:
    ran = sim("--fault", name, "--seeds", str(SEEDS), "--json", "--jobs", "1")
    found = json.loads(ran.stdout.splitlines()[-1])
    assert found["fault"] == name
    assert "broken" in found, f"{name} survived {SEEDS} histories: which checker is missing?"
    assert not found["broken"].startswith("crash: "), found["broken"]


def test_there_are_mistakes_of_every_kind() -> None:
    assert len(FAULTS) >= 12
    assert set(FOUND_AT) <= set(FAULTS)
