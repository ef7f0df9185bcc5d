"""Whoever asks at once, and a while after, gets one answer; an error is nobody's answer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from central.web.shared import Shared


class Sums:
    """Takes as long as the test lets it, and says a number or raises."""

    def __init__(self, *told: int | Exception) -> None:
        self.told = list(told)
        self.made = 0
        self.go = asyncio.Event()

    async def make(self) -> int:
        self.made += 1
        await self.go.wait()
        answer = self.told.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.mark.asyncio
async def test_one_works_for_all_who_ask_also_when_they_have_gone() -> None:
    sums = Sums(OSError("not now"), 7, 8)
    shared = Shared(sums.make, patience=1_000_000_000)
    asking = [asyncio.create_task(shared.read()) for _ in range(3)]
    await asyncio.sleep(0)
    asking[0].cancel()
    sums.go.set()
    told: list[Any] = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(one) for one in told] == [asyncio.CancelledError, OSError, OSError]
    assert sums.made == 1
    assert [await shared.read(), await shared.read()] == [7, 7]
    shared._until = 0.0  # its time is over: the old answer is given while the next one is made
    sums.go.clear()
    assert [await shared.read(), await shared.read(), sums.made] == [7, 7, 2]
    sums.go.set()
    while sums.told:
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert [await shared.read(), sums.made] == [8, 3]


@pytest.mark.asyncio
async def test_what_is_quickly_done_is_done_anew() -> None:
    sums = Sums(1, 2)
    sums.go.set()
    shared = Shared(sums.make, patience=0)
    assert [await shared.read(), await shared.read()] == [1, 2]
