"""drivers/turnstile/modbus/fake.py as a process, with the real driver on real sockets."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys

import pytest
import trio

from drivers.link import TcpClient
from drivers.turnstile.driver import Turnstile
from drivers.turnstile.events import Cause, Completed, Event, InService, OutOfService, Unknown, Why
from drivers.turnstile.modbus.machine import BoardPlan, ModbusBoard
from drivers.turnstile.plan import LanePlan
from tests.drivers.processes import double

FAKE = "drivers.turnstile.modbus.fake"


def turnstile(port: int, send: trio.MemorySendChannel[Event], plan: LanePlan) -> Turnstile:
    return Turnstile(
        f"lane at {port}",
        TcpClient("127.0.0.1", port),
        plan=plan,
        new_board=lambda: ModbusBoard(BoardPlan()),
        on_event=send.send_nowait,
        jitter=lambda: 0.0,
    )


@pytest.mark.trio
async def test_two_boards_two_guests() -> None:
    send, events = trio.open_memory_channel[Event](100)
    with trio.fail_after(60):
        async with (
            double(FAKE, "--boards=2", "--after-ms=20", "--contact-ms=100") as fake,
            trio.open_nursery() as nursery,
        ):
            assert len(fake.ready["ports"]) == 2
            lanes = [turnstile(port, send, LanePlan(relay=3)) for port in fake.ready["ports"]]
            for lane in lanes:
                nursery.start_soon(lane.run)
            assert [await events.receive() for _ in lanes] == [InService()] * 2
            for number, lane in enumerate(lanes):
                lane.grant(number)
            assert {await events.receive(), await events.receive()} == {
                Completed(0, 1),
                Completed(1, 1),
            }
            told = [await fake.hear(), await fake.hear()]
            assert {(line["board"], line["pulse"], line["ms"]) for line in told} == {
                (0, 3, 500),
                (1, 3, 500),
            }
            await fake.tell(state=True, board=1)
            assert (await fake.hear())["pulses"] == 1
            await fake.tell(drop=True)
            assert [await events.receive() for _ in range(4)].count(InService()) == 2
            nursery.cancel_scope.cancel()


@pytest.mark.trio
async def test_kill_9_with_a_guest_in_the_barrier_and_the_same_board_again() -> None:
    send, events = trio.open_memory_channel[Event](100)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            async with double(FAKE, f"--port={port}", "--guest=stay") as fake:
                lane = turnstile(port, send, LanePlan())
                nursery.start_soon(lane.run)
                assert await events.receive() == InService()
                lane.grant(b"g")
                assert (await fake.hear())["pulse"] == 0
                fake.process.send_signal(signal.SIGKILL)
                await fake.process.wait()
                assert await events.receive() == Unknown(b"g", Cause.LINK_LOST, 0)
                assert await events.receive() == OutOfService(Why.NO_BOARD)
                assert not lane.service
            async with double(FAKE, f"--port={port}"):
                assert await events.receive() == InService()
                lane.grant(b"h")
                assert await events.receive() == Completed(b"h", 1)
            nursery.cancel_scope.cancel()


@pytest.mark.trio
async def test_it_answers_as_the_specification_says() -> None:
    async def ask(stream: trio.SocketStream, pdu: str) -> str:
        body = bytes.fromhex(pdu)
        await stream.send_all(b"\0\7\0\0" + (len(body) + 1).to_bytes(2, "big") + b"\1" + body)
        answer = await stream.receive_some(300)
        assert answer[:4] == b"\0\7\0\0" and answer[6] == 1
        return answer[7:].hex()

    with trio.fail_after(60):
        async with (
            double(FAKE, "--quiet", "--guest=stay") as fake,
            await trio.open_tcp_stream("127.0.0.1", fake.ready["ports"][0]) as stream,
        ):
            for question, answer in {
                "05 0002 FF00": "050002ff00",
                "01 0000 0008": "010104",
                "0F 0000 0008 01 81": "0f00000008",
                "01 0000 0003": "010101",
                "05 0002 1234": "8502",
                "05 0200 0007": "0502000007",
                "01 0000 0009": "8102",
                "0F 0004 0008 01 00": "8f02",
                "0F 0000 0008 02 00": "8f03",
                "03 0000 0001": "8301",
                "02 0000 0008": "020100",
            }.items():
                assert await ask(stream, question) == answer, question
            await fake.tell(refuse=4)
            await trio.sleep(0.05)
            assert await ask(stream, "02 0000 0008") == "8204"
            await stream.send_all(b"GET / HTTP/1.1\r\n\r\n")
            assert await stream.receive_some(300) == b"", "nonsense closes the connection"


def test_it_ends_with_its_input() -> None:
    command = [sys.executable, "-m", FAKE]
    assert subprocess.run(command, input=b"", timeout=20, check=False).returncode == 0
