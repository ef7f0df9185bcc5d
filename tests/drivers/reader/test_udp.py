"""The reader that speaks the emulator's own wire, against the emulator as a process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from drivers.errors import Lost
from drivers.reader import BandGone, BandRefused, Chip, Sensed
from drivers.reader.tap import NoAnswer
from drivers.reader.udp import UdpReader
from drivers.supervisor import Health, Report
from tests.drivers.processes import Double, double

UID = "04a1b2c3d4e5f6"
pytestmark = pytest.mark.trio


async def told(emulator: Double, **command: Any) -> Any:
    await emulator.tell(**command)
    while "left" in (heard := await emulator.hear()):
        pass
    assert "done" in heard, heard
    return heard["done"]


@asynccontextmanager
async def reading(emulator: Double, reports: list[Report] | None = None) -> AsyncIterator[Any]:
    port = emulator.ready["port"]
    told_to = reports.append if reports is not None else None
    reader = UdpReader(
        "bar", "127.0.0.1", port, entropy=bytes, jitter=lambda: 0.0, on_health=told_to
    )
    async with trio.open_nursery() as nursery:
        nursery.start_soon(reader.run)
        with trio.fail_after(10):
            await reader.ready()
            yield reader
        nursery.cancel_scope.cancel()


async def test_every_chip_is_known_read_written_and_seen_to_leave() -> None:
    async with double("drivers.reader.fake") as emulator, reading(emulator) as reader:
        for chip in Chip:
            await told(emulator, new="anna", chip=chip.value, uid=UID)
            await told(emulator, place="anna")
            assert await reader.sense() == Sensed(bytes.fromhex(UID), chip)
            await reader.write(8, b"beer")
            assert (await reader.read(8, 8)) == b"beer"
            if chip in (Chip.UL_C, Chip.UL_AES):
                with pytest.raises(BandRefused):
                    await reader.authenticate(b"no such key here")
            await told(emulator, take=True)
            with pytest.raises(BandGone):
                await reader.read(8, 8)
            await reader.gone()


async def test_lost_answers_are_asked_again_and_a_torn_band_has_gone() -> None:
    async with double("drivers.reader.fake") as emulator, reading(emulator) as reader:
        await told(emulator, new="anna", chip="NTAG213", uid=UID)
        await told(emulator, place="anna")
        await reader.sense()
        await told(emulator, faults=[{"exchange": 0, "mishap": "answer_lost"}])
        assert len(await reader.read(4, 39)) == 144
        await told(emulator, tear={"write": 0, "torn": "new"})
        with pytest.raises(BandGone):
            await reader.write(8, b"late")
        await reader.gone()
        image = await told(emulator, dump="anna")
        assert bytes.fromhex(image["memory"])[32:36] == b"late"


async def test_an_answer_that_came_too_late_answers_no_later_question() -> None:
    async with double("drivers.reader.fake") as emulator, reading(emulator) as reader:
        await told(emulator, new="anna", chip="NTAG213", uid=UID)
        await told(emulator, place="anna")
        await reader.sense()
        await told(emulator, faults=[{"exchange": 0, "mishap": "answer_late", "byte": 130}])
        with pytest.raises(NoAnswer):
            await reader.exchange(b"\x3a\x04\x04")
        await trio.sleep(0.15)  # the emulator is a process: its late answer really comes
        assert len(await reader.exchange(b"\x60")) == 8


async def test_two_emulators_over_one_folder_hold_the_same_band(tmp_path: Path) -> None:
    words = ("drivers.reader.fake", "--bands", str(tmp_path))
    async with double(*words) as one, double(*words) as two:
        await told(one, new="anna", chip="NTAG213", uid=UID)
        for emulator, page in ((one, 8), (two, 9), (one, 10)):
            async with reading(emulator) as reader:
                await told(emulator, place="anna")
                await reader.sense()
                await reader.write(page, b"%04d" % page)
                await told(emulator, take=True)
        memory = bytes.fromhex((await told(two, dump="anna"))["memory"])
        assert memory[32:44] == b"000800090010"


async def test_an_emulator_that_ends_is_lost_and_is_told() -> None:
    reports: list[Report] = []
    async with double("drivers.reader.fake") as emulator, reading(emulator, reports) as reader:
        emulator.process.kill()
        await emulator.process.wait()
        with pytest.raises(Lost):
            while True:
                await reader.activate()
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(Lost):
            await reader.exchange(b"\x60")
    states = [report.state for report in reports]
    assert Health.READY in states and states[-1] in (Health.GONE, Health.OPENING)
