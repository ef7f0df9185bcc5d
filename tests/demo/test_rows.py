"""The demo's own idea of a row, held against the one the centre packs."""

from __future__ import annotations

import struct
from typing import Any

import msgspec
import pytest

from central import rows as packed
from crypto.entry import (
    AdmissionRefused,
    Admitted,
    BundleApplied,
    ClockStepped,
    DeviceBack,
    DeviceLost,
    EpochBegun,
    ExitRecorded,
    Fact,
    PassageCompleted,
    PassageLapsed,
    PassageUnknown,
    SnapshotTaken,
    Started,
    Stopped,
)
from edge.commands.ledger import _fields
from edge.demo.rows import COLUMNS, KINDS, Row, row_of

FACTS = [
    EpochBegun(1, 20260704, 120, b"cert", 0, 0, b"", "first"),
    Started(2, 20260704, 120, "0.1.0"),
    Stopped(3, 20260704, 120),
    BundleApplied(4, 20260704, 120, 7, b"\x01" * 32),
    SnapshotTaken(5, 20260704, 120, b"\x02" * 32, 4),
    ClockStepped(6, 20260704, 120, -1500),
    DeviceLost(7, 20260704, 120, 3, "scanner", "gone"),
    DeviceBack(8, 20260704, 120, 3, "scanner"),
    Admitted(9, 20260704, 120, 1, 2, b"us:12345678", 100, 3, 4, 2, 5, b"n", 1),
    AdmissionRefused(10, 20260704, 120, 1, 2, 100, b"12345678", 3),
    AdmissionRefused(11, 20260704, 120, 1, 2, 10, b""),
    PassageCompleted(12, 20260704, 120, 1, b"us:12345678", 5, 9, 2),
    PassageCompleted(13, 20260704, 120, 1, b"us:12345678", 5, 9, 2, True),
    PassageLapsed(14, 20260704, 120, 1, b"us:12345678", 5, 9, 1),
    PassageUnknown(15, 20260704, 120, 1, b"us:12345678", 5, 9, 0, "restart"),
    ExitRecorded(16, 20260704, 120, 1, 2, b"us:12345678", b""),
]
NUMBERS = {2: ">h", 4: ">i", 8: ">q"}
TEXTS = {"cause"}


def booked(seq: int, fact: Any) -> Row:
    """What the centre's packing says, read from PostgreSQL's binary COPY format."""
    raw, at = packed.row_key(b"t" * 16, b"g" * 16, 5) + packed.pack(seq, fact), 2
    values: dict[str, Any] = {}
    for name in packed.COLUMNS:
        (size,) = struct.unpack_from(">i", raw, at)
        at += 4
        field = raw[at : at + max(size, 0)]
        at += max(size, 0)
        if size < 0:
            values[name] = None
        elif name in ("tenant_id", "gateway", "ticket"):
            values[name] = field.hex()
        else:
            values[name] = (
                field.decode() if name in TEXTS else struct.unpack(NUMBERS[size], field)[0]
            )
    assert at == len(raw)
    return Row(**{name: values[name] for name in COLUMNS})


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: type(fact).__name__)
def test_a_fact_shown_by_the_ledger_is_the_row_that_the_centre_books(fact: Fact) -> None:
    shown = {"epoch": 5, "seq": 77, "kind": type(fact).__name__} | _fields(fact)  # type: ignore[arg-type]
    plain = msgspec.json.decode(msgspec.json.encode(shown))
    assert row_of((b"g" * 16).hex(), plain) == booked(77, fact)


def test_every_kind_of_fact_is_known() -> None:
    assert {type(fact).__name__ for fact in FACTS} == set(KINDS)


def test_a_row_reads_as_a_place() -> None:
    row = Row("aa", 5, 9, 10, 1, 2, 3, lane=4)
    assert str(row) == "epoch 5 seq 9 Admitted on lane 4"
    assert str(Row("aa", 5, 9, 99, 1, 2, 3)) == "epoch 5 seq 9 kind 99"
    assert row.place == ("aa", 5, 9)
