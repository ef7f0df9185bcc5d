"""Mutual TLS: who may come in, and whose certificate a request sees."""

from __future__ import annotations

import contextlib
import ssl
from pathlib import Path

import pytest

from config.binds import Bind
from tests.config.serving import (
    LOOPS,
    Authority,
    answer,
    ask,
    connect,
    request,
    serve,
)

both_loops = pytest.mark.parametrize("loop", LOOPS)


@both_loops
def test_each_request_sees_the_certificate_of_its_own_client(loop: str, tmp_path: Path) -> None:
    authority = Authority(tmp_path)

    def play(address: Bind) -> None:
        with authority.connect(address, "a") as a, authority.connect(address, "b") as b:
            # Both are connected before either sends; and the later one speaks first.
            for _ in range(2):
                for sock, name in ((b, "b"), (a, "a")):
                    sock.sendall(request())
                    status, said = answer(sock)
                    assert (status, said["peer"]) == (200, authority.der(name).hex())

    assert serve(loop, play, tls=authority.tls).crashed == 0


@both_loops
def test_a_client_without_our_certificate_stays_outside(loop: str, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    (tmp_path / "other").mkdir()
    stranger = Authority(tmp_path / "other").issue("a")

    def play(address: Bind) -> None:
        with contextlib.suppress(OSError), authority.connect(address, None) as sock:
            sock.sendall(request())
            assert answer(sock) == (0, None)
        context = ssl.create_default_context(cafile=str(authority.ca))
        context.load_cert_chain(*stranger)
        with contextlib.suppress(OSError):
            foreign = context.wrap_socket(connect(address), server_hostname="localhost")
            foreign.sendall(request())
            assert answer(foreign) == (0, None)
        with connect(address) as plain:
            plain.sendall(request())
            assert answer(plain) == (0, None)
        with authority.connect(address, "a") as sock:
            sock.sendall(request())
            assert answer(sock)[0] == 200

    assert serve(loop, play, tls=authority.tls).crashed == 0


@both_loops
def test_a_plain_listener_knows_no_certificate(loop: str) -> None:
    def play(address: Bind) -> None:
        assert ask(address, request())[1]["peer"] is None

    serve(loop, play)
