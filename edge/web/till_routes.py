"""The routes of tills: looking, selling, counting."""

from functools import partial
from typing import Any, Final, Literal

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from crypto.money import ClosingMade
from edge.core.till import Summary
from edge.core.till_reasons import words
from edge.ledger.errors import LedgerFull
from edge.till import shifts
from edge.till.till import Till
from edge.till.tills import Tills
from edge.web import till_bodies as bodies
from edge.web.badge_signin import BadgeSignIn
from edge.web.bodies import read_json_untrusted
from edge.web.problems import ApiError, Problem, reply
from edge.web.rights import Right
from edge.web.signin import Door
from edge.web.till_closings import closings_of
from edge.web.till_devices import TillDevices
from edge.web.till_lost import TillLost
from edge.web.till_once import Once
from edge.web.till_papers import TillPapers
from edge.web.till_views import (
    doubt,
    grid_of,
    receipts_of,
    shift_row,
    state_of,
    till_row,
)
from edge.web.till_works import TillWorks, no_room, till_called

RECEIPTS_MAX: Final = 50
CLOSINGS_MAX: Final = 20


class TillPages:
    """Looking at tills, and their shifts."""

    def __init__(self, tills: Tills | None, door: Door, works: TillWorks) -> None:
        self._tills = tills
        self._door = door
        self._works = works
        self._closings: dict[int, list[bodies.ClosingBody]] = {}
        self._once = Once()

    def _till(self, request: Request, right: Right) -> Till:
        self._door.require(request, right)
        return till_called(self._tills, request.path_params["till"])

    async def all(self, request: Request) -> Response:
        """GET /v1/tills."""
        self._door.require(request, "tills")
        there = self._tills.tills.values() if self._tills is not None else ()
        return reply(bodies.TillsBody([till_row(till) for till in there]))

    async def grid(self, request: Request) -> Response:
        """GET /v1/tills/{till}/grid."""
        found = grid_of(self._till(request, "tills"))
        if found is None:
            detail, hint = "there is no price list yet", "the centre must send one"
            raise ApiError(409, Problem("no_prices", detail, hint=hint))
        return reply(found)

    async def state(self, request: Request) -> Response:
        """GET /v1/tills/{till}/state."""
        return reply(state_of(self._till(request, "tills")))

    async def shift(self, request: Request) -> Response:
        """POST /v1/tills/{till}/shifts."""
        till = self._till(request, "shift")
        body = await _body(request, _SHIFTING)
        operator = self._works.who(request)["operator"]
        act = partial(_change_shift, till, operator, body)
        return reply(await self._once.do(till.number, body, act))

    async def close(self, request: Request) -> Response:
        """POST /v1/tills/{till}/closings."""
        till = self._till(request, "shift")
        body = await _body(request, _CLOSING)
        operator = self._works.who(request)["operator"]
        act = partial(self._close, till, operator, body.closing)
        return reply(await self._once.do(till.number, body, act))

    async def _close(
        self, till: Till, operator: int, closing: Literal["X", "Z"]
    ) -> bodies.ClosingBody:
        key = till.shift_key
        try:
            fact, found = await shifts.make_closing(till, operator, closing)
        except shifts.NotNow as error:
            raise _not_now(error) from None
        except LedgerFull:
            raise no_room() from None
        made = _closing(till, key[2], fact, found)
        kept = self._closings.setdefault(till.number, [])
        kept.insert(0, made)
        del kept[CLOSINGS_MAX:]
        return made

    async def closings(self, request: Request) -> Response:
        """GET /v1/tills/{till}/closings: those of this process whole, the Z before it in short."""
        till = self._till(request, "tills")
        made = self._closings.get(till.number, [])
        return reply(closings_of(till, made, CLOSINGS_MAX))

    async def receipts(self, request: Request) -> Response:
        """GET /v1/tills/{till}/receipts."""
        till = self._till(request, "tills")
        return reply(bodies.ReceiptsBody(receipts_of(till, RECEIPTS_MAX)))

    async def training(self, request: Request) -> Response:
        """POST /v1/tills/{till}/training."""
        till = self._till(request, "training")
        body = await _body(request, _TRAINING)
        if till.work is not None and not till.work.quiet:
            detail, hint = "a basket is under way at this till", "have it paid, or cancel it, first"
            raise ApiError(409, Problem("busy", detail, hint=hint))
        till.training = body.on
        return reply(state_of(till))


