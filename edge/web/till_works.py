"""What a till is asked to do, over HTTP. A page that hangs up changes nothing.

A work goes on in the gateway until it ends; asking again with the same id is waiting for it again.
Refusals are values: 200 as well.
"""

from collections.abc import Callable
from typing import Any, Final

import trio
from starlette.requests import Request
from starlette.responses import Response

from config.runtime.limits import Receive
from edge.core.pricing import Refused
from edge.core.till_reasons import TillReason, words
from edge.till.till import Busy, Till
from edge.till.tills import Tills
from edge.till.undoing import receipt_txid
from edge.till.work import ASKING, TAP_AGAIN, WORKING, Ask, OtherContent, Work, tell_lines
from edge.web import till_bodies as bodies
from edge.web.bodies import read_json_untrusted
from edge.web.presentations import cancel_when_gone
from edge.web.problems import ApiError, Problem, bad_field, reply
from edge.web.rights import Right
from edge.web.signin import Door
from edge.web.till_views import told

WAIT_S: Final = 25.0
WAIT_S_MAX: Final = 60.0
_EXAMPLE: Final = '{"id": "5f..."}'


def till_called(tills: Tills | None, number: str) -> Till:
    """The till of that number. Raises `ApiError` (404) that lists those there are."""
    known = tills.tills if tills is not None else {}
    plain = number.isascii() and number.isdecimal() and len(number) <= 5
    till = known.get(int(number)) if plain else None
    if till is None:
        there = ", ".join(map(str, sorted(known))) or "none"
        detail = f"there is no till {number[:20]!r} here"
        raise ApiError(404, Problem("unknown_till", detail, hint=f"tills of this gateway: {there}"))
    return till


