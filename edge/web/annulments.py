"""A scan is taken back over HTTP: "the turnstile did not turn"."""

from typing import Final, Literal, get_args

import msgspec
import trio
from starlette.requests import Request
from starlette.responses import Response

from edge.core.staff import ANNUL_WINDOW_MS
from edge.gateway import Gateway
from edge.ledger.errors import LedgerFull
from edge.web.bodies import read_json_untrusted
from edge.web.presentations import HINTS, Nonce
from edge.web.problems import ApiError, Problem, reply
from edge.web.signin import Door

#: Why a scan was taken back: words that facts keep, and pages translate.
Why = Literal["did_not_turn", "went_back", "wrong_ticket", "wrong_count", "other"]


class Annulling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`nonce`: of the presentation (or override) that let somebody in or out."""

    nonce: Nonce
    why: Why


class Annulled(msgspec.Struct, frozen=True):
    """It is on disk. `lane` and `seq`: of the scan; `fact_seq`: of what took it back."""

    lane: int
    seq: int
    fact_seq: int


_DECODER: Final = msgspec.json.Decoder(Annulling)
_HINTS: Final = {"nonce": HINTS["nonce"], "why": "one of " + ", ".join(get_args(Why))}
_EXAMPLE: Final = '{"nonce": "5f...", "why": "did_not_turn"}'
_TOLD: Final = {
    "unknown_nonce": ("this gateway let nobody pass by this scan", "ask where it was made"),
    "open": ("somebody may still be walking on this scan", "wait until the barrier has settled"),
    "too_late": (
        f"this scan is older than {ANNUL_WINDOW_MS // 60_000} minutes",
        "a supervisor can admit the guest anyway",
    ),
    "annulled": ("this scan was taken back already", "its ticket can be used again"),
}


class Annulments:
    """Takes back what lanes of `gateway` granted."""

    def __init__(self, gateway: Gateway, door: Door) -> None:
        self._gateway = gateway
        self._door = door

    async def post(self, request: Request) -> Response:
        """POST /v1/annulments. 409 where nothing can be taken back (any more)."""
        self._door.require(request, "annul")
        raw = await request.body()
        asked = read_json_untrusted(raw, _DECODER, _HINTS, _EXAMPLE)
        nonce = bytes.fromhex(asked.nonce)
        lane = self._gateway.lane_of(nonce) or None
        who = self._door.who(request, "annul", lane)
        try:
            done = self._gateway.annul(nonce, who, asked.why)
        except LedgerFull:
            detail = "there is no room for facts; nothing was taken back"
            raise ApiError(503, Problem("no_room", detail, hint="tell a technician")) from None
        if done.problem:
            detail, hint = _TOLD[done.problem]
            raise ApiError(409, Problem(done.problem, detail, hint=hint))
        durable = trio.Event()
        self._gateway.when_durable(done.fact_seq, durable.set)
        await durable.wait()
        return reply(Annulled(done.lane, done.seq, done.fact_seq))
