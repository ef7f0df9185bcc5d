"""Pairing the device in hand with a till, so that staff may sign in there by their band."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from edge.till.till import Till
from edge.till.tills import Tills
from edge.web.bodies import read_json_untrusted
from edge.web.problems import ApiError, Problem, bad_field, reply
from edge.web.signin import Door
from edge.web.till_pairings import COOKIE, LASTS_S, PER_TILL_MAX, TooMany
from edge.web.till_works import no_room, till_called


class Pairing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Pair the device that asks, or forget the one named `device`."""

    action: Literal["pair", "forget"]
    device: Annotated[str, Meta(pattern=r"\A(?:[0-9a-f]{8})?\Z")] = ""


class DeviceRow(msgspec.Struct, frozen=True):
    """A paired device, by whom and when it was; `this`: it is the one that asks."""

    device: str
    operator: int
    paired_ms: int
    this: bool


class DevicesBody(msgspec.Struct, frozen=True):
    """The devices that are paired with a till."""

    devices: list[DeviceRow]


_DECODER: Final = msgspec.json.Decoder(Pairing)
_HINTS: Final = {"action": "pair or forget", "device": "8 hex digits, as the list has them"}


class TillDevices:
    """Devices of the tills of one gateway. Whoever may issue bands may pair."""

    def __init__(self, tills: Tills | None, door: Door) -> None:
        self._tills = tills
        self._door = door

    def _enter(self, request: Request) -> Till:
        self._door.expect_staff()
        self._door.require(request, "bands")
        return till_called(self._tills, request.path_params["till"])

    async def get(self, request: Request) -> Response:
        """GET /v1/tills/{till}/devices."""
        return self._told(self._enter(request), request.cookies.get(COOKIE, ""))

    async def post(self, request: Request) -> Response:
        """POST /v1/tills/{till}/devices."""
        till, door = self._enter(request), self._door
        example = '{"action": "pair"}'
        asked = read_json_untrusted(await request.body(), _DECODER, _HINTS, example)
        session = door.caller(request)
        assert session is not None
        token = request.cookies.get(COOKIE, "")
        try:
            if asked.action == "forget":
                if not await door.pairings.forget(till.number, asked.device):
                    raise bad_field("device", "no such device is paired here", _HINTS["device"])
                return self._told(till, token)
            now_ms = till.tills.gateway.clock.now().ms
            token = await door.pairings.pair(till.number, session.staff.number, now_ms, token)
        except TooMany:
            detail = f"{PER_TILL_MAX} devices are paired with this till already"
            raise ApiError(409, Problem("too_many", detail, hint="remove one of them")) from None
        except OSError:
            raise no_room() from None
        answer = self._told(till, token)
        answer.set_cookie(
            COOKIE, token, max_age=LASTS_S, path="/", httponly=True, samesite="strict",
            secure=request.url.scheme == "https",
        )  # fmt: skip
        return answer

    def _told(self, till: Till, token: str) -> Response:
        pairings = self._door.pairings
        rows = [
            DeviceRow(one.name, one.operator, one.at_ms, pairings.is_of(one, token))
            for one in pairings.devices
            if one.till == till.number
        ]
        return reply(DevicesBody(rows))
