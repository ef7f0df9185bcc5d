"""A code comes in over HTTP, the lane's answer goes out.

A client that hangs up, or whose time is over, changes nothing: the presentation is the lane's from
the moment it was taken, and its answer is kept for whoever asks again with the same nonce.
"""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Final, Literal

import msgspec
import trio
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from config.runtime.limits import Receive
from edge.answers import Answer
from edge.core import staff
from edge.core.texts import LANGUAGES
from edge.gateway import Gateway
from edge.lane import Decide, Done, Lane
from edge.web.beside import BESIDE_HINTS, Beside, said_beside
from edge.web.bodies import read_json_untrusted
from edge.web.lanes import lane_called
from edge.web.problems import ApiError, Problem, bad_field, reply
from edge.web.recent import Asked, Recent, RecentFull, mark_of
from edge.web.signin import Door

WAIT_S: Final = 30.0
NONCE_BYTES_MAX: Final = 32
Text = Annotated[str, Meta(min_length=1)]
Nonce = Annotated[str, Meta(pattern=r"\A(?:[0-9a-fA-F]{2}){1,32}\Z")]
Count = Annotated[int, Meta(ge=1, le=255)]
#: Hands a presentation to its lane, which calls back with the answer.
Hand = Callable[[Done], None]


class Presented(Beside, frozen=True, forbid_unknown_fields=True):
    """A code as it was read. `nonce`: 1 to 32 bytes in hex, made by the client for this
    presentation; asking again with it gives the same answer and moves nothing. `count`: persons.
    After an answer that asks something, the code is shown again with `answers`, `choice` or
    `accept_unpaid`, and all that was said before, by a new nonce.
    """

    code: Text
    nonce: Nonce | None = None
    count: Count = 1
    direction: Literal["entry", "exit"] | None = None


_DECODER: Final = msgspec.json.Decoder(Presented)
HINTS: Final = {
    "code": "the text of the ticket code, as it was read",
    "nonce": f"1 to {NONCE_BYTES_MAX} bytes in hex, two digits each, new for each presentation",
    "count": "how many persons want to pass: 1 to 255",
    "direction": '"entry" or "exit", for lanes that do both',
    **BESIDE_HINTS,
}


def read_presented_untrusted(raw: bytes) -> Presented:
    """The body of a presentation. Raises `ApiError` (400) that names the field or the byte."""
    return read_json_untrusted(raw, _DECODER, HINTS, '{"code": "GH1..."}')


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
        languages = languages_asked(self._gateway, request)
        presented = read_presented_untrusted(await request.body())
        fits(lane, presented.count, presented.direction)
        code, count, direction = presented.code.encode(), presented.count, presented.direction
        nonce, more = bytes.fromhex(presented.nonce or ""), said_beside(presented)
        how: Decide | None = None
        if presented.accept_unpaid:
            how = partial(staff.unpaid, who=self._door.who(request, "accept_unpaid", lane.number))

        def hand(done: Done) -> None:
            lane.present(code, done, nonce=nonce, count=count, direction=direction, how=how, **more)

        mark = mark_of(code, count, direction or "", more)
        answer = await self.ask(lane, nonce, mark, hand, request.receive)
        return spoken(answer, languages)

    async def ask(
        self, lane: Lane, nonce: bytes, mark: bytes, hand: Hand, receive: Receive
    ) -> Answer:
        """The lane's answer, once it is durable. What was asked before by this nonce is not handed
        over again. Raises `ApiError`: 409, 503 and 504."""
        asked = self._ask(lane, nonce, mark, hand)  # no await before it: nonces are kept here
        await self._wait(asked, receive)
        answer = asked.take()
        if answer is None:
            raise _no_answer(self._wait_s, nonce)
        return answer

    def _ask(self, lane: Lane, nonce: bytes, mark: bytes, hand: Hand) -> Asked:
        """Hand the presentation to its lane, unless it was handed over before."""
        asked = Asked(mark)
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
        hand(asked.tell)
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


def languages_asked(gateway: Gateway, request: Request) -> list[str]:
    """`?lang=`: those that `guest_text` is wanted in. Raises `ApiError` for one we do not speak."""
    asked = ",".join(request.query_params.getlist("lang"))
    if not asked:
        return list(gateway.texts.guest_languages)
    wanted = asked.split(",")
    for each in wanted:
        if each not in LANGUAGES:
            hint = "known: " + ", ".join(LANGUAGES)
            raise bad_field("lang", f"there are no texts in {each[:20]!r}", hint)
    return wanted


def spoken(answer: Answer, languages: list[str]) -> Response:
    """The answer with the guest's text in these languages only."""
    texts = {each: answer.guest_text[each] for each in languages}
    return reply(msgspec.structs.replace(answer, guest_text=texts))


def fits(lane: Lane, count: int, direction: str | None) -> None:
    """A handheld that asks for the wrong way is told so, instead of the ticket being used."""
    way = direction or lane.direction
    if way != lane.direction and not lane.both:
        detail = f"lane {lane.number} is for {lane.direction} only"
        raise bad_field("direction", detail, "leave it out, or ask another lane")
    if way == "exit" and count != 1:
        raise bad_field("count", "persons leave one by one", "leave it out, or say 1")


def _same(before: Asked, now: Asked) -> Asked:
    if before.mark != now.mark:
        detail = "this nonce was used for another presentation"
        raise ApiError(409, Problem("nonce_reused", detail, "nonce", HINTS["nonce"]))
    return before


def _no_answer(wait_s: float, nonce: bytes) -> ApiError:
    detail = f"no answer within {wait_s:g} s; the presentation goes on"
    if nonce:
        hint = "ask again with the same nonce: you get its answer, and nothing moves twice"
    else:
        hint = "send a nonce with each presentation: then its answer can be asked for again"
    return ApiError(504, Problem("no_answer", detail, hint=hint))
