"""The Modbus codec and machine against pymodbus's server, an independent oracle.

It must accept our questions as what we meant, and we its answers and exceptions.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio

from drivers.errors import Fault
from drivers.link import TcpClient
from drivers.session import Session
from drivers.turnstile.board import BoardEvent, Inputs, Pulsed, PulseRefused, Ready
from drivers.turnstile.modbus.machine import BoardPlan, ModbusBoard
from tests.drivers.processes import Double, double

BOARD = "tests.drivers.turnstile.modbus.pymodbus_board"


class Oracle:
    """A session with pymodbus: what our machine heard, what pymodbus was asked."""

    def __init__(self, server: Double, plan: BoardPlan) -> None:
        self.server = server
        self.machine = ModbusBoard(plan)
        self.events: list[BoardEvent] = []
        self.failure: Fault | None = None
        self.ended = trio.Event()
        self.session: Session | None = None
        self._changed = trio.Event()

    async def run(self) -> None:
        async with await TcpClient("127.0.0.1", self.server.ready["port"]).open() as wire:
            self.machine.start(trio.current_time())
            self.session = Session(wire, self.machine, self.deliver)
            try:
                await self.session.run()
            except Fault as fault:
                self.failure = fault
                self.ended.set()

    def deliver(self) -> None:
        self.events += self.machine.events
        self.machine.events.clear()
        self._changed.set()
        self._changed = trio.Event()

    async def until(self, kind: type[BoardEvent]) -> BoardEvent:
        while not any(isinstance(event, kind) for event in self.events):
            await self._changed.wait()
        return next(event for event in self.events if isinstance(event, kind))

    async def asked(self, function: int) -> dict[str, Any]:
        while True:
            question = await self.server.hear()
            if question["function"] == function:
                return question


@asynccontextmanager
async def oracle(*arguments: str, plan: BoardPlan | None = None) -> AsyncIterator[Oracle]:
    with trio.fail_after(60):
        async with double(BOARD, *arguments) as server, trio.open_nursery() as nursery:
            play = Oracle(server, plan or BoardPlan(coil_count=10, input_count=10))
            nursery.start_soon(play.run)
            yield play
            nursery.cancel_scope.cancel()


@pytest.mark.trio
async def test_relays_are_switched_off_read_back_and_inputs_read() -> None:
    async with oracle() as play:
        # Coils 1 and 5 were on: only a server that took our function 15 lets us be ready.
        assert await play.until(Ready) == Ready(0b100)
        cleared = await play.asked(15)
        assert (cleared["address"], cleared["count"], cleared["unit"]) == (0, 10, 1)
        assert cleared["bits"][:10] == [False] * 10
        read = await play.asked(1)
        assert (read["address"], read["count"]) == (0, 10)
        polled = await play.asked(2)
        assert (polled["address"], polled["count"]) == (0, 10)
        assert await play.until(Inputs) == Inputs(0b100)


@pytest.mark.trio
async def test_a_pulse_is_understood_as_function_5_with_our_value() -> None:
    async with oracle("--pulses") as play:
        await play.until(Ready)
        assert play.session is not None
        play.machine.pulse(17, 3, 700, trio.current_time())
        play.session.poke()
        assert await play.until(Pulsed) == Pulsed(17)
        question = await play.asked(5)
        assert (question["address"], question["value"], question["unit"]) == (0x0203, 7, 1)


@pytest.mark.trio
async def test_a_board_that_takes_a_pulse_for_a_coil_is_refused() -> None:
    async with oracle() as play:
        await play.until(Ready)
        assert play.session is not None
        play.machine.pulse(17, 3, 700, trio.current_time())
        play.session.poke()
        assert await play.until(PulseRefused) == PulseRefused(17, True)
        await play.ended.wait()
        assert "does not time pulses" in str(play.failure)


@pytest.mark.trio
async def test_its_exceptions_are_faults_in_words() -> None:
    async with oracle(plan=BoardPlan(unit=9)) as play:
        await play.ended.wait()
        assert "refused function 15: server device failure" in str(play.failure)


@pytest.mark.trio
async def test_a_server_that_takes_one_question_at_a_time_answers_them_all() -> None:
    # pymodbus drops what stands behind the first question of a segment, as small boards do:
    # this is why `in_flight_max` is 1 unless a board is known to bear more.
    async with oracle("--pulses") as play:
        await play.until(Ready)
        assert play.session is not None
        for number in range(1, 101):
            play.machine.pulse(number, number % 8, 500, trio.current_time())
        play.session.poke()
        while sum(isinstance(event, Pulsed) for event in play.events) < 100:
            await trio.sleep(0.01)
        pulsed = [event.number for event in play.events if isinstance(event, Pulsed)]
        assert pulsed == list(range(1, 101))
        assert play.machine.stray_count == 0
