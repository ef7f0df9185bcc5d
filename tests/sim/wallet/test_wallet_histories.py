"""Fairs that break no promise; one seed that is one history; and every mistake that is found."""

from __future__ import annotations

import json

import pytest

from tests.sim.test_histories import digests, sim
from tests.sim.wallet import faults_of_books
from tests.sim.wallet.command import kept
from tests.sim.wallet.faults import FAULTS, FOUND_AT

SEEDS, PORTION = 40, 20
BOOKS = {name for name in vars(faults_of_books) if name in FAULTS}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("first", range(0, SEEDS, PORTION))
def test_no_promise_about_money_is_broken(first: int) -> None:
    ran = sim(
        "--wallet", "--seeds", str(PORTION), "--from", str(first), "--jobs", "1", "--json"
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert sorted(digests(ran)) == list(range(first, first + PORTION))


@pytest.mark.timeout(600)
def test_fairs_that_once_failed_are_replayed() -> None:
    assert len(kept()) >= 4
    ran = sim("--wallet", "--kept", "--json", "--jobs", "1")
    assert ran.returncode == 0, ran.stderr
    assert set(digests(ran)) == set(kept())


@pytest.mark.timeout(600)
def test_one_seed_is_one_fair_in_every_process_and_order() -> None:
    words = ("--wallet", "--json")
    together = digests(sim(*words, "--seeds", "3", "--jobs", "2", hash_seed="1"))
    alone = digests(sim(*words, "--seeds", "1", "--from", "2", "--jobs", "1", hash_seed="7"))
    assert {seed: together[seed] for seed in alone} == alone
    assert len(set(together.values())) == 3, "different seeds, the same history"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("half", (0, 1))
def test_planted_mistakes_with_money_are_found(half: int) -> None:
    of_books = [name for name in FAULTS if name in BOOKS]
    first = [name for name in FAULTS if name not in BOOKS]
    names = (first + of_books[::4])[half::2]  # all of them: ./gatehouse sim --wallet --faults
    ran = sim("--wallet", "--json", *(word for name in names for word in ("--fault", name)))
    rows = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [row["fault"] for row in rows] == names, ran.stderr
    for row in rows:
        assert row["broken"], f"{row['fault']} survived: which check is missing?"
        assert "crash: " not in row["broken"], row


def test_there_are_mistakes_of_every_kind() -> None:
    assert len(FAULTS) >= 17 + 12 and set(FOUND_AT) == set(FAULTS)


def test_an_unknown_mistake_is_answered_with_those_there_are() -> None:
    ran = sim("--wallet", "--fault", "gremlins")
    assert ran.returncode == 2
    assert "no fault is called gremlins; there are: " in ran.stderr


@pytest.mark.timeout(600)
def test_a_broken_fair_is_traced_and_ends_with_1() -> None:
    seed = next(seed for seed in FOUND_AT.values() if isinstance(seed, int))
    name = next(name for name, where in FOUND_AT.items() if where == seed)
    ran = sim("--wallet", "--seed", str(seed), "--trace", "--fault", name)
    assert ran.returncode == 1
    assert ran.stdout.splitlines()[-1].startswith("BROKEN  ")


def test_one_fair_is_told_in_json() -> None:
    ran = sim("--wallet", "--seed", "2", "--json")
    told = json.loads(ran.stdout)
    assert (ran.returncode, told["seed"], told["broken"]) == (0, 2, "")
    assert told["counts"]["DebitPosted"] > 0
