"""Histories that break no promise; and one seed that is one history, wherever it runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sim import determinism
from tests.sim.__main__ import kept

ROOT = Path(__file__).parents[2]
PORTION = 30
SEEDS, MORE = 120, 480


def sim(*words: str, hash_seed: str = "random") -> subprocess.CompletedProcess[str]:
    """`./gatehouse sim`, in a process of its own: the scheduler of this one stays as it is."""
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    return subprocess.run(
        [sys.executable, "-m", "tests.sim", *words], cwd=ROOT, env=environment, text=True,
        capture_output=True, timeout=600, check=False,
    )  # fmt: skip


def digests(ran: subprocess.CompletedProcess[str]) -> dict[int, str]:
    rows = [json.loads(line) for line in ran.stdout.splitlines()]
    return {row["seed"]: row["digest"] for row in rows}


# In portions, so that several processors have something to do.
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "first",
    [
        *range(0, SEEDS, PORTION),
        *(pytest.param(first, marks=pytest.mark.long) for first in range(SEEDS, MORE, PORTION)),
    ],
)
def test_no_promise_is_broken(first: int) -> None:
    ran = sim("--seeds", str(PORTION), "--from", str(first), "--jobs", "1", "--json")
    assert ran.returncode == 0, ran.stderr
    assert sorted(digests(ran)) == list(range(first, first + PORTION))


@pytest.mark.timeout(600)
def test_seeds_that_once_failed_are_replayed() -> None:
    assert len(kept()) >= 6
    ran = sim("--kept", "--json", "--jobs", "1")
    assert ran.returncode == 0, ran.stderr
    assert set(digests(ran)) == set(kept())


@pytest.mark.timeout(600)
def test_one_seed_is_one_history_in_every_process_and_order() -> None:
    together = digests(sim("--seeds", "6", "--json", "--jobs", "2", hash_seed="1"))
    alone = digests(sim("--seeds", "3", "--from", "3", "--json", "--jobs", "1", hash_seed="7"))
    assert {seed: together[seed] for seed in alone} == alone
    assert len(set(together.values())) == 6, "different seeds, the same history"


def test_a_broken_history_is_traced_and_ends_with_1() -> None:
    ran = sim("--seed", "5", "--trace", "--fault", "moves_before_durable")
    assert ran.returncode == 1
    *story, _, _, last = ran.stdout.splitlines()
    assert last.startswith("BROKEN  written: lane ")
    assert any(" shown " in line for line in story)


def test_an_unknown_fault_is_answered_with_those_there_are() -> None:
    ran = sim("--fault", "gremlins")
    assert ran.returncode == 2
    assert "no fault is called gremlins; there are: " in ran.stderr


def test_what_repeatability_hangs_on_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", "1")
    with pytest.raises(AssertionError, match="start by"):
        determinism.check()
    monkeypatch.setattr("trio.__version__", "99")
    with pytest.raises(AssertionError, match="read the scheduler of trio 99 again"):
        determinism.check()
