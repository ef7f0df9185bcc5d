"""The LAN between gateways: small relays of ours, so that a cable can be pulled without root.

Each gateway is reached by its siblings through one port of ours, for as long as the demo lasts.
A cut closes every connection that goes through and lets no new one in; no gateway is told.
"""

from functools import partial
from typing import Final

import trio

CONNECT_S: Final = 2.0
CHUNK_BYTES: Final = 65536


class Lan:
    """Relays to the gateways called `names`. `up`: whether anything goes through."""

    def __init__(self, names: list[str]) -> None:
        self.up = True
        #: Where each gateway is reached through us; known once `run` has started.
        self.ports: dict[str, int] = {}
        #: How many connections cuts have closed.
        self.closed = 0
        self._names = names
        self._targets: dict[str, int] = {}
        self._through: set[trio.CancelScope] = set()

    def leads_to(self, name: str, port: int) -> None:
        """The gateway `name` listens on `port` from now on."""
        self._targets[name] = port

    def cut(self) -> None:
        """Pull the cable: every connection ends, and nobody gets through."""
        self.up = False
        self.closed += len(self._through)
        for scope in self._through:
            scope.cancel()

    def heal(self) -> None:
        """Put it back."""
        self.up = True

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Relay until cancelled; `ports` are known from the start."""
        async with trio.open_nursery() as nursery:
            for name in self._names:
                listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
                self.ports[name] = listeners[0].socket.getsockname()[1]
                nursery.start_soon(trio.serve_listeners, partial(self._relay, name), listeners)
            task_status.started()

    async def _relay(self, name: str, stream: trio.SocketStream) -> None:
        """One connection to the gateway `name`, until either side or a cut ends it."""
        port = self._targets.get(name)
        try:
            if self.up and port is not None:
                with trio.fail_after(CONNECT_S):
                    other = await trio.open_tcp_stream("127.0.0.1", port)
                try:
                    await self._go_through(stream, other)
                finally:
                    await _drop(other)
        except (OSError, trio.TooSlowError):
            pass  # the gateway is away
        finally:
            await _drop(stream)

    async def _go_through(self, one: trio.SocketStream, other: trio.SocketStream) -> None:
        if not self.up:
            return  # it was cut while we were connecting
        async with trio.open_nursery() as nursery:
            scope = nursery.cancel_scope
            self._through.add(scope)
            try:
                nursery.start_soon(_pump, one, other, scope)
                await _pump(other, one, scope)
            finally:
                self._through.discard(scope)


async def _pump(
    source: trio.SocketStream, sink: trio.SocketStream, scope: trio.CancelScope
) -> None:
    """Carry bytes one way; the end of one way is the end of both."""
    try:
        while data := await source.receive_some(CHUNK_BYTES):
            await sink.send_all(data)
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        pass
    scope.cancel()


async def _drop(stream: trio.SocketStream) -> None:
    with trio.CancelScope(shield=True):
        await trio.aclose_forcefully(stream)
