"""What a lane would say, over HTTP: nothing is recorded and nothing moves."""

from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from edge.core.moments import Moment
from edge.gateway import Gateway
from edge.web.beside import Beside, said_beside
from edge.web.bodies import read_json_untrusted
from edge.web.lanes import lane_called
from edge.web.presentations import HINTS, Count, Text, fits, languages_asked, spoken
from edge.web.problems import bad_field
from edge.web.signin import Door

YEARS: Final = range(2000, 2200)


class Simulated(Beside, frozen=True, forbid_unknown_fields=True):
    """A code, what is said beside it, and when it is thought to be shown: now, without `at`."""

    code: Text
    at: Annotated[datetime, Meta(tz=True)] | None = None
    count: Count = 1
    direction: Literal["entry", "exit"] | None = None


_DECODER: Final = msgspec.json.Decoder(Simulated)
AT_HINT: Final = "a time with its offset, as 2026-12-31T23:30:00+01:00"
_HINTS: Final = {**HINTS, "at": AT_HINT}


def moment_of(gateway: Gateway, at: datetime | None) -> Moment | None:
    """The moment that is asked about, None for now. Raises `ApiError` for one that is far off."""
    if at is None:
        return None
    if at.year not in YEARS:
        raise bad_field("at", f"at is in no year from {YEARS[0]} to {YEARS[-1]}", AT_HINT)
    return gateway.clock.at(int(at.timestamp() * 1000))


class Simulations:
    """Asks the lanes of `gateway` what they would say."""

    def __init__(self, gateway: Gateway, door: Door) -> None:
        self._gateway = gateway
        self._door = door

    async def post(self, request: Request) -> Response:
        """POST /v1/lanes/{lane}/simulations."""
        lane = lane_called(self._gateway, request.path_params["lane"])
        self._door.require(request, "simulate", lane.number)
        languages = languages_asked(self._gateway, request)
        raw = await request.body()
        asked = read_json_untrusted(raw, _DECODER, _HINTS, '{"code": "GH1..."}')
        fits(lane, asked.count, asked.direction)
        at = moment_of(self._gateway, asked.at)
        more = said_beside(asked)
        if asked.accept_unpaid:
            self._door.require(request, "accept_unpaid", lane.number)
        code, count, direction = asked.code.encode(), asked.count, asked.direction
        answer = lane.simulate(code, at=at, count=count, direction=direction, **more)
        return spoken(answer, languages)
