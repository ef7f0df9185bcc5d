"""Real servers on loopback for the tests of config/runtime: the same play runs over both loops."""

from __future__ import annotations

import asyncio
import datetime
import json
import socket
import ssl
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import trio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from config.binds import Bind
from config.runtime.limits import App, Limits
from config.runtime.listen import Connections, Tls
from config.runtime.listen_asyncio import serve_asyncio
from config.runtime.listen_trio import serve_trio

LOOPS = ("trio", "asyncio")
WAIT_S = 20.0


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with what it learnt of the request."""
    if scope["type"] == "lifespan":
        for event in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{event}.complete"})
        return
    message = await receive()
    peer = scope["state"].get("peer_certificate")
    answer = json.dumps(
        {
            "path": scope["path"],
            "body": message["body"].decode("latin-1"),
            "whole": not message["more_body"],
            "peer": None if peer is None else peer.hex(),
        }
    ).encode()
    head = [(b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": answer})


async def flood(scope: Any, receive: Any, send: Any) -> None:
    """An answer without end."""
    if scope["type"] == "lifespan":
        await echo(scope, receive, send)
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    while True:
        await send({"type": "http.response.body", "body": bytes(65536), "more_body": True})


def serve(
    loop: str,
    play: Callable[[Bind], None],
    *,
    app: App = echo,
    bind: str = "127.0.0.1:0",
    limits: Limits | None = None,
    tls: Tls | None = None,
) -> Connections:
    """Run `play(address)` in a thread while `app` is served; afterwards stop in good order."""
    limits = Limits(read_timeout_s=10.0) if limits is None else limits
    counts = Connections(limits.connections_max)
    if loop == "trio":
        try:
            trio.run(partial(_trio, play, app, bind, limits, tls, counts))
        except ExceptionGroup as group:
            raise _innermost(group) from None
    else:
        asyncio.run(_asyncio(play, app, bind, limits, tls, counts))
    assert not counts.open
    return counts


def _innermost(error: Exception) -> Exception:
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error


async def _trio(
    play: Any, app: App, bind: str, limits: Limits, tls: Tls | None, counts: Connections
) -> None:
    stop = trio.Event()
    async with trio.open_nursery() as nursery:
        run = partial(serve_trio, tls=tls, connections=counts, shutdown=stop)
        (address,) = await nursery.start(run, app, [bind], limits)
        try:
            await trio.to_thread.run_sync(play, address)
        finally:
            stop.set()


async def _asyncio(
    play: Any, app: App, bind: str, limits: Limits, tls: Tls | None, counts: Connections
) -> None:
    stop = asyncio.Event()
    bound: asyncio.Future[list[Bind]] = asyncio.get_running_loop().create_future()
    server = asyncio.create_task(
        serve_asyncio(
            app,
            [bind],
            limits,
            tls=tls,
            connections=counts,
            shutdown=stop,
            started=bound.set_result,
        )
    )
    try:
        await asyncio.wait({bound, server}, return_when=asyncio.FIRST_COMPLETED)
        if server.done():
            server.result()
        (address,) = await bound
        await asyncio.to_thread(play, address)
    finally:
        stop.set()
        if not server.done():
            await server


def connect(address: Bind) -> socket.socket:
    if address.path:
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(WAIT_S)
        sock.connect(address.path)
        return sock
    sock = socket.create_connection((address.host, address.port), WAIT_S)
    sock.settimeout(WAIT_S)
    return sock


def request(body: bytes = b"{}", method: str = "POST", path: str = "/", **headers: str) -> bytes:
    """The bytes of a good request; a header of the value "" is left out."""
    lines = {"host": "localhost", "content-type": "application/json"}
    lines |= {"content-length": str(len(body))}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def answer(sock: socket.socket) -> tuple[int, Any]:
    """(status, JSON or None) of the next answer; status 0 if there is none."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = receive(sock)
        if not more:
            return 0, None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        body += receive(sock) or b"?"
    return int(head.split(b" ")[1]), json.loads(body) if body else None


def receive(sock: socket.socket) -> bytes:
    try:
        return sock.recv(65536)
    except (ConnectionError, ssl.SSLError):
        return b""


def ask(address: Bind, data: bytes) -> tuple[int, Any]:
    """One connection, one request, one answer."""
    with connect(address) as sock:
        sock.sendall(data)
        return answer(sock)


def eventually(condition: Callable[[], bool]) -> None:
    """Wait until it is so; fail if it never is."""
    end = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.005)


class Authority:
    """A certificate authority of a test, with a server and as many clients as one likes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._sign("authority", self.key, ca=True)
        self.ca = folder / "ca.pem"
        self.ca.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        certificate, key = self.issue("localhost")
        self.tls = Tls(certificate=str(certificate), key=str(key), client_ca=str(self.ca))

    def _sign(
        self, name: str, key: ec.EllipticCurvePrivateKey, ca: bool = False
    ) -> x509.Certificate:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        issuer = subject if ca else self.certificate.subject
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .sign(self.key, hashes.SHA256())
        )

    def issue(self, name: str) -> tuple[Path, Path]:
        """Certificate and key, as PEM files."""
        key = ec.generate_private_key(ec.SECP256R1())
        files = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        files[0].write_bytes(self._sign(name, key).public_bytes(serialization.Encoding.PEM))
        files[1].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return files

    def connect(self, address: Bind, name: str | None) -> ssl.SSLSocket:
        """Connect as `name`, or with no certificate at all."""
        context = ssl.create_default_context(cafile=str(self.ca))
        if name is not None:
            context.load_cert_chain(*self.issue(name))
        return context.wrap_socket(connect(address), server_hostname="localhost")

    def der(self, name: str) -> bytes:
        return ssl.PEM_cert_to_DER_cert((self.folder / f"{name}.pem").read_text())
