"""The local API as one ASGI application, to be served by `config.runtime.listen_trio`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from config.gateway import LocalApi
from config.runtime.health import Health
from config.runtime.limits import LOOPBACK_HOSTS, Limits
from config.runtime.listen import Connections
from edge.core.occupancy import occupancy
from edge.digests import DigestFailed
from edge.gateway import Gateway
from edge.till.tills import Tills
from edge.web import page
from edge.web.annulments import Annulments
from edge.web.described import openapi
from edge.web.display import Shows
from edge.web.found_guests import FoundGuests
from edge.web.guest_search import GuestSearch
from edge.web.metrics import GatewayMetrics
from edge.web.overrides import Overrides
from edge.web.presentations import WAIT_S, Presentations
from edge.web.problems import (
    ApiError,
    Border,
    Problem,
    on_api_error,
    on_crash,
    on_http_error,
    reply,
)
from edge.web.signin import Door
from edge.web.simulations import Simulations
from edge.web.status import (
    LanesBody,
    LedgerRoom,
    Sources,
    Status,
    lane_rows,
    readiness,
    status,
)
from edge.web.stream import BEAT_S, Events
from edge.web.till_routes import till_routes
from edge.wiring import Device

LISTENER: Final = "local"


def limits_for(api: LocalApi) -> Limits:
    """What the listener accepts. A unix socket has no host name to be called by."""
    address = api.address
    names = [f"[{name}]" if ":" in name else name.lower() for name in (address.host, *api.names)]
    return Limits(
        hosts=() if address.path else tuple(dict.fromkeys((*LOOPBACK_HOSTS, *names))),
        hosts_hint="further names stand in [local_api] names",
        body_bytes_max=api.body_bytes_max,
        read_timeout_s=api.read_timeout_s,
        connections_max=api.connections_max,
    )


def make_app(
    gateway: Gateway,
    *,
    ledger_room: Callable[[], LedgerRoom],
    uplink: Callable[[], Mapping[str, Any]] | None = None,
    devices: Sequence[Device] = (),
    connections: Connections | None = None,
    door: Door | None = None,
    tills: Tills | None = None,
    wait_s: float = WAIT_S,
    beat_s: float = BEAT_S,
) -> Border:
    """The application: an ASGI callable that never raises. Without a `door` nobody signs in.

    `uplink` is `Uplink.status`, or None without a centre. `connections` are the counts of the
    listener, for its metrics. A presentation is waited for `wait_s` seconds; a silent stream of
    events sends a comment every `beat_s` seconds.
    """
    sources = Sources(gateway, ledger_room, uplink, devices)
    health = GatewayHealth(sources)
    if connections is not None:
        health.watch_connections(LISTENER, connections)
    door = Door(gateway) if door is None else door
    app = Starlette(
        routes=[
            *_staff_routes(gateway, door, wait_s),
            *_told_routes(sources, door, beat_s),
            *health.routes(),
            *till_routes(tills, door),
            *page.routes(gateway),
        ],
        exception_handlers={
            ApiError: on_api_error,
            HTTPException: on_http_error,
            Exception: on_crash,
        },
    )
    # An address with a slash too many is answered 404, not sent elsewhere.
    app.router.redirect_slashes = False
    border = Border(app)
    health.registry.register(GatewayMetrics(sources, lambda: border.crashed))
    return border


def _told_routes(sources: Sources, door: Door, beat_s: float) -> list[Route]:
    """What the gateway tells of itself, and who is asking."""
    gateway, described = sources.gateway, openapi()

    async def lanes(_request: Request) -> Response:
        return reply(LanesBody(lane_rows(sources)))

    async def now(request: Request) -> Response:
        return reply(await _status(sources, request))

    async def inside(_request: Request) -> Response:
        return reply(occupancy(gateway.state, gateway.policy, gateway.clock.now().ms))

    async def description(_request: Request) -> Response:
        return reply(described)

    return [
        Route("/v1/lanes", door.guard("watch", lanes), methods=["GET"]),
        Route("/v1/lanes/{lane}/shown", Shows(gateway, door).get, methods=["GET"]),
        Route("/v1/status", door.guard("watch", now), methods=["GET"]),
        Route("/v1/occupancy", door.guard("watch", inside), methods=["GET"]),
        Route("/v1/events", Events(gateway, door, beat_s).get, methods=["GET"]),
        Route("/v1/session", door.get, methods=["GET"]),
        Route("/v1/session", door.post, methods=["POST"]),
        Route("/v1/session", door.delete, methods=["DELETE"]),
        Route("/openapi.json", description, methods=["GET"]),
    ]


async def _status(sources: Sources, request: Request) -> Status:
    if request.query_params.get("digest") == "now":
        try:
            await sources.gateway.digests.now()
        except DigestFailed as error:
            hint = "ask again in a minute"
            raise ApiError(503, Problem("no_digest", str(error), hint=hint)) from None
    return status(sources)


def _staff_routes(gateway: Gateway, door: Door, wait_s: float) -> list[Route]:
    """What a scanner and whoever holds it do; each asks the door for its own right."""
    presentations = Presentations(gateway, door, wait_s)
    override = Overrides(gateway, door, presentations).post
    found = FoundGuests(gateway, door, presentations).post
    simulate = Simulations(gateway, door).post
    return [
        Route("/v1/lanes/{lane}/presentations", presentations.post, methods=["POST"]),
        Route("/v1/lanes/{lane}/override", override, methods=["POST"]),
        Route("/v1/lanes/{lane}/guests", found, methods=["POST"]),
        Route("/v1/lanes/{lane}/simulations", simulate, methods=["POST"]),
        Route("/v1/annulments", Annulments(gateway, door).post, methods=["POST"]),
        Route("/v1/guests", GuestSearch(gateway, door).get, methods=["GET"]),
    ]


class GatewayHealth(Health):
    """`/readyz` is 503 only for what makes the gateway useless; the rest is told with 200."""

    def __init__(self, sources: Sources) -> None:
        super().__init__(lambda: readiness(sources)[0])
        self._sources = sources

    async def readyz(self, _request: Request) -> Response:
        stops, warnings = readiness(self._sources)
        body = {"ready": not stops, "reasons": stops + warnings}
        return JSONResponse(body, status_code=503 if stops else 200)
