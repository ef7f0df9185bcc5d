"""The drawer: float in, counted blind, one Z, and numbers that never begin anew."""

import pytest
from trio.testing import MockClock

from crypto.money import ClosingMade, ShiftClosed
from edge.core.pricing import Item
from edge.core.till_reasons import TillReason
from edge.till.shifts import NotNow, close_shift, make_closing, move_cash, open_shift
from edge.till.work import Ask
from tests.edge.core.bar import WATER
from tests.edge.till.counter import Counter


@pytest.mark.trio
async def test_a_shift_from_float_to_z(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        till = bar.one
        await bar.sell(None, Item(WATER, 2), method="cash")
        await move_cash(till, 5, -4000, "drop")
        x, found = await make_closing(till, 5, "X")
        assert (x.number, found.expected_minor) == (0, 10_000 + 500 - 4000)
        closed = await close_shift(till, 5, 6400)
        fact = bar.log.facts[-1]
        assert isinstance(fact, ShiftClosed) and fact.expected_minor == 6500
        assert closed.counted_minor - closed.expected_minor == -100
        z, _ = await make_closing(till, 5, "Z")
        assert (z.number, z.perpetual_minor) == (1, 500)
        assert {row.key: row.amount_minor for row in z.totals}["drawer"] == 500
        await open_shift(till, 6, 0)
        assert till.shift_key[2] == 2
        with pytest.raises(NotNow) as again:
            await open_shift(till, 6, 0)
        assert again.value.reason is TillReason.SHIFT_OPEN


@pytest.mark.trio
async def test_what_cannot_be_done_now(autojump_clock: MockClock) -> None:
    bar = Counter()
    drawerless = bar.add_till(2, drawer=False)
    async with bar.run():
        till, reasons = bar.one, []
        with pytest.raises(NotNow) as raised:
            await open_shift(till, 5, 0)
        reasons.append(raised.value.reason)
        with pytest.raises(NotNow) as raised:
            await move_cash(drawerless, 5, 100, "float")
        reasons.append(raised.value.reason)
        with pytest.raises(NotNow) as raised:
            await make_closing(till, 5, "Z")
        reasons.append(raised.value.reason)
        till.submit(Ask(kind="sale", id=bar.id(), items=(Item(WATER, 1),)))
        with pytest.raises(NotNow) as raised:
            await close_shift(till, 5, 0)
        reasons.append(raised.value.reason)
        assert reasons == [
            TillReason.SHIFT_OPEN, TillReason.NO_DRAWER, TillReason.SHIFT_OPEN,
            TillReason.TILL_BUSY,
        ]  # fmt: skip
        await close_shift(drawerless, 5, 0)
        with pytest.raises(NotNow) as raised:
            await open_shift(drawerless, 5, 0)
        assert raised.value.reason is TillReason.NO_Z
        await make_closing(drawerless, 5, "Z")
        for late in ("X", "Z"):
            with pytest.raises(NotNow) as raised:
                await make_closing(drawerless, 5, late)  # type: ignore[arg-type]
            assert raised.value.reason is TillReason.SHIFT_CLOSED
        with pytest.raises(NotNow) as raised:
            await open_shift(drawerless, 5, 100)
        assert raised.value.reason is TillReason.NO_DRAWER


@pytest.mark.trio
async def test_closings_are_facts(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        await make_closing(bar.one, 5, "X")
        fact = bar.log.facts[-1]
        assert isinstance(fact, ClosingMade) and fact.operator == 5
