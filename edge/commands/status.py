"""`status` and `peers status`: what the running daemon answers."""

import http.client
import json
import socket
import sys
from pathlib import Path
from typing import Any

from config.binds import Bind, parse_bind
from config.gateway import Gateway
from config.load import load
from edge.commands.errors import ANSWER_IS_NO, OK, UNAVAILABLE, USAGE, CommandFailed

TIMEOUT_S = 5.0
ANSWER_BYTES_MAX = 1 << 20
#: A sibling that was not heard for longer is missed.
HEARD_S = 10.0


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
    code, body = _ask(_address(config, bind), "/readyz")
    json.dump(_read(body), sys.stdout, ensure_ascii=False)
    sys.stdout.write("\n")
    return OK if code == 200 else ANSWER_IS_NO


def peers(config: Path | None, bind: str | None) -> int:
    """Print what the daemon knows of its siblings as JSON. Exit code 0 all heard, 1 not.

    Raises as `status`.
    """
    _, body = _ask(_address(config, bind), "/v1/status")
    answer = _read(body)
    if "siblings" not in answer:
        raise CommandFailed("the daemon tells nothing of siblings: it wants a sign-in", UNAVAILABLE)
    rows = answer["siblings"]
    told = {"gateway": answer["gateway"], "conflicts": answer["conflicts"], "siblings": rows}
    json.dump(told, sys.stdout, ensure_ascii=False)
    sys.stdout.write("\n")
    missed = [row for row in rows if not row["revoked"] and row["heard_s"] is None]
    missed += [row for row in rows if row["heard_s"] is not None and row["heard_s"] > HEARD_S]
    return ANSWER_IS_NO if missed else OK


def _read(body: bytes) -> Any:
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise CommandFailed("this is not a Gatehouse daemon", UNAVAILABLE)
    return answer


def _address(config: Path | None, bind: str | None) -> Bind:
    if config is not None and bind is None:
        return load(config, Gateway).local_api.address
    if bind is not None and config is None:
        return _parse(bind)
    raise CommandFailed("needs either --config FILE or --bind HOST:PORT", USAGE)


def _parse(bind: str) -> Bind:
    try:
        return parse_bind(bind)
    except ValueError as error:
        raise CommandFailed(f"--bind {bind}: {error}", USAGE) from None


def _ask(address: Bind, path: str) -> tuple[int, bytes]:
    connection: http.client.HTTPConnection
    if address.path:
        connection = _UnixConnection(address.path)
    else:
        connection = http.client.HTTPConnection(address.host, address.port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read(ANSWER_BYTES_MAX)
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise CommandFailed(f"no daemon answers at {address}: {reason}", UNAVAILABLE) from None
    finally:
        connection.close()