class TillWorks:
    """Works for the tills of one gateway."""

    def __init__(self, tills: Tills | None, door: Door) -> None:
        self._tills = tills
        self._door = door

    def _enter(self, request: Request, right: Right) -> tuple[Till, dict[str, Any]]:
        self._door.require(request, right)
        return till_called(self._tills, request.path_params["till"]), self.who(request)

    def who(self, request: Request) -> dict[str, Any]:
        """Who acts: an operator's number (0 where nobody signs in), and whether supervising."""
        session = self._door.caller(request)
        return {
            "operator": session.staff.number if session else 0,
            "supervised": session is not None and session.may("undo"),
        }

    async def quote(self, request: Request) -> Response:
        """POST /v1/tills/{till}/quotes. Writes nothing."""
        till, who = self._enter(request, "sell")
        body = await _body(request, _QUOTING)
        ask = Ask(
            kind="sale", id=b"", items=bodies.items_of(body.items), tip_minor=body.tip_minor,
            tip_percent=body.tip_percent, vouchers=body.vouchers,
            confirmed_age=body.confirmed_age, **who,
        )  # fmt: skip
        found = till.price(ask, instead_of=bytes.fromhex(body.instead_of or ""))
        if isinstance(found, Refused):
            detail, hint = words(found.reason)
            reason = found.reason
            return reply(
                bodies.NotQuoted(reason.name.lower(), reason.value, found.item, detail, hint)
            )
        basket, quote = found
        lines = tell_lines(quote.lines, till.tills.prices)
        return reply(
            bodies.QuoteBody(
                basket.hex(), lines, quote.total_minor, quote.debit_minor, quote.given_minor,
                quote.age, quote.phase, quote.prices, quote.at_ms,
            )
        )  # fmt: skip

    async def pay(self, request: Request) -> Response:
        """POST /v1/tills/{till}/payments."""
        till, who = self._enter(request, "sell")
        body = await _body(request, _PAYING)
        ask = Ask(
            kind="sale", id=bytes.fromhex(body.basket), part=body.part, method=body.method,
            items=bodies.items_of(body.items), tip_minor=body.tip_minor,
            tip_percent=body.tip_percent, vouchers=body.vouchers, total_minor=body.total_minor,
            amount_minor=body.amount_minor, take_left=body.take_left,
            confirmed_age=body.confirmed_age,
            attempts=tuple(bytes.fromhex(each) for each in body.attempts), **who,
        )  # fmt: skip
        return await self._do(request, till, ask)

    async def balance(self, request: Request) -> Response:
        """POST /v1/tills/{till}/balance."""
        till, who = self._enter(request, "sell")
        body = await _body(request, _LOOKING)
        return await self._do(request, till, Ask(kind="balance", id=_id(body), **who))

    async def top_up(self, request: Request) -> Response:
        """POST /v1/tills/{till}/top-ups."""
        till, who = self._enter(request, "top_up")
        body = await _body(request, _TOPPING)
        if (body.method == "voucher") != bool(body.code) or (
            (body.method == "voucher") == (body.amount_minor is not None)
        ):
            field = "code" if body.method == "voucher" else "amount_minor"
            raise bad_field(field, "a voucher has a code, cash and cards an amount")
        ask = Ask(
            kind="top_up", id=_id(body), method=body.method, amount_minor=body.amount_minor,
            code=body.code, **who,
        )  # fmt: skip
        return await self._do(request, till, ask)

    async def reverse(self, request: Request) -> Response:
        """POST /v1/tills/{till}/reversals."""
        till, who = self._enter(request, "reverse")
        body = await _body(request, _REVERSING)
        if (body.receipt is None) == (body.txid is None):
            raise bad_field("receipt", "say the receipt or the txid, one of them")
        known = till.works.get((_id(body), 0))
        txid = bytes.fromhex(body.txid) if body.txid else b""
        if body.receipt is not None:
            txid = known.ask.reverses if known else receipt_txid(till, body.receipt)
        ask = Ask(kind="reversal", id=_id(body), reverses=txid, **who)
        return await self._do(request, till, ask)

    async def refund(self, request: Request) -> Response:
        """POST /v1/tills/{till}/refunds."""
        till, who = self._enter(request, "undo")
        body = await _body(request, _REFUNDING)
        items = bodies.items_of(body.items)
        ask = Ask(kind="refund", id=_id(body), items=items, method=body.method, **who)
        return await self._do(request, till, ask)

    async def cash_out(self, request: Request) -> Response:
        """POST /v1/tills/{till}/cash-outs."""
        till, who = self._enter(request, "cash_out")
        body = await _body(request, _CASHING)
        ask = Ask(kind="cash_out", id=_id(body), amount_minor=body.amount_minor, **who)
        return await self._do(request, till, ask)

    async def money_back(self, request: Request) -> Response:
        """POST /v1/tills/{till}/money-back."""
        till, who = self._enter(request, "reverse")
        body = await _body(request, _LOOKING)
        return await self._do(request, till, Ask(kind="money_back", id=_id(body), **who))

    async def band(self, request: Request) -> Response:
        """POST /v1/tills/{till}/bands."""
        till, who = self._enter(request, "bands")
        body = await _body(request, _BANDING)
        if body.action == "reissue" and body.old is None:
            raise bad_field("old", "old is missing", bodies.HINTS["old"])
        named = body.old if body.action == "reissue" else body.medium
        ask = Ask(
            kind=body.action, id=_id(body), wallet_class=body.wallet_class,
            medium=bytes.fromhex(named or ""), because=body.because, **who,
        )  # fmt: skip
        return await self._do(request, till, ask)

    async def answer(self, request: Request) -> Response:
        """POST /v1/tills/{till}/answers: the cashier's word on what a work asks."""
        till, _ = self._enter(request, "sell")
        body = await _body(request, _ANSWERING)
        work = _known(till, body)
        till.answer(work, body.question, body.yes)
        return await self._wait(request, till, work, repeated=True)

    async def cancel(self, request: Request) -> Response:
        """POST /v1/tills/{till}/cancel. 409 while a band is in doubt, unless `?force=1`."""
        till, _ = self._enter(request, "sell")
        body = await _body(request, _CANCELLING)
        work = _known(till, body)
        if not till.cancel(work) and work.state != WORKING:
            if request.query_params.get("force") != "1":
                detail = "nobody knows yet whether this band has paid"
                hint = "tap the same band; or give up, and say whether the goods were given"
                raise ApiError(409, Problem("in_doubt", detail, hint=hint))
            if work.ask.kind == "top_up":
                till.give_up(work, given=False)
            else:
                work.question = "goods_given"
                till.show(work, TAP_AGAIN, "not_sure")
        with trio.move_on_after(2):
            while not (work.over or work.question):
                await work.changed.wait()
        return reply(told(till, work))

    async def _do(self, request: Request, till: Till, ask: Ask) -> Response:
        repeated = (ask.id, ask.part) in till.works
        try:
            work = till.submit(ask)
        except OtherContent as error:
            hint = "a new basket needs a new id"
            raise ApiError(409, Problem("other_content", str(error), error.field, hint)) from None
        except Busy as busy:
            hint = f"cancel {busy.work.ask.id.hex()} first, or wait for it"
            raise ApiError(409, Problem("busy", str(busy), hint=hint)) from None
        return await self._wait(request, till, work, repeated)

    async def _wait(self, request: Request, till: Till, work: Work, repeated: bool) -> Response:
        """Until it ends, asks, or wants another tap; or the time is over, or the client gone."""
        with trio.move_on_after(_wait_s(request)):
            await _until(request.receive, lambda: work, _tells)
        return reply(told(till, work, repeated))


