"""Typed problems: every refusal is JSON `{"problem", "detail", …}` with one status."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import asyncpg
import msgspec
from starlette.requests import Request
from starlette.responses import Response

from central.database import PASSING

if TYPE_CHECKING:
    from central.service import Service

log = logging.getLogger("gatehouse.central.web")
RETRY_AFTER_S = 5
JSON = "application/json"


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a request was refused; `wanted` with gap, `seq` with fork."""

    problem: str
    detail: str = ""
    wanted: int | None = None
    seq: int | None = None


class Refusal(Exception):
    """Ends a request with this answer."""

    def __init__(self, status: int, problem: Problem) -> None:
        super().__init__(problem.problem)
        self.status = status
        self.problem = problem


def as_json(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer of anything msgspec can write; bytes must have become hex before."""
    return Response(msgspec.json.encode(value), status, headers, media_type=JSON)


def refuse(status: int, problem: str, detail: str) -> Refusal:
    """A refusal that says no more than what and why."""
    return Refusal(status, Problem(problem, detail))


def bad_parameter(name: str, meaning: str) -> Refusal:
    """A part of the address or a query parameter that is not what it should be."""
    return refuse(422, "bad_parameter", f"{name} must be {meaning}")


def whole_number(text: str, name: str, least: int, most: int) -> int:
    """A decimal number in [least, most]. Raises Refusal (422)."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 20):
        raise bad_parameter(name, f"a whole number from {least} to {most}")
    value = int(text)
    if not least <= value <= most:
        raise bad_parameter(name, f"a whole number from {least} to {most}")
    return value


def answered(
    service: Service, endpoint: Callable[[Request], Awaitable[Response]]
) -> Callable[[Request], Awaitable[Response]]:
    """The border of one request: refusals, a database that is away, and our own mistakes."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Refusal as refusal:
            return as_json(refusal.problem, refusal.status)
        except asyncpg.DataError as error:
            return _mistake(service, error)
        except PASSING as error:
            # Nothing is half stored: the transaction ended with the error.
            service.not_now(error)
            detail = "the database cannot take this now; nothing was stored, send it again"
            full = isinstance(error, asyncpg.DiskFullError)
            problem = Problem("disk_full" if full else "unavailable", detail)
            return as_json(problem, 503, {"retry-after": str(RETRY_AFTER_S)})
        except Exception as error:  # noqa: BLE001 - the border: one request fails alone
            return _mistake(service, error)

    return answer


def _mistake(service: Service, error: Exception) -> Response:
    service.errors.inc()
    log.error("a request ended by an unexpected error", exc_info=error)
    return as_json(Problem("internal", "our mistake; it has been logged"), 500)
