"""Every mistake between gateways is found, by a checker and not by a crash."""

from __future__ import annotations

import json

import pytest

from tests.sim.site.faults import FOUND_AT, SITE_FAULTS
from tests.sim.test_histories import sim

SEEDS = 60


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", SITE_FAULTS)
def test_a_planted_mistake_between_gateways_is_found(name: str) -> None:
    ran = sim(
        "--gateways", "3", "--fault", name, "--seeds", str(SEEDS), "--json", "--jobs", "1"
    )  # fmt: skip
    found = json.loads(ran.stdout.splitlines()[-1])
    assert found["fault"] == name
    assert "broken" in found, f"{name} survived {SEEDS} histories: which checker is missing?"
    assert not found["broken"].startswith("crash: "), found["broken"]


def test_there_are_mistakes_of_every_kind() -> None:
    assert len(SITE_FAULTS) >= 6
    assert set(FOUND_AT) <= set(SITE_FAULTS)
