"""`status`: what a daemon says of itself, over TCP and over a unix socket."""

import http.server
import json
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import pytest

from edge.commands import status as command
from edge.commands.errors import UNAVAILABLE, USAGE, CommandFailed
from edge.commands.status import peers, status
from tests.edge.commands.calling import edge


class Daemon(http.server.BaseHTTPRequestHandler):
    """Answers one question, as `config.runtime.health` does."""

    answer = (200, b'{"ready": true, "reasons": []}')

    def do_GET(self) -> None:
        code, body = self.answer if self.path == "/readyz" else (404, b"")
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass

    def address_string(self) -> str:
        return "unix"


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def tcp(code: int, body: bytes) -> http.server.HTTPServer:
    handler = type("Answering", (Daemon,), {"answer": (code, body)})
    return http.server.HTTPServer(("127.0.0.1", 0), handler)


NOT_READY = b'{"ready": false, "reasons": ["the ledger is nearly full"]}'


@pytest.mark.parametrize(
    ("code", "body", "expected"), [(200, Daemon.answer[1], 0), (503, NOT_READY, 1)]
)
def test_the_answer_is_printed_and_is_the_exit_code(
    code: int, body: bytes, expected: int, capsys: pytest.CaptureFixture[str]
) -> None:
    server = tcp(code, body)
    with serving(server):
        assert status(None, f"127.0.0.1:{server.server_port}") == expected
    assert json.loads(capsys.readouterr().out) == json.loads(body)


def test_a_unix_socket_named_by_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "api.sock"
    file = tmp_path / "gateway.toml"
    file.write_text(resources.files("config").joinpath("gateway.example.toml").read_text("utf-8"))
    monkeypatch.setenv("GATEHOUSE__LOCAL_API__BIND", f"unix:{path}")
    server = socketserver.UnixStreamServer(str(path), Daemon)
    with serving(server):
        assert status(file, None) == 0
    assert json.loads(capsys.readouterr().out) == {"ready": True, "reasons": []}


def test_somebody_else_answers() -> None:
    server = tcp(200, b"<html>")
    with serving(server), pytest.raises(CommandFailed, match="not a Gatehouse daemon"):
        status(None, f"127.0.0.1:{server.server_port}")


def test_nobody_answers() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        said = edge("status", "--bind", f"127.0.0.1:{free.getsockname()[1]}")
    assert (said.code, said.out) == (UNAVAILABLE, "")
    assert "Connection refused" in said.err


@pytest.mark.parametrize(
    ("config", "bind"),
    [(None, None), (Path("a"), "127.0.0.1:1"), (None, "localhost:1"), (None, "nonsense")],
)
def test_wrong_words(config: Path | None, bind: str | None) -> None:
    with pytest.raises(CommandFailed) as told:
        status(config, bind)
    assert told.value.exit_code == USAGE


def test_a_broken_configuration_is_told(tmp_path: Path) -> None:
    said = edge("status", "--config", tmp_path / "none.toml")
    assert said.code == 78
    assert "does not exist" in said.err


def sibling(state: str, **changes: object) -> dict[str, object]:
    row = {"name": "south", "revoked": False, "connected": True, "heard_s": 0.1, "state": state}
    return {**row, **changes}


def with_siblings(*answers: dict[str, object]) -> http.server.HTTPServer:
    """A daemon whose siblings look so at each question, and at the end like the last."""
    told = [
        {"gateway": "north", "conflicts": 0, "digest": {"age_s": 0}, "siblings": [row]}
        for row in answers
    ]
    asked: list[str] = []

    class Answering(Daemon):
        def do_GET(self) -> None:
            body = told[min(len(asked), len(told) - 1)]
            self.path, path = "/readyz", self.path
            asked.append(path)
            self.answer = (200, json.dumps(body).encode())
            super().do_GET()

    server = http.server.HTTPServer(("127.0.0.1", 0), Answering)
    server.asked = asked  # type: ignore[attr-defined]
    return server


def called(*answers: dict[str, object]) -> tuple[int, list[str]]:
    server = with_siblings(*answers)
    with serving(server):
        code = peers(None, f"127.0.0.1:{server.server_port}")
    return code, server.asked  # type: ignore[attr-defined]


def test_siblings_are_waited_for_until_they_have_compared(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "COMPARE_S", 0.1)
    code, asked = called(sibling(""), sibling(""), sibling("same"))
    assert (code, asked) == (0, ["/v1/status?digest=now", "/v1/status", "/v1/status"])
    said = capsys.readouterr()
    assert json.loads(said.out)["siblings"][0]["state"] == "same" and said.err == ""
    assert called(sibling(""))[0] == 0  # it is ahead or behind: nothing is said against it
    assert called(sibling("", connected=False, heard_s=None))[0] == 1


def test_another_state_is_said_loudly(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "COMPARE_S", 0.1)
    assert called(sibling("differs"))[0] == 1
    assert "ANOTHER STATE OF THE SAME FACTS: this gateway and south" in capsys.readouterr().err
