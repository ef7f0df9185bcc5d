"""How a byte stream to a device is opened, and the one border where the network's errors
become `DeviceError`.

Three ways: we connect (`TcpClient`), the device connects to us (`TcpServer`), and serial
(USB-CDC, RS-232), which will stand here as a third class with the same two methods. All
return a `Wire`; nobody above this file sees an OSError or a trio resource error.
"""

from __future__ import annotations

import errno
import os
import socket
from typing import Protocol

import trio

from drivers.errors import Lost

CONNECT_S = 3.0
# Devices say little at a time; room for more is made anew for every read.
RECEIVE_BYTES_MAX = 4096
# A device that was unplugged sends no FIN: ask after 5 s of quiet, give up 6 s later.
EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
EXHAUSTED_S = 0.1
KEEPALIVE_IDLE_S, KEEPALIVE_INTERVAL_S, KEEPALIVE_COUNT = 5, 2, 3


class Wire(trio.abc.Stream):
    """A trio stream that raises `Lost` for everything the world can do to it.

    Unlike other trio streams, `receive_some` never returns b"": an end is `Lost` too,
    because no device closes a link as part of its work.
    """

    def __init__(self, stream: trio.abc.Stream, peer: str) -> None:
        self._stream = stream
        # A socket is read and written directly: a code and a pulse are one system call each then.
        self._socket = stream.socket if isinstance(stream, trio.SocketStream) else None
        self._sending = False
        self.peer = peer

    def send_now(self, data: bytes) -> int:
        """Send what the wire takes at once, without waiting; how many bytes that was.

        Cannot fail: 0 from a wire that is broken, full, in use by `send_all` or no socket. Then
        `send_all` waits, or finds out what is wrong.
        """
        if self._socket is None or self._sending:
            return 0
        try:
            return os.write(self._socket.fileno(), data)
        except OSError:
            return 0

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        self._sending = True
        try:
            await self._stream.send_all(data)
        except (trio.BrokenResourceError, trio.ClosedResourceError, OSError) as error:
            raise Lost(f"{self.peer} went away while we were sending") from error
        finally:
            self._sending = False

    async def wait_send_all_might_not_block(self) -> None:
        try:
            await self._stream.wait_send_all_might_not_block()
        except (trio.BrokenResourceError, trio.ClosedResourceError, OSError) as error:
            raise Lost(f"{self.peer} went away") from error

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        size = max_bytes or RECEIVE_BYTES_MAX
        try:
            if self._socket is None:
                data = bytes(await self._stream.receive_some(size))
            else:
                data = await _receive(self._socket, size)
        except (trio.BrokenResourceError, trio.ClosedResourceError, OSError) as error:
            raise Lost(f"{self.peer} went away") from error
        if not data:
            raise Lost(f"{self.peer} closed the connection")
        return data

    async def aclose(self) -> None:
        await self._stream.aclose()


class Link(Protocol):
    """One way to reach one device."""

    async def open(self) -> Wire:
        """Wait for a stream to the device. Raises `Lost`."""

    async def superseded(self) -> None:
        """Return when the device has opened a newer stream; `open` will give it."""


class TcpClient:
    """The device listens, we connect."""

    def __init__(self, host: str, port: int, *, connect_s: float = CONNECT_S) -> None:
        self._host = host
        self._port = port
        self._connect_s = connect_s

    async def open(self) -> Wire:
        """Connect within `connect_s` seconds. Raises `Lost`."""
        peer = f"{self._host}:{self._port}"
        try:
            with trio.fail_after(self._connect_s):
                stream = await trio.open_tcp_stream(self._host, self._port)
        except trio.TooSlowError as error:
            raise Lost(
                f"no connection to {peer} within {self._connect_s:g} s; "
                "check the address, the cable and the device's power"
            ) from error
        except OSError as error:
            raise Lost(
                f"no connection to {peer}: {_why(error)}; "
                "check the address, and that the device is switched on"
            ) from error
        _notice_dead_peers(stream)
        return Wire(stream, peer)

    async def superseded(self) -> None:
        """Never returns: nobody but us opens this stream."""
        await trio.sleep_forever()


class TcpServer:
    """The device connects to us; one at a time, and the newest connection is the device.

    A scanner that lost power comes back with a new connection while its old one still
    looks alive: the new one replaces the old one at once. `peer_ip`, when given, is the
    only address that may do so; others are closed unheard and counted.
    """

    def __init__(self, host: str, port: int, *, peer_ip: str | None = None) -> None:
        self._host = host
        self._port = port
        self._peer_ip = peer_ip
        self._listener: trio.SocketListener | None = None
        self._next: Wire | None = None
        self.turned_away_count = 0

    async def bind(self) -> int:
        """Listen, if we do not yet. Returns the port (useful when 0 was asked for)."""
        if self._listener is None:
            try:
                self._listener = (
                    await trio.open_tcp_listeners(self._port, host=self._host, backlog=4)
                )[0]
            except OSError as error:
                raise Lost(
                    f"cannot listen on {self._host}:{self._port}: {_why(error)}; "
                    "choose another port or stop the program that holds it"
                ) from error
        port: int = self._listener.socket.getsockname()[1]
        return port

    async def open(self) -> Wire:
        """Wait, without limit, until the device connects. Raises `Lost`."""
        await self.bind()
        if self._next is None:
            self._next = await self._accept()
        wire, self._next = self._next, None
        return wire

    async def superseded(self) -> None:
        """Return when a newer connection waits for `open`. Raises `Lost`."""
        self._next = await self._accept()

    async def aclose(self) -> None:
        """Stop listening."""
        if self._next is not None:
            await self._next.aclose()
            self._next = None
        if self._listener is not None:
            await self._listener.aclose()
            self._listener = None

    async def _accept(self) -> Wire:
        assert self._listener is not None
        while True:
            try:
                stream = await self._listener.accept()
            except trio.ClosedResourceError as error:
                raise Lost("we stopped listening") from error
            except OSError as error:
                if error.errno not in EXHAUSTED:
                    raise Lost(f"no connection accepted: {_why(error)}") from error
                # Out of descriptors: the device that is connected must not suffer for it.
                await trio.sleep(EXHAUSTED_S)
                continue
            try:
                ip, port = stream.socket.getpeername()[:2]
                _notice_dead_peers(stream)
            except OSError:
                ip = port = None  # left before we looked, as port scanners do
            if ip is not None and self._peer_ip in (None, ip):
                return Wire(stream, f"{ip}:{port}")
            self.turned_away_count += 1
            await trio.aclose_forcefully(stream)


async def _receive(sock: trio.socket.SocketType, size: int) -> bytes:
    """As `sock.recv`, which tries before it waits: a device has mostly said nothing yet."""
    while True:
        # A closed socket has number -1, which nobody can wait for.
        if sock.fileno() < 0:
            raise trio.ClosedResourceError("this wire was closed")
        await trio.lowlevel.wait_readable(sock.fileno())
        try:
            return os.read(sock.fileno(), size)
        except BlockingIOError:
            continue  # somebody else was quicker, or the kernel woke us for nothing


def _why(error: OSError) -> str:
    # trio wraps the failure of several addresses; the first cause is the one to read.
    cause = error.__cause__
    if isinstance(cause, BaseExceptionGroup):
        cause = cause.exceptions[0]
    told = cause if isinstance(cause, OSError) else error
    return told.strerror or str(told)


def _notice_dead_peers(stream: trio.SocketStream) -> None:
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_IDLE_S)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, KEEPALIVE_COUNT)
