"""Closings outlive the process that made them."""

from __future__ import annotations

from typing import Any

import pytest
from trio.testing import MockClock

from edge.core.pricing import Item
from tests.edge.core.bar import WATER
from tests.edge.web.test_till_works import Bar


async def a_shift(bar: Bar, waters: int, counted: int) -> Any:
    await bar.sell(None, Item(WATER, waters), method="cash")
    await bar.post("1/shifts", {"action": "close", "counted_minor": counted})
    return (await bar.post("1/closings", {"closing": "Z"}))[1]


@pytest.mark.trio
async def test_each_z_is_told_once_by_whichever_process(autojump_clock: MockClock) -> None:
    async with Bar().run() as bar:
        assert isinstance(bar, Bar)
        first = await a_shift(bar, 1, 10_250)
        await bar.post("1/shifts", {"action": "open"})
        second = await a_shift(bar, 2, 400)
        told = (await bar.get("/1/closings"))[1]
        assert (told["closings"], told["earlier"]) == ([second, first], [])
    async with Bar(log=bar.log, state=bar.state).run() as later:
        assert isinstance(later, Bar)
        later.clock.ms = bar.clock.ms + 1000
        told = (await later.get("/1/closings"))[1]
        assert told["closings"] == []  # the third shift is open, and nobody is told what it has
        rows = [(row["number"], row["perpetual_minor"]) for row in told["earlier"]]
        assert rows == [(2, second["perpetual_minor"]), (1, None)]
        same = (
            "number", "shift", "opened_ms", "closed_ms", "float_minor", "counted_minor",
            "expected_minor", "difference_minor",
        )  # fmt: skip
        for row, z in zip(told["earlier"], (second, first), strict=True):
            assert [row[key] for key in same] == [z[key] for key in same]
        third = await a_shift(later, 1, 250)
        told = (await later.get("/1/closings"))[1]
        assert (third["number"], [z["number"] for z in told["closings"]]) == (3, [3])
        assert [row["number"] for row in told["earlier"]] == [2, 1]
        later.add_till(2)
        assert (await later.get("/2/closings"))[1] == {"closings": [], "earlier": []}
