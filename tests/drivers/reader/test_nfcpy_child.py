"""End to end: bands in one process, nfcpy in another, our interface here."""

from __future__ import annotations

import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio

from drivers.errors import DeviceError
from drivers.reader import BandError, BandGone, BandRefused, Chip, Sensed
from drivers.reader.nfcpy import CHILD, NfcpyReader, nfcpy_link
from drivers.reader.process import ProcessLink
from drivers.supervisor import Health
from tests.drivers.processes import Double, double

KEY = bytes(range(16))
UID = "04a1b2c3d4e5f6"
pytestmark = [pytest.mark.trio, pytest.mark.xdist_group("nfcpy")]


async def told(emulator: Double, **command: Any) -> Any:
    """Tell, and hear what came of it."""
    await emulator.tell(**command)
    while True:
        heard = await emulator.hear()
        assert "bad" not in heard, heard
        if "done" in heard:
            return heard["done"]


class Bar:
    """An emulator, a reader of it, and the link to the process between them."""

    def __init__(self, emulator: Double, reader: NfcpyReader, link: ProcessLink) -> None:
        self.emulator, self.reader, self.link = emulator, reader, link


@asynccontextmanager
async def bar(python: str, *arguments: str) -> AsyncIterator[Bar]:
    started = double("drivers.reader.fake", *arguments)
    async with started as emulator, trio.open_nursery() as nursery:
        link = nfcpy_link(python)
        reader = NfcpyReader(
            "bar",
            link,
            f"udp:127.0.0.1:{emulator.ready['port']}",
            entropy=os.urandom,
            jitter=random.random,
        )
        nursery.start_soon(reader.run)
        with trio.fail_after(60):
            await reader.ready()
            yield Bar(emulator, reader, link)
        nursery.cancel_scope.cancel()


async def issue(bar: Bar, chip: Chip) -> None:
    """Issue a band by our own reader: protect it from page 8 on, where the chip can."""
    reader = bar.reader
    await told(bar.emulator, new="anna", chip=chip.value, uid=UID)
    await told(bar.emulator, place="anna")
    assert await reader.sense() == Sensed(bytes.fromhex(UID), chip)
    if chip is Chip.UL_C:
        memory = KEY[7::-1] + KEY[:7:-1]
        pages = {0x2C + at: memory[4 * at : 4 * at + 4] for at in range(4)}
        pages |= {0x2A: b"\x08\x00\x00\x00"}
    elif chip is Chip.UL_AES:
        pages = {0x30 + at: KEY[::-1][4 * at : 4 * at + 4] for at in range(4)}
        pages |= {0x2A: b"\x80\x05\x00\x00", 0x29: b"\x00\x00\x00\x08"}
    else:
        last = {Chip.NTAG215: 0x86, Chip.NTAG216: 0xE6, Chip.UL_EV1_48: 0x13}.get(chip, 0x2C)
        last = 0x28 if chip is Chip.UL_EV1_128 else last
        pages = {last - 1: b"word", last: b"OK\x00\x00"}
        pages |= {last - 2: b"\x80\x05\x00\x00", last - 3: b"\x00\x00\x00\x08"}
    for page, data in pages.items():
        await reader.write(page, data)


async def sale(reader: NfcpyReader, chip: Chip, drink: bytes = b"beer") -> None:
    assert await reader.sense() == Sensed(bytes.fromhex(UID), chip)
    if chip in (Chip.UL_C, Chip.UL_AES):
        await reader.authenticate(KEY)
    else:
        assert await reader.password(b"word") == b"OK"
    await reader.read(4, 15)
    for page in (8, 9, 10):
        await reader.write(page, drink)
    assert await reader.read(8, 10) == drink * 3


