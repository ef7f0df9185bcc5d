"""The one pump between a stream and a machine: one reader, one writer, one clock.

The machine is synchronous and never waits; the pump never understands a byte. Whether an
answer belongs to a question is the machine's knowledge, and it decides by the answer's
id: the pump hands over bytes as they come and keeps no order of its own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

import trio

from drivers.errors import DeviceError, Lost, Silent

SEND_S = 1.0


class Machine(Protocol):
    """A protocol without I/O. Times are seconds of `trio.current_time`."""

    @property
    def deadline(self) -> float:
        """When `timed_out` wants to be called; `math.inf` for never."""

    def receive_data(self, data: bytes, now: float) -> None:
        """Take bytes. Raises DeviceError; what it learned before that is kept as events."""

    def timed_out(self, now: float) -> None:
        """`deadline` has passed. Raises DeviceError."""

    def data_to_send(self) -> bytes:
        """Hand over, once, what is to be sent; b"" for nothing."""


class Session:
    """Pumps `stream` and `machine` until one fails.

    `deliver` is called after every call into the machine, also when that call raised, so
    that no event is lost to the error behind it in the same chunk of bytes.
    """

    def __init__(
        self,
        stream: trio.abc.Stream,
        machine: Machine,
        deliver: Callable[[], None],
        *,
        send_s: float = SEND_S,
    ) -> None:
        self._stream = stream
        self._machine = machine
        self._deliver = deliver
        self._send_s = send_s
        self._poked = trio.Event()
        self._unsent = b""
        self._writing = False
        self._alarm = trio.CancelScope()
        self._failure: DeviceError | None = None
        #: Sends what the stream takes at once; 0 from a stream that can only wait.
        self._send_now: Callable[[bytes], int] = getattr(stream, "send_now", _nothing_sent)

    def poke(self) -> None:
        """Look again: the machine may have something to send, or an earlier deadline.

        What the stream takes at once has left when this returns. Waking the writer for nothing
        costs as much as reading a code, so it is woken for what is left, and never for a time.
        """
        data = self._unsent + self._machine.data_to_send()
        if data and not self._writing:
            data = data[self._send_now(data) :]
        self._unsent = data
        if data:
            self._poked.set()
        deadline = self._machine.deadline
        if deadline < self._alarm.deadline:
            self._alarm.deadline = deadline

    async def run(self, superseded: Callable[[], Awaitable[None]] = trio.sleep_forever) -> None:
        """Pump until the device fails; always raises, and exactly one `DeviceError`.

        `superseded` returning means that the device has opened a newer stream.
        """
        async with trio.open_nursery() as nursery:
            for task in (self._read, self._write, lambda: self._watch(superseded)):
                nursery.start_soon(self._until_failure, task, nursery.cancel_scope)
        assert self._failure is not None, "a session ends by a failure or by cancellation"
        raise self._failure

    async def _until_failure(
        self, task: Callable[[], Awaitable[None]], scope: trio.CancelScope
    ) -> None:
        # Errors leave through one variable, not through the nursery, so that two tasks
        # that fail together still give one plain error: the first.
        try:
            await task()
        except DeviceError as error:
            if self._failure is None:
                self._failure = error
            scope.cancel()

    async def _read(self) -> None:
        while True:
            data = await self._stream.receive_some()
            if not data:
                raise Lost("the device closed the connection")
            try:
                self._machine.receive_data(bytes(data), trio.current_time())
            finally:
                self._deliver()
            self.poke()

    async def _write(self) -> None:
        while True:
            if self._poked.is_set():
                self._poked = trio.Event()
            self.poke()
            if self._unsent:
                data, self._unsent = self._unsent, b""
                await self._send(data)
                continue
            with trio.CancelScope(deadline=self._machine.deadline) as self._alarm:
                await self._poked.wait()
            if (now := trio.current_time()) >= self._machine.deadline:
                try:
                    self._machine.timed_out(now)
                finally:
                    self._deliver()

    async def _send(self, data: bytes) -> None:
        self._writing = True  # what is said meanwhile comes after it
        try:
            with trio.move_on_after(self._send_s) as scope:
                await self._stream.send_all(data)
        finally:
            self._writing = False
        if scope.cancelled_caught:
            raise Silent(f"the device took no bytes for {self._send_s:g} s")

    async def _watch(self, superseded: Callable[[], Awaitable[None]]) -> None:
        await superseded()
        raise Lost("replaced by a newer connection of the device")


def _nothing_sent(data: bytes) -> int:
    return 0
