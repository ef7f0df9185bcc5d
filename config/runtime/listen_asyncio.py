"""The guarded HTTP server of the central service (asyncio, with or without uvloop)."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import hypercorn.asyncio.run
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.events import Event, RawData, Updated
from hypercorn.utils import wrap_app

from config.binds import Bind
from config.runtime.limits import App, Limited, Limits
from config.runtime.listen import (
    BUSY,
    GRACE_S,
    LINGER_BYTES_MAX,
    LINGER_S,
    Connections,
    GuardedConfig,
    Tls,
    addresses,
    assert_guarded,
    assert_patchable,
    open_sockets,
)


class GuardedTCPServer(TCPServer):
    """One connection. Whatever happens to it stays with it."""

    config: GuardedConfig

    async def run(self) -> None:
        self.state = dict(self.state)  # hypercorn hands one dict to all connections of a listener
        self.refusing = False
        self.client_left = False
        self.inner: asyncio.Task[None] | None = None
        connections = self.config.connections
        if not connections.admit(self.hang_up):
            await self._busy()
            return
        self.state["hang_up"] = self.hang_up
        # start_server has done the handshake already.
        tls = self.writer.get_extra_info("ssl_object")
        if tls is not None:
            self.state["peer_certificate"] = tls.getpeercert(binary_form=True)
        try:
            # A task of its own, so that hanging up is not mistaken for the daemon stopping.
            self.inner = asyncio.ensure_future(super().run())
            await self.inner
        except asyncio.CancelledError:
            if not self.refusing:
                raise
        except Exception as error:  # noqa: BLE001 - the border: one client, one connection
            connections.crash(error)
        except BaseExceptionGroup as group:
            expected, unexpected = group.split((asyncio.CancelledError, KeyboardInterrupt))
            if unexpected is not None:
                connections.crash(unexpected)
            if expected is not None and not self.refusing:
                raise expected from None
        finally:
            connections.release(self.hang_up)
            self.writer.transport.abort()

    def hang_up(self) -> None:
        """End this connection from any task of this loop."""
        if self.inner is not None and not self.refusing:
            self.inner.cancel()
        self.refusing = True

    async def _busy(self) -> None:
        with self.config.connections.lingering() as may, contextlib.suppress(OSError):
            if may:
                async with asyncio.timeout(LINGER_S):
                    self.writer.write(BUSY)
                    await self._linger()
        self.writer.transport.abort()

    async def protocol_send(self, event: Event) -> None:
        if not isinstance(event, RawData):
            if not (isinstance(event, Updated) and event.idle and self.client_left):
                await super().protocol_send(event)
            return
        async with self.send_lock:
            try:
                async with asyncio.timeout(self.config.limits.send_timeout_s):
                    self.writer.write(event.data)
                    await self.writer.drain()
            except (OSError, RuntimeError):
                # An application that only sends would never hear of it: end it as well.
                self.writer.transport.abort()
                self.hang_up()
                await asyncio.sleep(0)  # Sending to nobody does not wait: let the end come in.

    async def _read_data(self) -> None:
        await super()._read_data()
        # Its place would else be kept until the idle time is over.
        self.client_left = True
        await self.idle_task.stop()

    async def _close(self) -> None:
        if self.refusing:
            # Closing with unread bytes resets the connection, and the answer would be lost.
            with contextlib.suppress(OSError, RuntimeError):  # TimeoutError is an OSError
                async with asyncio.timeout(LINGER_S):
                    await self._linger()
            self.writer.transport.abort()
            await self.idle_task.stop()
            return
        # What is still to be sent may be for a client that no longer reads.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.config.limits.send_timeout_s):
                await super()._close()

    async def _linger(self) -> None:
        if self.writer.can_write_eof():
            self.writer.write_eof()
        left = LINGER_BYTES_MAX
        while left > 0:
            data = await self.reader.read(65536)
            if not data:
                return
            left -= len(data)


_hypercorn: Any = hypercorn.asyncio.run
assert_patchable(_hypercorn, ["TCPServer", "worker_serve"])
_hypercorn.TCPServer = GuardedTCPServer


async def _within(seconds: float, work: Callable[[], Awaitable[bytes]]) -> bytes:
    async with asyncio.timeout(seconds):
        return await work()


async def serve_asyncio(
    app: App,
    binds: Iterable[str | Bind | socket.socket],
    limits: Limits,
    *,
    shutdown: asyncio.Event,
    tls: Tls | None = None,
    connections: Connections | None = None,
    started: Callable[[list[Bind]], None] | None = None,
) -> None:
    """Serve `app` on all `binds` until `shutdown` is set. `started` is called once with the
    addresses it really listens on. Several workers share a socket that their parent has bound.

    `scope["state"]["peer_certificate"]` is the client's certificate (DER) behind mutual TLS.
    Raises OSError if an address cannot be listened on.
    """
    assert_guarded(_hypercorn, GuardedTCPServer)
    counts = Connections(limits.connections_max) if connections is None else connections
    config = GuardedConfig(limits, tls, counts)
    sockets = open_sockets(config, binds)
    if started is not None:
        started(addresses(sockets))

    async def let_go() -> None:
        # From Python 3.12 on, a closed server waits for every open stream of events.
        await shutdown.wait()
        await asyncio.sleep(GRACE_S)
        counts.hang_up_all()

    letting_go = asyncio.create_task(let_go())
    try:
        await _hypercorn.worker_serve(
            wrap_app(Limited(app, limits, _within), 0, "asgi"),  # type: ignore[arg-type]
            config,
            sockets=sockets,
            shutdown_trigger=shutdown.wait,
        )
    finally:
        letting_go.cancel()
