"""A small HTTPS server on loopback that answers what a test tells it to, byte for byte."""

import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import trio

from crypto import authority, trust
from edge.identity import load_identity, tls_context
from edge.transport import HttpTransport
from tests.crypto import samples

SERVER_SEED = b"\x71" * 32


class Request(msgspec.Struct):
    """What came in; `peer` is the common name of the client's certificate."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    peer: str


Answer = Callable[[Request], bytes]


def answer(status: int, body: bytes = b"", headers: str = "") -> bytes:
    head = f"HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\n{headers}\r\n"
    return head.encode() + body


def make_authority(seed: bytes = samples.AUTHORITY_SEED) -> authority.Authority:
    return authority.make_authority(seed, samples.TENANT, int(time.time()), 1)


def client_context(folder: Path, root: authority.Authority) -> ssl.SSLContext:
    """The context of an enrolled gateway."""
    pem = authority.make_device_certificate(
        root, samples.TENANT, samples.GATEWAY, samples.DEVICE_KEY.public, int(time.time()), 2
    )
    folder.mkdir(exist_ok=True)
    (folder / "device.key").write_text((b"\x22" * 32).hex())
    (folder / "device.key").chmod(0o600)
    made = samples.make_trust(device_pem=pem, ca_pem=root.pem)
    (folder / "trust.json").write_bytes(trust.encode_trust(made))
    return tls_context(load_identity(folder))


def server_context(
    folder: Path, root: authority.Authority, hosts: list[str], clients: authority.Authority
) -> ssl.SSLContext:
    """The context of a centre called `hosts`, by authority `root`; it takes those of `clients`."""
    public = samples.SigningKey(SERVER_SEED).public
    pem = authority.make_server_certificate(
        root, samples.TENANT, hosts, public, int(time.time()), 3
    )
    file = folder / "server.pem"
    file.write_text(authority.private_key_pem(SERVER_SEED) + pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    context.load_verify_locations(cadata=clients.pem)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


@asynccontextmanager
async def centre(
    folder: Path,
    answers: Answer,
    *,
    root: authority.Authority | None = None,
    hosts: list[str] | None = None,
    timeout_s: float = 5.0,
) -> AsyncIterator[HttpTransport]:
    """A transport to a server that answers by `answers`; `root`: of another authority than ours."""
    ours = make_authority()
    context = server_context(folder, root or ours, hosts or ["localhost"], ours)

    async def serve(stream: trio.SSLStream[trio.SocketStream]) -> None:
        try:
            while True:
                request = await _read(stream)
                if request is None:
                    return
                await stream.send_all(answers(request))
        except (trio.BrokenResourceError, trio.ClosedResourceError, OSError, ssl.SSLError):
            return
        finally:
            await trio.aclose_forcefully(stream)

    async with trio.open_nursery() as nursery:
        listeners = await trio.open_ssl_over_tcp_listeners(0, context, host="127.0.0.1")
        port = listeners[0].transport_listener.socket.getsockname()[1]
        nursery.start_soon(trio.serve_listeners, serve, listeners)
        transport = HttpTransport(
            f"https://localhost:{port}", samples.GATEWAY, client_context(folder / "id", ours),
            timeout_s,
        )  # fmt: skip
        try:
            with trio.fail_after(30):
                yield transport
        finally:
            await transport.aclose()
            nursery.cancel_scope.cancel()


async def _read(stream: trio.SSLStream[trio.SocketStream]) -> Request | None:
    raw = b""
    while b"\r\n\r\n" not in raw:
        part = await stream.receive_some()
        if not part:
            return None
        raw += part
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in lines}
    while len(body) < int(headers.get("content-length", "0")):
        body += await stream.receive_some()
    method, target, _ = first.split(" ")
    names = stream.getpeercert()["subject"]
    peer = next(value for ((name, value),) in names if name == "commonName")
    return Request(method, target, headers, body, peer)
