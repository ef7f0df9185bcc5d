"""Every way in which one tap may go wrong, through the real flow: a share of them here, all of
them by `./gatehouse sim --wallet --every`."""

from __future__ import annotations

import pytest

from drivers.reader import Chip
from tests.sim.wallet import playing
from tests.sim.wallet.cases import CHIPS, FLOWS, Awaits, cases

#: A prime: no share has only one kind of what alternates.
SHARES = 37
GOOD_TAP = Awaits(9, 40, 6)


def test_there_are_thousands() -> None:
    assert sum(len(cases(flow, chip, GOOD_TAP)) for chip in CHIPS for flow in FLOWS) > 5000


@pytest.mark.timeout(300)
@pytest.mark.parametrize("chips", (CHIPS[:1], CHIPS[1:]))
def test_the_guest_has_what_was_paid_for_and_no_more(chips: tuple[Chip, ...]) -> None:
    counts = playing.run(chips, share=3, shares=SHARES)
    played = sum(counts[f"flow: {flow}"] for flow in FLOWS)
    assert played == sum(counts[f"chip: {chip.value}"] for chip in chips) > 250
    assert all(counts[f"flow: {flow}"] for flow in FLOWS)
    for wanted in ("a write that fades", "next tap: the process dies there too"):
        assert counts[wanted], wanted


def test_a_case_is_told_line_by_line_by_its_name() -> None:
    told: list[str] = []
    counts, wrong = playing.play("sale", Chip.NTAG213, slice(40, 41), told)
    assert counts["flow: sale"] == 1 and not wrong
    assert any("said: sale" in line for line in told)
    assert any("on the band" in line for line in told)
