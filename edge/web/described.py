"""The operations of the local API, as OpenAPI tells them."""

from typing import Any, Final

from config.runtime.openapi import Answer as Told
from config.runtime.openapi import Operation, document
from edge.answers import Answer
from edge.core.occupancy import Occupancy
from edge.gateway import VERSION
from edge.web.annulments import Annulled, Annulling
from edge.web.display import Shown
from edge.web.found_guests import Found
from edge.web.guest_search import GuestsBody
from edge.web.overrides import Overriding
from edge.web.presentations import Presented
from edge.web.problems import Problem
from edge.web.signin import SessionBody, SignIn
from edge.web.simulations import Simulated
from edge.web.status import LanesBody, Status
from edge.web.till_described import TILL_OPERATIONS

_BAD: Final = Told("The request is wrong; `field` and `hint` say how", Problem)
_NO_LANE: Final = Told("There is no such lane; `lanes` are those there are", Problem)
_CLOSED: Final = {
    401: Told("There is sign-in here, and the caller has not", Problem),
    403: Told("The caller may not do this (here)", Problem),
}
_LIMITS: Final = {
    413: Told("The body is too large", Problem),
    415: Told("The content type is not application/json", Problem),
    500: Told("The handler crashed; no lane is touched by it", Problem),
}
_LANG: Final = {"lang": "Languages of guest_text: de, en, fr, with commas"}
_EVENTS: Final = Told("Server-sent events, until the client closes", None, "text/event-stream")

OPERATIONS: Final = (
    Operation(
        "POST", "/v1/lanes/{lane:int}/presentations", "Present a ticket code to a lane",
        {
            200: Told(
                "Admitted or refused, durable; `questions`, `choices` and `may_accept_unpaid` say"
                " what is to be said beside the code, with a new nonce", Answer,
            ),
            400: _BAD, 404: _NO_LANE,
            409: Told("The nonce was used for another presentation", Problem),
            503: Told("Too many presentations wait", Problem),
            504: Told("No answer in time; ask again with the same nonce", Problem),
            **_CLOSED,
            **_LIMITS,
        },
        body=Presented,
        query=_LANG,
    ),
    Operation(
        "POST", "/v1/lanes/{lane:int}/override", "Admit a ticket whatever stands in its way",
        {
            200: Told("Admitted, or refused as it names no ticket of ours; durable", Answer),
            400: _BAD, 404: _NO_LANE,
            409: Told("The nonce was used for another presentation", Problem),
            503: Told("Too many presentations wait", Problem),
            504: Told("No answer in time; ask again with the same nonce", Problem),
            **_CLOSED,
            **_LIMITS,
        },
        body=Overriding,
        query=_LANG,
    ),
    Operation(
        "POST", "/v1/lanes/{lane:int}/guests", "Admit a guest of the list who was found by name",
        {
            200: Told("Admitted or refused, durable; or what would be said", Answer),
            400: _BAD, 404: _NO_LANE,
            409: Told("The nonce was used for another presentation", Problem),
            503: Told("Too many presentations wait", Problem),
            504: Told("No answer in time; ask again with the same nonce", Problem),
            **_CLOSED,
            **_LIMITS,
        },
        body=Found,
        query=_LANG,
    ),
    Operation(
        "POST", "/v1/lanes/{lane:int}/simulations", "What a lane would say; nothing is recorded",
        {
            200: Told("The answer, with `simulated`", Answer), 400: _BAD, 404: _NO_LANE,
            **_CLOSED,
            **_LIMITS,
        },
        body=Simulated,
        query=_LANG,
    ),
    Operation(
        "POST", "/v1/annulments", "Take a scan of the last minutes back",
        {
            200: Told("Taken back, durable", Annulled), 400: _BAD,
            409: Told("It cannot be; `problem` says why", Problem),
            503: Told("There is no room for facts", Problem),
            **_CLOSED,
            **_LIMITS,
        },
        body=Annulling,
    ),
    Operation(
        "GET", "/v1/guests", "Find guests by name",
        {200: Told("The best 20", GuestsBody), 400: _BAD, **_CLOSED},
        query={"name": "Three letters or more; accents and small slips do not matter"},
    ),
    Operation(
        "GET", "/v1/lanes", "All lanes and their devices",
        {200: Told("Lanes", LanesBody), **_CLOSED},
    ),
    Operation(
        "GET", "/v1/lanes/{lane}/shown", "A lane as its display shows it between two guests",
        {200: Told("The lane", Shown), 404: _NO_LANE, **_CLOSED},
    ),
    Operation(
        "GET", "/v1/status", "The gateway now",
        {
            200: Told("Status", Status), **_CLOSED,
            503: Told("No digest could be worked out", Problem),
        },
        query={"digest": "\"now\": work the digest of the state out first; takes seconds"},
    ),
    Operation(
        "GET", "/v1/occupancy", "Who is inside by place and product, and how they came by the hour",
        {200: Told("By what this gateway has heard", Occupancy), **_CLOSED},
    ),
    Operation(
        "GET", "/v1/session", "Who is calling, and what they may do",
        {200: Told("Also for who is not signed in", SessionBody)},
    ),
    Operation(
        "POST", "/v1/session", "Sign in with name and PIN; answers with a cookie",
        {
            200: Told("Signed in", SessionBody), 400: _BAD,
            401: Told("This name and PIN do not belong together", Problem),
            404: Told("Nobody signs in at this gateway", Problem),
            429: Told("Too many tries; Retry-After says how long", Problem),
            **_LIMITS,
        },
        body=SignIn,
    ),
    Operation(
        "DELETE", "/v1/session", "Sign out", {200: Told("Signed out, or never in", SessionBody)}
    ),
    Operation(
        "GET", "/v1/events", "Live events",
        {
            200: _EVENTS, 400: _BAD, **_CLOSED, 404: _NO_LANE,
            503: Told("Too many listeners", Problem),
        },
        query={"lane": "Only events of this lane; may be repeated"},
    ),
    Operation("GET", "/livez", "Does the process turn over?", {200: Told("It does")}),
    Operation(
        "GET", "/readyz", "Can guests be admitted?",
        {200: Told("Yes; `reasons` may still say what to look at"), 503: Told("No: `reasons`")},
    ),
    Operation("GET", "/metrics", "Figures for Prometheus", {200: Told("Text", None, "text/plain")}),
    Operation("GET", "/openapi.json", "This document", {200: Told("OpenAPI 3.1")}),
)  # fmt: skip


def openapi() -> dict[str, Any]:
    """The document, ready for JSON."""
    return document("Gatehouse gateway", VERSION, (*OPERATIONS, *TILL_OPERATIONS))
