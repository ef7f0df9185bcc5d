"""What nfcpy does with bands by itself: format, NDEF, passwords, locks, bands that we issued."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio

from crypto.medium import CHIPS, FIRST_PAGE
from crypto.medium_protect import closing
from drivers.reader import Chip
from tests.crypto.make_medium_vectors import UID as ISSUED_UID
from tests.crypto.make_medium_vectors import make_image, make_seals
from tests.drivers.processes import Double, double

UID = "04a1b2c3d4e5f6"
KEY = (b"wordOK" + bytes(range(10))).hex()
LONG, SHORT = "https://example.org/" + "x" * 25, "https://example.org/y"
SCRIPT = Path(__file__).with_name("foreign_shell.py")
# Bytes of NDEF that nfcpy may write: the data area less its TLVs.
ROOM = {
    Chip.NTAG213: 137,
    Chip.NTAG215: 492,
    Chip.NTAG216: 868,
    Chip.UL_EV1_48: 46,
    Chip.UL_EV1_128: 126,
    Chip.UL_C: 142,
}
pytestmark = [pytest.mark.trio, pytest.mark.xdist_group("nfcpy")]


class Shop:
    """An emulator, and nfcpy before it."""

    def __init__(self, emulator: Double, nfcpy: Double) -> None:
        self.emulator, self.nfcpy = emulator, nfcpy

    async def tell(self, **command: Any) -> Any:
        await self.emulator.tell(**command)
        while "left" in (heard := await self.emulator.hear()):
            pass
        assert "done" in heard, heard
        return heard["done"]

    async def ask(self, do: str, **more: Any) -> Any:
        """nfcpy's answer; "refused" when the band refused, or did not answer."""
        await self.nfcpy.tell(do=do, **more)
        heard = await self.nfcpy.hear()
        return heard.get("done", "refused")

    async def lay(self, chip: Chip, uid: str = UID) -> None:
        await self.tell(new="a", chip=chip.value, uid=uid)
        await self.tell(place="a")

    async def memory(self) -> bytes:
        return bytes.fromhex((await self.tell(dump="a"))["memory"])


@asynccontextmanager
async def shop(python: str) -> AsyncIterator[Shop]:
    async with double("drivers.reader.fake") as emulator, trio.open_nursery() as nursery:
        path = f"udp:127.0.0.1:{emulator.ready['port']}"
        process: trio.Process = await nursery.start(
            lambda task_status: trio.run_process(
                [python, "-P", str(SCRIPT), path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                check=False,
                task_status=task_status,
            )
        )
        with trio.fail_after(60):
            yield Shop(emulator, Double(process))
        nursery.cancel_scope.cancel()


async def formatted(our: Shop, chip: Chip) -> None:
    await our.lay(chip)
    await our.ask("activate")
    if not chip.value.startswith("NTAG"):
        size = {Chip.UL_EV1_48: 6, Chip.UL_EV1_128: 16}.get(chip, 0x12)
        await our.ask("write", page=3, data=f"e110{size:02x}00")
        await our.ask("write", page=4, data="0300fe00")
        await our.ask("activate")
    assert await our.ask("ndef") == [ROOM[chip], True, True, []]
    assert await our.ask("format", wipe=0x5A) is True


async def test_nfcpy_formats_writes_protects_and_locks_each_chip(nfcpy_python: str) -> None:
    async with shop(nfcpy_python) as our:
        for chip, room in ROOM.items():
            await formatted(our, chip)
            assert (await our.memory())[48:64] == b"Z" * 16
            await our.ask("write_uri", uri=LONG)
            assert await our.ask("activate") != "NoneType"
            assert await our.ask("ndef") == [room, True, True, [LONG]]

            assert await our.ask("protect", key=KEY, reads=True) is True
            await our.ask("activate")
            assert await our.ask("read", page=4) == "refused"
            await our.ask("activate")
            assert await our.ask("authenticate", key="00" * 16) is False
            await our.ask("activate")
            assert await our.ask("authenticate", key=KEY) is True
            assert await our.ask("ndef") == [room, True, True, [LONG]]
            await our.ask("write_uri", uri=SHORT)
            assert await our.ask("present") is True

            assert await our.ask("protect") is True  # by lock bits, for ever
            await our.ask("activate")
            assert await our.ask("authenticate", key=KEY) is True
            assert await our.ask("ndef") == [room, True, False, [SHORT]]
            before = await our.memory()
            for page in (3, 4, 15, 16 if room > 46 else 15):
                await our.ask("write", page=page, data="00000000")
                await our.ask("activate")
                await our.ask("authenticate", key=KEY)
            assert await our.memory() == before
            assert len(await our.ask("dump")) > 9


async def test_a_phone_sees_the_address_on_our_bands_and_nothing_behind_it(
    nfcpy_python: str,
) -> None:
    secrets = make_seals().debit.chip(ISSUED_UID)
    async with shop(nfcpy_python) as our:
        for chip in Chip:
            plan = CHIPS[chip.name]
            await our.lay(chip, ISSUED_UID.hex())
            image = make_image(chip.name)
            await our.tell(poke="a", page=FIRST_PAGE, hex=image.hex())
            for page, data in closing(plan, secrets):
                await our.tell(poke="a", page=page, hex=data.hex())
            if plan.url_page is not None and chip.value.startswith("NTAG"):
                await our.tell(poke="a", page=3, hex="e1101200")
            await our.ask("activate")
            await our.ask("again")  # of Ultralight AES nfcpy has begun an authentication
            if plan.url_page is None:
                assert await our.ask("ndef") is None
            else:
                assert (await our.ask("ndef"))[3] == ["https://g.hs/b"], chip
            await our.ask("again")
            closed = 4 if plan.url_page is None else 8
            assert await our.ask("read", page=closed) == "refused", chip
            await our.ask("again")
            assert await our.ask("write", page=closed, data="00000000") == "refused"
            if chip is Chip.UL_AES:
                continue  # nfcpy speaks no AES
            await our.ask("activate")
            key = secrets.key if chip is Chip.UL_C else secrets.password + secrets.pack
            assert await our.ask("authenticate", key=key.hex()) is True
            at = 4 * (closed - FIRST_PAGE)
            assert await our.ask("read", page=closed) == image[at : at + 16].hex()


async def test_a_torn_write_of_nfcpy_leaves_what_was_there_or_what_was_written(
    nfcpy_python: str,
) -> None:
    async with shop(nfcpy_python) as our:
        await formatted(our, Chip.NTAG213)
        await our.ask("write_uri", uri=LONG)
        await our.ask("retries", count=0, within_s=0.25)
        # nfcpy empties the message, writes it, and says its length last.
        for write, torn, left in (
            (0, "old", [LONG]),
            (0, "new", []),
            (1, "old", []),
            (2, "new", []),
        ):
            await our.ask("activate")
            assert (await our.ask("ndef"))[3] == [LONG]
            await our.tell(tear={"write": write, "torn": torn})
            assert await our.ask("write_uri", uri=SHORT) == "refused"
            await our.tell(place="a")
            await our.ask("activate")
            assert (await our.ask("ndef"))[3] == left
            await our.ask("write_uri", uri=LONG)
