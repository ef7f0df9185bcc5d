"""The guarded HTTP server of the gateway (trio)."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any

import hypercorn.trio.run
import trio
from hypercorn.events import Event, RawData, Updated
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.utils import wrap_app

from config.binds import Bind
from config.runtime.limits import App, Limited, Limits
from config.runtime.listen import (
    BUSY,
    LINGER_BYTES_MAX,
    LINGER_S,
    Connections,
    GuardedConfig,
    Tls,
    addresses,
    assert_guarded,
    assert_patchable,
    log,
    open_sockets,
)

#: Waits between attempts of `keep_serving_trio`.
BACKOFF_MIN_S = 0.25
BACKOFF_MAX_S = 5.0


_NO_LONGER_THERE = (
    trio.BrokenResourceError,
    trio.ClosedResourceError,
    trio.BusyResourceError,
)


class GuardedTCPServer(TCPServer):
    """One connection. Whatever happens to it stays with it."""

    config: GuardedConfig

    async def run(self) -> None:
        self.state = dict(self.state)  # hypercorn hands one dict to all connections of a listener
        self.scope = trio.CancelScope()
        self.refusing = False
        self.client_left = False
        connections = self.config.connections
        if not connections.admit(self.hang_up):
            await self._busy()
            return
        self.state["hang_up"] = self.hang_up
        try:
            with self.scope:
                if await self._handshake():
                    await super().run()
        except Exception as error:  # noqa: BLE001 - the border: one client, one connection
            connections.crash(error)
        except BaseExceptionGroup as group:
            # The daemon stops while this connection fails: only the stopping goes on.
            expected, unexpected = group.split((trio.Cancelled, KeyboardInterrupt))
            if unexpected is not None:
                connections.crash(unexpected)
            if expected is not None:
                raise expected from None
        finally:
            connections.release(self.hang_up)

    def hang_up(self) -> None:
        """End this connection from any task of this loop."""
        self.refusing = True
        self.scope.cancel()

    async def _busy(self) -> None:
        if not isinstance(self.stream, trio.SSLStream):
            with self.config.connections.lingering() as may, trio.move_on_after(LINGER_S):
                if may:
                    with contextlib.suppress(trio.BrokenResourceError):
                        await self.stream.send_all(BUSY)
                        await self._linger()
        await trio.aclose_forcefully(self.stream)

    async def _handshake(self) -> bool:
        """Learn who calls, before hypercorn builds the state that requests are given."""
        if not isinstance(self.stream, trio.SSLStream):
            return True
        try:
            with trio.fail_after(self.config.ssl_handshake_timeout):
                await self.stream.do_handshake()
        except (trio.BrokenResourceError, trio.TooSlowError):
            return False
        self.state["peer_certificate"] = self.stream.getpeercert(binary_form=True)
        return True

    async def protocol_send(self, event: Event) -> None:
        if not isinstance(event, RawData):
            if not (isinstance(event, Updated) and event.idle and self.client_left):
                await super().protocol_send(event)
            return
        # hypercorn shields this from cancellation, so that a client which stops reading could
        # hold up the end of the daemon for ever.
        async with self.send_lock:
            try:
                with trio.fail_after(self.config.limits.send_timeout_s):
                    await self.stream.send_all(event.data)
            except (trio.BrokenResourceError, trio.ClosedResourceError, trio.TooSlowError):
                # An application that only sends would never hear of it: end it as well.
                await trio.aclose_forcefully(self.stream)
                self.hang_up()

    async def _read_data(self) -> None:
        await super()._read_data()
        # Its place would else be kept until the idle time is over.
        self.client_left = True
        await self.idle_task.stop()

    async def _close(self) -> None:
        if self.refusing:
            # Closing with unread bytes resets the connection, and the answer would be lost.
            deadline = trio.current_time() + LINGER_S
            with (
                trio.CancelScope(shield=True, deadline=deadline),
                contextlib.suppress(*_NO_LONGER_THERE),
            ):
                await self._linger()
            await trio.aclose_forcefully(self.stream)
            return
        # Also the good-bye of TLS is sent to a client that may no longer read.
        with trio.move_on_after(LINGER_S):
            await super()._close()

    async def _linger(self) -> None:
        if isinstance(self.stream, trio.SocketStream):
            await self.stream.send_eof()
        left = LINGER_BYTES_MAX
        while left > 0:
            data = await self.stream.receive_some(65536)
            if not data:
                return
            left -= len(data)


_hypercorn: Any = hypercorn.trio.run
assert_patchable(_hypercorn, ["TCPServer", "worker_serve"])
_hypercorn.TCPServer = GuardedTCPServer


async def _within(seconds: float, work: Callable[[], Awaitable[bytes]]) -> bytes:
    try:
        with trio.fail_after(seconds):
            return await work()
    except trio.TooSlowError:
        raise TimeoutError from None


async def serve_trio(
    app: App,
    binds: Iterable[str | Bind],
    limits: Limits,
    *,
    tls: Tls | None = None,
    connections: Connections | None = None,
    shutdown: trio.Event | None = None,
    task_status: trio.TaskStatus[list[Bind]] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve `app` on all `binds` until `shutdown` is set (or for ever). Starts with the addresses
    it really listens on: `bound = await nursery.start(serve_trio, app, ["127.0.0.1:0"], limits)`.

    `scope["state"]["peer_certificate"]` is the client's certificate (DER) behind mutual TLS.
    Raises OSError if an address cannot be listened on.
    """
    assert_guarded(_hypercorn, GuardedTCPServer)
    counts = Connections(limits.connections_max) if connections is None else connections
    config = GuardedConfig(limits, tls, counts)
    sockets = open_sockets(config, binds)
    bound = addresses(sockets)
    async with trio.open_nursery() as nursery:
        await nursery.start(
            partial(
                _hypercorn.worker_serve,
                wrap_app(Limited(app, limits, _within), 0, "asgi"),  # type: ignore[arg-type]
                config,
                sockets=sockets,
                shutdown_trigger=None if shutdown is None else shutdown.wait,
            )
        )
        task_status.started(bound)


async def keep_serving_trio(
    app: App,
    binds: Iterable[str | Bind],
    limits: Limits,
    *,
    tls: Tls | None = None,
    connections: Connections | None = None,
    shutdown: trio.Event | None = None,
    task_status: trio.TaskStatus[list[Bind]] = trio.TASK_STATUS_IGNORED,
) -> None:
    """`serve_trio`, begun anew on the same addresses whenever it ends by an error.

    This is the supervision border of an API: its crash is logged and counted in
    `connections.crashed`, and touches nothing beside it. Only the first attempt to listen may fail
    with OSError.
    """
    counts = Connections(limits.connections_max) if connections is None else connections
    wanted = list(binds)
    started = False
    wait_s = BACKOFF_MIN_S
    while True:
        try:
            async with trio.open_nursery() as nursery:
                serve = partial(serve_trio, tls=tls, connections=counts, shutdown=shutdown)
                bound = await nursery.start(serve, app, wanted, limits)
                log.info("listening", extra={"addresses": list(map(str, bound))})
                wanted, wait_s = list(bound), BACKOFF_MIN_S
                if not started:
                    started = True
                    task_status.started(bound)
            return
        except Exception as error:
            if not started:
                raise
            counts.crash(error)
        await trio.sleep(wait_s)
        wait_s = min(wait_s * 2, BACKOFF_MAX_S)
