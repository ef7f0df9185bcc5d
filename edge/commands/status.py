"""`status` and `peers status`: what the running daemon answers."""

import http.client
import json
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from config.binds import Bind, parse_bind
from config.gateway import Gateway
from config.load import load
from edge.commands.errors import ANSWER_IS_NO, OK, UNAVAILABLE, USAGE, CommandFailed

TIMEOUT_S = 5.0
#: Writing down a million facts takes a slow machine so long.
DIGEST_TIMEOUT_S = 150.0
#: Siblings that know the same facts answer with their digests within this time, or are not waited
#: for: whoever is ahead or behind never does.
COMPARE_S = 4.0
ANSWER_BYTES_MAX = 1 << 20
#: A sibling that was not heard for longer is missed.
HEARD_S = 10.0


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over the unix socket at `path`."""

    def __init__(self, path: str, timeout_s: float) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
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
    """Print what the daemon knows of its siblings as JSON. Exit code 0 all well, 1 not.

    States are compared: a sibling that makes another state of the same facts is said on standard
    error, and is an exit of 1 as one that was not heard. Raises as `status`.
    """
    address = _address(config, bind)
    answer = _status(address, "/v1/status?digest=now", DIGEST_TIMEOUT_S)
    deadline = time.monotonic() + COMPARE_S
    while any(map(_open, answer["siblings"])) and time.monotonic() < deadline:
        time.sleep(COMPARE_S / 20)
        answer = _status(address, "/v1/status")
    rows = answer["siblings"]
    names = ("gateway", "digest", "conflicts", "siblings")
    json.dump({name: answer[name] for name in names}, sys.stdout, ensure_ascii=False)
    sys.stdout.write("\n")
    differ = [row["name"] for row in rows if row["state"] == "differs"]
    if differ:
        print(f"ANOTHER STATE OF THE SAME FACTS: this gateway and {', '.join(differ)}; one of them"
              " decides wrongly. Keep both ledgers and report it.", file=sys.stderr)  # fmt: skip
    missed = [row for row in rows if not row["revoked"] and row["heard_s"] is None]
    missed += [row for row in rows if row["heard_s"] is not None and row["heard_s"] > HEARD_S]
    return ANSWER_IS_NO if missed or differ else OK


def _open(row: Mapping[str, Any]) -> bool:
    """Whether a sibling may still answer with its digest."""
    return bool(row["connected"]) and not row["state"]


def _status(address: Bind, path: str, timeout_s: float = TIMEOUT_S) -> dict[str, Any]:
    _, body = _ask(address, path, timeout_s)
    answer: dict[str, Any] = _read(body)
    if "siblings" not in answer:
        detail = answer.get("detail") or "it wants a sign-in"
        hint = "where staff sign in, the technician's page (/) shows siblings"
        problem = f"the daemon tells nothing of siblings: {detail}; {hint}"
        raise CommandFailed(problem, UNAVAILABLE)
    return answer


def _read(body: bytes) -> Any:
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        problem = "what answers there is not a Gatehouse daemon; [local_api] bind says where it is"
        raise CommandFailed(problem, UNAVAILABLE)
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


def _ask(address: Bind, path: str, timeout_s: float = TIMEOUT_S) -> tuple[int, bytes]:
    connection: http.client.HTTPConnection
    if address.path:
        connection = _UnixConnection(address.path, timeout_s)
    else:
        connection = http.client.HTTPConnection(address.host, address.port, timeout=timeout_s)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read(ANSWER_BYTES_MAX)
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise CommandFailed(f"no daemon answers at {address}: {reason}", UNAVAILABLE) from None
    finally:
        connection.close()
