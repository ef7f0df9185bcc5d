"""hypercorn with its traps closed: what is the same on both loops.

hypercorn 0.18 serves trio and asyncio, but: one connection that raises ends the process (trio);
all connections of a listener share one state; an application sees no client certificate; nothing
is limited; and a web socket that is not accepted keeps its place for ever. `listen_trio` and
`listen_asyncio` put a subclass of its TCPServer in the place of the original, with these rules
from here; `Http1Only` takes web sockets and HTTP/2 out. See ARCHITECTURE.md, Decisions.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import h11
import hypercorn.protocol
import msgspec
from hypercorn.config import Config, Sockets
from hypercorn.protocol.h11 import H11Protocol

from config.binds import Bind, parse_bind
from config.runtime.limits import Limits

log = logging.getLogger("gatehouse.listen")

#: Time for a client that is being refused to read why, before its connection is closed.
LINGER_S = 1.0
LINGER_BYTES_MAX = 1024 * 1024
#: How many connections beyond the limit are told so at the same time; others are just closed.
TOLD_MAX = 32
#: Time for answers under way when the daemon stops. It must stop within 5 s in all.
GRACE_S = 2.0
#: A unix socket is for its user and group.
UNIX_UMASK = 0o117
#: What to do about an address that cannot be had.
_WAYS_OUT = {
    errno.EADDRINUSE: " (another program listens there: end it, or configure another address)",
    errno.EADDRNOTAVAIL: " (no network card here has this address)",
}

_BUSY = b'{"problem":"busy","detail":"too many connections, try again soon"}'
BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\n"
    b"content-length: %d\r\nconnection: close\r\n\r\n%s" % (len(_BUSY), _BUSY)
)


class Tls(msgspec.Struct, frozen=True):
    """PEM files. With `client_ca`, only clients with a certificate of that authority get in."""

    certificate: str
    key: str
    client_ca: str | None = None


class Http1Only(H11Protocol):
    """HTTP/1.1 and nothing else: an offer to upgrade is not taken up, as RFC 9110 §7.8 allows.

    Nobody needs web sockets or HTTP/2 here yet, and both have ways around every limit: the
    170 bytes that end a trio process are an upgrade, with one byte behind it.
    """

    async def _check_protocol(self, event: h11.Request) -> None:
        """hypercorn would begin HTTP/2 here."""

    async def _create_stream(self, request: h11.Request) -> None:
        if any(name == b"upgrade" for name, _ in request.headers):
            request = h11.Request(
                method=request.method,
                target=request.target,
                http_version=request.http_version,
                headers=[pair for pair in request.headers if pair[0] != b"upgrade"],
            )
        await super()._create_stream(request)


class Connections:
    """Counts of one listener, also for its metrics. `crashed` should stay 0."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.open: set[Callable[[], None]] = set()
        self.accepted = 0
        self.refused = 0
        self.crashed = 0
        self.malformed = 0
        self._told = 0

    def admit(self, hang_up: Callable[[], None]) -> bool:
        """Take one more in, unless there are too many."""
        self.accepted += 1
        if len(self.open) >= self.most:
            self.refused += 1
            return False
        self.open.add(hang_up)
        return True

    def release(self, hang_up: Callable[[], None]) -> None:
        self.open.discard(hang_up)

    @contextlib.contextmanager
    def lingering(self) -> Iterator[bool]:
        """Whether one who is refused may still be told so: in a flood, only some are."""
        self._told += 1
        try:
            yield self._told <= TOLD_MAX
        finally:
            self._told -= 1

    def hang_up_all(self) -> None:
        """End every connection, whatever it is doing."""
        for hang_up in list(self.open):
            hang_up()

    def crash(self, error: BaseException) -> None:
        """One connection ended by an exception nobody expected: counted, and its trace logged.

        A flood of them must not become a flood of traces, so it is logged as the count doubles.
        """
        if _only_protocol(error):
            # Requests and answers crossed in a way that h11 refuses; the client began it.
            self.malformed += 1
            log.debug("a client broke the protocol", exc_info=error)
            return
        self.crashed += 1
        if self.crashed & (self.crashed - 1) == 0:
            log.error(
                "a connection ended by an unexpected error",
                exc_info=error,
                extra={"crashed_count": self.crashed},
            )


