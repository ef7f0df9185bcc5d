"""A reader that has to be asked: it finds the band that comes, and knows when that one has left."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from drivers.reader.band import Chip, Sensed
from drivers.reader.polled import ABSENT_COUNT, POLL_S, Polled

A, B = b"\x04aaaaaa", b"\x04bbbbbb"


class Scripted(Polled):
    """Answers each activation with the next of `uids`, and then with nobody."""

    def __init__(self, *uids: bytes | None) -> None:
        super().__init__(self, entropy=bytes)
        self.uids = list(uids)
        self.asked = 0

    async def activate(self) -> bytes | None:
        self.asked += 1
        await trio.lowlevel.checkpoint()
        return self.uids.pop(0) if self.uids else None

    async def exchange(self, command: bytes) -> bytes:
        raise AssertionError("nothing is said to a band while it is waited for")

    async def identify(self, uid: bytes) -> Sensed:
        self._sensed = Sensed(uid, Chip.NTAG213)
        return self._sensed


@pytest.mark.trio
async def test_it_asks_until_a_band_is_there(autojump_clock: MockClock) -> None:
    reader = Scripted(None, None, A)
    began = trio.current_time()
    assert (await reader.sense()).uid == A
    assert (reader.asked, trio.current_time() - began) == (3, pytest.approx(2 * POLL_S))


@pytest.mark.trio
async def test_one_lost_answer_is_no_leaving_and_another_band_is(
    autojump_clock: MockClock,
) -> None:
    reader = Scripted(A, A, None, A, B, None)
    await reader.sense()
    await reader.gone()
    assert reader.asked == 4 + ABSENT_COUNT
    await reader.gone()  # nobody was sensed since: there is nobody to wait for
    assert reader.asked == 4 + ABSENT_COUNT
