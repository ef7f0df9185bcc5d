"""Balance and the last movements, also of a band that may not pay."""

import pytest
from trio.testing import MockClock

from drivers.reader.chips import Fault, Mishap
from edge.core.pricing import Item
from tests.edge.core.bar import WATER
from tests.edge.till.counter import Counter


@pytest.mark.trio
async def test_five_movements_and_what_is_left(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        band = await bar.wallet(9000)
        for count in range(1, 7):
            bar.clock.ms += 1000
            await bar.sell(band, Item(WATER, count))
        work = await bar.do("balance", band)
        assert work.account is not None
        assert work.account.balance_minor == 9000 - 250 * 21
        assert [each["amount_minor"] for each in work.account.last] == [
            -500, -750, -1000, -1250, -1500,
        ]  # fmt: skip
        assert work.account.wallet_class == 1 and work.account.refusal == ""


@pytest.mark.trio
async def test_a_blocked_band_shows_why(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        band = await bar.wallet(5000)
        medium = (await bar.do("balance", band)).medium
        await bar.do("lock", medium=medium)
        work = await bar.do("balance", band)
        assert work.account is not None and work.account.refusal == "blocked"


@pytest.mark.trio
async def test_a_band_that_leaves_is_asked_for_again(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        band = await bar.wallet(5000)
        bar.readers[1].air.faults = [Fault(2, Mishap.LEAVES_IN_COMMAND, 1)]
        work = await bar.do("balance", band)
        assert (work.state, work.because) == ("tap_again", "band_gone")
        await bar.tap(band, work)
        assert work.balance_minor == 5000
