"""Signing in with a name and a PIN, and the door in front of every operation.

By band: `edge.web.badge_signin`.

Without `[[staff]]` in the configuration nobody signs in: then the listener is of this machine only
(`config.staff.reach_faults`), and whoever reaches it may do what needs no name (`rights.NAMED`).
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
import trio
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from config.shown import Display
from config.staff import Staff
from crypto.entry import OperatorSignedIn
from crypto.pins import pin_matches, read_hash_untrusted
from edge.gateway import Gateway
from edge.web.attempts import Attempts
from edge.web.bodies import read_json_untrusted
from edge.web.problems import ApiError, Problem, reply
from edge.web.rights import NAMED, OFFERED, Right
from edge.web.sessions import Session, Sessions
from edge.web.till_pairings import Pairings

log = logging.getLogger(__name__)
COOKIE: Final = "gatehouse_session"
#: Compared with when there is nobody of that name, so that both take the same time.
_NOBODY: Final = b"$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$" + b"A" * 43
Handler = Callable[[Request], Awaitable[Response]]


class SignIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A name as the configuration has it (capitals do not matter), and its PIN."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    pin: Annotated[str, Meta(min_length=1, max_length=64)]


_HINTS: Final = {"name": "1 to 64 characters", "pin": "1 to 64 characters"}
_DECODER: Final = msgspec.json.Decoder(SignIn)


class LaneChoice(msgspec.Struct, frozen=True):
    """A lane where this person may scan."""

    lane: int
    name: str
    gate_name: str
    direction: Literal["entry", "exit", "both"]


class SessionBody(msgspec.Struct, frozen=True):
    """Who is calling, and what may be done. `needed`: there is sign-in here. `rights`: what this
    caller may do and this gateway can. `left_s`: how long it lasts, 0 without sign-in."""

    needed: bool
    signed_in: bool
    gateway: str
    name: str
    role: str
    rights: list[Right]
    lanes: list[LaneChoice]
    staff_language: str
    guest_languages: list[str]
    left_s: float


def address_of(request: Request) -> str:
    """Where the tries come from."""
    return request.client.host if request.client else ""


class Door:
    """Knows who is calling. Every operation of the API asks here first."""

    def __init__(
        self, gateway: Gateway, staff: Sequence[Staff] = (), lasts_s: float = 43_200,
        display: Display | None = None, pairings_file: Path | None = None,
    ) -> None:  # fmt: skip
        self.gateway = gateway
        self.display = display or Display()
        self.needed = bool(staff)
        self.sessions = Sessions(lasts_s)
        self._staff = {one.name.casefold(): one for one in staff}
        self._hashes = {one.number: read_hash_untrusted(one.pin_hash) for one in staff}
        self._by_number = {one.number: one for one in staff}
        self._attempts = Attempts()
        #: Whether the band of such a session would still be believed.
        self.badge_stands: Callable[[Session], bool] = lambda session: session.badge is None
        #: Devices that stand at a till: of others, bands sign nobody in.
        self.pairings = Pairings(pairings_file)
        self._one_at_a_time = trio.CapacityLimiter(1)

    def caller(self, request: Request) -> Session | None:
        """The session of this request's cookie, if it has a good one."""
        token = request.cookies.get(COOKIE, "")
        session = self.sessions.find(token, trio.current_time()) if token else None
        if session is not None and session.badge is not None and not self.badge_stands(session):
            self.sessions.end(token)
            return None
        return session

    def may(self, request: Request, right: Right, lane: int | None = None) -> bool:
        """Whether whoever calls may do it (at this lane)."""
        if not self.needed:
            return right in OFFERED - NAMED
        session = self.caller(request)
        return session is not None and session.may(right, lane)

    def require(self, request: Request, right: Right, lane: int | None = None) -> None:
        """Raises `ApiError`: 401 to who is not signed in, 403 to who may not."""
        if self.may(request, right, lane):
            return
        session = self.caller(request)
        if self.needed and session is None:
            raise ApiError(401, Problem("not_signed_in", "sign in first", hint="at /signin"))
        if not self.needed:
            detail = f"nobody may {right} where nobody signs in"
            raise ApiError(403, Problem("forbidden", detail, hint="configure [[staff]]"))
        where = f" at lane {lane}" if session and session.may(right) else ""
        detail = f"you may not {right}{where}"
        raise ApiError(403, Problem("forbidden", detail, hint="ask your supervisor"))

    def who(self, request: Request, right: Right, lane: int | None = None) -> str:
        """`require`, and the number of whoever calls, as facts name them. `right`: of `NAMED`."""
        assert right in NAMED
        self.require(request, right, lane)
        session = self.caller(request)
        assert session is not None
        return str(session.staff.number)

    def guard(self, right: Right, handler: Handler) -> Handler:
        """`handler` behind this right."""

        async def guarded(request: Request) -> Response:
            self.require(request, right)
            return await handler(request)

        return guarded

    async def get(self, request: Request) -> Response:
        """GET /v1/session: also tells who is not signed in that this is so."""
        return reply(self._body(self.caller(request)))

    async def post(self, request: Request) -> Response:
        """POST /v1/session: sign in. 401 for a wrong name or PIN, 429 while locked."""
        self.expect_staff()
        example = '{"name": "Anna", "pin": "..."}'
        asked = read_json_untrusted(await request.body(), _DECODER, _HINTS, example)
        name = asked.name.strip().casefold()
        address = address_of(request)
        self.count_try(name, address)
        staff = self._staff.get(name)
        known = _NOBODY if staff is None else self._hashes[staff.number]
        check = partial(pin_matches, known, asked.pin)
        good = await trio.to_thread.run_sync(check, limiter=self._one_at_a_time)
        if staff is None or not good:
            log.warning("a wrong name or PIN", extra={"address": address})
            detail = "this name and PIN do not belong together"
            raise ApiError(401, Problem("wrong_pin", detail, hint="try again, or ask supervisors"))
        self._attempts.right(name, address)
        return self._open(request, staff, None)

    def expect_staff(self) -> None:
        """Raises `ApiError` (404) where nobody signs in."""
        if not self.needed:
            hint = "add [[staff]] to the configuration"
            raise ApiError(404, Problem("no_sign_in", "nobody signs in here", hint=hint))

    def person(self, number: int) -> Staff | None:
        """Who has this number here."""
        return self._by_number.get(number)

    def open_by_band(
        self, request: Request, name: str, staff: Staff, badge: tuple[bytes, int]
    ) -> Response:
        """As after a right PIN; `name` is what the tries were counted under."""
        self._attempts.right(name, address_of(request))
        return self._open(request, staff, badge)

    def _open(self, request: Request, staff: Staff, badge: tuple[bytes, int] | None) -> Response:
        self.sessions.end(request.cookies.get(COOKIE, ""))
        token, session = self.sessions.begin(staff, trio.current_time(), badge)
        self.gateway.must_record(
            lambda hlc, now: OperatorSignedIn(hlc, now.day, now.offset_min, staff.number)
        )
        answer = reply(self._body(session))
        self._set_cookie(request, answer, token)
        return answer

    async def delete(self, request: Request) -> Response:
        """DELETE /v1/session: sign out."""
        self.sessions.end(request.cookies.get(COOKIE, ""))
        answer = reply(self._body(None))
        self._set_cookie(request, answer, "")
        return answer

    def count_try(self, name: str, address: str) -> None:
        """One more try, before anything is told of it. Raises `ApiError` (429) while locked."""
        self._refuse_for(self._attempts.begin(name, address, trio.current_time()))

    def refuse_locked(self, name: str, address: str) -> None:
        """Raises `ApiError` (429) while locked; counts nothing."""
        self._refuse_for(self._attempts.locked_s(name, address, trio.current_time()))

    def _refuse_for(self, wait_s: float) -> None:
        if wait_s <= 0:
            return
        seconds = max(1, round(wait_s + 0.5))
        detail = f"too many tries; wait {seconds} s"
        problem = Problem("locked", detail, hint="a supervisor can let you in elsewhere")
        raise ApiError(429, problem, {"retry-after": str(seconds)})

    def _set_cookie(self, request: Request, answer: Response, token: str) -> None:
        answer.set_cookie(
            COOKIE, token, max_age=None if token else 0, path="/", httponly=True,
            samesite="strict", secure=request.url.scheme == "https",
        )  # fmt: skip

    def _body(self, session: Session | None) -> SessionBody:
        rights = session.rights if session else frozenset() if self.needed else OFFERED - NAMED
        policy, texts = self.gateway.policy, self.gateway.texts
        lanes = []
        for lane in self.gateway.lanes.values():
            if "scan" in rights and (session is None or session.may("scan", lane.number)):
                rule = policy.gates.get(lane.gate)
                name = rule.name if rule else f"gate {lane.gate}"
                way: Literal["entry", "exit", "both"] = "both" if lane.both else lane.direction
                lanes.append(LaneChoice(lane.number, lane.name, name, way))
        now_s = trio.current_time()
        return SessionBody(
            needed=self.needed, signed_in=session is not None, gateway=self.gateway.name,
            name=session.staff.name if session else "", role=session.staff.role if session else "",
            rights=sorted(rights), lanes=lanes, staff_language=texts.staff_language,
            guest_languages=list(texts.guest_languages),
            left_s=self.sessions.left_s(session, now_s) if session else 0.0,
        )  # fmt: skip
