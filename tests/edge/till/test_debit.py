"""The gateway is killed in mid-tap, for real: band and ledger agree after the next tap."""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.edge.till.killed_gateway import LOADED_MINOR, PRICE_MINOR

ROOT = Path(__file__).parents[3]
#: Exchanges of one sale with a band, its reading back included.
EXCHANGES = {"NTAG213": 10, "UL_C": 40}


def killed(folder: Path, chip: str, rounds: int, seed: int) -> None:
    """Sell, die in the middle, sell the same basket again; each must be paid, once."""
    seeded = random.Random(seed)
    last, kills = "-", 0
    for number in range(rounds + 1):
        basket = seeded.randbytes(16).hex() if number < rounds else "-"
        at = seeded.randrange(EXCHANGES[chip])
        words = ["-m", "tests.edge.till.killed_gateway", str(folder), chip, last, basket, str(at)]
        done = subprocess.run(
            [sys.executable, *words], cwd=ROOT, capture_output=True, text=True, timeout=60
        )
        assert done.returncode in (0, -9), done.stderr
        kills += done.returncode == -9
        told = json.loads(done.stdout.splitlines()[0])
        where = (number, at, told)
        if last != "-":
            assert told["state"] == "paid", where
        assert told["balance_minor"] == LOADED_MINOR - PRICE_MINOR * number, where
        assert (told["posted"], told["baskets"], told["open"]) == (number, number, 0), where
        assert told["perpetual_minor"] == PRICE_MINOR * number, where
        last = basket
    assert kills > rounds // 2


@pytest.mark.parametrize(("chip", "rounds"), [("NTAG213", 6), ("UL_C", 4)])
def test_killed_in_mid_tap(tmp_path: Path, chip: str, rounds: int) -> None:
    killed(tmp_path, chip, rounds, seed=rounds)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("chip", list(EXCHANGES))
def test_killed_in_mid_tap_a_hundred_times(tmp_path: Path, chip: str) -> None:
    killed(tmp_path, chip, 100, seed=9)
