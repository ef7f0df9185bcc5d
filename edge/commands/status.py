"""`status`: what the running daemon answers to ``/readyz``."""

import http.client
import json
import socket
import sys
from pathlib import Path

from config.binds import Bind, parse_bind
from config.gateway import Gateway
from config.load import load
from edge.commands.errors import ANSWER_IS_NO, OK, UNAVAILABLE, USAGE, CommandFailed

TIMEOUT_S = 5.0
ANSWER_BYTES_MAX = 1 << 20


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over the unix socket at `path`."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(TIMEOUT_S)
        self.sock.connect(self._path)


def status(config: Path | None, bind: str | None) -> int:
    """Print the daemon's readiness as JSON. Exit code 0 ready, 1 not ready.

    Raises `CommandFailed` when nobody answers, `ConfigInvalid` for a broken configuration.
    """
    if config is not None and bind is None:
        address = load(config, Gateway).local_api.address
    elif bind is not None and config is None:
        address = _parse(bind)
    else:
        raise CommandFailed("status needs either --config FILE or --bind HOST:PORT", USAGE)
    code, body = _ask(address)
    try:
        answer = json.loads(body)
    except ValueError:
        raise CommandFailed(f"{address} is not a Gatehouse daemon", UNAVAILABLE) from None
    json.dump(answer, sys.stdout, ensure_ascii=False)
    sys.stdout.write("\n")
    return OK if code == 200 else ANSWER_IS_NO


def _parse(bind: str) -> Bind:
    try:
        return parse_bind(bind)
    except ValueError as error:
        raise CommandFailed(f"--bind {bind}: {error}", USAGE) from None


def _ask(address: Bind) -> tuple[int, bytes]:
    connection: http.client.HTTPConnection
    if address.path:
        connection = _UnixConnection(address.path)
    else:
        connection = http.client.HTTPConnection(address.host, address.port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        return answer.status, answer.read(ANSWER_BYTES_MAX)
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise CommandFailed(f"no daemon answers at {address}: {reason}", UNAVAILABLE) from None
    finally:
        connection.close()
