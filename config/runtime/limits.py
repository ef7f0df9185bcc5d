"""How long, how large and from where a request may be (ARCHITECTURE.md, Listening).

hypercorn limits neither bodies nor their time. `Limited` reads the whole body, within its bounds,
before the application hears of the request, so that no application needs a thought about it:

    400 bad_host, bad_request    403 foreign_origin    408 too_slow    413 too_large
    415 wrong_type               505 http_version
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol

import msgspec

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Limits(msgspec.Struct, frozen=True):
    """What one listener accepts.

    `hosts` are the names by which it may be called, without a port; a page of another site that
    makes a browser call us (DNS rebinding) carries its own name. Empty: any, for unix sockets and
    for listeners that know their clients by certificate.
    """

    hosts: tuple[str, ...] = LOOPBACK_HOSTS
    #: How one more name gets among them, for whoever is refused by `bad_host`.
    hosts_hint: str = ""
    body_bytes_max: int = 16 * 1024
    #: Time for the headers, and then again for the body.
    read_timeout_s: float = 5.0
    #: Time for one piece of an answer to leave; a client that stops reading is let go.
    send_timeout_s: float = 60.0
    connections_max: int = 128
    #: Of bodies. A form of another site can send none of these without asking first (CORS).
    content_types: tuple[str, ...] = ("application/json",)


class Within(Protocol):
    """Run `work` for at most `seconds`, else raise TimeoutError. Each loop brings its own."""

    async def __call__(self, seconds: float, work: Callable[[], Awaitable[bytes]]) -> bytes: ...


class Refused(Exception):
    """The request ends here, with this answer."""

    def __init__(self, status: int, problem: str, detail: str, hint: str) -> None:
        super().__init__(problem)
        self.status = status
        self.problem = problem
        self.detail = detail
        self.hint = hint


class _Gone(Exception):
    """The client left before its request was whole."""


class Limited:
    """An ASGI application behind `limits`. Lifespan events pass."""

    def __init__(self, app: App, limits: Limits, within: Within) -> None:
        self.app = app
        self.limits = limits
        self.within = within

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            # Before it is accepted, closing a web socket answers 403 and ends the connection.
            await send({"type": "websocket.close", "code": 1008})
            return
        try:
            check_head(scope, self.limits)
            body = await self._body(scope, receive)
        except _Gone:
            return
        except Refused as refused:
            await refuse(scope, send, refused)
            return
        await self.app(scope, _replay(body, receive), send)

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        try:
            return await self.within(
                self.limits.read_timeout_s,
                lambda: read_body(receive, self.limits.body_bytes_max),
            )
        except TimeoutError:
            detail = f"the body did not arrive within {self.limits.read_timeout_s:g} s"
            raise Refused(408, "too_slow", detail, "ask again, with the whole body") from None


def check_head(scope: Scope, limits: Limits) -> None:
    """Everything that can be said about a request before its body. Raises Refused."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name = raw_name.decode("latin-1").lower()
        if name in headers and name in ("host", "origin", "content-type", "content-length"):
            raise Refused(400, "bad_request", f"the header {name} came twice", "send it once")
        headers[name] = raw_value.decode("latin-1").strip()
    if scope.get("http_version", "1.1") not in ("1.0", "1.1"):
        hint = "switch HTTP/2 off at the client, or at the proxy between"
        raise Refused(505, "http_version", "only HTTP/1.1 is spoken here", hint)
    host = headers.get("host", "")
    if limits.hosts and _without_port(host) not in limits.hosts:
        hint = f"call it by {', '.join(limits.hosts)}"
        hint += f"; {limits.hosts_hint}" if limits.hosts_hint else ""
        raise Refused(400, "bad_host", "this service is not called by that host name", hint)
    origin = headers.get("origin")
    if origin is not None and origin.lower() != f"{scope['scheme']}://{host}".lower():
        detail = "pages of other sites may not call this service"
        hint = "open this service's own page; a proxy must pass Host on as the browser sent it"
        raise Refused(403, "foreign_origin", detail, hint)
    length = headers.get("content-length")
    if length is not None and length.isdecimal() and int(length) > limits.body_bytes_max:
        raise _too_large(limits.body_bytes_max)
    if scope["method"] not in _SAFE_METHODS:
        has_body = length not in (None, "0") or "transfer-encoding" in headers
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        # Also without a body: a bare POST is what a form of another site can send.
        wanted = has_body or scope["method"] != "DELETE"
        if wanted and kind not in limits.content_types:
            detail = "the content type must be " + " or ".join(limits.content_types)
            hint = f"send the header content-type: {limits.content_types[0]}"
            raise Refused(415, "wrong_type", detail, hint)


async def read_body(receive: Receive, most_bytes: int) -> bytes:
    """The body of a request, counted as it comes; the length a client claims proves nothing."""
    parts = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        parts += message.get("body", b"")
        if len(parts) > most_bytes:
            raise _too_large(most_bytes)
        if not message.get("more_body", False):
            return bytes(parts)


async def refuse(scope: Scope, send: Send, refused: Refused) -> None:
    """Answer, then hang up: what the client still sends is not read."""
    told = {"problem": refused.problem, "detail": refused.detail, "hint": refused.hint}
    answer = json.dumps(told).encode()
    head = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(answer)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": refused.status, "headers": head})
    hang_up = scope.get("state", {}).get("hang_up")
    # With a way to hang up, the answer is left open: ending it would make hypercorn hand the rest
    # of the body to an application that no longer reads.
    await send({"type": "http.response.body", "body": answer, "more_body": hang_up is not None})
    if hang_up is not None:
        hang_up()


def _replay(body: bytes, receive: Receive) -> Receive:
    """First the body, whole; after it whatever comes (the client leaving)."""
    told = False

    async def replay() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _too_large(most_bytes: int) -> Refused:
    detail = f"a body here has at most {most_bytes} bytes"
    return Refused(413, "too_large", detail, "send less at once")


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0].lower() + "]"
    return host.partition(":")[0].lower()
