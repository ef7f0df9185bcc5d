"""A program as a device."""

from __future__ import annotations

import os
import signal
import sys

import pytest
import trio

from drivers.errors import Lost
from drivers.reader.process import ProcessLink

ECHO = "import os\nwhile data := os.read(0, 99): os.write(1, data)"


@pytest.mark.trio
async def test_bytes_go_both_ways_and_closing_ends_the_program() -> None:
    link = ProcessLink([sys.executable, "-c", ECHO])
    async with await link.open() as wire:
        await wire.send_all(b"hello")
        assert await wire.receive_some() == b"hello"
    with pytest.raises(ProcessLookupError):
        os.kill(link.pid, 0)


@pytest.mark.trio
async def test_a_killed_program_is_lost() -> None:
    link = ProcessLink([sys.executable, "-c", ECHO])
    async with await link.open() as wire:
        os.kill(link.pid, signal.SIGKILL)
        with pytest.raises(Lost):
            await wire.receive_some()


@pytest.mark.trio
async def test_a_program_that_hangs_ends_with_its_wire_also_when_cancelled() -> None:
    link = ProcessLink([sys.executable, "-c", "import time; time.sleep(99)"])
    with trio.CancelScope() as scope:
        async with await link.open():
            scope.cancel()
            await trio.sleep_forever()
    with pytest.raises(ProcessLookupError):
        os.kill(link.pid, 0)


@pytest.mark.trio
async def test_a_missing_program_is_told() -> None:
    with pytest.raises(Lost, match="cannot start /no/such/python"):
        await ProcessLink(["/no/such/python"]).open()
