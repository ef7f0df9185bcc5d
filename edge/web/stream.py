"""Live events over server-sent events (HTML Living Standard, Server-sent events)."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
import trio
from starlette.requests import Request
from starlette.responses import Response

from config.runtime.limits import Receive, Scope, Send
from edge.events import BACKLOG_MAX, Hub, TooManyListeners
from edge.gateway import Gateway
from edge.web.display import public_event
from edge.web.lanes import lane_called
from edge.web.presentations import cancel_when_gone
from edge.web.problems import ApiError, Problem, bad_field
from edge.web.signin import Door

BEAT_S: Final = 15.0
_BEAT: Final = b": beat\n\n"


def frame(kind: str, fields: Mapping[str, Any]) -> bytes:
    """One event, as it travels; JSON has no line ends of its own."""
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), msgspec.json.encode(fields))


View = Callable[[Mapping[str, Any]], Mapping[str, Any] | None]


class Events:
    """GET /v1/events, with `?lane=N` (once or more) only what happens at these lanes.

    An open display (configuration) gets one lane's events without signing in, and of them only
    what it shows.
    """

    def __init__(self, gateway: Gateway, door: Door, beat_s: float = BEAT_S) -> None:
        self._gateway = gateway
        self._door = door
        self._beat_s = beat_s

    async def get(self, request: Request) -> Response:
        """The answer that goes on until the client closes it."""
        wrong = set(request.query_params) - {"lane"}
        if wrong:
            name = sorted(wrong)[0]
            raise bad_field(name, f"there is no parameter {name!r} here", "known here: lane")
        asked = request.query_params.getlist("lane")
        lanes = frozenset(lane_called(self._gateway, each, "lane").number for each in asked)
        open_display = self._door.display.open and len(lanes) == 1
        whole = self._door.may(request, "watch")
        if not (whole or open_display):
            self._door.require(request, "watch")
        return EventStream(
            self._gateway.events, lanes, self._gateway.name, self._beat_s,
            view=_whole if whole else public_event,
            still=lambda: not whole or self._door.may(request, "watch"),
        )  # fmt: skip


class EventStream(Response):
    """Events of `hub` until the client closes; `lanes` empty: all of them.

    First comes `hello`: from there on nothing is missed. A client that reads too slowly gets what
    was kept for it, then `dropped`, and has to connect again; so has who is no longer signed in
    (`still` is asked with every beat).
    """

    media_type = "text/event-stream"

    def __init__(
        self, hub: Hub, lanes: frozenset[int], name: str, beat_s: float, *,
        view: View, still: Callable[[], bool],
    ) -> None:  # fmt: skip
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._hub = hub
        self._lanes = lanes
        self._hello = frame("hello", {"gateway": name, "lanes": sorted(lanes)})
        self._beat_s = beat_s
        self._view = view
        self._still = still

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            with self._hub.listen() as events:
                head = {"status": self.status_code, "headers": self.raw_headers}
                await send({"type": "http.response.start", **head})
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(cancel_when_gone, receive, nursery.cancel_scope)
                    await self._tell(events, send)
                    nursery.cancel_scope.cancel()
        except TooManyListeners as error:
            raise ApiError(503, Problem("busy", str(error), hint="close another page")) from None
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _tell(self, events: trio.MemoryReceiveChannel[dict[str, Any]], send: Send) -> None:
        await _send(send, b"retry: 1000\n\n" + self._hello)
        beat_at = trio.current_time() + self._beat_s
        still_at = beat_at
        while True:
            event: dict[str, Any] | None = None
            with trio.move_on_at(beat_at):
                try:
                    event = await events.receive()
                except trio.EndOfChannel:
                    why = f"more than {BACKLOG_MAX} events waited for this client"
                    await _send(send, frame("dropped", {"why": why}))
                    return
            if trio.current_time() >= still_at:
                if not self._still():
                    await _send(send, frame("dropped", {"why": "signed out"}))
                    return
                still_at = trio.current_time() + self._beat_s
            seen = self._view(event) if event is not None and self._wanted(event) else None
            if event is not None and seen is None:
                continue
            await _send(send, _BEAT if seen is None else frame(seen["event"], seen))
            beat_at = trio.current_time() + self._beat_s

    def _wanted(self, event: Mapping[str, Any]) -> bool:
        return not self._lanes or event.get("lane") in self._lanes


def _whole(event: Mapping[str, Any]) -> Mapping[str, Any]:
    return event


async def _send(send: Send, data: bytes) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": True})
