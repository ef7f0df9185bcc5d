"""Readers of the bar as processes: a band wanders between them, and tells when it was torn."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio

from drivers.reader.udp import UdpReader
from edge.demo.antennas import Antenna, image
from edge.demo.processes import DemoFailed, Processes

pytestmark = pytest.mark.trio
UID = "04000112345678"


async def test_a_band_is_held_to_two_readers_and_leaves_one_by_itself(tmp_path: Path) -> None:
    processes, bands = Processes(tmp_path), tmp_path / "bands"
    try:
        async with trio.open_nursery() as nursery:
            one, two = [await Antenna.start(processes, name, bands) for name in ("a", "b")]
            readers = []
            for antenna in (one, two):
                nursery.start_soon(antenna.listen)
                reader = UdpReader(
                    "bar", "127.0.0.1", antenna.port, entropy=bytes, jitter=lambda: 0.0
                )
                nursery.start_soon(reader.run)
                await reader.ready()
                readers.append(reader)
            await one.obey(new="anna", chip="NTAG213", uid=UID)
            await one.place("anna")
            await readers[0].sense()
            await readers[0].write(8, b"beer")
            await one.take()
            await two.place("anna", tear=(1, "new"))
            await readers[1].sense()
            assert await readers[1].read(8, 8) == b"beer"
            await readers[1].write(9, b"cups")
            assert not two.left.is_set()
            with pytest.raises(Exception, match="left the field|did not answer"):
                await readers[1].write(10, b"torn")
            with trio.fail_after(10):
                await two.left.wait()
            assert b"beercupstorn".hex().encode() in image(bands, "anna")
            with pytest.raises(DemoFailed, match="refused"):
                await one.obey(place="nobody")
            nursery.cancel_scope.cancel()
    finally:
        processes.kill_all()


async def test_an_emulator_that_cannot_start_says_why(tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    (tmp_path / "bands").write_text("in the way")
    try:
        with pytest.raises(DemoFailed, match="a did not start"):
            await Antenna.start(processes, "a", tmp_path / "bands")
    finally:
        processes.kill_all()
