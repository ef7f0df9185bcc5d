"""Logging: the standard library's, one JSON line per record to standard output.

What the levels mean (ARCHITECTURE.md, Logging):

    ERROR    someone must come
    WARNING  lost once, back once
    INFO     one line per fact, with its `seq`
    DEBUG    how connections ended, and who broke a protocol

Fields go into `extra`: `log.info("admitted", extra={"lane": 3, "seq": 17})`. No secret, token, UID
or card number may stand in a line: pass such a value through `redact`; fields whose name says that
they hold one are redacted here in any case.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sys
import time
from functools import lru_cache
from typing import Any, TextIO

#: Field names that are never written as they come, whoever forgets.
SECRET_FIELDS = frozenset(
    ("authorization", "code", "codes", "cookie", "dsn", "key", "pan", "password", "pin", "secret")
    + ("seed", "text", "ticket", "token", "uid")
)
MESSAGE_MAX_CHARACTERS = 4000

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
#: New in every process: marks can be compared within one log, and reveal nothing outside it.
_MARK_KEY = os.urandom(16)


def redact(value: str | bytes) -> str:
    """A short mark instead of a secret value: equal values have equal marks in this process."""
    raw = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
    mark = hashlib.blake2b(raw, key=_MARK_KEY, digest_size=4).hexdigest()
    return f"<{len(raw)} bytes, mark {mark}>"


class JsonLines(logging.Formatter):
    """One record as one line of JSON: at, level, logger, message, the fields, and a trace."""

    def format(self, record: logging.LogRecord) -> str:
        whole, part_ms = divmod(int(record.created * 1000), 1000)
        line: dict[str, Any] = {
            "at": f"{_second(whole)}.{part_ms:03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage()[:MESSAGE_MAX_CHARACTERS],
        }
        for name, value in vars(record).items():
            if name not in _STANDARD:
                # A field never replaces what the line says about itself.
                key = f"{name}_" if name in line else name
                line[key] = _field(name, value)
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return _ENCODER.encode(line)


@lru_cache(maxsize=4)
def _second(unix_s: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(unix_s))


def _field(name: str, value: Any) -> Any:
    if name.lower() in SECRET_FIELDS:
        return redact(value if isinstance(value, str | bytes) else repr(value))
    return value


def _plain(value: Any) -> str:
    return value.hex() if isinstance(value, bytes | bytearray) else str(value)


# One for the process: `json.dumps` with arguments makes one for each line.
_ENCODER = json.JSONEncoder(ensure_ascii=False, default=_plain)


def setup(level: str = "info", stream: TextIO | None = None) -> None:
    """Send the records of the whole process to `stream` (standard output) from `level` on.

    Replaces the handlers of the root logger; calling it again is harmless.
    """
    # A line names neither file, thread nor process; finding them out costs more than writing it
    # (logging HOWTO, "Optimization").
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler(sys.stdout if stream is None else stream)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(True)
    # Each of their lines is one request or one lookup: far too much at the level of facts.
    for chatty in ("httpx2", "httpcore2", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