def _only_protocol(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(map(_only_protocol, error.exceptions))
    return isinstance(error, h11.ProtocolError)


class GuardedConfig(Config):
    """hypercorn's settings for one listener, and what the guarded servers need to know of it."""

    def __init__(self, limits: Limits, tls: Tls | None, connections: Connections) -> None:
        super().__init__()
        self.limits = limits
        self.tls = tls
        self.connections = connections
        self.errorlog = logging.getLogger("gatehouse.http")
        self.accesslog = None
        self.include_server_header = False
        self.alpn_protocols = ["http/1.1"]
        # hypercorn's name for the time until the headers of a request are there.
        self.keep_alive_timeout = limits.read_timeout_s
        self.ssl_handshake_timeout = limits.read_timeout_s
        self.graceful_timeout = GRACE_S
        self.h11_max_incomplete_size = 16 * 1024
        self.websocket_max_message_size = 1
        self.backlog = 256
        self.umask = UNIX_UMASK
        if tls is not None:
            self.certfile, self.keyfile = tls.certificate, tls.key
            if tls.client_ca is not None:
                self.ca_certs = tls.client_ca
                self.verify_mode = ssl.CERT_REQUIRED

    def create_ssl_context(self) -> ssl.SSLContext | None:
        context = super().create_ssl_context()
        if context is not None:
            context.minimum_version = ssl.TLSVersion.TLSv1_3
        return context


def open_sockets(config: GuardedConfig, binds: Iterable[str | Bind | socket.socket]) -> Sockets:
    """Bind every address (a socket that is bound already is taken as it is).

    Raises OSError naming the address. A unix socket that nobody serves any more is removed; one
    that answers is left alone, and is an error.
    """
    opened: list[socket.socket] = []
    try:
        for bind in binds:
            opened.append(bind if isinstance(bind, socket.socket) else _open(config, bind))
    except OSError:
        for sock in opened:
            sock.close()
        raise
    for sock in opened:
        sock.setblocking(False)
        sock.listen(config.backlog)
    if config.ssl_enabled:
        return Sockets(opened, [], [])
    return Sockets([], opened, [])


def _open(config: GuardedConfig, bind: str | Bind) -> socket.socket:
    address = parse_bind(bind) if isinstance(bind, str) else bind
    if address.path:
        family = socket.AF_UNIX
    else:
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if address.path:
            _remove_stale(address.path)
            before = os.umask(UNIX_UMASK)
            try:
                sock.bind(address.path)
            finally:
                os.umask(before)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.bind((address.host, address.port))
    except OSError as error:
        sock.close()
        hint = _WAYS_OUT.get(error.errno or 0, "")
        why = f"cannot listen on {address}: {error.strerror}{hint}"
        raise OSError(error.errno, why) from error
    return sock


def _remove_stale(path: str) -> None:
    if not Path(path).is_socket():
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)


def addresses(sockets: Sockets) -> list[Bind]:
    """Where the sockets really listen: with the ports the system chose for port 0."""
    found = []
    for sock in (*sockets.secure_sockets, *sockets.insecure_sockets):
        name = sock.getsockname()
        found.append(Bind(path=name) if isinstance(name, str) else Bind(host=name[0], port=name[1]))
    return found


def assert_patchable(module: object, names: Sequence[str]) -> None:
    """hypercorn still has the names that are replaced; otherwise the guard would guard nothing."""
    for name in names:
        assert hasattr(module, name), f"hypercorn changed: {module!r} has no {name}"


_protocol: Any = hypercorn.protocol
assert_patchable(_protocol, ["H11Protocol", "ProtocolWrapper"])
assert_patchable(H11Protocol, ["_check_protocol", "_create_stream"])
_protocol.H11Protocol = Http1Only


def assert_guarded(run: Any, server: type) -> None:
    """The replacements are still in place (at the start of every server)."""
    assert run.TCPServer is server, "the guarded server was replaced"
    assert _protocol.H11Protocol is Http1Only, "the guarded protocol was replaced"
