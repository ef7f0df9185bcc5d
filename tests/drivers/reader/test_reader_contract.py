"""The contract of `Reader`: every reader of the class, every chip, four wires."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
import trio.testing

from drivers.errors import DeviceError
from drivers.reader import BandError, BandGone, BandRefused, BandUnsure, Chip, Reader, Sensed
from drivers.reader.chips import Air, Fault, Mishap, TearPlan, Torn, Type2
from drivers.reader.memory import MemoryReader
from drivers.reader.nfcpy import NfcpyReader
from tests.drivers.reader.lender import Lender
from tests.drivers.reader.test_tap import COUNTING, KEY, PASSIVE, UID, issued
from tests.drivers.wires import MemoryLink

KINDS = ["memory", "whole", "bytes", "delayed"]


class Stand:
    """A reader under test, and the hands that hold bands to it."""

    def __init__(self, reader: Any, lender: Lender | None) -> None:
        self.reader: Reader = reader
        self._hands: Any = lender or reader
        self._lender = lender

    @property
    def lender(self) -> Lender:
        assert self._lender is not None
        return self._lender

    @property
    def air(self) -> Air:
        air: Air = self._hands.air
        return air

    def place(self, band: Type2) -> None:
        if self._lender is None:
            self._hands.place(band)
        else:
            band.away = False
            self._lender.band = band

    def take(self) -> None:
        if self._lender is None:
            self._hands.take()
        else:
            self._lender.band = None


@asynccontextmanager
async def stand(kind: str) -> AsyncIterator[Stand]:
    async with trio.open_nursery() as nursery:
        if kind == "memory":
            yield Stand(MemoryReader(), None)
        else:
            lender = Lender()
            link = MemoryLink(nursery, lender.serve, kind)
            reader = NfcpyReader("bar", link, "usb", entropy=bytes, jitter=lambda: 0.0)
            nursery.start_soon(reader.run)
            await reader.ready()
            yield Stand(reader, lender)
        nursery.cancel_scope.cancel()


async def sale(reader: Reader, chip: Chip) -> None:
    assert await reader.sense() == Sensed(UID, chip)
    if chip in PASSIVE:
        assert await reader.password(b"word") == b"OK"
    else:
        await reader.authenticate(KEY)
    await reader.read(4, 15)
    for page in (8, 9, 10):
        await reader.write(page, bytes((page,)) * 4)
    assert await reader.read(8, 10) == b"\x08\x08\x08\x08\x09\x09\x09\x09\x0a\x0a\x0a\x0a"


pytestmark = [
    pytest.mark.trio,
    pytest.mark.parametrize("kind", KINDS),
    pytest.mark.parametrize("chip", list(Chip)),
]


async def test_a_sale_and_another(
    kind: str, chip: Chip, autojump_clock: trio.testing.MockClock
) -> None:
    async with stand(kind) as under:
        under.place(issued(chip))
        await sale(under.reader, chip)
        await sale(under.reader, chip)


async def test_sales_in_bad_air(
    kind: str, chip: Chip, autojump_clock: trio.testing.MockClock
) -> None:
    async with stand(kind) as under:
        under.place(issued(chip))
        under.air.loss, under.air.random = 0.05, random.Random(3).random
        for _ in range(5):
            await sale(under.reader, chip)


async def test_a_band_torn_in_mid_write_is_gone_and_comes_back(
    kind: str, chip: Chip, autojump_clock: trio.testing.MockClock
) -> None:
    async with stand(kind) as under:
        band = issued(chip)
        under.place(band)
        band.tear = TearPlan(1, Torn.GARBAGE)
        with pytest.raises(BandGone):
            await sale(under.reader, chip)
        with pytest.raises(BandGone):
            await under.reader.read(4, 4)
        under.place(band)
        await sale(under.reader, chip)


async def test_a_refusal_harms_nothing_that_follows(
    kind: str, chip: Chip, autojump_clock: trio.testing.MockClock
) -> None:
    async with stand(kind) as under:
        under.place(issued(chip))
        await sale(under.reader, chip)
        with pytest.raises(BandRefused) as refused:
            await under.reader.write(0xF0, b"none")
        assert refused.value.code == 0
        await under.reader.write(8, b"next")
        assert await under.reader.read(8, 8) == b"next"


async def test_counting(kind: str, chip: Chip, autojump_clock: trio.testing.MockClock) -> None:
    if chip not in COUNTING:
        return
    async with stand(kind) as under:
        under.place(issued(chip))
        await sale(under.reader, chip)
        assert await under.reader.counter() == 41
        under.air.faults = [Fault(0, Mishap.ANSWER_LOST)]
        with pytest.raises(BandUnsure):
            await under.reader.increment()
        assert await under.reader.counter() == 42


async def test_a_tap_is_over_when_it_was_waited_for_its_end(
    kind: str, chip: Chip, autojump_clock: trio.testing.MockClock
) -> None:
    async with stand(kind) as under:
        under.place(issued(chip))
        await sale(under.reader, chip)
        under.take()
        await under.reader.gone()
        with pytest.raises(BandGone):
            await under.reader.read(4, 4)


async def test_a_reader_that_dies_at_any_question_of_a_sale_comes_back_whole(
    kind: str, chip: Chip, autojump_clock: trio.testing.MockClock
) -> None:
    if kind != "whole":
        return
    question, died = 0, True
    async with stand(kind) as under:
        assert isinstance(under.reader, NfcpyReader)
        while died:
            band = issued(chip)
            under.place(band)
            under.lender.dies_at = question
            try:
                await sale(under.reader, chip)
                died = False
            except DeviceError:
                await under.reader.ready()
                assert band.memory[32:36] in (bytes(4), b"\x08" * 4)
                await sale(under.reader, chip)
            question += 1
    assert question > 7


async def test_bytes_that_get_lost_on_the_wire_never_become_data(
    kind: str, chip: Chip, autojump_clock: trio.testing.MockClock
) -> None:
    """Pipes lose nothing; should one, the reader is opened again, and no wrong byte passes."""
    if kind != "whole" or chip is not Chip.NTAG213:
        return
    async with stand("lossy") as under:
        under.place(issued(chip))
        assert isinstance(under.reader, NfcpyReader)
        done = 0
        for _ in range(300):
            await under.reader.ready()
            try:
                await sale(under.reader, chip)
            except (DeviceError, BandError):
                continue
            done += 1
        assert done