def _tells(work: Work) -> bool:
    return work.over or work.state == ASKING or work.question is not None


async def _until(receive: Receive, of: Callable[[], Work], done: Callable[[Work], bool]) -> None:
    work = of()
    if done(work):
        return
    async with trio.open_nursery() as nursery:
        nursery.start_soon(cancel_when_gone, receive, nursery.cancel_scope)
        while not done(work):
            await work.changed.wait()
        nursery.cancel_scope.cancel()


def _known(till: Till, body: Any) -> Work:
    work = till.works.get((_id(body), body.part))
    if work is None:
        hint = "GET the state of the till: it says what is under way"
        raise ApiError(404, Problem("unknown_work", "this till knows nothing of that", hint=hint))
    return work


def _wait_s(request: Request) -> float:
    said = request.query_params.get("wait", "")
    if not said:
        return WAIT_S
    if not (said.isascii() and said.isdecimal() and len(said) <= 3):
        raise bad_field("wait", "wait is no whole number of seconds", f"0 to {WAIT_S_MAX:g}")
    return min(float(said), WAIT_S_MAX)


def _id(body: Any) -> bytes:
    return bytes.fromhex(body.id)


async def _body(request: Request, decoder: Any) -> Any:
    return read_json_untrusted(await request.body(), decoder, bodies.HINTS, _EXAMPLE)


def no_room(reason: TillReason = TillReason.NO_ROOM) -> ApiError:
    """503: the ledger's disk is full."""
    detail, hint = words(reason)
    return ApiError(503, Problem("no_room", detail, hint=hint))


_QUOTING = bodies.decoder(bodies.Quoting)
_PAYING = bodies.decoder(bodies.Paying)
_LOOKING = bodies.decoder(bodies.Looking)
_TOPPING = bodies.decoder(bodies.ToppingUp)
_REVERSING = bodies.decoder(bodies.Reversing)
_REFUNDING = bodies.decoder(bodies.Refunding)
_CASHING = bodies.decoder(bodies.CashingOut)
_BANDING = bodies.decoder(bodies.Banding)
_ANSWERING = bodies.decoder(bodies.Answering)
_CANCELLING = bodies.decoder(bodies.Cancelling)
