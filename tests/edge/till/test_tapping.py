"""A band and its copy at two tills at the same time: one of them pays."""

import copy

import pytest
import trio
from trio.testing import MockClock

from edge.core.pricing import Item
from edge.till.tapping import Tapping
from edge.till.work import Ask, Work
from tests.edge.core.bar import WATER
from tests.edge.till.counter import Counter


@pytest.mark.trio
async def test_two_tills_and_one_band_at_once(autojump_clock: MockClock) -> None:
    bar = Counter()
    bar.add_till(2)
    async with bar.run():
        band = await bar.wallet(500)
        twin = copy.deepcopy(band)
        bar.log.holding = True
        works = [
            till.submit(Ask(kind="sale", id=bar.id(), items=(Item(WATER, 2),)))
            for till in bar.tills.tills.values()
        ]
        bar.readers[1].place(band)
        bar.readers[2].place(twin)
        await trio.testing.wait_all_tasks_blocked()
        assert sorted(work.because or work.state for work in works) == [
            "served_elsewhere", "working",
        ]  # fmt: skip
        bar.log.holding = False
        bar.log.sync()
        await trio.sleep(1)
        assert sorted(work.state for work in works) == ["not_paid", "paid"]
        assert bar.tills.serving == {}


def test_a_shield_is_put_down_again() -> None:
    bar, work = Counter(), Work(Ask(kind="balance", id=b"i" * 16))
    work.scope = trio.CancelScope()
    with pytest.raises(KeyError), Tapping(bar.one, work, b"uid"):
        assert work.scope.shield
        raise KeyError
    assert not work.scope.shield
