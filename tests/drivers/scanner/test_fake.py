"""drivers/scanner/fake.py as a process, with the real driver on real sockets."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
import trio
import trio.testing

from drivers.link import TcpClient, TcpServer
from drivers.scanner.driver import Scanner
from drivers.scanner.fake import FakeScanner, bytes_of, chunks_of
from drivers.supervisor import Health
from tests.drivers.processes import double

FAKE = "drivers.scanner.fake"


def test_what_is_sent() -> None:
    assert bytes_of({"scan": "A", "prefix": "]Q1"}) == b"]Q1A\r"
    assert bytes_of({"hex": "00ff", "prefix": "stx", "suffix": "etx"}) == b"\x02\x00\xff\x03"
    assert list(chunks_of(b"abc", "byte")) == [b"a", b"b", b"c"]
    assert list(chunks_of(b"abc", 2)) == [b"ab", b"c"]
    assert list(chunks_of(b"abc", "whole")) == [b"abc"]


@pytest.mark.trio
async def test_two_scanners_connect_to_us_and_one_dies_by_kill_9() -> None:
    heard, codes = trio.open_memory_channel[tuple[int, bytes]](100)
    servers = [TcpServer("127.0.0.1", 0) for _ in range(2)]
    scanners = [
        Scanner(
            f"scanner {at}",
            server,
            on_code=lambda code, when, at=at: heard.send_nowait((at, code)),  # type: ignore[misc]
            jitter=lambda: 0.0,
        )
        for at, server in enumerate(servers)
    ]
    connect = [f"--connect=127.0.0.1:{await server.bind()}" for server in servers]
    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            for scanner in scanners:
                nursery.start_soon(scanner.run)
            async with double(FAKE, *connect) as fake:
                assert fake.ready == {"ready": True, "scanners": 2, "ports": []}
                await fake.tell(scan="one", chunks="byte", id=1)
                await fake.tell(scan="two", scanner=1)
                assert {await codes.receive(), await codes.receive()} == {(0, b"one"), (1, b"two")}
                assert (await fake.hear())["sent"] == 1
                await fake.tell(drop=True)
                await fake.tell(scan="three")
                assert await codes.receive() == (0, b"three")
                fake.process.send_signal(signal.SIGKILL)
                await fake.process.wait()
                while any(scanner.health.lost_count < 1 for scanner in scanners):
                    await trio.sleep(0.01)
            async with double(FAKE, *connect) as fake:
                await fake.tell(scan="four")
                assert await codes.receive() == (0, b"four")
                while scanners[1].health.state is not Health.READY:
                    await trio.sleep(0.01)
            nursery.cancel_scope.cancel()
    for server in servers:
        await server.aclose()


@pytest.mark.trio
async def test_a_listening_scanner() -> None:
    heard, codes = trio.open_memory_channel[bytes](100)
    with trio.fail_after(60):
        async with (
            double(FAKE, "--listen", "127.0.0.1:0") as fake,
            trio.open_nursery() as nursery,
        ):
            scanner = Scanner(
                "scanner",
                TcpClient("127.0.0.1", fake.ready["ports"][0]),
                on_code=lambda code, at: heard.send_nowait(code),
                jitter=lambda: 0.0,
            )
            nursery.start_soon(scanner.run)
            await fake.tell(hex="ff00fe")
            assert await codes.receive() == b"\xff\x00\xfe"
            nursery.cancel_scope.cancel()


def test_it_ends_with_its_input_and_says_what_it_wants() -> None:
    command = [sys.executable, "-m", FAKE]
    listening = [*command, "--listen", "127.0.0.1:0"]
    assert subprocess.run(listening, input=b"", timeout=20, check=False).returncode == 0
    wrong = subprocess.run(command, capture_output=True, timeout=20, check=False)
    assert wrong.returncode == 2 and b"--connect HOST:PORT" in wrong.stderr


class DeadAtOnce:
    """A connection whose other side is gone before anybody has said a word."""

    async def receive_some(self, _most: int) -> bytes:
        return b""

    async def aclose(self) -> None:
        pass


@pytest.mark.trio
async def test_a_guest_who_waits_while_a_link_comes_and_goes_is_scanned_over_the_next() -> None:
    scanner = FakeScanner()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(scanner.scan, {"scan": "A"})
        await trio.testing.wait_all_tasks_blocked()
        await scanner.attach(DeadAtOnce())  # type: ignore[arg-type]
        await trio.testing.wait_all_tasks_blocked()
        ours, theirs = trio.testing.memory_stream_pair()
        nursery.start_soon(scanner.attach, theirs)
        assert await ours.receive_some(10) == b"A\r"
        nursery.cancel_scope.cancel()
