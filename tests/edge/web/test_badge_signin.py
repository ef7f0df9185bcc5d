"""Signing in by band: who may, with what chip, how often; and nothing of it where it is not."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from trio.testing import MockClock

from crypto.entry import OperatorSignedIn
from crypto.money import DebitHeld
from drivers.reader import Chip
from drivers.reader.chips import Type2
from edge.core.pricing import Item
from edge.web.attempts import NAME_TRIES_MAX
from edge.web.signin import COOKIE
from edge.web.till_pairings import COOKIE as COOKIE_OF_TILL
from tests.edge.core.bar import WATER
from tests.edge.till.test_badges import medium_of, publish
from tests.edge.web.house import House, person
from tests.edge.web.test_till_works import Bar


async def pair(bar: Bar, till: int) -> None:
    """The client stands at that till; 0: at none."""
    bar.client.cookies.set(COOKIE_OF_TILL, "")
    if till:
        token = await bar.door.pairings.pair(till, 2, 5)
        bar.client.cookies.set(COOKIE_OF_TILL, token)


async def tap(
    bar: Bar, band: Type2 | None, wait: int = 5, paired: int | None = 1
) -> tuple[int, Any]:
    """Ask to sign in at till 1, with `band` held to its reader. `paired`: the till at which the
    device that asks stands; None: as before."""
    found: list[tuple[int, Any]] = []
    if paired is not None:
        bar.door.pairings.devices.clear()
        await pair(bar, paired)

    async def ask() -> None:
        found.append(await bar.post("1/sign-in", {"wait": wait}))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        if band is not None:
            await trio.testing.wait_all_tasks_blocked()
            bar.readers[1].place(band)
            while not found:
                await trio.sleep(0.2)
            bar.readers[1].take()
    await trio.sleep(1)  # the band has left, and the next try may be made
    return found[0]


@pytest.mark.trio
async def test_a_badge_opens_the_session_that_a_pin_opens(autojump_clock: MockClock) -> None:
    async with Bar("seller", "supervisor").run() as bar:
        assert isinstance(bar, Bar)
        band, strong = await bar.wallet(1000), await bar.wallet(1000, Chip.UL_AES)
        publish(bar, (band, 1), (strong, 2))
        status, now = await tap(bar, band)
        assert (status, now["name"], now["role"]) == (200, "Seller", "seller")
        assert "sell" in now["rights"] and "undo" not in now["rights"]
        assert (await bar.get(""))[0] == 200
        old = bar.client.cookies[COOKIE]
        status, now = await tap(bar, strong)
        assert (status, now["role"]) == (200, "supervisor") and "undo" in now["rights"]
        assert bar.client.cookies[COOKIE] != old and len(bar.door.sessions) == 1
        facts = [fact for fact in bar.log.facts if isinstance(fact, OperatorSignedIn)]
        assert [fact.operator for fact in facts] == [1, 2]


@pytest.mark.trio
async def test_a_band_that_can_be_copied_signs_sellers_in_and_nobody_else(
    autojump_clock: MockClock,
) -> None:
    roles: Any = ("supervisor", "technician", "finance", "scanner")
    async with Bar(*roles).run() as bar:
        assert isinstance(bar, Bar)
        band = await bar.wallet(1000)
        for number, role in enumerate(roles, 1):
            publish(bar, (band, number), version=1 + number)
            status, told = await tap(bar, band)
            assert (status, told["problem"]) == (403, "band_too_weak"), role
        assert len(bar.door.sessions) == 0
        assert not [fact for fact in bar.log.facts if isinstance(fact, OperatorSignedIn)]


@pytest.mark.trio
async def test_bands_of_nobody_are_all_answered_alike_and_counted(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with Bar("seller").run() as bar:
        assert isinstance(bar, Bar)
        guest, badge = await bar.wallet(1000), await bar.wallet(1000)
        away, lost = await bar.wallet(1000), await bar.wallet(1000)
        publish(bar, (badge, 1), (away, 99), (lost, 1))
        await bar.do("lock", medium=medium_of(bar, lost))
        assert (await tap(bar, badge))[0] == 200
        bar.client.cookies.clear()
        answers = [await tap(bar, band) for band in (guest, away, lost, guest, guest)]
        assert len(answers) == NAME_TRIES_MAX
        assert [told["problem"] for _, told in answers] == ["wrong_band"] * 5
        assert {status for status, _ in answers} == {401}
        assert len({str(told) for _, told in answers}) == 1
        assert (await tap(bar, badge))[0] == 429  # before the reader is even asked
        await trio.sleep(60)
        assert (await tap(bar, badge))[0] == 200
    because = [vars(one).get("because") for one in caplog.records]
    assert [one for one in because if one][:3] == ["no_badge", "no_staff_here", "blocked"]
    assert not any(medium_of(bar, guest).hex() in str(vars(one)) for one in caplog.records)


@pytest.mark.trio
async def test_only_a_free_reader_is_taken_and_given_back(autojump_clock: MockClock) -> None:
    async with Bar("seller").run() as bar:
        assert isinstance(bar, Bar)
        band = await bar.wallet(1000)
        publish(bar, (band, 1))
        await bar.sign_in("seller")
        assert (await tap(bar, None))[1]["problem"] == "no_band"
        quoted = (await bar.post("1/quotes", {"items": [{"article": WATER, "quantity": 1}]}))[1]
        basket = {
            "basket": quoted["basket"], "total_minor": 250,
            "items": [{"article": WATER, "quantity": 1}],
        }  # fmt: skip
        assert (await bar.post("1/payments?wait=0", basket))[1]["state"] == "waiting_band"
        status, told = await tap(bar, None)
        assert (status, told["problem"]) == (409, "busy")
        state = (await bar.get("/1/state"))[1]
        assert state["work"]["id"] == quoted["basket"]  # the guest is served as before
        assert not [fact for fact in bar.log.facts if isinstance(fact, DebitHeld)]


@pytest.mark.trio
async def test_a_badge_that_was_taken_away_ends_what_it_opened(autojump_clock: MockClock) -> None:
    async with Bar("seller").run() as bar:
        assert isinstance(bar, Bar)
        band = await bar.wallet(1000)
        publish(bar, (band, 1))
        assert (await tap(bar, band))[0] == 200
        assert (await bar.get(""))[0] == 200
        publish(bar, version=3)
        assert (await bar.get(""))[0] == 401
        await bar.sign_in("seller")
        assert (await bar.get(""))[0] == 200


@pytest.mark.trio
async def test_pages_of_others_are_not_told(autojump_clock: MockClock) -> None:
    async with Bar("seller").run() as bar:
        assert isinstance(bar, Bar)
        await bar.sign_in("seller")
        await pair(bar, 1)
        with bar.gateway.events.listen() as heard:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(bar.post, "1/sign-in", {"wait": 5})
                await trio.sleep(1)
                state = (await bar.get("/1/state"))[1]
                row = (await bar.get(""))[1]["tills"][0]
                assert (state["work"], state["last"], row["state"]) == (None, None, "idle")
                assert (await bar.post("1/shifts", {"action": "close"}))[0] == 200
            with pytest.raises(trio.WouldBlock):
                while heard.receive_nowait()["event"] != "till":
                    pass
        assert bar.one.works == {}


@pytest.mark.trio
async def test_where_there_is_no_reader_no_till_or_no_staff(autojump_clock: MockClock) -> None:
    async with Bar("seller").run() as bar:
        assert isinstance(bar, Bar)
        bar.one.reader = None
        await pair(bar, 1)
        assert (await bar.post("1/sign-in", {}))[1]["problem"] == "no_reader"
        assert (await bar.post("9/sign-in", {}))[1]["problem"] == "unknown_till"
        assert (await bar.post("1/sign-in", {"wait": 0}))[0] == 400
    async with House([person(1, "Anna")]).client() as client:
        answer = await client.post("/v1/tills/1/sign-in", json={})
        assert (answer.status_code, answer.json()["problem"]) == (404, "unknown_till")
    async with Bar().run() as bar:
        assert isinstance(bar, Bar)
        assert (await bar.post("1/sign-in", {}))[1]["problem"] == "no_sign_in"


@pytest.mark.trio
async def test_one_page_waits_at_a_time_and_is_told_when_a_guest_comes_first(
    autojump_clock: MockClock,
) -> None:
    async with Bar("seller").run() as bar:
        assert isinstance(bar, Bar)
        band = await bar.wallet(1000)
        publish(bar, (band, 1))
        first: list[tuple[int, Any]] = []
        await pair(bar, 1)

        async def ask() -> None:
            first.append(await bar.post("1/sign-in", {"wait": 60}))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask)
            await trio.sleep(1)
            second = await tap(bar, None, paired=None)
            assert (second[0], second[1]["problem"], first) == (409, "busy", [])
            assert (await bar.sell(band, Item(WATER, 1))).state == "paid"
        assert (first[0][0], first[0][1]["problem"]) == (409, "busy")
        assert len(bar.door.sessions) == 0


@pytest.mark.trio
async def test_who_hangs_up_leaves_the_reader_free(autojump_clock: MockClock) -> None:
    async with Bar("seller").run() as bar:
        assert isinstance(bar, Bar)
        band = await bar.wallet(1000)
        publish(bar, (band, 1))
        await pair(bar, 1)
        with trio.move_on_after(1):
            await bar.post("1/sign-in", {"wait": 60})
        assert bar.one.work is None
        assert (await tap(bar, band))[0] == 200
