"""The guard of hypercorn, on real loopback sockets, over both loops."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import ssl
import struct
import subprocess
import sys
import types
from pathlib import Path

import h11
import hypercorn.protocol
import pytest
from hypercorn.protocol.h11 import H11Protocol

from config.binds import Bind
from config.runtime import listen
from config.runtime.limits import Limits
from config.runtime.listen import Connections, GuardedConfig, Http1Only
from tests.config.serving import (
    LOOPS,
    Authority,
    answer,
    ask,
    connect,
    receive,
    request,
    serve,
)

#: The connection that ends an unguarded hypercorn on trio: a good upgrade and one byte more.
DEADLY = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\nX"
)
UNGUARDED = """
import sys, trio, hypercorn.trio
from hypercorn.config import Config
from hypercorn.trio.run import worker_serve
from hypercorn.utils import wrap_app

async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.close", "code": 1008})

async def main():
    config = Config()
    config.bind = ["127.0.0.1:0"]
    sockets = config.create_sockets()
    sockets.insecure_sockets[0].listen(5)
    print(sockets.insecure_sockets[0].getsockname()[1], flush=True)
    await worker_serve(wrap_app(app, 0, "asgi"), config, sockets=sockets)

trio.run(main)
"""

both_loops = pytest.mark.parametrize("loop", LOOPS)


def test_without_the_guard_one_connection_ends_the_process() -> None:
    """Should this ever fail, hypercorn is cured and part of the guard can go."""
    with subprocess.Popen(
        [sys.executable, "-c", UNGUARDED], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        try:
            assert child.stdout is not None
            address = Bind(host="127.0.0.1", port=int(child.stdout.readline()))
            with connect(address) as sock:
                sock.sendall(DEADLY)
                receive(sock)
                assert child.wait(30) != 0
        finally:
            child.kill()


@both_loops
def test_a_malformed_upgrade_is_just_a_request(loop: str) -> None:
    def play(address: Bind) -> None:
        for _ in range(3):
            with connect(address) as sock:
                sock.sendall(DEADLY)
                assert answer(sock)[0] == 200
        assert ask(address, request())[0] == 200

    assert serve(loop, play).crashed == 0


@both_loops
def test_what_a_connection_raises_stays_with_it(
    loop: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Crashing(Http1Only):
        async def _create_stream(self, request: h11.Request) -> None:
            if request.target == b"/crash":
                raise RuntimeError("planted")
            await super()._create_stream(request)

    def play(address: Bind) -> None:
        monkeypatch.setattr(hypercorn.protocol, "H11Protocol", Crashing)
        with connect(address) as before:
            before.sendall(request())
            assert answer(before)[0] == 200
            for _ in range(2):
                assert ask(address, request(path="/crash")) == (0, None)
            before.sendall(request())
            assert answer(before)[0] == 200
        assert ask(address, request())[0] == 200

    counts = serve(loop, play)
    assert (counts.accepted, counts.crashed) == (4, 2)
    assert "unexpected error" in caplog.text
    assert "planted" in caplog.text


@both_loops
def test_http_2_is_not_begun(loop: str) -> None:
    def play(address: Bind) -> None:
        with connect(address) as sock:
            sock.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9))
            assert answer(sock)[0] in (0, 400, 505)
        upgrade = request(b"", "GET", connection="upgrade, http2-settings", upgrade="h2c")
        assert ask(address, upgrade)[0] == 200

    assert serve(loop, play).crashed == 0


def bad_connections(address: Bind, count: int, seed: int) -> None:
    """Requests cut off, altered, followed by garbage; some clients wait, most are just gone."""
    dice = random.Random(seed)
    chunked = b"POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"
    seeds = [DEADLY, request(), chunked, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x02"]
    seeds += [request(b"", "GET", connection="upgrade", upgrade="h2c"), request() + request()]
    seeds += [request(content_length="99999999999999999999"), request(expect="100-continue")]
    for _ in range(count):
        data = bytearray(dice.choice(seeds))
        for _ in range(dice.choice((0, 1, 1, 2, 8))):
            match dice.randrange(3):
                case 0:
                    data[dice.randrange(len(data))] = dice.randrange(256)
                case 1:
                    del data[1 + dice.randrange(len(data)) :]
                case 2:
                    data += dice.randbytes(dice.choice((1, 1, 7, 300)))
        with connect(address) as sock, contextlib.suppress(OSError):
            sock.sendall(data)
            if dice.random() < 0.2:
                sock.shutdown(socket.SHUT_WR)
                while receive(sock):
                    pass
            elif dice.random() < 0.3:
                # Closed by a reset, in the midst of whatever the server is doing.
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@both_loops
def test_thousands_of_bad_connections(loop: str) -> None:
    _fuzz(loop, 1000)


@pytest.mark.long
@pytest.mark.timeout(900)
@both_loops
def test_forty_thousand_bad_connections(loop: str) -> None:
    _fuzz(loop, 40_000)


def _fuzz(loop: str, count: int) -> None:
    def play(address: Bind) -> None:
        bad_connections(address, count, seed=1)
        assert ask(address, request())[0] == 200

    limits = Limits(read_timeout_s=1.0, connections_max=4096)
    counts = serve(loop, play, limits=limits)
    assert counts.accepted == count + 1
    assert counts.crashed == 0


@both_loops
def test_a_unix_socket_is_for_user_and_group(loop: str, tmp_path: Path) -> None:
    path = tmp_path / "api.sock"

    def play(address: Bind) -> None:
        assert address.path == str(path)
        assert path.stat().st_mode & 0o777 == 0o660
        assert ask(address, request())[0] == 200
        with pytest.raises(OSError, match="cannot listen on unix:"):
            serve(loop, lambda _: None, bind=f"unix:{path}")
        assert ask(address, request())[0] == 200  # Its socket was not taken away.

    serve(loop, play, bind=f"unix:{path}")
    serve(loop, play, bind=f"unix:{path}")  # What the first left behind is no obstacle.


@both_loops
def test_an_address_in_use_is_named(loop: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        bind = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(OSError, match=f"cannot listen on {bind}: .*another program listens"):
            serve(loop, lambda _: None, bind=bind)


def test_several_addresses_are_opened_together_or_not_at_all() -> None:
    config = GuardedConfig(Limits(), None, Connections(1))
    sockets = listen.open_sockets(config, ["127.0.0.1:0", Bind(host="127.0.0.1")])
    first, second = listen.addresses(sockets)
    assert first.port != second.port != 0
    for sock in sockets.insecure_sockets:
        sock.close()
    with pytest.raises(OSError, match="cannot listen"):
        listen.open_sockets(config, ["127.0.0.1:0", "192.0.2.1:1"])


def test_a_socket_bound_by_a_parent_is_taken_over() -> None:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        sockets = listen.open_sockets(GuardedConfig(Limits(), None, Connections(1)), [bound])
        assert listen.addresses(sockets)[0].port == bound.getsockname()[1]


def test_only_tls_1_3_is_spoken(tmp_path: Path) -> None:
    config = GuardedConfig(Limits(), Authority(tmp_path).tls, Connections(1))
    context = config.create_ssl_context()
    assert context is not None
    assert context.minimum_version == ssl.TLSVersion.TLSv1_3
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert GuardedConfig(Limits(), None, Connections(1)).create_ssl_context() is None


def test_a_hypercorn_without_the_patched_names_is_noticed() -> None:
    with pytest.raises(AssertionError, match="hypercorn changed"):
        listen.assert_patchable(types.ModuleType("run"), ["TCPServer"])


@pytest.mark.parametrize("module", ["listen_trio", "listen_asyncio"])
def test_a_guard_that_was_taken_away_is_noticed(
    module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = module.removeprefix("listen_")
    run = sys.modules[f"hypercorn.{loop}.run"]
    with monkeypatch.context() as patch:
        patch.setattr(run, "TCPServer", object)
        with pytest.raises(AssertionError, match="server was replaced"):
            serve(loop, lambda _: None)
    with monkeypatch.context() as patch:
        patch.setattr(hypercorn.protocol, "H11Protocol", H11Protocol)
        with pytest.raises(AssertionError, match="protocol was replaced"):
            serve(loop, lambda _: None)


def test_a_flood_of_crashes_is_not_a_flood_of_traces(caplog: pytest.LogCaptureFixture) -> None:
    counts = Connections(1)
    for _ in range(1000):
        counts.crash(RuntimeError("planted"))
    assert counts.crashed == 1000
    assert len(caplog.records) == 10  # 1, 2, 4 ... 512


def test_a_client_that_breaks_the_protocol_is_no_crash_of_ours(
    caplog: pytest.LogCaptureFixture,
) -> None:
    counts = Connections(1)
    broken = h11.LocalProtocolError("planted")
    counts.crash(ExceptionGroup("", [broken, ExceptionGroup("", [broken])]))
    assert (counts.crashed, counts.malformed) == (0, 1)
    counts.crash(ExceptionGroup("", [broken, ValueError()]))
    assert (counts.crashed, counts.malformed) == (1, 1)
    assert len(caplog.records) == 1


def test_only_some_of_a_flood_are_told_that_it_is_busy() -> None:
    counts = Connections(1)
    with contextlib.ExitStack() as stack:
        told = [stack.enter_context(counts.lingering()) for _ in range(listen.TOLD_MAX + 5)]
        assert told.count(True) == listen.TOLD_MAX
    with counts.lingering() as may:
        assert may


def test_the_child_of_a_daemon_inherits_no_listener() -> None:
    config = GuardedConfig(Limits(), None, Connections(1))
    sockets = listen.open_sockets(config, ["127.0.0.1:0"])
    (sock,) = sockets.insecure_sockets
    assert not os.get_inheritable(sock.fileno())
    sock.close()
