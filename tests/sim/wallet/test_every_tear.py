"""Every way in which one tap may go wrong, through the real flow: a share of them here, all of
them by `./gatehouse sim --wallet --every`."""

from __future__ import annotations

import pytest

from drivers.reader import Chip
from tests.sim.wallet import every
from tests.sim.wallet.cases import CHIPS, Awaits, cases

SHARES = 8
GOOD_TAP = Awaits(9, 40)


def test_there_are_thousands() -> None:
    assert sum(len(cases(flow, chip, GOOD_TAP)) for chip in CHIPS for flow in every.FLOWS) > 5000


@pytest.mark.timeout(300)
@pytest.mark.parametrize("chips", (CHIPS[:1], CHIPS[1:]))
def test_the_guest_has_what_was_paid_for_and_no_more(chips: tuple[Chip, ...]) -> None:
    counts = every.run(chips, share=3, shares=SHARES)
    assert sum(counts.values()) > 250
    assert len(counts) == len(chips) * len(every.FLOWS)
