"""drivers/scanner/driver.py with the double: the contract every scanner keeps, on four wires."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
import trio.testing

from drivers.scanner.driver import Scanner
from drivers.scanner.fake import FakeScanner
from drivers.supervisor import Health
from tests.drivers.wires import WIRES, MemoryLink


class Stage:
    """A scanner, its double, and the codes that came."""

    def __init__(self, nursery: trio.Nursery, kind: str, seed: int, **options: Any) -> None:
        self.double = FakeScanner()
        self.link = MemoryLink(nursery, self.double.attach, kind, seed)
        self.codes: list[tuple[bytes, float]] = []
        self.scanner = Scanner(
            "scanner of lane 1",
            self.link,
            on_code=lambda code, at: self.codes.append((code, at)),
            jitter=lambda: 0.0,
            **options,
        )

    async def scan(self, code: str, **how: Any) -> None:
        await self.double.scan({"scan": code, **how})
        await trio.sleep(2.5)

    @property
    def texts(self) -> list[str]:
        return [code.decode("latin-1") for code, _ in self.codes]


@asynccontextmanager
async def stage(kind: str = "whole", seed: int = 0, **options: Any) -> AsyncIterator[Stage]:
    async with trio.open_nursery() as nursery:
        play = Stage(nursery, kind, seed, **options)
        nursery.start_soon(play.scanner.run)
        await trio.testing.wait_all_tasks_blocked()
        yield play
        nursery.cancel_scope.cancel()


@pytest.mark.trio
@pytest.mark.parametrize("suffix", ["cr", "lf", "crlf"])
@pytest.mark.parametrize("chunks", ["whole", "byte", 3])
@pytest.mark.parametrize("kind", ["whole", "bytes", "delayed"])
async def test_every_guest_is_heard(
    autojump_clock: trio.testing.MockClock, kind: str, chunks: str | int, suffix: str
) -> None:
    async with stage(kind) as play:
        for guest in range(5):
            await play.scan(f"guest-{guest}", suffix=suffix, chunks=chunks, prefix="]Q1")
        assert play.texts == [f"guest-{guest}" for guest in range(5)]
        assert play.scanner.health.state is Health.READY


@pytest.mark.trio
@pytest.mark.parametrize("seed", range(10))
async def test_lost_bytes_cost_only_their_own_guests(
    autojump_clock: trio.testing.MockClock, seed: int
) -> None:
    async with stage("lossy", seed) as play:
        for guest in range(100, 150):
            await play.scan(f"guest-{guest}")
        heard = [text for text in play.texts if len(text) == len("guest-100")]
        assert heard == sorted(set(heard)), "a whole code is a code that was shown, in order"
        assert len(heard) > 20
        assert play.scanner.health.state is Health.READY


@pytest.mark.trio
@pytest.mark.parametrize("kind", WIRES)
async def test_garbage_never_blocks_the_next_guest(
    autojump_clock: trio.testing.MockClock, kind: str
) -> None:
    garbage = ["\x00\x01\x02", "x" * 6_000, "]Q1", "\\\\\\", "ÄÖ"]
    async with stage(kind, seed=5) as play:
        for number, noise in enumerate(garbage):
            await play.scan(noise)
            for more in range(3):
                await play.scan(f"guest-{number}-{more}")
        for number in range(len(garbage)):
            assert any(text.startswith(f"guest-{number}") for text in play.texts)
        assert play.scanner.counters.endless_count == 1


@pytest.mark.trio
@pytest.mark.parametrize("framing", ["stx_etx", "pause"])
@pytest.mark.parametrize("kind", ["whole", "bytes", "delayed"])
async def test_other_framings(
    autojump_clock: trio.testing.MockClock, kind: str, framing: str
) -> None:
    how = {"suffix": "none"} if framing == "pause" else {"prefix": "stx", "suffix": "etx"}
    async with stage(kind, framing=framing) as play:
        await play.scan("GUEST", **how)
        assert play.texts == ["GUEST"]


@pytest.mark.trio
async def test_a_disconnect_at_each_byte_costs_at_most_that_code(
    autojump_clock: trio.testing.MockClock,
) -> None:
    whole = b"]Q1GUEST\r\n"
    for cut in range(len(whole) + 1):
        async with stage() as play:
            await play.double.scan({"scan": "]Q1GUEST"[:cut], "suffix": "none"})
            await play.link.cut()
            await trio.sleep(1)
            await play.scan("NEXT")
            assert play.texts == ["NEXT"]
            assert play.scanner.health.state is Health.READY
            assert play.link.opened_count == 2


@pytest.mark.trio
async def test_a_newer_connection_takes_over(autojump_clock: trio.testing.MockClock) -> None:
    async with stage() as play:
        play.link.newer.set()
        await trio.sleep(1)
        await play.scan("GUEST")
        assert play.texts == ["GUEST"] and play.link.opened_count == 2


@pytest.mark.trio
async def test_codes_are_handed_over_with_their_time_at_once(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with stage() as play:
        await trio.sleep(7)
        await play.scan("GUEST")
        assert play.codes == [(b"GUEST", 7.0)]


@pytest.mark.trio
async def test_gone_and_woken(autojump_clock: trio.testing.MockClock) -> None:
    async with stage() as play:
        play.link.gone = True
        await play.link.cut()
        await trio.sleep(20)
        assert play.scanner.health.state is Health.GONE
        play.link.gone = False
        play.scanner.wake()
        await trio.testing.wait_all_tasks_blocked()
        assert play.scanner.health.state is Health.READY


def test_an_unknown_framing_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="'tab' is unknown; use one of line, cr"):
        Scanner(
            "x",
            None,  # type: ignore[arg-type]
            on_code=lambda code, at: None,
            jitter=lambda: math.nan,
            framing="tab",
        )
