"""`NfcpyReader`: any reader that nfcpy knows, through a supervised process of its own.

The process is killed and started again when it is silent, ends or writes nonsense; calls that
were under way raise `Lost`, `Silent`, `Protocol` or `Fault`, and every call raises `Lost` until
it is back. nfcpy's own retries are never used: an exchange is tried once, and `Tap` decides
what is repeated.

Config: `path` (nfcpy's, e.g. `usb`, `tty:USB0:pn532`), `python` (an interpreter that has
nfcpy; ours, with the extra `gatehouse[nfc]`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import trio

from drivers.errors import DeviceError, Fault, Lost, Protocol, Silent
from drivers.link import Link, Wire
from drivers.reader import codec
from drivers.reader.ciphers import PURE, Ciphers
from drivers.reader.polled import Polled
from drivers.reader.process import ProcessLink
from drivers.reader.tap import NoAnswer
from drivers.supervisor import Health, Report, Supervisor

CHILD = Path(__file__).with_name("nfcpy_child.py")
OPEN_S = 10.0  # importing nfcpy and finding a USB reader
ANSWER_S = 3.0  # nfcpy's udp driver waits a second for a band that is not there
SEND_S = 1.0
EXCHANGE_MS = 100


def nfcpy_link(python: str = sys.executable) -> ProcessLink:
    """Starts `nfcpy_child.py` with this interpreter."""
    # -P: this folder has files whose names are also those of other people's packages.
    return ProcessLink([python, "-P", str(CHILD)])


class NfcpyReader(Polled):
    """`Reader` over nfcpy. `run` keeps it open; `jitter` returns 0 to 1, `entropy(n)` gives
    n random bytes. Times of health are of `trio.current_time`."""

    def __init__(
        self,
        name: str,
        link: Link,
        path: str,
        *,
        entropy: Callable[[int], bytes],
        jitter: Callable[[], float],
        ciphers: Ciphers = PURE,
        on_health: Callable[[Report], None] | None = None,
    ) -> None:
        super().__init__(self, entropy=entropy, ciphers=ciphers)
        self._link, self._path = link, path
        self._supervisor = Supervisor(name, jitter=jitter, on_health=on_health)
        self._wire: Wire | None = None
        self._opened, self._failed, self._replied = trio.Event(), trio.Event(), trio.Event()
        self._failure: DeviceError | None = None
        self._reply: codec.Reply | None = None
        self._number = 0
        self._calls = trio.Lock()

    @property
    def health(self) -> Report:
        """The reader's health now."""
        return self._supervisor.report

    def wake(self) -> None:
        """Something was plugged in: do not wait for the backoff."""
        self._supervisor.wake()

    async def ready(self) -> None:
        """Wait until the reader can sense."""
        while not self._opened.is_set():
            await self._opened.wait()

    async def run(self) -> None:
        """Serve until cancelled."""
        await self._supervisor.run(self._attempt)

    async def _attempt(self) -> None:
        self._supervisor.became(Health.OPENING)
        async with await self._link.open() as wire:
            self._failure, self._failed, self._wire = None, trio.Event(), wire
            try:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._listen, wire)
                    nursery.start_soon(self._begin)
                    await self._failed.wait()
                    nursery.cancel_scope.cancel()
            finally:
                self._wire = None
        assert self._failure is not None, "an attempt ends by a failure or by cancellation"
        raise self._failure

    async def _begin(self) -> None:
        try:
            await self._ask(codec.OPEN, self._path.encode(), OPEN_S)
        except DeviceError:
            return  # `_ask` has told `_attempt`
        self._opened.set()
        self._supervisor.became(Health.READY)

    async def _listen(self, wire: Wire) -> None:
        buffer = bytearray()
        try:
            while True:
                buffer += await wire.receive_some()
                while (found := codec.decode_untrusted(buffer))[0] is not None:
                    reply, used = found
                    del buffer[:used]
                    # An answer to a question whose asker was cancelled is nobody's.
                    if reply is not None and reply.number == self._number & 0xFFFF:
                        self._reply = reply
                        self._replied.set()
        except codec.BadReply as error:
            self._fail(Protocol(str(error)))
        except DeviceError as error:
            self._fail(error)

    def _fail(self, failure: DeviceError) -> None:
        if self._failure is None:
            self._failure = failure
        if self._opened.is_set():
            self._opened = trio.Event()
        self.forget()
        self._failed.set()
        self._replied.set()

    async def _ask(self, kind: bytes, payload: bytes, within_s: float) -> codec.Reply:
        async with self._calls:
            if self._wire is None or self._failure is not None:
                raise Lost(f"the reader is away: {self.health.reason or 'it is being opened'}")
            self._number += 1
            self._reply, self._replied = None, trio.Event()
            try:
                # Whole or not at all: half a question would spoil all that come after it.
                with trio.move_on_after(SEND_S, shield=True):
                    await self._wire.send_all(codec.question(kind, self._number, payload))
            except Lost as error:
                self._fail(error)
            with trio.move_on_after(within_s):
                await self._replied.wait()
            return self._outcome(within_s)

    def _outcome(self, within_s: float) -> codec.Reply:
        reply, failure = self._reply, self._failure
        if failure is None and reply is None:
            failure = Silent(f"nfcpy said nothing for {within_s:g} s; check the reader's cable")
        elif reply is not None and reply.kind in (codec.LOST, codec.WRONG):
            told = reply.payload.decode("utf-8", "replace")
            failure = Lost(told) if reply.kind == codec.LOST else Fault(told)
        if failure is not None or reply is None:
            assert failure is not None, "no answer is a failure"
            self._fail(failure)
            # One of its own for each who asked: a trace belongs to one task.
            raise type(failure)(str(failure))
        return reply

    async def _asked(self, kind: bytes, payload: bytes = b"") -> codec.Reply:
        if not self._opened.is_set():
            raise Lost(f"the reader is away: {self.health.reason or 'it is being opened'}")
        return await self._ask(kind, payload, ANSWER_S)

    # Air

    async def activate(self) -> bytes | None:
        """See `Air.activate`."""
        reply = await self._asked(codec.ACTIVATE)
        return reply.payload if reply.kind == codec.UID else None

    async def exchange(self, command: bytes) -> bytes:
        """See `Air.exchange`."""
        reply = await self._asked(codec.EXCHANGE, EXCHANGE_MS.to_bytes(2, "big") + command)
        if reply.kind != codec.ANSWER:
            raise NoAnswer
        return reply.payload
