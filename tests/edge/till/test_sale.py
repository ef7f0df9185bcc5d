"""A basket is paid, once, and the guest and the ledger know it."""

import pytest
from trio.testing import MockClock

from drivers.reader import Chip
from edge.core.pricing import Item
from tests.edge.core.bar import BEER, CUP
from tests.edge.till.counter import Counter


@pytest.mark.trio
@pytest.mark.parametrize("chip", list(Chip))
async def test_a_sale_on_every_chip(autojump_clock: MockClock, chip: Chip) -> None:
    async with Counter().run() as bar:
        band = await bar.wallet(5000, chip)
        seen = len(bar.log.facts)
        work = await bar.sell(band, Item(BEER, 2), confirmed_age=16)
        assert (work.state, work.balance_minor, work.receipt) == ("paid", 4000, 2)
        assert bar.story(seen) == ["DebitHeld", "DebitPosted"]
        assert await bar.balance(band) == 4000
        back = await bar.sell(band, Item(CUP, -2))
        assert (back.state, back.balance_minor) == ("paid", 4400)