async def test_a_sale_with_each_chip_through_nfcpy(nfcpy_python: str) -> None:
    async with bar(nfcpy_python) as our:
        for chip in Chip:
            await issue(our, chip)
            await sale(our.reader, chip)
            if chip not in (Chip.NTAG213, Chip.NTAG215, Chip.NTAG216):
                before = await our.reader.counter()
                await our.reader.increment()
                assert await our.reader.counter() == before + 1
            with pytest.raises(BandRefused):
                await our.reader.write(0xF0, b"none")
            await our.reader.write(8, b"cola")
            await our.reader.sense()
            with pytest.raises(BandRefused):
                await our.reader.read(8, 8)
            await told(our.emulator, take=True)
            await our.reader.gone()
        assert our.reader.health.lost_count == 0


async def test_a_band_that_leaves_in_mid_write(nfcpy_python: str) -> None:
    async with bar(nfcpy_python) as our:
        await issue(our, Chip.NTAG213)
        for torn in ("old", "new", "garbage", "faded"):
            await told(our.emulator, tear={"write": 1, "torn": torn})
            with pytest.raises(BandGone):
                await sale(our.reader, Chip.NTAG213, torn.encode()[:3] + b"!")
            assert await our.emulator.hear() == {"left": "anna"}
            await told(our.emulator, place="anna")
            await sale(our.reader, Chip.NTAG213)


async def test_sales_in_bad_air(nfcpy_python: str) -> None:
    async with bar(nfcpy_python) as our:
        await issue(our, Chip.NTAG213)
        await told(our.emulator, loss=0.03, seed=4)
        for _ in range(3):
            await sale(our.reader, Chip.NTAG213)


async def test_a_late_answer_is_nobodys(nfcpy_python: str) -> None:
    async with bar(nfcpy_python) as our:
        await issue(our, Chip.NTAG213)
        faults = [{"exchange": at, "mishap": "answer_late", "byte": 130} for at in (1, 3)]
        await told(our.emulator, faults=faults)
        await sale(our.reader, Chip.NTAG213)


@pytest.mark.parametrize("after_s", [0.0, 0.005])
async def test_kill_9_of_the_process_that_runs_nfcpy(nfcpy_python: str, after_s: float) -> None:
    async with bar(nfcpy_python) as our:
        await issue(our, Chip.NTAG213)

        async def kill() -> None:
            await trio.sleep(after_s)
            os.kill(our.link.pid, signal.SIGKILL)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(kill)
            with pytest.raises((DeviceError, BandError)):
                while True:
                    await sale(our.reader, Chip.NTAG213)
        await our.reader.ready()
        await sale(our.reader, Chip.NTAG213)
        assert our.reader.health.lost_count == 1


async def test_kill_9_of_the_emulator_loses_no_page_that_was_acknowledged(
    nfcpy_python: str, tmp_path: Path
) -> None:
    async with bar(nfcpy_python, "--bands", str(tmp_path)) as our:
        port = our.emulator.ready["port"]
        await issue(our, Chip.UL_EV1_128)
        await sale(our.reader, Chip.UL_EV1_128)
        await our.reader.write(8, b"kept")
        our.emulator.process.kill()
        with pytest.raises(BandGone):
            await our.reader.write(9, b"lost")
        arguments = ("--listen", f"127.0.0.1:{port}", "--bands", str(tmp_path))
        async with double("drivers.reader.fake", *arguments) as again:
            await told(again, place="anna")
            await our.reader.sense()
            await our.reader.password(b"word")
            assert await our.reader.read(8, 8) == b"kept"
            assert our.reader.health.lost_count == 0


async def test_an_interpreter_without_nfcpy_is_told() -> None:
    async with trio.open_nursery() as nursery:
        heard: list[str] = []
        faulty = trio.Event()

        def health(report: Any) -> None:
            heard.append(report.reason)
            if report.state is Health.FAULT:
                faulty.set()

        reader = NfcpyReader(
            "bar",
            ProcessLink([sys.executable, "-S", "-I", str(CHILD)]),
            "usb",
            entropy=bytes,
            jitter=lambda: 0.0,
            on_health=health,
        )
        nursery.start_soon(reader.run)
        with trio.fail_after(20):
            await faulty.wait()
        nursery.cancel_scope.cancel()
    assert "install gatehouse[nfc]" in heard[-1]
