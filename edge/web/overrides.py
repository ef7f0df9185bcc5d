"""Staff admit whom a lane would refuse, over HTTP: the fact says who it was, and why."""

from functools import partial
from typing import Final, Literal, get_args

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from edge.gateway import Gateway
from edge.lane import Done, Lane
from edge.web.beside import Chosen, chosen
from edge.web.bodies import read_json_untrusted
from edge.web.lanes import lane_called
from edge.web.presentations import (
    HINTS,
    Count,
    Nonce,
    Presentations,
    Text,
    fits,
    languages_asked,
    spoken,
)
from edge.web.recent import mark_of
from edge.web.signin import Door

#: Why somebody was admitted all the same: words that facts keep, and pages translate.
Why = Literal[
    "identity_checked", "was_outside", "sold_here", "turned_away_wrongly", "accompanied",
    "late_or_early", "emergency", "other",
]  # fmt: skip


class Overriding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A code that is to be admitted whatever stands in its way. `nonce` as in a presentation, and
    another one than that of the scan that was refused. `choice`: of a medium with several."""

    code: Text
    nonce: Nonce
    why: Why
    count: Count = 1
    choice: Chosen | None = None


_DECODER: Final = msgspec.json.Decoder(Overriding)
_HINTS: Final = {
    **{each: HINTS[each] for each in ("code", "nonce", "count", "choice")},
    "why": "one of " + ", ".join(get_args(Why)),
}
_EXAMPLE: Final = '{"code": "GH1...", "nonce": "5f...", "why": "identity_checked"}'


class Overrides:
    """For the lanes of `gateway`; nonces are those of `presentations`."""

    def __init__(self, gateway: Gateway, door: Door, presentations: Presentations) -> None:
        self._gateway = gateway
        self._door = door
        self._presentations = presentations

    async def post(self, request: Request) -> Response:
        """POST /v1/lanes/{lane}/override. What names no ticket of ours stays refused: 200, too."""
        lane = lane_called(self._gateway, request.path_params["lane"])
        who = self._door.who(request, "override", lane.number)
        languages = languages_asked(self._gateway, request)
        raw = await request.body()
        asked = read_json_untrusted(raw, _DECODER, _HINTS, _EXAMPLE)
        fits(lane, asked.count, "entry")  # who wants out is led out: that is no override
        nonce, choice = bytes.fromhex(asked.nonce), chosen(asked.choice)
        mark = mark_of(asked.code.encode(), asked.count, f"override {asked.why}", choice)
        hand = partial(_hand, lane, asked, nonce, choice, who)
        answer = await self._presentations.ask(lane, nonce, mark, hand, request.receive)
        return spoken(answer, languages)


def _hand(lane: Lane, asked: Overriding, nonce: bytes, choice: bytes, who: str, done: Done) -> None:
    lane.override(
        asked.code.encode(), done, who=who, why=asked.why, nonce=nonce, count=asked.count,
        choice=choice,
    )  # fmt: skip
