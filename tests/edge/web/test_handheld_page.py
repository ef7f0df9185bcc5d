"""The handheld in a real browser: one scan is one presentation, whatever the network does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import trio
from playwright.sync_api import Page, Route, expect

from crypto.entry import Admitted
from tests.edge.web.browsing import WAIT_MS, fits, from_trio, hidden, in_browser, shows
from tests.edge.web.house import PIN, House, code, person
from tests.edge.web.serving import served

SIZES = [(360, 740), (1280, 800)]
SHAKES = """
window.shaken = [];
navigator.vibrate = (pattern) => { window.shaken.push(pattern); return true; };
"""


async def play(house: House, work: Callable[[Page], None], **how: Any) -> None:
    async with served(house) as api:
        await trio.to_thread.run_sync(lambda: in_browser(api, work, path="/handheld", **how))


def scan(shown: Page, text: str) -> None:
    """As a wedge scanner types."""
    shown.keyboard.type(text)
    shown.keyboard.press("Enter")


def result(shown: Page, look: str) -> None:
    expect(shown.locator("#result")).to_have_class(look, timeout=WAIT_MS)
    expect(shown.locator("#result")).to_be_visible(timeout=WAIT_MS)


def start(shown: Page, lane: str = "2") -> None:
    shows(shown, "#state", "Ready")
    shown.select_option("#lane", lane)


def admissions(house: House) -> list[Admitted]:
    return [fact for fact in house.log.facts if isinstance(fact, Admitted)]


@pytest.mark.trio
@pytest.mark.needs("chromium")
@pytest.mark.parametrize("size", SIZES)
async def test_a_wedge_scanner_is_answered_in_one_look(size: tuple[int, int]) -> None:
    house = House()

    def work(shown: Page) -> None:
        start(shown)
        shown.locator("#state").click()  # a touch, so that the phone may shake
        scan(shown, code(1))
        result(shown, "yes")
        shows(shown, "#verdict", "ADMITTED")
        shows(shown, "#product", "Day ticket")
        scan(shown, code(1))  # the next guest: the answer before is in nobody's way
        result(shown, "no")
        shows(shown, "#text", "Already used at 16:13, lane 2.")
        shown.locator("#close").click()
        hidden(shown, "#result")
        shown.locator("#lane").focus()  # the focus is elsewhere: no letter is lost
        scan(shown, code(2))
        result(shown, "yes")
        fits(shown, size[0])
        rows = shown.locator("#last li")
        expect(rows).to_have_count(3)
        expect(rows.nth(1)).to_contain_text("✖")
        assert shown.evaluate("window.shaken") == [[60], [250, 100, 250], [60]]

    await play(house, work, size=size, prepare=SHAKES)
    assert [(each.lane, each.granted) for each in admissions(house)] == [(2, 1), (2, 1)]
    assert len({each.nonce for each in admissions(house)}) == 2
    assert all(len(each.nonce) == 16 for each in admissions(house))


@pytest.mark.trio
@pytest.mark.needs("chromium")
async def test_a_group_enters_by_count_and_the_way_out_is_chosen() -> None:
    house = House()

    def work(shown: Page) -> None:
        start(shown)
        for _ in range(4):
            shown.locator("#more").click()
        shown.locator("#fewer").click()
        scan(shown, code(3, persons=28, flags=3))
        result(shown, "yes")
        shows(shown, "#granted", "× 4")
        shows(shown, "#hints", "Check identity or age")
        shown.locator("#close").click()
        shows(shown, "#count", "1")  # for the next guest it is one again
        shown.locator("#exit").click()
        hidden(shown, "#counts")
        scan(shown, code(3, persons=28))
        shows(shown, "#verdict", "EXIT")
        shown.locator("#close").click()
        shown.select_option("#lane", "1")
        hidden(shown, "#exit")

    await play(house, work)
    assert [each.granted for each in admissions(house)] == [4]
    assert house.log.kinds().count("ExitRecorded") == 1


@pytest.mark.trio
@pytest.mark.needs("chromium")
@pytest.mark.parametrize("reached", [True, False], ids=["answer-lost", "request-lost"])
async def test_what_was_not_sent_fills_the_screen_and_retries_as_the_same(reached: bool) -> None:
    house = House()
    asked: list[Any] = []

    def cut(route: Route) -> None:
        asked.append(route.request.post_data_json)
        if reached:
            route.fetch()  # the gateway admits, and its answer never arrives
        route.abort()

    def work(shown: Page) -> None:
        start(shown)
        shown.route("**/presentations**", cut)
        scan(shown, code(1))
        expect(shown.locator("#pending")).to_be_visible(timeout=WAIT_MS)
        shows(shown, "#pending", "NOT SENT")
        scan(shown, code(2))
        shows(shown, "#pending-other", "Retry or discard first!")
        assert len(asked) == 1  # the other one was not sent, nor kept for later
        with shown.expect_event("requestfailed", lambda request: "presentations" in request.url):
            scan(shown, code(1))  # the same ticket again is the same presentation
        expect(shown.locator("#pending")).to_be_visible(timeout=WAIT_MS)
        shown.unroute("**/presentations**")
        shown.reload()  # a browser that was ended forgets nothing that is unknown
        expect(shown.locator("#pending")).to_be_visible(timeout=WAIT_MS)
        shown.locator("#retry").click()
        result(shown, "yes")
        shows(shown, "#verdict", "ADMITTED")
        hidden(shown, "#pending")

    await play(house, work)
    assert {each["nonce"] for each in asked} == {admissions(house)[0].nonce.hex()}
    assert len(admissions(house)) == 1


@pytest.mark.trio
@pytest.mark.needs("chromium")
async def test_what_is_discarded_is_listed_and_never_sent() -> None:
    house = House()

    def work(shown: Page) -> None:
        start(shown)
        shown.route("**/presentations**", lambda route: route.abort())
        scan(shown, code(1))
        shown.locator("#discard").click()
        hidden(shown, "#pending")
        shows(shown, "#last", "NOT SENT")
        shown.unroute("**/presentations**")
        shown.reload()
        shows(shown, "#state", "Ready")
        hidden(shown, "#pending")
        scan(shown, code(2))
        result(shown, "yes")

    await play(house, work)
    assert len(admissions(house)) == 1


@pytest.mark.trio
@pytest.mark.needs("chromium")
async def test_a_lost_connection_is_said_loudly_before_the_next_scan(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("config.runtime.listen.GRACE_S", 0.05)
    house = House()

    def work(shown: Page) -> None:
        start(shown)
        hidden(shown, "#lost")
        from_trio(api.stop.set)
        shows(shown, "#lost", "CONNECTION LOST")

    async with served(house) as api:
        await trio.to_thread.run_sync(lambda: in_browser(api, work, path="/handheld"))


@pytest.mark.trio
@pytest.mark.needs("chromium")
async def test_staff_sign_in_see_their_lanes_and_sign_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("edge.web.attempts.GAP_S", 0.0)
    house = House([person(7, "Anna", lanes=(2,)), person(8, "Ben", "supervisor")])

    def work(shown: Page) -> None:
        shown.wait_for_url("**/signin?to=/handheld")
        fits(shown, 360)
        shown.fill("#name", "Anna")
        shown.fill("#pin", "000000")
        shown.keyboard.press("Enter")
        shows(shown, "#wrong", "do not belong together")
        shown.fill("#pin", PIN)
        shown.click("#go")
        shows(shown, "#who", "Anna")
        expect(shown.locator("#lane option")).to_have_count(1)
        offered = set(shown.evaluate("fetch('/v1/session').then(a => a.json())")["rights"])
        for place in shown.locator("[data-right]").all():
            wanted = place.get_attribute("data-right") in offered
            assert place.is_visible() == wanted
        scan(shown, code(1))
        result(shown, "yes")
        shown.locator("#close").click()
        # Signed out amid a scan: to sign-in, and the scan is not forgotten, nor half of it a PIN.
        shown.keyboard.type(code(2)[:9])
        with shown.expect_response("**/v1/session"):
            house.door.sessions.end(next(iter(shown.context.cookies()))["value"])
        scan(shown, code(2)[9:])
        shown.wait_for_url("**/signin?to=/handheld")
        expect(shown.locator("#name")).to_have_value("Anna")
        shown.fill("#pin", PIN)
        shown.click("#go")
        expect(shown.locator("#pending")).to_be_visible(timeout=WAIT_MS)
        shown.locator("#retry").click()
        result(shown, "yes")
        shown.locator("#close").click()
        shown.locator("#out").click()
        shown.wait_for_url("**/signin?to=/handheld")

    await play(house, work)
    assert len(admissions(house)) == 2


@pytest.mark.trio
@pytest.mark.needs("chromium")
async def test_it_speaks_the_language_of_the_phone() -> None:
    house = House()

    def work(shown: Page) -> None:
        shows(shown, "#state", "Bereit: Code scannen")
        shown.select_option("#lane", "2")
        scan(shown, "kein Ticket")
        shows(shown, "#verdict", "HALT")

    await play(house, work, locale="de-AT")
