"""Health answers, on real sockets over both loops."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette

from config.binds import Bind
from config.runtime.health import Health
from config.runtime.listen import Connections
from tests.config.serving import LOOPS, ask, connect, receive, request, serve


@pytest.mark.parametrize("loop", LOOPS)
def test_the_three_questions_are_answered(loop: str) -> None:
    reasons: list[str] = []
    health = Health(lambda: reasons)
    counts = Connections(3)
    counts.crashed = 7
    health.watch_connections("api", counts)

    def play(address: Bind) -> None:
        assert ask(address, request(b"", "GET", "/livez")) == (200, {"alive": True})
        ready = request(b"", "GET", "/readyz")
        assert ask(address, ready) == (200, {"ready": True, "reasons": []})
        reasons.append("the disk has room for 1 more segment")
        assert ask(address, ready) == (503, {"ready": False, "reasons": reasons})
        with connect(address) as sock:
            sock.sendall(request(b"", "GET", "/metrics", connection="close"))
            said = b""
            while more := receive(sock):
                said += more
        assert b"text/plain; version=0.0.4" in said
        assert b"gatehouse_http_connections_crashed_api 7.0" in said
        assert b"gatehouse_http_connections_open_api 0.0" in said

    serve(loop, play, app=Starlette(routes=health.routes()))


def test_two_daemons_in_one_process_do_not_share_metrics() -> None:
    for _ in range(2):
        Health(list).watch_connections("api", Connections(1))
