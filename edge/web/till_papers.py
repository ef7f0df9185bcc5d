"""What a till says and shows to people: words in the cashier's language, receipts as pictures."""

from typing import Final

import trio
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edge.core.receipt import Receipt
from edge.core.texts import LANGUAGES, Texts
from edge.core.till_phrases import spoken
from edge.printing.escpos import PrintPlan, render
from edge.printing.picture import Printer
from edge.till.receipts import receipt_of
from edge.till.tills import Tills
from edge.web import till_bodies as bodies
from edge.web.problems import ApiError, Problem, bad_field, reply
from edge.web.signin import Door
from edge.web.till_works import till_called

COLUMNS: Final = 42
_DIGITS_MAX: Final = 9


class TillPapers:
    """For the tills of one gateway; None: it has none."""

    def __init__(self, tills: Tills | None, door: Door) -> None:
        self._tills = tills
        self._door = door

    def routes(self) -> list[Route]:
        """Words of all tills, receipts of each."""
        receipt = "/v1/tills/{till}/receipts/{number}"
        return [
            Route("/v1/tills/words", self.words, methods=["GET"]),
            Route(receipt, self.receipt, methods=["GET"]),
            Route(f"{receipt}/picture", self.picture, methods=["GET"]),
        ]

    async def words(self, request: Request) -> Response:
        """GET /v1/tills/words?lang=de: what every reason of a work is in that language."""
        self._door.require(request, "tills")
        language = _language(request)
        texts = self._tills.gateway.texts if self._tills is not None else Texts()
        said = spoken(language, texts.desk(language))
        table = {reason: bodies.Said(each.detail, each.hint) for reason, each in said.items()}
        return reply(bodies.SpokenBody(language, table))

    async def receipt(self, request: Request) -> Response:
        """GET /v1/tills/{till}/receipts/{number}; `?copy=1` is a reprint."""
        return reply(self._found(request))

    async def picture(self, request: Request) -> Response:
        """GET /v1/tills/{till}/receipts/{number}/picture: as the paper would look, a copy."""
        found, plan = self._found(request, copy=True), PrintPlan(language=_language(request))
        try:
            png = await trio.to_thread.run_sync(_drawn, found, plan)
        except ValueError as error:  # never shown to a guest: what is wrong must not be printed
            detail = f"this receipt contradicts itself and is not shown: {error}"
            hint = "tell whoever looks after this gateway; the sale stands as it is booked"
            raise ApiError(409, Problem("bad_receipt", detail, hint=hint)) from None
        return Response(png, media_type="image/png", headers={"cache-control": "no-store"})

    def _found(self, request: Request, *, copy: bool = False) -> Receipt:
        self._door.require(request, "tills")
        till = till_called(self._tills, request.path_params["till"])
        said = request.path_params["number"]
        copy = copy or request.query_params.get("copy") == "1"
        number = int(said) if said.isascii() and said.isdecimal() else 0
        short = number > 0 and len(said) <= _DIGITS_MAX
        found = receipt_of(till, number, copy=copy) if short else None
        if found is None:
            detail = f"there is no receipt {said[:20]!r} in this shift"
            hint = "older ones are at the centre"
            raise ApiError(404, Problem("unknown_receipt", detail, hint=hint))
        return found


def _language(request: Request) -> str:
    asked = request.query_params.get("lang", "en")
    if asked not in LANGUAGES:
        hint = "one of " + ", ".join(LANGUAGES)
        raise bad_field("lang", f"{asked[:20]!r} is not spoken here", hint)
    return asked


def _drawn(receipt: Receipt, plan: PrintPlan) -> bytes:
    """As a picture; takes some tens of milliseconds."""
    printer = Printer(plan.columns)
    printer.take(render(receipt, plan))
    return printer.png()
