"""A centre that turns blocks away, or answers with receipts that prove nothing."""

from collections.abc import Callable
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from crypto.block import Head
from crypto.receipt import Receipt, sign
from edge.ledger.errors import LedgerDamaged
from edge.uplink import HEADS_EVERY_S
from tests.crypto import samples
from tests.edge.centre import RECEIPT_KEY, signed
from tests.edge.delivery import BACKOFF_MAX_S, House

pytestmark = pytest.mark.trio


@pytest.fixture
def autojump_clock() -> MockClock:
    return MockClock(autojump_threshold=0)


async def test_a_fork_is_told_once_and_asked_slowly(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    house, other = House(), House()
    other.venue.clock.ms += 1
    other.venue.log.epoch = 5
    house.venue.log.epoch = 5
    house.blocks(2)
    other.blocks(1)
    house.centre.stored = {5: list(other.log.blocks[5])}
    async with house.running(3600):
        assert not house.uplink.connected
        assert house.uplink.problem.startswith("fork")
    assert [r.levelname for r in caplog.records] == ["ERROR"]
    assert house.centre.calls["put_blocks"] < 3600 / BACKOFF_MAX_S + 20


async def test_a_centre_that_holds_more_than_we_ever_wrote_is_a_fork(
    autojump_clock: MockClock,
) -> None:
    house = House()
    house.blocks(3)
    async with house.running(1):
        assert house.agree()
        lost = house.log.blocks[1][-1]
        house.log.durable = house.log.heads[1] = Head(lost.first_seq - 1, lost.previous)
        await trio.sleep(HEADS_EVERY_S + 5)
        assert house.uplink.problem.startswith("fork: it holds facts of epoch 1 through 7")


async def test_of_an_older_epoch_the_centre_may_hold_more(autojump_clock: MockClock) -> None:
    house = House()
    house.blocks(3)
    async with house.running(1):
        pass
    lost = house.log.blocks[1].pop()
    house.log.heads[1] = Head(lost.first_seq - 1, lost.previous)
    house.log.begin_epoch(2)
    house.blocks(1)
    async with house.running(5):
        assert house.uplink.connected
        assert house.centre.head(2) == house.log.durable


async def test_an_epoch_that_is_turned_away_does_not_stop_the_others(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    house = House()
    house.blocks(1)
    house.log.begin_epoch(2)
    house.blocks(1)
    house.centre.turned = {1: "fork"}
    async with house.running(10):
        for _ in range(20):
            house.blocks(1)
            await trio.sleep(BACKOFF_MAX_S + 1)
        assert house.centre.head(2) == house.log.durable
        assert not house.uplink.connected
        assert house.uplink.status()["waiting"] == house.log.heads[1].seq
        assert [r.levelname for r in caplog.records] == ["ERROR"]
        house.centre.turned = {}
        await trio.sleep(BACKOFF_MAX_S + 1)
        assert house.agree()
        assert house.uplink.connected


async def test_damage_on_our_own_disk_is_told_once_and_newer_epochs_go_out(
    autojump_clock: MockClock,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = House()
    house.log.begin_epoch(2)
    house.blocks(1)
    whole = house.log.blocks_from

    def damaged(epoch: int, seq: int, limit_bytes: int) -> list[Any]:
        if epoch == 1:
            raise LedgerDamaged("unreadable", epoch=1, seq=seq, segment="s", at_bytes=4096)
        return whole(epoch, seq, limit_bytes)

    monkeypatch.setattr(house.log, "blocks_from", damaged)
    async with house.running(600):
        assert house.centre.head(2) == house.log.durable
        assert "unreadable" in house.uplink.problem
    assert len(caplog.messages) == 1


# -- receipts --------------------------------------------------------------------------------------

LIES: dict[str, Callable[[Receipt], bytes]] = {
    "another gateway": signed({"gateway": b"X" * 16}),
    "another tenant": signed({"tenant": b"X" * 16}),
    "another epoch": signed({"epoch": 77}),
    "too low": signed({"through_seq": 1}),
    "other blocks": signed({"head": b"X" * 32}),
    "another key": lambda true: sign(true, samples.OTHER_KEY),
    "a flipped bit": lambda true: sign(true, RECEIPT_KEY)[:-1] + b"\x00",
    "garbage": lambda true: b"ok",
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_receipt_that_proves_nothing_is_refused(
    autojump_clock: MockClock, lie: str
) -> None:
    house = House()
    house.blocks(2)
    house.centre.lie = LIES[lie]
    async with house.running(0.25):
        assert not house.uplink.receipts
        assert not house.kept
        assert not house.uplink.connected
        house.centre.lie = None
        await trio.sleep(5)
        assert house.uplink.connected
        house.blocks(1)
        await trio.sleep(1)
        assert house.uplink.receipts[1].through_seq == house.log.durable.seq


async def test_a_receipt_that_cannot_be_written_stops_nothing(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    def full(raw: bytes, receipt: Receipt) -> None:
        raise OSError(28, "No space left on device")

    house = House(keep=full)
    house.blocks(1)
    async with house.running(5):
        assert house.agree()
        assert house.uplink.connected
    assert caplog.messages == ["a receipt was not kept on disk"]


async def test_without_a_place_for_receipts_it_goes_on(autojump_clock: MockClock) -> None:
    house = House(keep=None)
    async with house.running(5):
        assert house.agree()


async def test_listeners_hear_of_receipts_and_of_the_link(autojump_clock: MockClock) -> None:
    house = House()
    with house.venue.gateway.events.listen() as events:
        async with house.running(1):
            house.centre.away = True
            await trio.sleep(HEADS_EVERY_S + 2)
        heard = [events.receive_nowait() for _ in range(3)]
    assert [e["event"] for e in heard] == ["uplink", "receipt", "uplink"]
    assert [e.get("connected") for e in heard] == [True, None, False]
