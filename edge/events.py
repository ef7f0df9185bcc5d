"""Live events of a gateway for displays and technicians. Nobody who listens can slow a lane."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import trio

# A listener that falls this far behind loses the oldest way out: it is dropped and told so.
BACKLOG_MAX: Final = 256
LISTENERS_MAX: Final = 64


class TooManyListeners(RuntimeError):
    """No further listener is taken; try again when a page was closed."""


class Hub:
    """Hands each event to every listener, without waiting for any."""

    def __init__(self) -> None:
        self._listeners: set[trio.MemorySendChannel[dict[str, Any]]] = set()
        self.dropped = 0

    @property
    def heard(self) -> bool:
        """Whether anybody listens."""
        return bool(self._listeners)

    def publish(self, kind: str, **fields: Any) -> None:
        """Tell everybody who listens; never blocks."""
        if not self._listeners:
            return
        event = {"event": kind, **fields}
        for listener in tuple(self._listeners):
            try:
                listener.send_nowait(event)
            except (trio.WouldBlock, trio.BrokenResourceError):
                self.dropped += 1
                self._listeners.discard(listener)
                listener.close()

    @contextmanager
    def listen(self) -> Iterator[trio.MemoryReceiveChannel[dict[str, Any]]]:
        """Events from now on; the channel ends when the listener was too slow."""
        if len(self._listeners) >= LISTENERS_MAX:
            raise TooManyListeners(f"{LISTENERS_MAX} listeners are connected already")
        send, receive = trio.open_memory_channel[dict[str, Any]](BACKLOG_MAX)
        self._listeners.add(send)
        try:
            with receive:
                yield receive
        finally:
            self._listeners.discard(send)
            send.close()
