"""drivers/turnstile/board.py: the vendor's machine speaks the vocabulary."""

from __future__ import annotations

from drivers.turnstile.board import Board, Pulsed, PulseRefused
from drivers.turnstile.modbus.machine import BoardPlan, ModbusBoard


def test_the_modbus_board_is_a_board() -> None:
    board: Board = ModbusBoard(BoardPlan())
    assert not board.ready and not board.events and board.data_to_send() == b""


def test_answers_name_the_pulse() -> None:
    assert Pulsed(3).number == PulseRefused(3, perhaps=True).number == 3
