"""`status` and `peers status`: what the running daemon answers."""

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edge.commands.asking import TIMEOUT_S, Daemon, ask_pin, daemon_of, read
from edge.commands.errors import ANSWER_IS_NO, OK, UNAVAILABLE, CommandFailed

#: Writing down a million facts takes a slow machine so long.
DIGEST_TIMEOUT_S = 150.0
#: Siblings that know the same facts answer with their digests within this time, or are not waited
#: for: whoever is ahead or behind never does.
COMPARE_S = 4.0
#: A sibling that was not heard for longer is missed.
HEARD_S = 10.0


def status(config: Path | None, bind: str | None) -> int:
    """Print the daemon's readiness as JSON. Exit code 0 ready, 1 not ready.

    Raises `CommandFailed` when nobody answers, `ConfigInvalid` for a broken configuration.
    """
    code, body = daemon_of(config, bind).get("/readyz")
    json.dump(read(body), sys.stdout, ensure_ascii=False)
    sys.stdout.write("\n")
    return OK if code == 200 else ANSWER_IS_NO


def peers(config: Path | None, bind: str | None, staff: str | None = None) -> int:
    """Print what the daemon knows of its siblings as JSON. Exit code 0 all well, 1 not.

    `staff` signs in with a PIN, where people have to. States are compared: a sibling that makes
    another state of the same facts is said on standard error, and is an exit of 1 as one that was
    not heard. Raises as `status`, and `CommandFailed` when the sign-in is refused.
    """
    daemon = daemon_of(config, bind)
    if staff is not None:
        daemon.sign_in(staff, ask_pin(staff))
    try:
        answer = _compared(daemon)
    finally:
        daemon.sign_out()
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


def _compared(daemon: Daemon) -> dict[str, Any]:
    """The status, once siblings that know the same facts have said their digests."""
    answer = _status(daemon, "/v1/status?digest=now", DIGEST_TIMEOUT_S)
    deadline = time.monotonic() + COMPARE_S
    while any(map(_open, answer["siblings"])) and time.monotonic() < deadline:
        time.sleep(COMPARE_S / 20)
        answer = _status(daemon, "/v1/status")
    return answer


def _open(row: Mapping[str, Any]) -> bool:
    """Whether a sibling may still answer with its digest."""
    return bool(row["connected"]) and not row["state"]


def _status(daemon: Daemon, path: str, timeout_s: float = TIMEOUT_S) -> dict[str, Any]:
    code, body = daemon.get(path, timeout_s)
    answer = read(body)
    if code == 401:
        problem = "people sign in here: say who asks by --staff NAME"
        raise CommandFailed(problem, UNAVAILABLE)
    if "siblings" not in answer:
        detail = answer.get("detail") or "its answer names none"
        raise CommandFailed(f"the daemon tells nothing of siblings: {detail}", UNAVAILABLE)
    return answer
