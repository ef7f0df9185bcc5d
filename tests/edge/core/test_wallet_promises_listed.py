"""Each promise about money has tests, and a mistake that was planted to see one of them fail."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.edge.core.test_cashless_cases_listed import is_there
from tests.sim.wallet.faults import FAULTS

ROOT = Path(__file__).parents[3]
LISTED: dict[str, dict[str, Any]] = tomllib.loads(
    (Path(__file__).parent / "wallet_promises.toml").read_text(encoding="utf-8")
)
ALL = """
no_money_without_a_key no_debit_without_a_fact no_fact_without_its_block one_basket_one_debit
no_refund_above_the_balance no_float a_torn_write_moves_no_money nothing_goes_down_unnoticed
no_posting_is_lost nothing_is_reversed_twice no_promo_is_paid_out a_quoted_price_stays
a_code_used_twice_is_told the_same_again_is_the_same
d_edited copied_to_another_uid changeable_uid clone_on_one_island clone_on_k_islands
old_certificate locked_by_a_phone stolen_gateway deny_list_rolled_back reader_away_in_mid_write
nonsense disk_full clock_jumps bundle_in_mid_tap killed_and_moved_on
"""


def test_no_promise_is_forgotten() -> None:
    assert list(LISTED) == ALL.split()
    planted = {one["failed"] for promise in LISTED.values() for one in promise["planted"]}
    simulated = {name.removeprefix("sim:") for name in planted if name.startswith("sim:")}
    assert simulated <= FAULTS.keys()


@pytest.mark.parametrize("name", LISTED)
def test_tests_and_planted_mistakes_are_there(name: str) -> None:
    promise = LISTED[name]
    assert len(promise["promise"]) > 20 and promise["tests"] and promise["planted"]
    assert all(is_there(place) for place in promise["tests"])
    for one in promise["planted"]:
        if not one["failed"].startswith("sim:"):
            file, _, mistake = one["mistake"].partition(": ")
            assert is_there(one["failed"]) and (ROOT / file).is_file() and mistake
