"""One JSON line per record, and no secret in any."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from config.runtime import logs


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    names = ("_srcfile", "logThreads", "logProcesses", "logMultiprocessing")
    found_out = {name: getattr(logging, name) for name in names}
    logs.setup("info", stream)
    yield stream
    root.handlers[:], root.level = handlers, level
    logging.captureWarnings(False)
    for name, value in found_out.items():
        setattr(logging, name, value)


def read(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_record_is_one_line_with_its_fields(lines: io.StringIO) -> None:
    logging.getLogger("gatehouse.lane").info("admitted\n%s", "é", extra={"lane": 3, "seq": 17})
    logging.getLogger("gatehouse.lane").debug("frame")
    (line,) = read(lines)
    assert line.pop("at").endswith("Z")
    assert line == {
        "level": "INFO",
        "logger": "gatehouse.lane",
        "message": "admitted\né",
        "lane": 3,
        "seq": 17,
    }


def test_each_line_has_the_time_of_its_own_record(lines: io.StringIO) -> None:
    times = (1_790_000_000.25, 1_790_000_000.999, 1_790_000_001.0)
    for at_s in times:
        record = logging.makeLogRecord({"msg": "admitted", "levelno": logging.INFO})
        record.created = at_s
        logging.getLogger().handle(record)
    assert [line["at"][14:] for line in read(lines)] == ["13:20.250Z", "13:20.999Z", "13:21.000Z"]


def test_what_a_line_never_says_is_not_found_out(lines: io.StringIO) -> None:
    seen: list[logging.LogRecord] = []

    def look(record: logging.LogRecord) -> bool:
        seen.append(record)
        return True

    logging.getLogger().handlers[0].addFilter(look)
    logging.getLogger("gatehouse.lane").info("admitted")
    (record,) = seen
    assert (record.thread, record.process, record.lineno) == (None, None, 0)


def test_a_trace_is_part_of_the_line(lines: io.StringIO) -> None:
    try:
        raise ValueError("planted")
    except ValueError:
        logging.getLogger("x").exception("failed", extra={"level": "mine", "odd": {1}})
    (line,) = read(lines)
    assert "ValueError: planted" in line["trace"]
    assert (line["level"], line["level_"], line["odd"]) == ("ERROR", "mine", "{1}")


@pytest.mark.parametrize("field", sorted(logs.SECRET_FIELDS))
def test_a_field_that_is_called_a_secret_is_redacted(lines: io.StringIO, field: str) -> None:
    for value in ("secret-7", b"secret-7", ["secret-7"]):
        logging.getLogger("x").warning("m", extra={field: value})
    assert "secret-7" not in lines.getvalue()
    assert b"secret-7".hex() not in lines.getvalue()


def test_marks_can_be_compared_but_not_read() -> None:
    assert logs.redact("abc") == logs.redact(b"abc")
    assert logs.redact("abc") != logs.redact("abd")
    assert logs.redact("abc").startswith("<3 bytes, mark ")
    assert "abc" not in logs.redact("abc")
    assert logs.redact("\udcff").startswith("<1 bytes")


def test_a_message_has_an_end(lines: io.StringIO) -> None:
    logging.getLogger("x").error("a" * 100_000)
    assert len(read(lines)[0]["message"]) == logs.MESSAGE_MAX_CHARACTERS
