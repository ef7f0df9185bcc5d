"""Old segments go, ours and siblings', when the centre has them and a snapshot stands for them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
import trio
import trio.testing

from crypto.block import Head
from crypto.entry import SnapshotTaken, encode_fact
from edge import keeping
from edge.core.moments import Moment
from edge.keeping import DAY_MS, LOOK_S, Keeping, Log, ask_centre, delete_old
from edge.ledger import snapshot
from edge.ledger.segments import segments_of
from edge.transport import EpochHead, UplinkLost
from edge.uplink import inline
from tests.edge.ledger.faulty_disk import FaultyDisk
from tests.edge.ledger.logs import GATEWAY, NOW_S, OTHER, WHO, start, write

NOW_MS = NOW_S * 1000


class House:
    """Our ledger and a sibling's mirror, each of several segments, under a proven snapshot."""

    def __init__(self) -> None:
        self.disk, self.mirror = FaultyDisk(), FaultyDisk()
        own = start(self.disk)
        write(own, range(40))
        other = start(self.mirror, who=WHO._replace(gateway=OTHER))
        write(other, range(40))
        vector = {(GATEWAY, NOW_S): own.recovered.writer.head,
                  (OTHER, NOW_S): other.recovered.writer.head}  # fmt: skip
        digest = snapshot.store(self.disk, (NOW_S, 41), vector, b"state")
        fact = SnapshotTaken((NOW_MS << 16) + 9000, 20260922, 120, digest, 41)
        own.recovered.writer.commit([(encode_fact(fact), fact.hlc)])
        self.heads = {NOW_S: own.recovered.writer.head}
        self.other_heads = {NOW_S: other.recovered.writer.head}
        self.unsure = False
        self.days_later = 401
        self.receipts: dict[int, Head] = dict(self.heads)
        self.centre: dict[int, Head] | None = dict(self.other_heads)

    @property
    def own(self) -> Log:
        return Log(GATEWAY, self.disk, self.heads)

    @property
    def sibling(self) -> Log:
        return Log(OTHER, self.mirror, self.other_heads)

    def now(self) -> Moment:
        return Moment(NOW_MS + self.days_later * DAY_MS, 20271028, 0, self.unsure)

    def all(self) -> list[Any]:
        return [
            SimpleNamespace(epoch=epoch, through_seq=head.seq, head=head.hash)
            for epoch, head in self.receipts.items()
        ]

    async def receipted(self, gateway: bytes) -> Mapping[int, Head]:
        assert gateway == OTHER
        return self.centre or {}

    def keeping(self, days: int = 400) -> Keeping:
        ledger: Any = SimpleNamespace(gateway=GATEWAY, heads=self.heads)
        receipts: Any = self
        return Keeping(
            self.disk, ledger, receipts, self, days, siblings=lambda: iter([self.sibling]),
            receipted=self.receipted, aside=inline,
        )  # fmt: skip

    @property
    def left(self) -> tuple[int, int]:
        return len(segments_of(self.disk)), len(segments_of(self.mirror))


@pytest.fixture
def house() -> House:
    found = House()
    assert found.left == (3, 3)
    return found


@pytest.mark.trio
async def test_what_is_old_receipted_and_in_a_proven_snapshot_goes(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    keep = house.keeping()
    await keep.look()
    assert house.left == (1, 1)
    assert keep.deleted == 4
    assert caplog.text.count("old segments were deleted") == 2
    await keep.look()
    assert keep.deleted == 4
    again = start(house.disk)
    assert (again.states, again.recovered.begun, again.numbers) == ([b"state"], None, [])


@pytest.mark.trio
async def test_what_is_younger_stays(house: House) -> None:
    house.days_later = 400
    await house.keeping().look()
    assert house.left == (3, 3)


@pytest.mark.trio
async def test_while_the_clock_is_unsure_nothing_is_old(house: House) -> None:
    house.unsure = True
    await house.keeping().look()
    assert house.left == (3, 3)


@pytest.mark.trio
async def test_what_the_centre_has_not_receipted_stays(house: House) -> None:
    house.receipts, house.centre = {}, None
    await house.keeping().look()
    assert house.left == (3, 3)


@pytest.mark.trio
async def test_a_sibling_that_the_centre_holds_in_part_stays_in_part(house: House) -> None:
    block = start(house.mirror, who=WHO._replace(gateway=OTHER)).blocks[19]
    house.centre = {NOW_S: Head(block.last_seq, block.hash)}
    await house.keeping().look()
    assert house.left == (1, 2)


@pytest.mark.trio
@pytest.mark.parametrize("seq", [41, 20])
async def test_another_history_at_the_centre_deletes_nothing(
    house: House, caplog: pytest.LogCaptureFixture, seq: int
) -> None:
    house.centre = {NOW_S: Head(seq, b"x" * 32)}
    house.receipts = {NOW_S: Head(seq, b"x" * 32)}
    await house.keeping().look()
    assert house.left == (3, 3)
    assert "another history" in caplog.text


def test_what_only_a_snapshot_without_its_fact_holds_stays(house: House) -> None:
    heads = {NOW_S: Head(41, house.other_heads[NOW_S].hash)}
    before = NOW_MS + DAY_MS
    own = house.own._replace(heads={NOW_S: Head(41, b"")})  # its fact is not durable yet
    assert delete_old(own, house.sibling, heads, before) == []
    assert len(delete_old(house.own, house.sibling, heads, before)) == 2


def test_what_is_not_in_our_snapshot_stays(house: House) -> None:
    stranger = house.sibling._replace(gateway=b"gateway number 3")
    assert delete_old(house.own, stranger, house.other_heads, NOW_MS + DAY_MS) == []


@pytest.mark.trio
async def test_it_looks_every_hour_and_a_fault_waits_for_the_next(
    house: House, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    looked: list[float] = []
    real = keeping.delete_old

    def flaky(*arguments: Any) -> Any:
        looked.append(trio.current_time())
        if len(looked) == 1:
            raise OSError("the folder is unmounted")
        return real(*arguments)

    monkeypatch.setattr(keeping, "delete_old", flaky)
    keep = house.keeping()
    begin = trio.current_time()
    with trio.move_on_after(LOOK_S * 2.5):
        await keep.run()
    assert [at - begin for at in looked] == [LOOK_S, 2 * LOOK_S, 2 * LOOK_S]
    assert "old segments stay for now" in caplog.text
    assert house.left == (1, 1)


@pytest.mark.trio
async def test_zero_days_keep_everything(
    house: House, autojump_clock: trio.testing.MockClock
) -> None:
    house.days_later = 100_000
    with trio.fail_after(1):
        await house.keeping(0).run()
    assert house.left == (3, 3)


@pytest.mark.trio
async def test_a_centre_that_does_not_answer_holds_nothing() -> None:
    class Line:
        lost = False

        def of(self, gateway: bytes) -> Line:
            assert gateway == OTHER
            return self

        async def heads(self) -> list[EpochHead]:
            if self.lost:
                raise UplinkLost("no route")
            return [EpochHead(5, 9, "ab" * 32)]

    line: Any = Line()
    assert await ask_centre(line)(OTHER) == {5: Head(9, b"\xab" * 32)}
    line.lost = True
    assert await ask_centre(line)(OTHER) == {}
