"""The operations of tills, as OpenAPI tells them."""

from typing import Any, Final

from config.runtime.openapi import Answer as Said
from config.runtime.openapi import Operation
from edge.core.receipt import Receipt
from edge.till.work import Told
from edge.web import till_bodies as bodies
from edge.web.badge_signin import SigningIn
from edge.web.problems import Problem
from edge.web.signin import SessionBody
from edge.web.till_closings import ClosingsBody
from edge.web.till_devices import DevicesBody, Pairing
from edge.web.till_lost import Losing, LostBands

_BAD: Final = Said("The request is wrong; `field` and `hint` say how", Problem)
_NO_TILL: Final = Said("There is no such till (or nothing by that name there)", Problem)
_NOT_NOW: Final = Said("Not now; `problem` says why", Problem)
_CLOSED: Final = {
    401: Said("There is sign-in here, and the caller has not", Problem),
    403: Said("The caller may not do this", Problem),
}
_LIMITS: Final = {
    413: Said("The body is too large", Problem),
    415: Said("The content type is not application/json", Problem),
    500: Said("The handler crashed; tills go on", Problem),
    503: Said("There is no room for facts", Problem),
}
_WAIT: Final = {"wait": "How many seconds to wait for the end, 0 to 60; 25 if left out"}
_TILL: Final = "/v1/tills/{till}"


def _work(path: str, summary: str, body: Any) -> Operation:
    answers = {
        200: Said("How it stands; refusals are values", Told),
        400: _BAD, 404: _NO_TILL,
        409: Said("Another basket is under way, or this name had other content", Problem),
        **_CLOSED, **_LIMITS,
    }  # fmt: skip
    return Operation("POST", f"{_TILL}/{path}", summary, answers, body=body, query=_WAIT)


def _told(path: str, summary: str, body: Any) -> Operation:
    answers = {200: Said("As it is now", body), 404: _NO_TILL, 409: _NOT_NOW, **_CLOSED}
    return Operation("GET", f"{_TILL}/{path}", summary, answers)


def _done(path: str, summary: str, body: Any, answer: Any) -> Operation:
    answers = {
        200: Said("Done, durable", answer), 400: _BAD, 404: _NO_TILL, 409: _NOT_NOW, **_CLOSED,
        **_LIMITS,
    }  # fmt: skip
    return Operation("POST", f"{_TILL}/{path}", summary, answers, body=body)


TILL_OPERATIONS: Final = (
    Operation(
        "GET", "/v1/tills", "All tills of this gateway",
        {200: Said("Tills", bodies.TillsBody), **_CLOSED},
    ),
    _told("grid", "The buttons of a till in this phase", bodies.GridBody),
    _told("state", "How a till stands, for a page that was loaded anew", bodies.StateBody),
    _told("closings", "Closings of this process, and earlier Z in short", ClosingsBody),
    _told("receipts", "The last receipts of the shift", bodies.ReceiptsBody),
    _told("receipts/{number}", "One receipt as data; ?copy=1 is a reprint", Receipt),
    Operation(
        "GET", f"{_TILL}/receipts/{{number}}/picture", "A receipt as the paper would look, a copy",
        {200: Said("A picture", media_type="image/png"), 404: _NO_TILL, 409: _NOT_NOW, **_CLOSED},
        query={"lang": "de, en or fr; en if left out"},
    ),
    Operation(
        "GET", "/v1/tills/words", "What each `reason` of a work is in the cashier's language",
        {200: Said("Words by reason", bodies.SpokenBody), 400: _BAD, **_CLOSED},
        query={"lang": "de, en or fr; en if left out"},
    ),
    _done("quotes", "Price a basket; writes nothing. Without a price: `refused` says why",
          bodies.Quoting, bodies.QuoteBody),
    _work("payments", "Have a basket paid, once", bodies.Paying),
    _work("balance", "What is on a band", bodies.Looking),
    _work("top-ups", "Money onto a band", bodies.ToppingUp),
    _work("reversals", "Take a sale of this shift back", bodies.Reversing),
    _work("refunds", "Goods come back", bodies.Refunding),
    _work("cash-outs", "Cash for what is on a band", bodies.CashingOut),
    _work("money-back", "The money of a top-up that never reached the band that is tapped goes "
          "back the way it came, once the band shows so and the question is answered with yes",
          bodies.Looking),
    _work("bands", "Issue, replace or lock a band", bodies.Banding),
    _done("lost-bands", "Which band somebody has lost, by what they still know of it", Losing,
          LostBands),
    _work("answers", "The cashier's answer to a question", bodies.Answering),
    _work("cancel", "Take a work off the till; ?force=1 gives up one in doubt", bodies.Cancelling),
    _done("shifts", "Open a shift, move cash, close it counted", bodies.Shifting,
          bodies.ShiftBody),
    _done("closings", "An X, or the Z of a closed shift", bodies.Closing, bodies.ClosingBody),
    Operation(
        "POST", f"{_TILL}/sign-in", "Sign in by a band that is a badge, at the reader of this till",
        {
            200: Said("Signed in; the cookie is set", SessionBody), 400: _BAD,
            401: Said("This band signs nobody in", Problem),
            403: Said("This device is not paired with the till; or the band can be copied, and "
                      "this role needs better proof", Problem),
            404: Said("There is no such till, or nobody signs in here", Problem),
            409: Said("A guest is being served, no reader, or no band came", Problem),
            429: Said("Too many tries; `retry-after` says how long to wait", Problem), **_LIMITS,
        },
        body=SigningIn,
    ),
    _told("devices", "The devices on which staff may sign in by a band here", DevicesBody),
    _done("devices", "Pair the device that asks with this till, or forget one; its cookie is set",
          Pairing, DevicesBody),
    _done("training", "Training on or off", bodies.Training, bodies.StateBody),
)  # fmt: skip
