"""A guest who was found by name is admitted without a code, over HTTP: the fact says by whom.

Everything is decided as for a code, by what the guest list says of the ticket.
"""

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from edge.core import staff
from edge.gateway import Gateway
from edge.lane import Done, Lane
from edge.web.beside import Confirmed, TicketName, said_beside, ticket_named
from edge.web.bodies import read_json_untrusted
from edge.web.lanes import lane_called
from edge.web.overrides import Why
from edge.web.presentations import (
    HINTS,
    Count,
    Nonce,
    Presentations,
    fits,
    languages_asked,
    spoken,
)
from edge.web.problems import bad_field
from edge.web.recent import mark_of
from edge.web.rights import Right
from edge.web.signin import Door
from edge.web.simulations import AT_HINT, moment_of

_TICKET: Final = "a ticket as issuer:hex, as the search told it"


class Found(Confirmed, frozen=True, forbid_unknown_fields=True):
    """The ticket of a guest of the list. `nonce` as in a presentation. `why`: admit whatever
    stands in the way, as an override does. `simulate`: only say what would be answered, now or
    `at` that time; then no nonce is needed."""

    ticket: TicketName
    nonce: Nonce | None = None
    count: Count = 1
    why: Why | None = None
    simulate: bool = False
    at: Annotated[datetime, Meta(tz=True)] | None = None


_DECODER: Final = msgspec.json.Decoder(Found)
_HINTS: Final = {
    **{each: HINTS[each] for each in ("nonce", "count", "answers", "accept_unpaid")},
    "ticket": _TICKET, "why": "a reason as for an override", "at": AT_HINT,
    "simulate": "true: nothing is recorded and nothing moves",
}  # fmt: skip
_EXAMPLE: Final = '{"ticket": "shop:00ff...", "nonce": "5f..."}'


class FoundGuests:
    """For the lanes of `gateway`; nonces are those of `presentations`."""

    def __init__(self, gateway: Gateway, door: Door, presentations: Presentations) -> None:
        self._gateway = gateway
        self._door = door
        self._presentations = presentations

    async def post(self, request: Request) -> Response:
        """POST /v1/lanes/{lane}/guests: needs `search`, and the right to what is to be done."""
        lane = lane_called(self._gateway, request.path_params["lane"])
        who = self._door.who(request, "search", lane.number)
        languages = languages_asked(self._gateway, request)
        asked = read_json_untrusted(await request.body(), _DECODER, _HINTS, _EXAMPLE)
        right: Right = "simulate" if asked.simulate else "override" if asked.why else "scan"
        self._door.require(request, right, lane.number)
        fits(lane, asked.count, "entry")  # whoever wants out shows a code, or is led out
        what = {"ticket": ticket_named("ticket", asked.ticket, _TICKET), **said_beside(asked)}
        if asked.accept_unpaid:
            self._may_accept(request, asked, lane)
        if asked.simulate:
            at = moment_of(self._gateway, asked.at)
            return spoken(
                lane.simulate(b"", at=at, count=asked.count, direction="entry", **what),
                languages,
            )
        if asked.nonce is None:
            raise bad_field("nonce", "nonce is missing", HINTS["nonce"])
        nonce = bytes.fromhex(asked.nonce)
        mark = mark_of(b"", asked.count, f"guest {asked.why or ''}", what)
        hand = partial(_hand, lane, asked, what | {"nonce": nonce, "count": asked.count}, who)
        answer = await self._presentations.ask(lane, nonce, mark, hand, request.receive)
        return spoken(answer, languages)

    def _may_accept(self, request: Request, asked: Found, lane: Lane) -> None:
        self._door.require(request, "accept_unpaid", lane.number)
        if asked.why is not None:
            detail = "whoever is admitted with a why needs no accept_unpaid"
            raise bad_field("accept_unpaid", detail, "say one of them")


def _hand(lane: Lane, asked: Found, what: dict[str, Any], who: str, done: Done) -> None:
    if asked.why is not None:
        lane.override(b"", done, who=who, why=asked.why, **what)
    else:
        how = partial(staff.found, who=who)
        lane.present(b"", done, direction="entry", how=how, **what)