def till_routes(tills: Tills | None, door: Door) -> list[Route]:
    """Routes of the tills of this gateway, also where it has none."""
    works = TillWorks(tills, door)
    pages = TillPages(tills, door, works)
    devices = TillDevices(tills, door)
    base = "/v1/tills/{till}"
    posts: dict[str, Any] = {
        "quotes": works.quote, "payments": works.pay, "balance": works.balance,
        "top-ups": works.top_up, "reversals": works.reverse, "refunds": works.refund,
        "cash-outs": works.cash_out, "money-back": works.money_back, "bands": works.band,
        "answers": works.answer, "cancel": works.cancel, "shifts": pages.shift,
        "closings": pages.close, "training": pages.training,
        "sign-in": BadgeSignIn(tills, door).post, "devices": devices.post,
        "lost-bands": TillLost(tills, door).post,
    }  # fmt: skip
    gets: dict[str, Any] = {
        "grid": pages.grid, "state": pages.state, "closings": pages.closings,
        "receipts": pages.receipts, "devices": devices.get,
    }  # fmt: skip
    return [
        Route("/v1/tills", pages.all, methods=["GET"]),
        *TillPapers(tills, door).routes(),
        *(Route(f"{base}/{name}", at, methods=["POST"]) for name, at in posts.items()),
        *(Route(f"{base}/{name}", at, methods=["GET"]) for name, at in gets.items()),
    ]


async def _change_shift(till: Till, operator: int, body: bodies.Shifting) -> bodies.ShiftBody:
    try:
        if body.action == "open":
            await shifts.open_shift(till, operator, body.float_minor)
        elif body.action == "move":
            await shifts.move_cash(till, operator, body.amount_minor, body.because)
        else:
            await shifts.close_shift(till, operator, body.counted_minor)
    except shifts.NotNow as error:
        raise _not_now(error) from None
    except LedgerFull:
        raise no_room() from None
    return bodies.ShiftBody(shift_row(till))


def _closing(till: Till, shift: int, fact: ClosingMade, found: Summary) -> bodies.ClosingBody:
    row = till.tills.book.shifts[till.tills.gateway.identity, till.number, shift]
    closed = bool(row.closed_hlc)
    totals = [bodies.TotalRow(each.key, each.count, each.amount_minor) for each in fact.totals]
    return bodies.ClosingBody(
        fact.closing, fact.number, shift, fact.wall_ms, totals, fact.perpetual_minor,
        found.late_minor, [doubt(till, *each) for each in found.open], row.opened_hlc >> 16,
        row.closed_hlc >> 16, row.float_minor, row.counted_minor if closed else None,
        row.expected_minor if closed else None,
        row.counted_minor - row.expected_minor if closed else None,
        found.first_receipt, found.last_receipt,
    )  # fmt: skip


def _not_now(error: shifts.NotNow) -> ApiError:
    detail, hint = words(error.reason)
    return ApiError(409, Problem(error.reason.name.lower(), detail, hint=hint))


async def _body(request: Request, decoder: Any) -> Any:
    example = '{"action": "open", "float_minor": 10000}'
    return read_json_untrusted(await request.body(), decoder, bodies.HINTS, example)


_SHIFTING = bodies.decoder(bodies.Shifting)
_CLOSING = bodies.decoder(bodies.Closing)
_TRAINING = bodies.decoder(bodies.Training)
