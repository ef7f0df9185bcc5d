"""Every error of the local API as JSON, and the border that keeps a crash to its request."""

import logging
from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from config.runtime.limits import App, Message, Receive, Scope, Send

log = logging.getLogger(__name__)


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """`problem` is a word for programs; `detail` and `hint` are read aloud.

    `field`: of the request's JSON. `lanes`: those there are.
    """

    problem: str
    detail: str
    field: str = ""
    hint: str = ""
    lanes: list[int] = []


class ApiError(Exception):
    """The request ends with this answer."""

    def __init__(
        self, status: int, problem: Problem, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(problem.detail)
        self.status = status
        self.problem = problem
        self.headers = headers


def bad_field(field: str, detail: str, hint: str = "") -> ApiError:
    """400: this field of the request cannot be taken."""
    return ApiError(400, Problem("bad_field", detail, field, hint))


def reply(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """`body` as JSON. Nothing of a live system is kept by caches."""
    told = {"cache-control": "no-store", **(headers or {})}
    return Response(msgspec.json.encode(body), status, told, "application/json")


async def on_api_error(_request: Request, error: Exception) -> Response:
    """Starlette calls this for an `ApiError`."""
    assert isinstance(error, ApiError)
    return reply(error.problem, error.status, error.headers)


async def on_http_error(request: Request, error: Exception) -> Response:
    """Starlette calls this when no route takes a request (404, 405)."""
    assert isinstance(error, HTTPException)
    allowed = (error.headers or {}).get("Allow", "")
    if error.status_code == 405:
        detail = f"{request.method} is not possible here"
        problem = Problem("method_not_allowed", detail, hint=f"possible: {allowed}")
    elif error.status_code == 404:
        hint = "/openapi.json lists all there is"
        problem = Problem("not_found", "there is nothing at this address", hint=hint)
    else:
        problem = Problem("refused", str(error.detail))
    return reply(problem, error.status_code, error.headers)


async def on_crash(_request: Request, _error: Exception) -> Response:
    """The answer to a request whose handler crashed; `Border` logs and counts it."""
    detail = "something went wrong in the gateway's API; lanes are not touched by it"
    hint = "ask again with the same nonce; tell whoever looks after this gateway"
    return reply(Problem("crashed", detail, hint=hint), 500)


class Border:
    """The supervision border around one request: a crash is logged and counted, and ends here."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.crashed = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception:  # noqa: BLE001 - the border: one handler, one request
            self.crashed += 1
            if self.crashed & (self.crashed - 1) == 0:  # a flood of crashes is no flood of traces
                fields = {"path": scope.get("path", ""), "crashed_count": self.crashed}
                log.exception("a handler of the local API crashed", extra=fields)
            if not started and scope["type"] == "http":
                answer = await on_crash(Request(scope), RuntimeError())
                await answer(scope, receive, send)


async def _lifespan(receive: Receive, send: Send) -> None:
    """Nothing to do at start and end. Starlette's own would take a cancelled stop for a crash."""
    for event in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{event}.complete"})
