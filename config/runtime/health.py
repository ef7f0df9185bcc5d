"""`/livez`, `/readyz` and `/metrics`: three questions every daemon answers alike.

/livez    does the process turn over? 200, always. systemd's watchdog asks the same.
/readyz   can it do its work? 200, or 503 with the reasons, in words a technician reads
/metrics  counts, in the text format of Prometheus
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from config.runtime.listen import Connections


class Health:
    """The health of one daemon. `reasons()` says why it is not ready; nothing: it is.

    Metrics live in `registry`, of this object alone, so that two daemons in one test never meet.
    """

    def __init__(
        self, reasons: Callable[[], Iterable[str]], registry: CollectorRegistry | None = None
    ) -> None:
        self.reasons = reasons
        self.registry = CollectorRegistry() if registry is None else registry

    def routes(self) -> list[Route]:
        """The three routes, for a Starlette application."""
        return [
            Route("/livez", self.livez, methods=["GET"]),
            Route("/readyz", self.readyz, methods=["GET"]),
            Route("/metrics", self.metrics, methods=["GET"]),
        ]

    def watch_connections(self, listener: str, connections: Connections) -> None:
        """Show the counts of one listener among the metrics."""
        for what in ("accepted", "refused", "crashed", "malformed"):
            self._gauge(f"http_connections_{what}", listener, _reader(connections, what))
        self._gauge("http_connections_open", listener, lambda: float(len(connections.open)))

    def _gauge(self, name: str, listener: str, read: Callable[[], float]) -> None:
        full = f"gatehouse_{name}_{listener}"
        text = name.replace("_", " ")
        Gauge(full, f"{text} ({listener})", registry=self.registry).set_function(read)

    async def livez(self, _request: Request) -> Response:
        return JSONResponse({"alive": True})

    async def readyz(self, _request: Request) -> Response:
        reasons = list(self.reasons())
        body = {"ready": not reasons, "reasons": reasons}
        return JSONResponse(body, status_code=503 if reasons else 200)

    async def metrics(self, _request: Request) -> Response:
        # Said by name: what this function produces is the text format, whatever was asked for.
        return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)


def _reader(connections: Connections, name: str) -> Callable[[], float]:
    return lambda: float(getattr(connections, name))
