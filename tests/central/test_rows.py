"""Packed rows say what the facts say, column by column, for every kind there is."""

from __future__ import annotations

import typing
from typing import Any

import asyncpg
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from central import rows
from central.ingest import whole
from central.store import facts
from crypto import entry
from crypto.block import Block
from tests.central.world import GATEWAY, OTHER, TENANT, Ledger, admitted
from tests.crypto.money_samples import make_money_facts

KINDS = typing.get_args(entry.KnownFact)
MONEY = {type(fact): fact for fact in make_money_facts()}
VALUES: dict[object, Any] = {
    int: 7, str: "word", bytes: b"house:12345678", bool: True,
    entry.Use: entry.Use(OTHER, 6, 7, 1 << 16, 120, 1, 2),
}  # fmt: skip
HEAD = {"hlc": 1783000000000 << 16, "day": 20260704, "offset_min": 120}
WANTED: dict[str, dict[str, object]] = {
    "EpochBegun": {"cause": "word"},
    "Started": {"cause": "word"},
    "DeviceLost": {"lane": 7, "cause": "word: word"},
    "DeviceBack": {"lane": 7, "cause": "word"},
    "Admitted": {
        "lane": 7, "gate": 7, "ticket": b"house:12345678", "product": 7, "performance": 7,
        "persons": 7, "ticket_persons": 7, "code": 7,
    },
    "AdmissionRefused": {
        "lane": 7, "gate": 7, "ticket": b"house:12345678", "persons": 7, "code": 7,
    },
    "PassageCompleted": {
        "lane": 7, "ticket": b"house:12345678", "persons": 7, "of_epoch": 7, "of_seq": 7,
        "cause": "assumed",
    },
    "PassageLapsed": {
        "lane": 7, "ticket": b"house:12345678", "persons": 7, "of_epoch": 7, "of_seq": 7,
    },
    "PassageUnknown": {
        "lane": 7, "ticket": b"house:12345678", "persons": 7, "of_epoch": 7, "of_seq": 7,
        "cause": "word",
    },
    "Overridden": {
        "lane": 7, "gate": 7, "ticket": b"house:12345678", "product": 7, "performance": 7,
        "persons": 7, "ticket_persons": 7, "code": 7, "cause": "word: word (refusal 7)",
    },
    "Annulled": {
        "lane": 7, "ticket": b"house:12345678", "persons": 0, "of_epoch": 7, "of_seq": 7,
        "cause": "word: word",
    },
    "ConflictFound": {
        "ticket": b"house:12345678", "of_epoch": 6, "of_seq": 7,
        "cause": f"{OTHER.hex()}:5:6 {OTHER.hex()}:6:7",
    },
    "ClockMeasured": {"cause": f"{VALUES[bytes].hex()}: 7 ms ahead, beyond limits"},
    "OperatorSignedIn": {"code": 7},
    "ExitRecorded": {"lane": 7, "gate": 7, "ticket": b"house:12345678", "persons": 1},
}  # fmt: skip


def example(kind: type) -> entry.KnownFact:
    if kind in MONEY:
        return msgspec.structs.replace(MONEY[kind], **HEAD)
    hints = typing.get_type_hints(kind)
    values = {name: HEAD.get(name, VALUES[hint]) for name, hint in hints.items()}
    if kind is entry.ConflictFound:
        values["earlier"] = msgspec.structs.replace(values["earlier"], epoch=5, seq=6)
    return kind(**values)


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
async def test_every_kind_has_its_columns(connection: asyncpg.Connection, kind: type) -> None:
    fact = example(kind)
    packed = rows.pack(rows.row_key(TENANT, GATEWAY, 5), 9, fact)
    await facts.add_rows(connection, whole(packed))
    row = dict(await connection.fetchrow("SELECT * FROM facts"))
    wanted = dict.fromkeys(rows.COLUMNS) | WANTED.get(kind.__name__, {}) | HEAD
    wanted |= {"tenant_id": TENANT, "gateway": GATEWAY, "epoch": 5, "seq": 9}
    assert row == wanted | {"kind": entry.kind_of(fact)}


def block_of(body: bytes, count: int) -> Block:
    ledger = Ledger()
    ledger.add([], body=body, count=count)
    return ledger.read()[0]


@given(st.binary(max_size=200), st.integers(1, 5))
def test_no_body_can_stop_the_stream(body: bytes, count: int) -> None:
    made = rows.rows_of(TENANT, block_of(body, count))
    assert made.count + len(made.letters) == count or made.letters[0].kind == rows.WHOLE_BODY


@given(
    st.lists(
        st.builds(
            msgspec.structs.replace,
            st.just(admitted(1)),
            lane=st.integers(-(1 << 63), (1 << 64) - 1),
            hlc=st.integers(0, (1 << 64) - 1),
            ticket=st.binary(max_size=120),
            granted=st.integers(-(1 << 63), (1 << 64) - 1),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_every_fact_is_a_row_or_a_letter(listed: list[entry.Admitted]) -> None:
    made = rows.rows_of(TENANT, block_of(entry.encode_facts(list(listed)), len(listed)))
    assert made.count + len(made.letters) == len(listed)
    assert all(one.kind == 10 and one.raw for one in made.letters)


@pytest.mark.parametrize("text", ["a\0b", "x" * 201])
def test_texts_that_postgresql_cannot_hold_are_letters(text: str) -> None:
    fact = entry.Started(1, 1, 1, text)
    made = rows.rows_of(TENANT, block_of(entry.encode_facts([fact]), 1))
    assert made.count == 0 and made.letters[0].kind == 2


@pytest.mark.parametrize(("reason", "said"), [(0, b""), (60, b" (refusal 60)")])
def test_only_who_was_refused_has_a_refusal(reason: int, said: bytes) -> None:
    fact = msgspec.structs.replace(
        example(entry.Overridden), who="8", why="found_by_name", reason=reason
    )
    packed = rows.pack(rows.row_key(TENANT, GATEWAY, 5), 9, fact)
    cause = b"8: found_by_name" + said
    assert packed.endswith(len(cause).to_bytes(4, "big") + cause)
