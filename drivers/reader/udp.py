"""`UdpReader`: emulated bands (`fake.py`) without nfcpy between, for rehearsals and the demo.

The wire is the one of nfcpy's `udp` driver: a datagram per frame, "106A " and the frame in hex
without CRC, "RFOFF" when the field goes off. ISO/IEC 14443-3 type A: REQA, two levels of
anticollision and selection, then one command and one answer. nfcpy is the independent witness of
the same wire (`nfcpy.py`, path `udp:HOST:PORT`); here nothing but our own packages is needed.

Calls raise `Lost` while nobody answers at that port.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable

import trio

from drivers.errors import DeviceError, Lost
from drivers.reader.ciphers import PURE, Ciphers
from drivers.reader.polled import Polled
from drivers.reader.tap import NoAnswer
from drivers.supervisor import Health, Report, Supervisor

OPEN_S = 1.0
ANSWER_S = 0.1
DATAGRAM_BYTES_MAX = 2048
REQA = b"\x26"
FIELD_OFF = b"RFOFF"
TYPE_A = b"106A "


class UdpReader(Polled):
    """`Reader` over the emulator's wire. `run` keeps it open; `jitter` returns 0 to 1,
    `entropy(n)` gives n random bytes. Times of health are of `trio.current_time`."""

    def __init__(
        self,
        name: str,
        host: str,
        port: int,
        *,
        entropy: Callable[[int], bytes],
        jitter: Callable[[], float],
        ciphers: Ciphers = PURE,
        on_health: Callable[[Report], None] | None = None,
    ) -> None:
        super().__init__(self, entropy=entropy, ciphers=ciphers)
        self._place = (host, port)
        self._supervisor = Supervisor(name, jitter=jitter, on_health=on_health)
        self._socket: trio.socket.SocketType | None = None
        self._opened, self._failed = trio.Event(), trio.Event()
        self._failure: DeviceError | None = None
        self._calls = trio.Lock()

    @property
    def health(self) -> Report:
        """The reader's health now."""
        return self._supervisor.report

    async def ready(self) -> None:
        """Wait until the reader can sense."""
        while not self._opened.is_set():
            await self._opened.wait()

    async def run(self) -> None:
        """Serve until cancelled."""
        await self._supervisor.run(self._attempt)

    async def _attempt(self) -> None:
        self._supervisor.became(Health.OPENING)
        with trio.socket.socket(trio.socket.AF_INET, trio.socket.SOCK_DGRAM) as socket:
            try:
                await socket.connect(self._place)
            except OSError as error:
                raise self._gone(error) from error
            self._failure, self._failed, self._socket = None, trio.Event(), socket
            try:
                # An empty field is answered, too: silence means that nobody is there.
                if await self._ask(TYPE_A + REQA.hex().encode(), OPEN_S) is None:
                    raise self._gone("nobody answers")
                self._opened.set()
                self._supervisor.became(Health.READY)
                await self._failed.wait()
            finally:
                self._socket, self._opened = None, trio.Event()
                self.forget()
        assert self._failure is not None, "an attempt ends by a failure or by cancellation"
        raise self._failure

    def _gone(self, why: OSError | str) -> Lost:
        told = why if isinstance(why, str) else why.strerror or str(why)
        host, port = self._place
        return Lost(f"no emulated reader at {host}:{port}: {told}; start it")

    async def _ask(self, datagram: bytes, within_s: float) -> bytes | None:
        """Send one datagram; the next that comes back, or None after `within_s`. Raises Lost."""
        async with self._calls:
            socket = self._socket
            if socket is None:
                raise Lost(f"the reader is away: {self.health.reason or 'it is being opened'}")
            try:
                self._drain(socket)
                await socket.send(datagram)
                with trio.move_on_after(within_s):
                    return await socket.recv(DATAGRAM_BYTES_MAX)
            except (OSError, trio.ClosedResourceError) as error:
                why = error if isinstance(error, OSError) else "it is being opened again"
                self._failure = self._gone(why)
                self._failed.set()
                raise self._gone(why) from error
            return None

    def _drain(self, socket: trio.socket.SocketType) -> None:
        """An answer that came too late belongs to no question any more."""
        try:
            while True:
                os.read(socket.fileno(), DATAGRAM_BYTES_MAX)
        except BlockingIOError:
            return

    async def _frame(self, frame: bytes) -> bytes | None:
        answer = await self._ask(TYPE_A + frame.hex().encode(), ANSWER_S)
        if answer is None or not answer.startswith(TYPE_A):
            return None
        try:
            return bytes.fromhex(answer[len(TYPE_A) :].decode("ascii")) or None
        except ValueError:
            return None

    # Air

    async def activate(self) -> bytes | None:
        """See `Air.activate`."""
        if not self._opened.is_set():
            raise Lost(f"the reader is away: {self.health.reason or 'it is being opened'}")
        async with self._calls:
            if self._socket is not None:
                # Where it fails the next question finds out.
                with contextlib.suppress(OSError, trio.ClosedResourceError):
                    await self._socket.send(FIELD_OFF)
        if await self._frame(REQA) is None:
            return None
        uid = b""
        for level in (b"\x93", b"\x95"):
            part = await self._frame(level + b"\x20")
            if part is None or len(part) != 5:
                return None
            if await self._frame(level + b"\x70" + part) is None:
                return None
            uid += part[1:4] if level == b"\x93" else part[:4]
        return uid

    async def exchange(self, command: bytes) -> bytes:
        """See `Air.exchange`."""
        if not self._opened.is_set():
            raise Lost(f"the reader is away: {self.health.reason or 'it is being opened'}")
        answer = await self._frame(command)
        if answer is None:
            raise NoAnswer
        return answer
