"""Live events over server-sent events (HTML Living Standard, Server-sent events)."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import trio
from starlette.requests import Request
from starlette.responses import Response

from config.runtime.limits import Receive, Scope, Send
from edge.events import BACKLOG_MAX, Hub, TooManyListeners
from edge.gateway import Gateway
from edge.web.presentations import cancel_when_gone, lane_called
from edge.web.problems import ApiError, Problem, bad_field

BEAT_S: Final = 15.0
_BEAT: Final = b": beat\n\n"


def frame(kind: str, fields: Mapping[str, Any]) -> bytes:
    """One event, as it travels; JSON has no line ends of its own."""
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), msgspec.json.encode(fields))


class Events:
    """GET /v1/events, with `?lane=N` (once or more) only what happens at these lanes."""

    def __init__(self, gateway: Gateway, beat_s: float = BEAT_S) -> None:
        self._gateway = gateway
        self._beat_s = beat_s

    async def get(self, request: Request) -> Response:
        """The answer that goes on until the client closes it."""
        wrong = set(request.query_params) - {"lane"}
        if wrong:
            name = sorted(wrong)[0]
            raise bad_field(name, f"there is no parameter {name!r} here", "known here: lane")
        asked = request.query_params.getlist("lane")
        lanes = frozenset(lane_called(self._gateway, each, "lane").number for each in asked)
        return EventStream(self._gateway.events, lanes, self._gateway.name, self._beat_s)


class EventStream(Response):
    """Events of `hub` until the client closes; `lanes` empty: all of them.

    First comes `hello`: from there on nothing is missed. A client that reads too slowly gets what
    was kept for it, then `dropped`, and has to connect again.
    """

    media_type = "text/event-stream"

    def __init__(self, hub: Hub, lanes: frozenset[int], name: str, beat_s: float) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._hub = hub
        self._lanes = lanes
        self._hello = frame("hello", {"gateway": name, "lanes": sorted(lanes)})
        self._beat_s = beat_s

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
        while True:
            event: dict[str, Any] | None = None
            with trio.move_on_at(beat_at):
                try:
                    event = await events.receive()
                except trio.EndOfChannel:
                    why = f"more than {BACKLOG_MAX} events waited for this client"
                    await _send(send, frame("dropped", {"why": why}))
                    return
            if event is not None and not self._wanted(event):
                continue
            await _send(send, _BEAT if event is None else frame(event["event"], event))
            beat_at = trio.current_time() + self._beat_s

    def _wanted(self, event: Mapping[str, Any]) -> bool:
        return not self._lanes or event.get("lane") in self._lanes


async def _send(send: Send, data: bytes) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": True})
