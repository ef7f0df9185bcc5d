"""drivers/turnstile/modbus/machine.py: answers written by hand, byte by byte."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import DeviceError, Fault, Protocol, Silent
from drivers.turnstile.board import Inputs, Pulsed, PulseRefused, Ready
from drivers.turnstile.modbus.machine import TABLE, BoardPlan, ModbusBoard, Signal, State

PLAN = BoardPlan(coil_count=8, input_count=8, poll_s=0.04, answer_s=0.5)


def answer(id: int, pdu: str, unit: int = 1) -> bytes:
    body = bytes.fromhex(pdu)
    return (
        id.to_bytes(2, "big") + b"\0\0" + (len(body) + 1).to_bytes(2, "big") + bytes([unit]) + body
    )


def asked(board: ModbusBoard) -> list[tuple[int, str]]:
    """(id, PDU in hex) of every question sent since."""
    data, out = board.data_to_send(), []
    while data:
        size = 6 + int.from_bytes(data[4:6], "big")
        out.append((int.from_bytes(data[:2], "big"), data[7:size].hex()))
        data = data[size:]
    return out


def ready(plan: BoardPlan = PLAN) -> ModbusBoard:
    board = ModbusBoard(plan)
    board.start(0.0)
    assert asked(board) == [(1, "0f000000080100")]
    board.receive_data(answer(1, "0f00000008"), 0.0)
    assert asked(board) == [(2, "0100000008")]
    board.receive_data(answer(2, "010100"), 0.0)
    assert asked(board) == [(3, "0200000008")]
    board.receive_data(answer(3, "020105"), 0.0)
    assert list(board.events) == [Ready(5)]
    board.events.clear()
    assert board.ready
    return board


def test_the_table_has_a_row_for_every_state_and_signal() -> None:
    assert set(TABLE) == set(State)
    assert all(set(row) == set(Signal) for row in TABLE.values())
    assert set(TABLE[State.BROKEN].values()) == {State.BROKEN}


def test_all_off_read_back_then_inputs_every_40_ms() -> None:
    board = ready()
    assert board.deadline == 0.04
    board.timed_out(0.04)
    assert asked(board) == [(4, "0200000008")]
    board.receive_data(answer(4, "020100"), 0.05)
    assert list(board.events) == [Inputs(0)]
    assert board.deadline == pytest.approx(0.09)


def test_a_pulse_leaves_at_once_and_is_acknowledged_by_number() -> None:
    board = ready()
    board.pulse(17, 2, 500, 0.01)
    assert asked(board) == [(4, "0502020005")]
    board.receive_data(answer(4, "0502020005"), 0.011)
    assert list(board.events) == [Pulsed(17)]


def test_a_relay_that_stays_on_is_a_fault_before_anybody_is_served() -> None:
    board = ModbusBoard(PLAN)
    board.start(0.0)
    board.receive_data(answer(1, "0f00000008"), 0.0)
    with pytest.raises(Fault, match="relay 0, 2 is on"):
        board.receive_data(answer(2, "010105"), 0.0)
    assert board.state is State.BROKEN and not board.ready


def test_fewer_relays_switched_off_than_asked_is_a_fault() -> None:
    board = ModbusBoard(PLAN)
    board.start(0.0)
    with pytest.raises(Fault, match="4 relays were switched off, not 8"):
        board.receive_data(answer(1, "0f00000004"), 0.0)


def test_a_board_that_does_not_time_pulses_is_refused() -> None:
    board = ready()
    board.pulse(17, 0, 500, 0.0)
    with pytest.raises(Fault, match="does not time pulses"):
        board.receive_data(answer(4, "050200ff00"), 0.0)
    assert list(board.events) == [PulseRefused(17, True)]


@pytest.mark.parametrize(("code", "perhaps"), [(1, False), (2, False), (6, False), (4, True)])
def test_a_refused_pulse_tells_whether_it_may_have_moved(code: int, perhaps: bool) -> None:
    board = ready()
    board.pulse(17, 0, 500, 0.0)
    with pytest.raises(Fault, match="refused function 5"):
        board.receive_data(answer(4, f"85{code:02x}"), 0.0)
    assert list(board.events) == [PulseRefused(17, perhaps)]


def test_a_busy_board_is_asked_once_more_for_a_reading() -> None:
    board = ready()
    board.timed_out(0.04)
    board.receive_data(answer(4, "8206"), 0.05)
    assert [pdu for _, pdu in asked(board)] == ["0200000008", "0200000008"]
    with pytest.raises(Fault, match="server device busy"):
        board.receive_data(answer(5, "8206"), 0.06)


def test_a_reading_is_asked_again_once_and_its_late_answer_is_not_believed() -> None:
    board = ready()
    board.timed_out(0.04)
    assert asked(board) == [(4, "0200000008")]
    assert board.deadline == 0.54
    board.timed_out(0.54)
    assert asked(board) == [(5, "0200000008")]
    board.receive_data(answer(4, "0201ff"), 0.6)
    assert not board.events and board.stray_count == 1
    board.receive_data(answer(5, "020101"), 0.6)
    assert list(board.events) == [Inputs(1)]
    board.timed_out(0.64)
    board.timed_out(1.2)
    with pytest.raises(Silent, match="did not answer within 0.5 s"):
        board.timed_out(2.0)
    assert board.state is State.BROKEN


def test_a_pulse_is_never_asked_again() -> None:
    board = ready()
    board.pulse(17, 0, 500, 0.0)
    with pytest.raises(Silent):
        board.timed_out(0.5)


def test_an_answer_belongs_to_its_id_not_to_its_place() -> None:
    board = ready(BoardPlan(in_flight_max=4))
    for number in (10, 11, 12):
        board.pulse(number, 0, 500, 0.0)
    assert [id for id, _ in asked(board)] == [4, 5, 6]
    for id in (6, 4, 4, 5):
        board.receive_data(answer(id, "0502000005"), 0.0)
    assert list(board.events) == [Pulsed(12), Pulsed(10), Pulsed(11)]
    assert board.stray_count == 1


def test_one_question_at_a_time_and_guests_before_readings() -> None:
    board = ready()
    board.pulse(10, 0, 500, 0.04)
    board.timed_out(0.04)
    board.pulse(11, 1, 500, 0.04)
    board.timed_out(0.05)
    board.pulse(12, 2, 500, 0.05)
    order = []
    for id, echo in ((4, "0502000005"), (5, "0502010005"), (6, "0502020005"), (7, "020100")):
        order += [pdu for _, pdu in asked(board)]
        board.receive_data(answer(id, echo), 0.06)
    assert order == ["0502000005", "0502010005", "0502020005", "0200000008"]


def test_the_wrong_function_or_unit_is_no_answer() -> None:
    for wrong in (answer(4, "010100"), answer(4, "020100", unit=2)):
        board = ready()
        board.timed_out(0.04)
        with pytest.raises(Protocol, match="asked unit 1 for function 2"):
            board.receive_data(wrong, 0.05)


def test_more_bits_than_asked_is_no_answer() -> None:
    board = ready()
    board.timed_out(0.04)
    with pytest.raises(Protocol, match="asked for 8 bits, got 2 bytes"):
        board.receive_data(answer(4, "02020000"), 0.05)


def test_bits_beyond_the_last_input_are_padding() -> None:
    board = ModbusBoard(BoardPlan(coil_count=8, input_count=4))
    board.start(0.0)
    board.receive_data(answer(1, "0f00000008"), 0.0)
    board.receive_data(answer(2, "010100"), 0.0)
    board.receive_data(answer(3, "0201f5"), 0.0)
    assert list(board.events) == [Ready(5)]


def test_what_came_before_garbage_is_kept() -> None:
    board = ready()
    board.pulse(17, 0, 500, 0.0)
    with pytest.raises(Protocol, match="is not Modbus"):
        board.receive_data(answer(4, "0502000005") + b"HTTP/1.1 400", 0.0)
    assert list(board.events) == [Pulsed(17)]


def test_ids_wrap_without_zero() -> None:
    board = ready()
    board._last_id = 0xFFFF
    board.timed_out(0.04)
    assert [id for id, _ in asked(board)] == [1]


def test_no_pulse_before_ready() -> None:
    board = ModbusBoard(PLAN)
    assert board.deadline == math.inf
    with pytest.raises(AssertionError, match="a pulse while CLOSED"):
        board.pulse(1, 0, 500, 0.0)


@given(st.lists(st.integers(1, 20), max_size=30))
def test_chunking_never_matters(cuts: list[int]) -> None:
    data = (
        answer(4, "0502000005")
        + answer(9, "0201ff")
        + answer(5, "0502010005")
        + answer(6, "020103")
    )
    board = ready(BoardPlan(in_flight_max=3))
    board.pulse(1, 0, 500, 0.0)
    board.pulse(2, 1, 500, 0.0)
    board.timed_out(0.04)
    at = 0
    for size in [*cuts, len(data)]:
        board.receive_data(data[at : at + size], 0.05)
        at += size
    assert list(board.events) == [Pulsed(1), Pulsed(2), Inputs(3)]


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=5))
def test_arbitrary_bytes_raise_only_device_errors(chunks: list[bytes]) -> None:
    board = ready()
    board.pulse(17, 0, 500, 0.0)
    try:
        for chunk in chunks:
            board.receive_data(b"\0\4\0\0\0" + chunk, 0.0)
    except DeviceError:
        assert board.state is State.BROKEN
