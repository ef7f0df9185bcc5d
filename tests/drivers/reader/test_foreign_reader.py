"""nfcpy reads and writes our bands with its own classes: an opinion that is not ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import trio

from drivers.reader import Chip
from tests.drivers.processes import Double, double

UID = "04a1b2c3d4e5f6"
PASSWORD, KEY = b"word" + b"OK", bytes(range(16))
SCRIPT = Path(__file__).with_name("foreign.py")
pytestmark = [pytest.mark.trio, pytest.mark.xdist_group("nfcpy")]

AES = """
import sys, nfc, nfc.clf, nfc.tag
clf = nfc.ContactlessFrontend(sys.argv[1])
tag = nfc.tag.activate(clf, clf.sense(nfc.clf.RemoteTarget("106A")))
clf.sense(nfc.clf.RemoteTarget("106A"))
tag.write(8, b"aes!")
print(type(tag).__name__, bytes(tag.transceive(bytes.fromhex("3a0808"))))
"""
NAMES = {
    Chip.NTAG213: "NTAG213",
    Chip.NTAG215: "NTAG215",
    Chip.NTAG216: "NTAG216",
    Chip.UL_EV1_48: "MF0UL11",
    Chip.UL_EV1_128: "MF0UL21",
    Chip.UL_C: "MifareUltralightC",
}


async def told(emulator: Double, **command: Any) -> Any:
    await emulator.tell(**command)
    heard = await emulator.hear()
    assert "done" in heard, heard
    return heard["done"]


async def witness(
    emulator: Double, python: str, chip: Chip, key: bytes
) -> tuple[dict[str, Any], bytes]:
    """What nfcpy found, and the band's memory afterwards."""
    await told(emulator, new="a", chip=chip.value, uid=UID)
    await told(emulator, place="a")
    path = f"udp:127.0.0.1:{emulator.ready['port']}"
    with trio.fail_after(60):
        done = await trio.run_process(
            [python, "-P", str(SCRIPT), path, key.hex()],
            capture_stdout=True,
            capture_stderr=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr.decode()
    image = await told(emulator, dump="a")
    return json.loads(done.stdout), bytes.fromhex(image["memory"])


async def test_nfcpy_agrees_about_each_chip_that_it_knows(nfcpy_python: str) -> None:
    async with double("drivers.reader.fake") as emulator:
        for chip in NAMES:
            key = KEY if chip is Chip.UL_C else PASSWORD
            agreed(chip, *await witness(emulator, nfcpy_python, chip, key))


def agreed(chip: Chip, found: dict[str, Any], memory: bytes) -> None:
    assert found.pop("type") == NAMES[chip]
    assert found.pop("uid") == UID
    assert found.pop("dump") > 10
    if chip is not Chip.UL_C:
        assert found.pop("signature") == "00" * 32
    if chip.value.startswith("NTAG"):
        assert found.pop("uri") == "https://example.org/band"
    else:
        counter = "0500" if chip is Chip.UL_C else "010000"
        assert found.pop("counter") == counter
    assert found == {
        "written": "nf08nf09nf10",
        "compatible": "0a0a",
        "protected": "nf08",
        "closed": True,
        "wrong": False,
        "right": True,
        "opened": "nf08",
    }
    assert memory[32:48] == b"nf08nf09nf10half"
    secret = memory[-16:] if chip is Chip.UL_C else memory[-8:-2]
    assert secret == (KEY[7::-1] + KEY[:7:-1] if chip is Chip.UL_C else PASSWORD)


async def test_nfcpy_takes_ultralight_aes_for_c_which_is_why_we_ask_for_the_version(
    nfcpy_python: str,
) -> None:
    async with double("drivers.reader.fake") as emulator:
        await told(emulator, new="a", chip=Chip.UL_AES.value, uid=UID)
        await told(emulator, place="a")
        path = f"udp:127.0.0.1:{emulator.ready['port']}"
        with trio.fail_after(60):
            done = await trio.run_process(
                [nfcpy_python, "-P", "-c", AES, path], capture_stdout=True
            )
        assert done.stdout.decode().strip() == "MifareUltralightC b'aes!'"
