"""Signing in at a till by a band instead of a PIN.

What a band proves is only as good as its chip: an NTAG or an Ultralight EV1 shows all it has, UID
included, to every phone that is held to it, so a copy of one signs in *sellers* and nobody else.
A chip that proves a key which it never shows (Ultralight C, Ultralight AES) signs in every role.

Only a device that is paired with the till may ask (`till_pairings`): the next badge at a reader
signs in the page that stands beside it, and nobody else in the network.
"""

import logging
from typing import Annotated, Any, Final

import msgspec
import trio
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from edge.core.wallet_reasons import WalletReason
from edge.till.badges import Badge, stands
from edge.till.till import Busy, Till
from edge.till.tills import Tills
from edge.till.work import Ask
from edge.web.bodies import read_json_untrusted
from edge.web.presentations import cancel_when_gone
from edge.web.problems import ApiError, Problem
from edge.web.sessions import Session
from edge.web.signin import Door, address_of
from edge.web.till_pairings import COOKIE
from edge.web.till_works import till_called

log = logging.getLogger(__name__)
#: Roles that a band which can be copied is enough for.
PLAIN_ROLES: Final = frozenset({"seller"})


class SigningIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many seconds to wait for the band."""

    wait: Annotated[int, Meta(ge=1, le=60)] = 25


_DECODER: Final = msgspec.json.Decoder(SigningIn)
_HINTS: Final = {"wait": "whole seconds, 1 to 60"}


class BadgeSignIn:
    """Bands as badges, at the tills of one gateway."""

    def __init__(self, tills: Tills | None, door: Door) -> None:
        self._tills = tills
        self._door = door
        if tills is not None:
            door.badge_stands = self._stands

    async def post(self, request: Request) -> Response:
        """POST /v1/tills/{till}/sign-in."""
        door = self._door
        door.expect_staff()
        till = till_called(self._tills, request.path_params["till"])
        if door.pairings.till_of(request.cookies.get(COOKIE, "")) != till.number:
            detail = "this device does not stand at this till"
            hint = "sign in with your PIN; a supervisor pairs the device, in the menu of the till"
            raise ApiError(403, Problem("not_paired", detail, hint=hint))
        body = read_json_untrusted(await request.body(), _DECODER, _HINTS, '{"wait": 25}')
        # No name of staff: those are compared in small letters.
        name, address = f"Till {till.number}", address_of(request)
        door.refuse_locked(name, address)
        badge = await _tapped(request, till, body.wait)
        door.count_try(name, address)
        staff = door.person(badge.operator) if badge.operator else None
        if badge.because or staff is None:
            because = badge.because or ("no_staff_here" if badge.operator else "no_badge")
            told: dict[str, Any] = {"till": till.number, "address": address, "because": because}
            log.warning("a band that signs nobody in", extra=told)
            detail = "this band signs nobody in here"
            problem = Problem("wrong_band", detail, hint="sign in with your name and PIN")
            raise ApiError(401, problem)
        if not badge.proven and staff.role not in PLAIN_ROLES:
            detail = f"this band can be copied: it signs no {staff.role} in"
            raise ApiError(403, Problem("band_too_weak", detail, hint="sign in with your PIN"))
        return door.open_by_band(request, name, staff, (badge.medium, badge.epoch))

    def _stands(self, session: Session) -> bool:
        assert self._tills is not None and session.badge is not None
        return stands(self._tills, *session.badge, session.staff.number)


async def _tapped(request: Request, till: Till, wait_s: int) -> Badge:
    """The next band at this till. Raises `ApiError` (409) when there is none to be had."""
    try:
        work = till.submit(Ask(kind="sign_in", id=till.tills.new_id()))
    except Busy:
        raise _busy() from None
    try:
        with trio.move_on_after(wait_s):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(cancel_when_gone, request.receive, nursery.cancel_scope)
                await work.ended.wait()
                nursery.cancel_scope.cancel()
        gave_way = work.over and work.badge is None
    finally:
        till.drop(work)
        till.works.pop(work.name, None)
    if work.badge is not None:
        return work.badge
    if till.reader is None or till.field.away:
        raise ApiError(409, Problem("no_reader", "this till has no reader now", hint="use the PIN"))
    if work.because is WalletReason.NOT_CONFIGURED:
        raise ApiError(409, Problem("no_bands", "bands are not set up here", hint="use the PIN"))
    if gave_way:
        raise _busy()
    raise ApiError(409, Problem("no_band", "no band came", hint="ask again, then tap the band"))


def _busy() -> ApiError:
    detail, hint = "this till is busy: do not tap now", "try again in a moment, or use the PIN"
    return ApiError(409, Problem("busy", detail, hint=hint))
