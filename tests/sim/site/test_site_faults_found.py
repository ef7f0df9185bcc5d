"""Every mistake between gateways is found, by a checker and not by a crash."""

from __future__ import annotations

import pytest

from tests.sim.site.faults import FOUND_AT, SITE_FAULTS
from tests.sim.test_faults_found import are_found

SEEDS = 60


@pytest.mark.timeout(600)
@pytest.mark.parametrize("half", (0, 1))
def test_planted_mistakes_between_gateways_are_found(half: int) -> None:
    are_found(list(SITE_FAULTS)[half::2], "--gateways", "3", "--seeds", str(SEEDS))


def test_there_are_mistakes_of_every_kind() -> None:
    assert len(SITE_FAULTS) >= 6
    assert set(FOUND_AT) <= set(SITE_FAULTS)
