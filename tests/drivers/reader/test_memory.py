"""The reader without a wire."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from drivers.reader import BandGone, BandRefused, BandUnknown, Chip, Sensed
from drivers.reader.chips import Fault, Mishap, Ntag21x, TearPlan, Torn
from drivers.reader.memory import MemoryReader, now

UID = bytes.fromhex("04112233445566")


def laid() -> tuple[MemoryReader, Ntag21x]:
    reader, band = MemoryReader(), Ntag21x(UID)
    reader.place(band)
    return reader, band


def test_a_whole_tap_without_a_loop() -> None:
    reader, band = laid()
    assert now(reader.sense()) == Sensed(UID, Chip.NTAG213)
    now(reader.write(4, b"beer"))
    assert now(reader.read(4, 5))[:4] == b"beer"
    assert band.memory[16:20] == b"beer"


def test_a_tap_that_waits_is_told_from_one_that_does_not() -> None:
    with pytest.raises(RuntimeError):
        now(MemoryReader().sense())


@pytest.mark.trio
async def test_sense_waits_for_a_band_and_gone_for_its_leaving() -> None:
    reader, left = MemoryReader(), False

    async def watch() -> None:
        nonlocal left
        await reader.sense()
        await reader.gone()
        left = True

    async with trio.open_nursery() as nursery:
        nursery.start_soon(watch)
        await trio.testing.wait_all_tasks_blocked()
        reader.place(Ntag21x(UID))
        await trio.testing.wait_all_tasks_blocked()
        assert not left
        reader.take()
    assert left


@pytest.mark.trio
async def test_a_loop_that_senses_nonsense_lets_others_run() -> None:
    reader, band = laid()
    band.version = bytes(8)
    with trio.move_on_after(0) as scope:
        while True:
            with pytest.raises(BandUnknown):
                await reader.sense()
    assert scope.cancelled_caught


@pytest.mark.trio
async def test_now_serves_inside_a_loop_too() -> None:
    reader, _ = laid()
    assert now(reader.sense()).uid == UID


def test_a_tap_ends_with_the_band_and_does_not_begin_again_by_itself() -> None:
    reader, band = laid()
    now(reader.sense())
    reader.take()
    reader.place(band)
    with pytest.raises(BandGone):
        now(reader.read(4, 4))
    now(reader.sense())
    now(reader.read(4, 4))


def test_a_torn_write_takes_the_band_away() -> None:
    reader, band = laid()
    now(reader.sense())
    band.tear = TearPlan(1, Torn.GARBAGE)
    now(reader.write(8, b"aaaa"))
    with pytest.raises(BandGone):
        now(reader.write(9, b"aaaa"))
    assert band.memory[32:36] == b"aaaa"
    assert band.memory[36:40] not in (b"aaaa", bytes(4))
    with pytest.raises(BandGone):
        now(reader.read(8, 9))


def test_after_a_refusal_the_next_call_works_and_is_still_authenticated() -> None:
    reader, band = laid()
    now(reader.sense())
    now(reader.write(0x2A, b"\x80\x05\x00\x00"))
    now(reader.write(0x29, b"\x04\x00\x00\x08"))
    now(reader.sense())
    with pytest.raises(BandRefused):
        now(reader.read(8, 9))
    assert now(reader.password(b"\xff\xff\xff\xff")) == b"\x00\x00"
    now(reader.read(8, 9))
    with pytest.raises(BandRefused):
        now(reader.read(8, 0x40))
    now(reader.read(8, 9))


@pytest.mark.parametrize("mishap", [m for m in Mishap if not m.value.startswith("leaves")])
@pytest.mark.parametrize("exchange", range(5))
def test_a_passing_mishap_costs_a_retry_and_nothing_else(mishap: Mishap, exchange: int) -> None:
    reader, band = laid()
    reader.air.faults = [Fault(exchange, mishap, 200 if mishap is Mishap.ANSWER_LATE else 2)]
    assert now(reader.sense()) == Sensed(UID, Chip.NTAG213)
    now(reader.password(b"\xff\xff\xff\xff"))
    now(reader.write(4, b"beer"))
    now(reader.write(5, b"cup!"))
    assert now(reader.read(4, 5)) == b"beercup!"
    assert band.memory[16:24] == b"beercup!"
    assert not reader.air.faults


@pytest.mark.parametrize("mishap", [Mishap.LEAVES_IN_COMMAND, Mishap.LEAVES_IN_ANSWER])
@pytest.mark.parametrize("exchange", range(4))
def test_a_band_that_leaves_ends_the_tap_wherever_it_is(mishap: Mishap, exchange: int) -> None:
    reader, band = laid()
    reader.air.faults = [Fault(exchange, mishap)]
    with pytest.raises(BandGone):
        now(reader.sense())
        now(reader.password(b"\xff\xff\xff\xff"))
        now(reader.write(4, b"beer"))
        now(reader.write(5, b"cup!"))
    assert band.away
    done = exchange == 3 and mishap is Mishap.LEAVES_IN_ANSWER
    assert (band.memory[20:24] == b"cup!") == done
