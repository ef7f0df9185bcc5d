"""Snapshots are taken beside the daemon, recorded as facts, and never hurt it when they fail."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import trio
import trio.testing

from crypto.block import Head
from crypto.entry import SnapshotTaken
from edge import snapshots
from edge.core.moments import Moment
from edge.ledger.errors import LedgerError
from edge.ledger.take import Taken

CONFIG: Any = SimpleNamespace(
    ledger=SimpleNamespace(snapshot_every_facts=1000), ledger_dir="/nowhere"
)


class House:
    """A ledger that grows when told, a gateway that notes what is recorded."""

    gateway = b"gateway-of-tests"

    def __init__(self) -> None:
        self.durable = Head(5, b"h" * 32)
        self.heads = {7: self.durable}
        self.asked: list[dict[int, Head]] = []
        self.facts: list[Any] = []
        self.failing = 0

    def must_record(self, make: Any) -> None:
        self.facts.append(make(9, Moment(1, 20260704, 60)))

    async def take(
        self, folder: Any, gateway: bytes, heads: dict[int, Head], *mirrors: Any
    ) -> Taken:
        self.asked.append(heads)
        if self.failing:
            self.failing -= 1
            raise LedgerError("no room")
        return Taken(b"d" * 32, 7, heads[7].seq)

    def grow(self, seq: int) -> None:
        self.durable = self.heads[7] = Head(seq, b"h" * 32)


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> House:
    found = House()
    monkeypatch.setattr(snapshots, "take_in_background", found.take)
    return found


@pytest.mark.trio
async def test_one_is_taken_for_each_thousand_facts(
    house: House, autojump_clock: trio.testing.MockClock, nursery: trio.Nursery
) -> None:
    it: Any = house
    nursery.start_soon(snapshots.keep_snapshots, it, it, CONFIG)
    await trio.sleep(60)
    assert house.asked == []
    house.grow(1005)
    await trio.sleep(60)
    house.grow(1900)
    await trio.sleep(60)
    assert len(house.asked) == 1
    assert house.facts == [SnapshotTaken(9, 20260704, 60, b"d" * 32, 1005)]
    house.grow(2005)
    await trio.sleep(60)
    assert len(house.facts) == 2
    nursery.cancel_scope.cancel()


@pytest.mark.trio
async def test_a_failure_is_waited_out_and_records_nothing(
    house: House, autojump_clock: trio.testing.MockClock, nursery: trio.Nursery
) -> None:
    it: Any = house
    house.failing = 1
    house.grow(5)
    nursery.start_soon(snapshots.keep_snapshots, it, it, CONFIG)
    await trio.sleep(1)
    house.grow(1005)
    await trio.sleep(100)
    assert (len(house.asked), house.facts) == (1, [])
    await trio.sleep(snapshots.RETRY_S + 30)
    assert (len(house.asked), len(house.facts)) == (2, 1)
    nursery.cancel_scope.cancel()
