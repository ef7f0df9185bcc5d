"""A till as pages see it, also in doubt."""

import pytest
import trio
from trio.testing import MockClock

from drivers.payment.outcome import State
from drivers.reader.chips import Fault, Mishap
from edge.core.pricing import Item
from edge.till.till import Place, Till
from edge.till.work import Ask
from edge.web.till_views import reader_of, receipts_of, shift_row, state_of, till_row
from tests.edge.core.bar import WATER
from tests.edge.till.counter import Counter
from tests.edge.till.paying import Script


@pytest.mark.trio
async def test_a_sale_in_doubt_is_listed_until_the_band_says(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        band = await bar.wallet(5000)
        work = bar.one.submit(Ask(kind="sale", id=bar.id(), items=(Item(WATER, 1),)))
        bar.readers[1].air.faults = [Fault(9, Mishap.LEAVES_IN_COMMAND)]
        await bar.tap(band, work)
        if not work.over:
            bar.one.give_up(work, given=True)
        seen = state_of(bar.one)
        assert seen.last is not None
        doubts = [(row.amount_minor, row.goods) for row in seen.in_doubt]
        assert doubts in ([], [(250, True)])
        await bar.do("balance", band)
        assert state_of(bar.one).in_doubt == []


@pytest.mark.trio
async def test_a_card_that_nobody_knows_is_listed(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        bar.one.terminal = script = Script()
        script.says = State.UNKNOWN
        bar.one.submit(Ask(kind="sale", id=bar.id(), items=(Item(WATER, 1),), method="card"))
        await trio.testing.wait_all_tasks_blocked()
        (row,) = state_of(bar.one).cards
        assert (row.amount_minor, row.status) == (250, "unknown")
        assert till_row(bar.one).state == "waiting_card"


def test_before_the_first_shift() -> None:
    bar = Counter()
    bare = Till(bar.tills, Place(9, "Bare"))
    assert shift_row(bare) is None
    assert (reader_of(bare), receipts_of(bare, 5)) == ("none", [])
    bar.one.field.away = True
    assert reader_of(bar.one) == "away"
