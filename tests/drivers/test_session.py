"""drivers/session.py: one reader, one writer, deadlines, and one plain error at the end."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import trio
import trio.testing

from drivers.errors import DeviceError, Fault, Lost, Protocol, Silent
from drivers.link import Wire
from drivers.session import Session


class Echo:
    """Answers each chunk; remembers what happened when."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, float]] = []
        self.delivered: list[int] = []
        self.deadline = math.inf
        self.out = b""
        self.failure: Exception | None = None

    def receive_data(self, data: bytes, now: float) -> None:
        self.seen.append((data.decode(), now))
        if data == b"bad":
            raise Protocol("bad")
        self.out += data.upper()

    def timed_out(self, now: float) -> None:
        self.seen.append(("timed out", now))
        self.deadline = math.inf
        if self.failure is not None:
            raise self.failure

    def data_to_send(self) -> bytes:
        out, self.out = self.out, b""
        return out

    def deliver(self) -> None:
        self.delivered.append(len(self.seen))


Pumped = tuple[Echo, Session, trio.abc.Stream]


def pumped() -> Pumped:
    ours, theirs = trio.testing.memory_stream_pair()
    machine = Echo()
    return machine, Session(Wire(ours, "device"), machine, machine.deliver), theirs


async def failing(session: Session, errors: list[DeviceError]) -> None:
    try:
        await session.run()
    except DeviceError as error:
        errors.append(error)


@pytest.mark.trio
async def test_bytes_in_bytes_out(autojump_clock: trio.testing.MockClock) -> None:
    machine, session, device = pumped()
    errors: list[DeviceError] = []
    machine.out = b"hello"
    async with trio.open_nursery() as nursery:
        nursery.start_soon(failing, session, errors)
        assert await device.receive_some() == b"hello"
        await trio.sleep(1.5)
        await device.send_all(b"ab")
        assert await device.receive_some() == b"AB"
        await device.aclose()
    assert [type(error) for error in errors] == [Lost]
    assert machine.seen == [("ab", 1.5)] and machine.delivered == [1]


@pytest.mark.trio
async def test_a_command_leaves_without_waiting(autojump_clock: trio.testing.MockClock) -> None:
    machine, session, device = pumped()
    machine.deadline = 100.0
    async with trio.open_nursery() as nursery:
        nursery.start_soon(failing, session, [])
        await trio.testing.wait_all_tasks_blocked()
        machine.out = b"pulse"
        session.poke()
        assert await device.receive_some() == b"pulse"
        assert trio.current_time() == 0.0
        nursery.cancel_scope.cancel()


@pytest.mark.trio
async def test_deadlines_are_kept_also_when_they_move(
    autojump_clock: trio.testing.MockClock,
) -> None:
    machine, session, _device = pumped()
    machine.deadline = 5.0
    async with trio.open_nursery() as nursery:
        nursery.start_soon(failing, session, [])
        await trio.sleep(1)
        machine.deadline = 2.0
        session.poke()
        await trio.sleep(3)
        nursery.cancel_scope.cancel()
    assert machine.seen == [("timed out", 2.0)] and machine.delivered == [1]


async def _bad_bytes(machine: Echo, device: trio.abc.Stream) -> None:
    await device.send_all(b"bad")


async def _silence(machine: Echo, device: trio.abc.Stream) -> None:
    machine.deadline, machine.failure = 0.0, Silent("no answer")


async def _end(machine: Echo, device: trio.abc.Stream) -> None:
    await device.aclose()


@pytest.mark.trio
@pytest.mark.parametrize(
    ("what", "error", "delivered"),
    [(_bad_bytes, Protocol, [1]), (_silence, Silent, [1]), (_end, Lost, [])],
)
async def test_one_plain_error_ends_it_and_no_event_is_left_behind(
    autojump_clock: trio.testing.MockClock,
    what: Callable[[Echo, trio.abc.Stream], object],
    error: type[DeviceError],
    delivered: list[int],
) -> None:
    machine, session, device = pumped()
    await what(machine, device)  # type: ignore[misc]
    with pytest.raises(error):
        await session.run()
    assert machine.delivered == delivered


