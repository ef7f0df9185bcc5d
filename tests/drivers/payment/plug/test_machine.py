"""drivers/payment/plug/machine.py: answers written by hand, found by their id."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from drivers.errors import Protocol, Silent
from drivers.payment.line import DeclinedLate, Ended, NeverHeard, Prompting, Ready, Standing
from drivers.payment.outcome import Authorization
from drivers.payment.plug.machine import TABLE, PlugLine, Signal, State

ASKED = Authorization(txid16=b"1" * 16, amount_minor=450, currency="EUR", reference="guest-1")
OUTCOME = {
    "state": "approved", "amount_minor": 450, "currency": "EUR", "reference": "guest-1",
    "terminal": "T1",
}  # fmt: skip


def answer(say: str, id: int, **more: Any) -> bytes:
    body = json.dumps({"say": say, "id": id, **more}).encode()
    return len(body).to_bytes(4, "big") + body


def asked(line: PlugLine) -> list[dict[str, Any]]:
    data, out = line.data_to_send(), []
    while data:
        size = 4 + int.from_bytes(data[:4], "big")
        out.append(json.loads(data[4:size]))
        data = data[size:]
    return out


def ready() -> PlugLine:
    line = PlugLine(100, answer_s=5)
    line.start(0.0)
    assert asked(line) == [{"say": "hello", "id": 101, "version": 1}]
    assert line.deadline == 5.0
    line.receive_data(answer("welcome", 101, version=1, terminal="T1"), 0.0)
    assert list(line.events) == [Ready("T1")]
    line.events.clear()
    assert line.ready and line.deadline == math.inf
    return line


def test_the_table_has_a_row_for_every_state_and_signal() -> None:
    assert set(TABLE) == set(State)
    assert all(set(row) == set(Signal) for row in TABLE.values())
    assert set(TABLE[State.BROKEN].values()) == {State.BROKEN}


def test_answers_are_found_by_id_whatever_their_order() -> None:
    line = ready()
    payment, inquiry = line.authorize(ASKED, 0.0), line.inquire(ASKED, 0.0)
    assert [each["say"] for each in asked(line)] == ["authorize", "inquire"]
    line.receive_data(answer("pending", inquiry) + answer("prompt", payment), 1.0)
    line.receive_data(answer("outcome", payment, outcome=OUTCOME), 2.0)
    assert [type(event) for event in line.events] == [Standing, Prompting, Ended]
    numbers = [getattr(event, "number", None) for event in line.events]
    assert numbers == [inquiry, payment, payment]


def test_an_answer_that_nobody_waits_for_is_counted_and_dropped() -> None:
    line = ready()
    line.receive_data(answer("outcome", 55, outcome=OUTCOME), 1.0)
    number = line.reverse(ASKED, 1.0)
    line.receive_data(answer("prompt", 56) + answer("outcome", 55, outcome=OUTCOME), 1.0)
    line.receive_data(answer("not_known", number) + answer("not_known", number), 1.0)
    assert list(line.events) == [NeverHeard(number)]
    assert line.stray_count == 4


def test_inquiries_and_cancellations_are_due_payments_are_not() -> None:
    line = ready()
    line.authorize(ASKED, 0.0)
    assert line.deadline == math.inf
    line.cancel(ASKED, 10.0)
    assert line.deadline == 15.0
    line.timed_out(14.0)
    with pytest.raises(Silent, match="app"):
        line.timed_out(15.0)
    assert line.state is State.BROKEN


def test_a_late_decline_is_told_and_taken() -> None:
    line = ready()
    late = {**OUTCOME, "state": "declined_late"}
    line.receive_data(answer("late", 9, outcome=late), 1.0)
    event = line.events.popleft()
    assert isinstance(event, DeclinedLate) and event.number == 9
    line.taken(9)
    assert asked(line) == [{"say": "taken", "id": 9}]


@pytest.mark.parametrize(
    "wrong",
    [
        answer("late", 9, outcome=OUTCOME),
        answer("late", 9, outcome={**OUTCOME, "state": "declined_late", "terminal": "T2"}),
        answer("nonsense", 9),
        b"\xff\xff\xff\xff",
    ],
)
def test_what_the_protocol_does_not_allow_ends_the_link(wrong: bytes) -> None:
    line = ready()
    line.authorize(ASKED, 0.0)
    with pytest.raises(Protocol):
        line.receive_data(answer("prompt", 102) + wrong, 1.0)
    assert line.state is State.BROKEN
    assert list(line.events) == [Prompting(102)], "what came before counts"


@pytest.mark.parametrize("version", [0, 2])
def test_another_version_is_refused(version: int) -> None:
    line = PlugLine()
    line.start(0.0)
    with pytest.raises(Protocol, match="update"):
        line.receive_data(answer("welcome", 2, version=version, terminal="T1"), 0.0)


def test_an_answer_before_the_welcome_ends_the_link() -> None:
    line = PlugLine()
    line.start(0.0)
    with pytest.raises(Protocol):
        line.receive_data(answer("pending", 2), 0.0)


def test_ids_go_round() -> None:
    line = PlugLine(0xFFFF_FFFF)
    line.start(0.0)
    assert asked(line)[0]["id"] == 1
