"""A change of a shift that is asked for twice is made once."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from crypto.money import CashMoved, ClosingMade
from edge.web import till_once
from tests.edge.web.test_till_works import Bar

pytestmark = pytest.mark.trio
MOVE = {"action": "move", "amount_minor": -3000, "because": "drop", "id": "ab" * 16}


async def test_an_answer_that_was_lost_is_given_again_and_nothing_is_moved_twice(
    autojump_clock: MockClock,
) -> None:
    async with Bar().run() as bar:
        assert isinstance(bar, Bar)
        bar.log.holds_at = CashMoved
        async with trio.open_nursery() as nursery:
            nursery.start_soon(bar.post, "1/shifts", MOVE)
            await wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()  # the page hangs up before it is on disk
            bar.log.holding = False
            bar.log.sync()
        status, told = await bar.post("1/shifts", MOVE)
        assert (status, told["shift"]["moved_minor"]) == (200, -3000)
        assert len([fact for fact in bar.log.facts if isinstance(fact, CashMoved)]) == 1
        status, told = await bar.post("1/shifts", {**MOVE, "amount_minor": -500})
        assert (status, told["problem"]) == (409, "other_content")
        await bar.post("1/shifts", {**MOVE, "id": None})
        assert len([fact for fact in bar.log.facts if isinstance(fact, CashMoved)]) == 2


async def test_a_z_that_was_made_is_told_again_and_a_refusal_may_be_true_no_longer(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(till_once, "KEPT_MAX", 1)
    async with Bar().run() as bar:
        assert isinstance(bar, Bar)
        z = {"closing": "Z", "id": "cd" * 16}
        assert (await bar.post("1/closings", z))[1]["problem"] == "shift_open"
        await bar.post("1/shifts", {"action": "close", "counted_minor": 0})
        first = await bar.post("1/closings", z)
        assert first[0] == 200 and await bar.post("1/closings", z) == first
        assert len([fact for fact in bar.log.facts if isinstance(fact, ClosingMade)]) == 1
        await bar.post("1/shifts", {"action": "open", "id": "ef" * 16})
        assert (await bar.post("1/closings", z))[1]["problem"] == "shift_open"  # long ago
