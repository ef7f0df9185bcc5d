"""Venues of two to four gateways that break no promise; and one seed that is one history."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sim.__main__ import kept
from tests.sim.test_histories import digests, sim

SEEDS_KEPT = Path(__file__).with_name("seeds.txt")

SEEDS = 20
PORTION = 10


# In portions, so that several processors have something to do.
@pytest.mark.timeout(600)
@pytest.mark.parametrize("first", range(0, SEEDS, PORTION))
@pytest.mark.parametrize("gateways", (2, 3, 4))
def test_no_promise_is_broken(gateways: int, first: int) -> None:
    ran = sim(
        "--gateways", str(gateways), "--seeds", str(PORTION), "--from", str(first), "--jobs", "1",
        "--json",
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert sorted(digests(ran)) == list(range(first, first + PORTION))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("gateways", [n for n in (2, 3, 4) if kept(n)])
def test_seeds_that_once_failed_are_replayed(gateways: int) -> None:
    ran = sim("--gateways", str(gateways), "--kept", "--json", "--jobs", "1")
    assert ran.returncode == 0, ran.stderr
    assert set(digests(ran)) == set(kept(gateways))


def test_every_kept_seed_is_of_a_venue_and_says_why() -> None:
    rows = [r for r in SEEDS_KEPT.read_text().splitlines() if r.strip() and not r.startswith("#")]
    assert rows and all(len(row.split(maxsplit=2)) == 3 for row in rows)
    assert sum(len(kept(gateways)) for gateways in (2, 3, 4)) == len(rows)


@pytest.mark.timeout(600)
def test_one_seed_is_one_history_in_every_process_and_order() -> None:
    words = ("--gateways", "3", "--json")
    together = digests(sim(*words, "--seeds", "3", "--jobs", "2", hash_seed="1"))
    alone = digests(sim(*words, "--seeds", "1", "--from", "2", "--jobs", "1", hash_seed="7"))
    assert {seed: together[seed] for seed in alone} == alone
    assert len(set(together.values())) == 3, "different seeds, the same history"


@pytest.mark.timeout(600)
def test_a_venue_is_another_one_with_another_gateway() -> None:
    two, three = (
        digests(sim("--gateways", n, "--seeds", "1", "--json", "--jobs", "1")) for n in ("2", "3")
    )
    assert two != three


def test_a_fault_of_one_gateway_is_no_fault_of_a_venue() -> None:
    ran = sim("--gateways", "3", "--fault", "moves_before_durable")
    assert ran.returncode == 2
    assert "there are: conflict_not_recorded" in ran.stderr


@pytest.mark.timeout(600)
def test_a_broken_history_is_traced_and_ends_with_1() -> None:
    ran = sim("--gateways", "3", "--seed", "0", "--trace", "--fault", "signature_not_checked")
    assert ran.returncode == 1
    *story, _, _, last = ran.stdout.splitlines()
    assert last.startswith("BROKEN  folded: ")
    assert any(" forged" in line for line in story)
