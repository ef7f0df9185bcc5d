"""What lies on a reader: the same band is the same tap until it leaves, and a reader may fail."""

from typing import Any

import pytest
import trio
from trio.testing import MockClock

from drivers.errors import Lost
from drivers.reader import BandGone, BandUnknown, Chip, Sensed
from edge.till.field import Field
from edge.till.work import Ask, Work
from tests.edge.till.counter import Counter

BAND = Sensed(b"\x04123456", Chip.NTAG213)


class Air:
    """A reader that senses what it is told to, one after the other; `leaves_s`: how long the last
    one stays."""

    def __init__(self, *sensed: Any, leaves_s: float = 60.0) -> None:
        self.sensed, self.leaves_s = list(sensed), leaves_s

    async def sense(self) -> Sensed:
        await trio.lowlevel.checkpoint()
        found = self.sensed.pop(0)
        if isinstance(found, Exception):
            raise found
        assert isinstance(found, Sensed)
        return found

    async def gone(self) -> None:
        await trio.sleep(self.leaves_s)


def field(*sensed: Any, leaves_s: float = 60.0) -> tuple[Field, Work, Counter]:
    bar = Counter()
    bar.one.reader = Air(*sensed, leaves_s=leaves_s)  # type: ignore[assignment]
    work = bar.one.submit(Ask(kind="balance", id=bar.id()))
    return bar.one.field, work, bar


@pytest.mark.trio
@pytest.mark.parametrize(("leaves_s", "waited_s"), [(60.0, 3.0), (1.0, 1.0)])
async def test_the_band_that_lies_there_is_the_same_tap(
    autojump_clock: MockClock, leaves_s: float, waited_s: float
) -> None:
    there, work, _ = field(BAND, BAND, leaves_s=leaves_s)
    there.lies(BAND)
    assert there.lies_there
    began = trio.current_time()
    assert await there.next_band(work) is BAND
    assert trio.current_time() - began == pytest.approx(waited_s)
    assert not there.lies_there


@pytest.mark.trio
async def test_another_band_is_a_tap_at_once(autojump_clock: MockClock) -> None:
    other = Sensed(b"\x04654321", Chip.NTAG213)
    there, work, _ = field(other)
    there.lies(BAND)
    began = trio.current_time()
    assert await there.next_band(work) is other
    assert trio.current_time() == began and not there.lies_there


@pytest.mark.trio
async def test_what_a_reader_may_do_is_told_and_waited_for(autojump_clock: MockClock) -> None:
    faults = (BandGone("too quick"), BandUnknown("what is that"), Lost("the cable is out"))
    there, work, _ = field(*faults, Lost("still"), BAND)
    seen = []
    real = there._till.show

    def show(*told: Any) -> None:
        seen.append((told[2], there.away))
        real(*told)

    there._till.show = show  # type: ignore[method-assign]
    assert await there.next_band(work) is BAND
    assert seen == [("band_unknown", False), ("reader_away", True)]
    assert not there.away


@pytest.mark.trio
async def test_a_work_comes_before_seeing_a_band_leave(autojump_clock: MockClock) -> None:
    there, _, _ = field()
    there.lies(BAND)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(there.until_left)
        await trio.sleep(1)
        there.wanted()
        await trio.testing.wait_all_tasks_blocked()
    assert trio.current_time() < 50 and there.lies_there
    await there.until_left()
    assert not there.lies_there
