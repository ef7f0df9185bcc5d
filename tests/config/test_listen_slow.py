"""Slow, greedy and too many clients: each place comes back, and the next guest is served."""

from __future__ import annotations

import contextlib

import pytest

from config.binds import Bind
from config.runtime.limits import Limits
from tests.config.serving import (
    LOOPS,
    answer,
    ask,
    connect,
    eventually,
    flood,
    receive,
    request,
    serve,
)

both_loops = pytest.mark.parametrize("loop", LOOPS)


@both_loops
def test_one_connection_too_many_is_told_so_and_places_come_back(loop: str) -> None:
    def play(address: Bind) -> None:
        with contextlib.ExitStack() as stack:
            held = [stack.enter_context(connect(address)) for _ in range(3)]
            for sock in held:
                sock.sendall(request())
                assert answer(sock)[0] == 200
            status, said = ask(address, request())
            assert (status, said["problem"]) == (503, "busy")
            held[0].close()
            eventually(lambda: ask(address, request())[0] == 200)
            held[1].sendall(request())
            assert answer(held[1])[0] == 200

    counts = serve(loop, play, limits=Limits(connections_max=3))
    assert counts.refused >= 1


@both_loops
def test_a_client_that_never_sends_its_headers_loses_its_place(loop: str) -> None:
    def play(address: Bind) -> None:
        with connect(address) as slow, connect(address) as silent:
            slow.sendall(request()[:20])
            assert receive(silent) == b""
            assert receive(slow) == b""
            assert ask(address, request())[0] == 200

    serve(loop, play, limits=Limits(read_timeout_s=0.2, connections_max=3))


@both_loops
def test_a_client_that_never_sends_its_body_is_told_and_loses_its_place(loop: str) -> None:
    def play(address: Bind) -> None:
        with connect(address) as slow:
            slow.sendall(request(content_length="10"))
            status, said = answer(slow)
            assert (status, said["problem"]) == (408, "too_slow")
            assert receive(slow) == b""
        eventually(lambda: ask(address, request())[0] == 200)

    serve(loop, play, limits=Limits(read_timeout_s=0.2, connections_max=1))


@both_loops
@pytest.mark.parametrize("claimed", [True, False])
def test_a_body_too_large_is_refused_and_the_next_guest_served(loop: str, claimed: bool) -> None:
    """Also one that comes in pieces, which hypercorn alone would wait over for ever."""

    def play(address: Bind) -> None:
        big = bytes(300_000)
        data = request(big)
        if not claimed:
            chunk = b"100\r\n" + bytes(256) + b"\r\n"
            data = request(b"", content_length="", transfer_encoding="chunked") + chunk * 1000

        def refused() -> bool:
            with connect(address) as sock:
                with contextlib.suppress(ConnectionError):
                    sock.sendall(data)
                status, said = answer(sock)
                return status == 413 and said["problem"] == "too_large"

        # More often than there are places: each must come back.
        for _ in range(5):
            eventually(refused)
        eventually(lambda: ask(address, request())[0] == 200)

    serve(loop, play, limits=Limits(connections_max=2))


@both_loops
@pytest.mark.timeout(60)
def test_a_client_that_stops_reading_does_not_keep_the_daemon_alive(loop: str) -> None:
    with contextlib.ExitStack() as stack:

        def play(address: Bind) -> None:
            sock = stack.enter_context(connect(address))
            sock.sendall(request())
            assert receive(sock)  # From here on the server's buffers only fill up.

        serve(loop, play, app=flood)


@both_loops
def test_a_client_that_stops_reading_is_let_go(loop: str) -> None:
    with contextlib.ExitStack() as stack:

        def play(address: Bind) -> None:
            sock = stack.enter_context(connect(address))
            sock.sendall(request())
            assert receive(sock)
            eventually(lambda: ask_status(address) == 200)

        def ask_status(address: Bind) -> int:
            with connect(address) as other:
                other.sendall(request())
                return int(receive(other)[9:12])

        limits = Limits(connections_max=1, send_timeout_s=0.2)
        serve(loop, play, app=flood, limits=limits)
