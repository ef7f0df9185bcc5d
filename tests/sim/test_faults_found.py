"""Every planted mistake is found, by a checker and not by a crash. One that survives names a
checker that is missing."""

from __future__ import annotations

import json

import pytest

from tests.sim.faults import FAULTS, FOUND_AT
from tests.sim.test_histories import sim

#: So many histories it may take; most mistakes need fewer than ten.
SEEDS = 150


#: Each process looks for so many: to start one costs as much as most mistakes do.
PORTIONS = 4


@pytest.mark.timeout(600)
@pytest.mark.parametrize("portion", range(PORTIONS))
def test_planted_mistakes_are_found(portion: int) -> None:
    are_found(list(FAULTS)[portion::PORTIONS], "--seeds", str(SEEDS))


def are_found(names: list[str], *words: str) -> None:
    ran = sim(
        "--json", "--jobs", "1", *words, *(word for name in names for word in ("--fault", name))
    )
    rows = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [row["fault"] for row in rows] == names, ran.stderr
    for row in rows:
        assert "broken" in row, f"{row['fault']} survived: which checker is missing?"
        assert not row["broken"].startswith("crash: "), row


def test_there_are_mistakes_of_every_kind() -> None:
    assert len(FAULTS) >= 12
    assert set(FOUND_AT) <= set(FAULTS)
