"""Pairing the device in hand: who may, what the page is told, and what is taken back."""

from __future__ import annotations

import pytest
from trio.testing import MockClock

from edge.web.till_pairings import COOKIE, PER_TILL_MAX
from tests.edge.till.test_badges import publish
from tests.edge.web.test_badge_signin import tap
from tests.edge.web.test_till_works import Bar


@pytest.mark.trio
async def test_a_supervisor_pairs_the_device_in_hand(autojump_clock: MockClock) -> None:
    async with Bar("seller", "supervisor").run() as bar:
        assert isinstance(bar, Bar)
        assert (await bar.post("1/devices", {"action": "pair"}))[0] == 401
        await bar.sign_in("seller")
        assert (await bar.post("1/devices", {"action": "pair"}))[0] == 403
        assert (await bar.get("/1/devices"))[0] == 403
        await bar.sign_in("supervisor")
        answer = await bar.client.post("/v1/tills/1/devices", json={"action": "pair"})
        said = answer.headers["set-cookie"]
        assert all(word in said for word in (COOKIE, "HttpOnly", "SameSite=strict", "Max-Age=345"))
        token = bar.client.cookies[COOKIE]
        (row,) = (await bar.get("/1/devices"))[1]["devices"]
        assert (row["operator"], row["this"]) == (2, True) and token not in answer.text
        assert bar.door.pairings.till_of(token) == 1
        status, told = await bar.post("1/devices", {"action": "forget", "device": "00000000"})
        assert (status, told["field"]) == (400, "device")
        gone = {"action": "forget", "device": row["device"]}
        assert (await bar.post("1/devices", gone))[1] == {"devices": []}
        for _ in range(PER_TILL_MAX):
            bar.client.cookies.delete(COOKIE, domain="localhost.local")
            assert (await bar.post("1/devices", {"action": "pair"}))[0] == 200
        bar.client.cookies.delete(COOKIE, domain="localhost.local")
        status, told = await bar.post("1/devices", {"action": "pair"})
        assert (status, told["problem"]) == (409, "too_many")


@pytest.mark.trio
async def test_only_the_device_at_the_till_gets_what_its_reader_opens(
    autojump_clock: MockClock,
) -> None:
    bar = Bar("seller", "supervisor")
    bar.add_till(2)
    async with bar.run():
        band = await bar.wallet(1000)
        publish(bar, (band, 1))
        for till in (0, 2):  # a stranger, and the page of the bar next to it
            status, told = await tap(bar, band, paired=till)
            assert (status, told["problem"]) == (403, "not_paired")
            assert bar.one.work is None, "the reader is not even asked"
        assert len(bar.door.sessions) == 0
        assert (await tap(bar, band, paired=1))[0] == 200
        (device,) = [one for one in bar.door.pairings.devices if one.till == 1]
        assert await bar.door.pairings.forget(1, device.name)
        bar.client.cookies.delete("gatehouse_session")
        status, told = await tap(bar, None, paired=None)
        assert (status, told["problem"]) == (403, "not_paired")


@pytest.mark.trio
async def test_where_nobody_signs_in_nothing_is_paired(autojump_clock: MockClock) -> None:
    async with Bar().run() as bar:
        assert isinstance(bar, Bar)
        assert (await bar.post("1/devices", {"action": "pair"}))[0] == 404