@pytest.mark.trio
async def test_a_bare_stream_that_ends_is_lost() -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    machine = Echo()
    await theirs.aclose()
    with pytest.raises(Lost, match="closed the connection"):
        await Session(ours, machine, machine.deliver).run()


@pytest.mark.trio
async def test_a_device_that_takes_no_bytes_is_silent(
    autojump_clock: trio.testing.MockClock,
) -> None:
    ours, _theirs = trio.testing.lockstep_stream_pair()
    machine = Echo()
    machine.out = b"nobody reads this"
    with pytest.raises(Silent, match="took no bytes for 1 s"):
        await Session(ours, machine, machine.deliver).run()


@pytest.mark.trio
async def test_a_newer_connection_ends_it(autojump_clock: trio.testing.MockClock) -> None:
    _machine, session, _device = pumped()

    async def superseded() -> None:
        await trio.sleep(1)

    with pytest.raises(Lost, match="replaced by a newer"):
        await session.run(superseded)


@pytest.mark.trio
async def test_two_failures_at_once_are_one_error(autojump_clock: trio.testing.MockClock) -> None:
    machine, session, device = pumped()
    machine.deadline, machine.failure = 1.0, Fault("fault")

    async def superseded() -> None:
        await trio.sleep(1)

    with pytest.raises(DeviceError):
        await session.run(superseded)


@pytest.mark.trio
async def test_our_own_mistakes_are_not_device_errors() -> None:
    machine, session, _device = pumped()
    machine.deadline, machine.failure = 0.0, AssertionError("ours")
    with pytest.raises(ExceptionGroup) as raised:
        await session.run()
    assert raised.group_contains(AssertionError)


class Takes(trio.abc.Stream):
    """Takes `most` bytes at once, and all of them from whoever waits half a second."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.took = b""

    def send_now(self, data: bytes) -> int:
        taken = data[: self.most]
        self.took += taken
        return len(taken)

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await trio.sleep(0.5)
        self.took += data

    async def wait_send_all_might_not_block(self) -> None:
        await trio.lowlevel.checkpoint()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        await trio.sleep_forever()

    async def aclose(self) -> None:
        await trio.lowlevel.checkpoint()


def taking(most: int) -> tuple[Echo, Session, Takes]:
    machine, stream = Echo(), Takes(most)
    return machine, Session(stream, machine, machine.deliver), stream


@pytest.mark.trio
async def test_what_the_stream_takes_has_left_before_poke_returns(
    autojump_clock: trio.testing.MockClock,
) -> None:
    machine, session, stream = taking(100)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(failing, session, [])
        await trio.testing.wait_all_tasks_blocked()
        machine.out = b"pulse"
        session.poke()
        assert stream.took == b"pulse"
        nursery.cancel_scope.cancel()


@pytest.mark.trio
async def test_what_the_stream_does_not_take_comes_in_order(
    autojump_clock: trio.testing.MockClock,
) -> None:
    machine, session, stream = taking(2)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(failing, session, [])
        await trio.testing.wait_all_tasks_blocked()
        machine.out = b"first"
        session.poke()
        await trio.sleep(0.1)
        stream.most = 100
        machine.out = b"second"
        session.poke()  # the rest of the first is still under way
        assert stream.took == b"firs"
        await trio.sleep(2)
        assert stream.took == b"firstsecond"
        nursery.cancel_scope.cancel()


@pytest.mark.trio
async def test_an_earlier_deadline_wakes_nobody_before_its_time(
    autojump_clock: trio.testing.MockClock,
) -> None:
    machine, session, _device = pumped()
    woken: list[float] = []
    machine.deadline = 9.0
    async with trio.open_nursery() as nursery:
        nursery.start_soon(failing, session, [])
        await trio.sleep(1)

        def looked() -> bytes:
            woken.append(trio.current_time())
            return b""

        machine.data_to_send = looked  # type: ignore[method-assign]
        machine.deadline = 3.0
        session.poke()
        await trio.sleep(1)
        assert woken == [1.0]
        await trio.sleep(2)
        nursery.cancel_scope.cancel()
    assert machine.seen == [("timed out", 3.0)]
