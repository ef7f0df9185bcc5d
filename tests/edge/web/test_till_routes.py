"""Looking at tills and their shifts, where there are some and where there are none."""

import pytest
from trio.testing import MockClock

from tests.edge.web.house import House
from tests.edge.web.test_till_works import Bar


@pytest.mark.trio
async def test_a_gateway_without_tills() -> None:
    house = House()
    assert await house.get("/v1/tills") == (200, {"tills": []})
    status, told = await house.get("/v1/tills/1/state")
    assert (status, told["problem"], told["hint"]) == (
        404, "unknown_till", "tills of this gateway: none",
    )  # fmt: skip


@pytest.mark.trio
async def test_no_room_is_said(autojump_clock: MockClock) -> None:
    async with Bar().run() as bar:
        assert isinstance(bar, Bar)
        bar.log.full = True
        for path, body in (
            ("1/shifts", {"action": "close"}),
            ("1/closings", {"closing": "X"}),
        ):
            status, told = await bar.post(path, body)
            assert (status, told["problem"]) == (503, "no_room")


@pytest.mark.trio
async def test_training_is_switched_while_nothing_is_under_way(autojump_clock: MockClock) -> None:
    async with Bar().run() as bar:
        assert isinstance(bar, Bar)
        assert (await bar.post("1/training", {"on": True}))[1]["training"] is True
        await bar.post("1/balance?wait=0", {"id": "00" * 16})
        assert (await bar.post("1/training", {"on": False}))[0] == 409
