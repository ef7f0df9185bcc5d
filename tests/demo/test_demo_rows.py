"""What the ledger's commands show, and the row that it must be: the demo's own idea of booking.

Whole demos (test_play) hold this idea against what the centre really books.
"""

from __future__ import annotations

from typing import Any, get_args

import pytest

from crypto import money
from edge.demo.rows import KINDS, MONEY_KINDS, Row, row_of

AT: dict[str, Any] = {"epoch": 5, "seq": 77, "hlc": 9 << 16, "day": 20260704, "offset_min": 120}
T = b"us:12345678".hex()
HOLD = {"lane": 1, "ticket": T, "of_epoch": 4, "of_seq": 9}

CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("EpochBegun", {"certificate": "00", "last_epoch": 0, "last_seq": 0, "last_head": "",
                    "because": "first"}, {"cause": "first"}),
    ("Started", {"version": "0.1.0"}, {"cause": "0.1.0"}),
    ("Stopped", {}, {}),
    ("BundleApplied", {"version": 7, "content_hash": "01"}, {}),
    ("SnapshotTaken", {"digest": "02", "through_seq": 4}, {}),
    ("ClockStepped", {"delta_ms": -1500}, {}),
    ("DeviceLost", {"lane": 3, "device": "scanner", "cause": "gone"},
     {"lane": 3, "cause": "scanner: gone"}),
    ("DeviceBack", {"lane": 3, "device": "scanner"}, {"lane": 3, "cause": "scanner"}),
    ("Admitted", {"lane": 1, "gate": 2, "ticket": T, "issued_at": 100, "product": 3,
                  "performance": 4, "granted": 2, "persons": 5, "nonce": "", "marks": 1},
     {"lane": 1, "gate": 2, "ticket": T, "product": 3, "performance": 4, "persons": 2,
      "ticket_persons": 5, "code": 1}),
    ("AdmissionRefused", {"lane": 1, "gate": 2, "reason": 100, "ticket_hash": "0a", "count": 3},
     {"lane": 1, "gate": 2, "ticket": "0a", "persons": 3, "code": 100}),
    ("AdmissionRefused", {"lane": 1, "gate": 2, "reason": 10, "ticket_hash": "", "count": 1},
     {"lane": 1, "gate": 2, "ticket": None, "persons": 1, "code": 10}),
    ("PassageCompleted", {**HOLD, "passed": 2, "assumed": False}, {**HOLD, "persons": 2}),
    ("PassageCompleted", {**HOLD, "passed": 2, "assumed": True},
     {**HOLD, "persons": 2, "cause": "assumed"}),
    ("PassageLapsed", {**HOLD, "passed": 1}, {**HOLD, "persons": 1}),
    ("PassageUnknown", {**HOLD, "passed": 0, "cause": "restart"},
     {**HOLD, "persons": 0, "cause": "restart"}),
    ("ExitRecorded", {"lane": 1, "gate": 2, "ticket": T, "nonce": ""},
     {"lane": 1, "gate": 2, "ticket": T, "persons": 1}),
    ("ClockMeasured", {"sibling": "bb", "lead_ms": -90, "round_trip_ms": 4, "beyond": True},
     {"cause": "bb: -90 ms ahead, beyond limits"}),
    ("ConflictFound", {"id": "00", "ticket": T,
                       "earlier": {"gateway": "bb", "epoch": 1, "seq": 2},
                       "later": {"gateway": "cc", "epoch": 3, "seq": 4}},
     {"ticket": T, "of_epoch": 3, "of_seq": 4, "cause": "bb:1:2 cc:3:4"}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "shown", "said"), CASES, ids=[case[0] for case in CASES])
def test_the_row_of_a_fact(kind: str, shown: dict[str, Any], said: dict[str, Any]) -> None:
    wanted = Row("aa", 5, 77, KINDS[kind], 9 << 16, 20260704, 120, **said)
    assert row_of("aa", {**AT, "kind": kind, **shown}) == wanted


def test_every_kind_has_a_case() -> None:
    assert {case[0] for case in CASES} == set(KINDS)


def test_a_kind_unknown_here_keeps_its_number() -> None:
    row = row_of("aa", {"epoch": 5, "seq": 77, "kind": "Unknown", "number": 99, "raw": "00"})
    assert (row.place, row.kind) == (("aa", 5, 77), 99)


def test_a_row_reads_as_a_place() -> None:
    row = Row("aa", 5, 9, 10, 1, 2, 3, lane=4)
    assert str(row) == "epoch 5 seq 9 Admitted on lane 4"
    assert str(Row("aa", 5, 9, 99, 1, 2, 3)) == "epoch 5 seq 9 kind 99"
    assert row.place == ("aa", 5, 9)


def test_kinds_of_money_have_their_numbers_and_their_rows_say_no_more() -> None:
    known = {kind.__name__: kind.__struct_config__.tag for kind in get_args(money.KnownMoney)}
    assert known == MONEY_KINDS
    shown = {
        "epoch": 7, "seq": 3, "kind": "DebitPosted", "hlc": 9, "day": 20260703, "offset_min": 120,
        "txid": "aa", "of_epoch": 1, "medium": "bb",
    }  # fmt: skip
    assert row_of("aa", shown) == Row("aa", 7, 3, 34, 9, 20260703, 120)
