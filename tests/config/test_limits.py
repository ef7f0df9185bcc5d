"""What a request may be; on real sockets over both loops."""

from __future__ import annotations

import pytest

from config.binds import Bind
from config.runtime.limits import Limits
from tests.config.serving import LOOPS, ask, request, serve

both_loops = pytest.mark.parametrize("loop", LOOPS)


@both_loops
def test_each_request_gets_its_answer(loop: str) -> None:
    rows = [
        (request(), 200, None),
        (request(b"", "GET"), 200, None),
        (request(b"", "GET", host="127.0.0.1:8081"), 200, None),
        (request(b"", "GET", host="[::1]:8081"), 200, None),
        (request(b"", "GET", host="evil.example"), 400, "bad_host"),
        (request(b"", "GET", host="localhost.evil.example"), 400, "bad_host"),
        (request(host="localhost:8081", origin="http://localhost:8081"), 200, None),
        (request(host="localhost:8081", origin="http://localhost:8082"), 403, "foreign_origin"),
        (request(origin="https://localhost"), 403, "foreign_origin"),
        (request(origin="https://evil.example"), 403, "foreign_origin"),
        (request(b"", "GET", origin="null"), 403, "foreign_origin"),
        (request(content_type="application/json; charset=utf-8"), 200, None),
        (request(content_type="text/plain"), 415, "wrong_type"),
        (request(content_type="application/x-www-form-urlencoded"), 415, "wrong_type"),
        (request(content_type=""), 415, "wrong_type"),
        (request(b"", content_type=""), 415, "wrong_type"),
        (request(b"", "DELETE", content_type=""), 200, None),
        (request(bytes(101)), 413, "too_large"),
        (request(bytes(100)), 200, None),
        (request(Content_Type="text/plain"), 400, "bad_request"),
    ]

    def play(address: Bind) -> None:
        for data, status, problem in rows:
            got, said = ask(address, data)
            assert (got, said.get("problem")) == (status, problem), data
            if problem is not None:
                assert said["detail"] and said["hint"]

    serve(loop, play, limits=Limits(body_bytes_max=100))


@both_loops
def test_the_application_gets_the_body_in_one_piece(loop: str) -> None:
    def play(address: Bind) -> None:
        chunks = b"2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n"
        data = request(b"", content_length="", transfer_encoding="chunked") + chunks
        status, said = ask(address, data)
        assert (status, said["body"], said["whole"]) == (200, "abcde", True)

    serve(loop, play)


@both_loops
def test_a_listener_says_which_content_it_takes(loop: str) -> None:
    def play(address: Bind) -> None:
        data = request(
            b"x", "PUT", host="any", content_type="application/vnd.gatehouse.blocks+zstd"
        )
        assert ask(address, data)[0] == 200
        assert ask(address, request(host="any"))[0] == 415

    kinds = ("application/vnd.gatehouse.blocks+zstd",)
    serve(loop, play, limits=Limits(hosts=(), content_types=kinds))
