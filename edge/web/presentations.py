"""A code comes in over HTTP, the lane's answer goes out.

A client that hangs up, or whose time is over, changes nothing: the presentation is the lane's from
the moment it was taken, and its answer is kept for whoever asks again with the same nonce.
"""

from typing import Annotated, Final, Literal

import msgspec
import trio
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from config.runtime.limits import Receive
from edge.core.texts import LANGUAGES
from edge.gateway import Gateway
from edge.lane import Lane
from edge.web.bodies import read_json_untrusted
from edge.web.lanes import lane_called
from edge.web.problems import ApiError, Problem, bad_field, reply
from edge.web.recent import Asked, Recent, RecentFull, mark_of
from edge.web.signin import Door

WAIT_S: Final = 30.0
NONCE_BYTES_MAX: Final = 32


class Presented(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A code as it was read. `nonce`: 1 to 32 bytes in hex, made by the client for this
    presentation; asking again with it gives the same answer and moves nothing. `count`: persons.
    """

    code: Annotated[str, Meta(min_length=1)]
    nonce: Annotated[str, Meta(pattern=r"\A(?:[0-9a-fA-F]{2}){1,32}\Z")] | None = None
    count: Annotated[int, Meta(ge=1, le=255)] = 1
    direction: Literal["entry", "exit"] | None = None


_DECODER: Final = msgspec.json.Decoder(Presented)
_HINTS: Final = {
    "code": "the text of the ticket code, as it was read",
    "nonce": f"1 to {NONCE_BYTES_MAX} bytes in hex, two digits each, new for each presentation",
    "count": "how many persons want to pass: 1 to 255",
    "direction": '"entry" or "exit", for lanes that do both',
}


def read_presented_untrusted(raw: bytes) -> Presented:
    """The body of a presentation. Raises `ApiError` (400) that names the field or the byte."""
    return read_json_untrusted(raw, _DECODER, _HINTS, '{"code": "GH1..."}')


class Presentations:
    """Takes presentations for the lanes of `gateway`, and waits `wait_s` seconds for answers."""

    def __init__(self, gateway: Gateway, door: Door, wait_s: float = WAIT_S) -> None:
        self._gateway = gateway
        self._door = door
        self._wait_s = wait_s
        self._recent: dict[int, Recent] = {}

    async def post(self, request: Request) -> Response:
        """POST /v1/lanes/{lane}/presentations. Refusals are values: 200 as well.

        `?lang=fr` (once or more, or with commas): the languages of `guest_text`.
        """
        lane = lane_called(self._gateway, request.path_params["lane"])
        self._door.require(request, "scan", lane.number)
        languages = self._languages(request)
        presented = read_presented_untrusted(await request.body())
        _fits(lane, presented)
        asked = self._ask(lane, presented)  # no await before it: nonces are looked up and kept
        await self._wait(asked, request.receive)
        answer = asked.take()
        if answer is None:
            raise _no_answer(self._wait_s, presented)
        spoken = {each: answer.guest_text[each] for each in languages}
        return reply(msgspec.structs.replace(answer, guest_text=spoken))

    def _languages(self, request: Request) -> list[str]:
        asked = ",".join(request.query_params.getlist("lang"))
        if not asked:
            return list(self._gateway.texts.guest_languages)
        wanted = asked.split(",")
        for each in wanted:
            if each not in LANGUAGES:
                hint = "known: " + ", ".join(LANGUAGES)
                raise bad_field("lang", f"there are no texts in {each[:20]!r}", hint)
        return wanted

    def _ask(self, lane: Lane, presented: Presented) -> Asked:
        """Hand the presentation to its lane, unless it was handed over before."""
        code, count = presented.code.encode(), presented.count
        nonce = bytes.fromhex(presented.nonce or "")
        asked = Asked(mark_of(code, count, presented.direction or ""))
        recent = self._recent.setdefault(lane.number, Recent())
        now_s = trio.current_time()
        if nonce:
            before = recent.find(nonce, now_s)
            if before is not None:
                return _same(before, asked)
            try:
                recent.make_room(now_s)
            except RecentFull as full:
                raise ApiError(503, Problem("busy", str(full), hint="try again soon")) from None
        direction = presented.direction
        lane.present(code, asked.tell, nonce=nonce, count=count, direction=direction)
        if nonce:
            recent.keep(nonce, asked, now_s)
        return asked

    async def _wait(self, asked: Asked, receive: Receive) -> None:
        """Until the answer is there, the client has gone, or the time is over."""
        if asked.answered.is_set():
            return
        with trio.move_on_after(self._wait_s):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(cancel_when_gone, receive, nursery.cancel_scope)
                await asked.answered.wait()
                nursery.cancel_scope.cancel()


async def cancel_when_gone(receive: Receive, scope: trio.CancelScope) -> None:
    """Cancel `scope` when the client hangs up."""
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


def _fits(lane: Lane, presented: Presented) -> None:
    """A handheld that asks for the wrong way is told so, instead of the ticket being used."""
    way = presented.direction or lane.direction
    if way != lane.direction and not lane.both:
        detail = f"lane {lane.number} is for {lane.direction} only"
        raise bad_field("direction", detail, "leave it out, or ask another lane")
    if way == "exit" and presented.count != 1:
        raise bad_field("count", "persons leave one by one", "leave it out, or say 1")


def _same(before: Asked, now: Asked) -> Asked:
    if before.mark != now.mark:
        detail = "this nonce was used for another presentation"
        raise ApiError(409, Problem("nonce_reused", detail, "nonce", _HINTS["nonce"]))
    return before


def _no_answer(wait_s: float, presented: Presented) -> ApiError:
    detail = f"no answer within {wait_s:g} s; the presentation goes on"
    if presented.nonce:
        hint = "ask again with the same nonce: you get its answer, and nothing moves twice"
    else:
        hint = "send a nonce with each presentation: then its answer can be asked for again"
    return ApiError(504, Problem("no_answer", detail, hint=hint))
