"""A receipt says what the facts say, and adds up."""

import pytest
from trio.testing import MockClock

from edge.core.pricing import Item
from edge.core.receipt import faults
from edge.till.receipts import receipt_of
from tests.edge.core.bar import BEER, CUP, PIZZA, WATER
from tests.edge.till.counter import Counter


@pytest.mark.trio
async def test_every_movement_has_a_receipt_without_faults(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        band, basket = await bar.wallet(1500), bar.id()
        sold = await bar.sell(band, Item(BEER, 1), tip_percent=10, confirmed_age=16)
        await bar.sell(band, Item(CUP, -1))
        await bar.sell(band, Item(PIZZA, 2), id=basket, take_left=True)
        await bar.sell(None, Item(PIZZA, 2), id=basket, part=1, method="cash")
        await bar.do("reversal", band, reverses=sold.txid)
        await bar.do("cash_out", band)
        kinds = []
        for number in range(1, 8):
            receipt = receipt_of(bar.one, number)
            assert receipt is not None, number
            assert receipt.lines and faults(receipt) == [], number
            kinds.append(receipt.kind)
        assert kinds == [
            "top_up", "sale", "deposit_return", "sale", "sale", "reversal", "cash_out",
        ]  # fmt: skip
        told = [one for number in range(1, 8) if (one := receipt_of(bar.one, number))]
        balances = [(one.balance_before_minor, one.balance_after_minor) for one in told]
        assert balances[:3] == [(0, 1500), (1500, 970), (970, 1170)], balances
        assert balances[3:] == [(None, None), (None, None), (0, 530), (530, 0)]
        assert [one.merchant.name for one in told if one.merchant] == ["Pizza Pino"] * 2
        split = receipt_of(bar.one, 4, copy=True)
        assert split is not None and split.copy
        assert [payment.method for payment in split.payments] == ["wallet", "cash"]
        assert receipt_of(bar.one, 99) is None


@pytest.mark.trio
async def test_training_says_so(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        bar.one.training = True
        await bar.sell(None, Item(WATER, 1))
        receipt = receipt_of(bar.one, 1)
        assert receipt is not None and receipt.training
