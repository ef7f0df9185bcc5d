"""Supervision of the process that runs nfcpy, with a scripted one on a memory wire."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing

from drivers.errors import Fault, Lost, Protocol, Silent
from drivers.reader import BandGone, Chip, Sensed
from drivers.reader.chips import make
from drivers.reader.nfcpy import NfcpyReader
from drivers.supervisor import Health, Report
from tests.drivers.reader.lender import Lender
from tests.drivers.wires import MemoryLink

UID = bytes.fromhex("04a1b2c3d4e5f6")


class Lent:
    """A reader, its lender, the link between them, and what was told about health."""

    def __init__(self, nursery: trio.Nursery, kind: str = "whole") -> None:
        self.lender = Lender(make(Chip.NTAG213, UID))
        self.link = MemoryLink(nursery, self.lender.serve, kind)
        self.told: list[Report] = []
        self.reader = NfcpyReader(
            "bar",
            self.link,
            "usb",
            entropy=bytes,
            jitter=lambda: 0.0,
            on_health=self.told.append,
        )


@asynccontextmanager
async def running(kind: str = "whole") -> AsyncIterator[Lent]:
    async with trio.open_nursery() as nursery:
        lent = Lent(nursery, kind)
        nursery.start_soon(lent.reader.run)
        await lent.reader.ready()
        yield lent
        nursery.cancel_scope.cancel()


@pytest.mark.trio
async def test_it_opens_the_path_and_senses(autojump_clock: trio.testing.MockClock) -> None:
    async with running() as lent:
        assert lent.lender.opened == [b"usb"]
        assert lent.reader.health.state is Health.READY
        assert await lent.reader.sense() == Sensed(UID, Chip.NTAG213)


@pytest.mark.trio
@pytest.mark.parametrize("question", range(6))
async def test_a_child_that_dies_at_any_question_comes_back(
    question: int, autojump_clock: trio.testing.MockClock
) -> None:
    async with running() as lent:
        lent.lender.dies_at = question
        with pytest.raises(Lost):
            for _ in range(4):
                await lent.reader.sense()
                await lent.reader.read(4, 7)
        with pytest.raises(BandGone):
            await lent.reader.read(4, 7)
        with pytest.raises(Lost, match="away"):
            await lent.reader.sense()
        await lent.reader.ready()
        assert await lent.reader.sense() == Sensed(UID, Chip.NTAG213)
        assert lent.reader.health.lost_count == 1
        assert lent.link.opened_count == 2


@pytest.mark.trio
async def test_a_silent_child_is_given_up_and_opened_again(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with running() as lent:
        lent.lender.mute = True
        with pytest.raises(Silent):
            await lent.reader.sense()
        assert trio.current_time() < 5
        with pytest.raises(Lost, match="away"):
            await lent.reader.sense()
        lent.lender.mute = False
        await lent.reader.ready()
        await lent.reader.sense()


@pytest.mark.trio
@pytest.mark.parametrize(
    ("said", "error"),
    [
        (b"Traceback (most recent call last):", Protocol),
        (b"\x00\x0b\x65\x00\x02unplugged", Lost),
        (b"\x00\x0b\x66\x00\x02no module", Fault),
    ],
)
async def test_nonsense_and_errors_of_the_child(
    said: bytes, error: type[Exception], autojump_clock: trio.testing.MockClock
) -> None:
    async with running() as lent:
        lent.lender.says = (
            (len(said) - 2).to_bytes(2, "big") + said[2:] if error is not Protocol else said
        )
        with pytest.raises(error):
            await lent.reader.sense()
        await lent.reader.ready()
        await lent.reader.sense()


@pytest.mark.trio
async def test_a_child_that_dies_while_nobody_asks_is_noticed(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with running() as lent:
        await lent.link.cut()
        await trio.testing.wait_all_tasks_blocked()
        assert lent.reader.health.state is Health.GONE
        await lent.reader.ready()
        assert [report.state for report in lent.told].count(Health.READY) == 2


@pytest.mark.trio
async def test_a_cancelled_question_leaves_its_answer_to_nobody(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with running("delayed") as lent:
        await lent.reader.sense()
        with trio.move_on_after(0.01):
            await lent.reader.read(4, 7)
        lent.lender.band.memory[16:20] = b"next"  # type: ignore[union-attr]
        assert (await lent.reader.read(4, 4)) == b"next"
        assert lent.link.opened_count == 1


@pytest.mark.trio
async def test_sense_waits_for_a_band_and_gone_for_its_leaving(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with running() as lent:
        band, lent.lender.band = lent.lender.band, None

        async def later() -> None:
            await trio.sleep(1)
            lent.lender.band = band
            await trio.sleep(1)
            lent.lender.band = None

        async with trio.open_nursery() as nursery:
            nursery.start_soon(later)
            await lent.reader.sense()
            assert trio.current_time() >= 1
            await lent.reader.gone()
            assert trio.current_time() >= 2
