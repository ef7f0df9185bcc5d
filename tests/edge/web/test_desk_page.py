"""Override, annul, trying and looking up at a handheld, in a real browser."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
import trio
from playwright.sync_api import Page, Route, expect

from crypto.entry import Admitted, Annulled, Overridden
from crypto.guests import Guest
from edge.core.guests import GuestBook
from edge.web import annulments, overrides
from edge.web.page import FOLDER
from tests.edge.web.browsing import WAIT_MS, fits, hidden, in_browser, shows
from tests.edge.web.desk import SCANNER, SUPERVISOR
from tests.edge.web.house import NOW_S, PIN, House, code
from tests.edge.web.serving import served


def house() -> House:
    return House([SCANNER, SUPERVISOR])


async def play(at: House, work: Any, **how: Any) -> None:
    async with served(at) as api:
        await trio.to_thread.run_sync(lambda: in_browser(api, work, path="/handheld", **how))


def sign_in(shown: Page, name: str = "Ben") -> None:
    shown.wait_for_url("**/signin?to=/handheld")
    shown.fill("#name", name)
    shown.fill("#pin", PIN)
    shown.click("#go")
    shows(shown, "#who", name)
    shown.select_option("#lane", "2")


def scan(shown: Page, text: str) -> None:
    shown.keyboard.type(text)
    shown.keyboard.press("Enter")


def look(shown: Page, kind: str, verdict: str) -> None:
    expect(shown.locator("#result")).to_have_class(kind, timeout=WAIT_MS)
    shows(shown, "#verdict", verdict)


def facts(at: House, kind: type) -> list[Any]:
    return [fact for fact in at.log.facts if type(fact) is kind]


def test_the_page_offers_exactly_the_reasons_that_the_api_takes() -> None:
    text = (FOLDER / "desk.js").read_text()
    words = (FOLDER / "words.js").read_text()
    for name, module in (("OVERRIDE_WHYS", overrides), ("ANNUL_WHYS", annulments)):
        listed = text.split(f"{name} = [")[1].split("]")[0]
        offered = [each.strip(' \n"') for each in listed.split(",")]
        assert offered == list(get_args(module.Why))
        assert all(words.count(f'"{each}": ') == 3 for each in offered)


@pytest.mark.trio
@pytest.mark.needs("chromium")
async def test_a_refused_guest_is_admitted_with_a_reason_once() -> None:
    at = house()
    tried: list[str] = []

    def lose_once(route: Route) -> None:
        tried.append(json.loads(route.request.post_data or "")["nonce"])
        if len(tried) == 1:
            route.fetch()  # it arrives; the answer is lost on its way back
            route.abort()
        else:
            route.continue_()

    def work(shown: Page) -> None:
        sign_in(shown)
        shown.locator("#override").click()
        shows(shown, "#desk-what", "Scan the ticket first")
        expect(shown.locator("#desk-list button")).to_have_count(0)
        shown.locator("#desk-close").click()
        scan(shown, code(1))
        look(shown, "yes", "ADMITTED")
        hidden(shown, "#force")
        scan(shown, code(1))
        look(shown, "no", "STOP")
        shown.route("**/override**", lose_once)
        shown.locator("#force").dblclick(position={"x": 99, "y": 9})  # its second half is no reason
        shows(shown, "#desk-what", "Already used")
        expect(shown.locator("#desk")).to_be_visible()
        fits(shown, 360)
        scan(shown, code(2))  # a scanner presses nothing here, and nothing is sent
        expect(shown.locator("#desk")).to_be_visible()
        shown.locator("[data-why=was_outside]").click()
        expect(shown.locator("#pending")).to_be_visible(timeout=WAIT_MS)
        shown.locator("#retry").click()
        look(shown, "yes", "ADMITTED ANYWAY")
        shows(shown, "#last", "ADMITTED ANYWAY")

    await play(at, work)
    (fact,) = facts(at, Overridden)
    assert (fact.who, fact.why, fact.lane) == ("8", "was_outside", 2)
    assert tried == [fact.nonce.hex()] * 2
    assert len(facts(at, Admitted)) == 1


@pytest.mark.trio
@pytest.mark.needs("chromium")
async def test_the_last_admission_is_taken_back_and_the_ticket_is_good_again() -> None:
    at = house()

    def work(shown: Page) -> None:
        sign_in(shown)
        scan(shown, code(1))
        look(shown, "yes", "ADMITTED")
        shown.reload()  # what can be taken back is not forgotten
        shows(shown, "#who", "Ben")
        shown.route("**/annulments", lambda route: route.abort())
        shown.locator("#annul").click()
        shows(shown, "#desk-what", "ADMITTED · Day ticket")
        fits(shown, 360)
        shown.locator("[data-why=did_not_turn]").click()
        look(shown, "no", "NOT TAKEN BACK")
        shown.unroute("**/annulments")
        shown.locator("#close").click()
        shown.locator("#annul").click()
        shown.locator("[data-why=did_not_turn]").click()
        look(shown, "attention", "TAKEN BACK")
        shown.locator("#close").click()
        shown.locator("#annul").click()
        shows(shown, "#desk-what", "Nobody was admitted")
        shown.keyboard.press("Escape")
        scan(shown, code(1))
        look(shown, "yes", "ADMITTED")

    await play(at, work)
    (fact,) = facts(at, Annulled)
    assert (fact.who, fact.why) == ("8", "did_not_turn")
    assert len(facts(at, Admitted)) == 2


@pytest.mark.trio
@pytest.mark.needs("chromium")
async def test_checking_only_is_loud_and_writes_nothing() -> None:
    at = House()

    def work(shown: Page) -> None:
        shows(shown, "#state", "Ready")
        for right in ("override", "annul", "search"):  # nobody signs in here
            hidden(shown, f"#{right}")
        shown.select_option("#lane", "2")
        shown.locator("#simulate").click()
        shows(shown, "#trial", "CHECK ONLY")
        for _ in range(2):
            scan(shown, code(1))
            look(shown, "yes trial", "TEST: ADMITTED")
            shows(shown, "#result-trial", "nothing counts")
            shown.locator("#close").click()
        fits(shown, 360)
        shown.route("**/simulations**", lambda route: route.abort())
        scan(shown, code(1))
        look(shown, "attention trial", "REJECTED")
        hidden(shown, "#pending")
        shown.locator("#close").click()
        assert at.log.facts == []
        shown.locator("#simulate").click()
        hidden(shown, "#trial")
        scan(shown, code(1))
        look(shown, "yes", "ADMITTED")
        hidden(shown, "#result-trial")

    await play(at, work)
    assert len(facts(at, Admitted)) == 1


@pytest.mark.trio
@pytest.mark.needs("chromium")
async def test_a_guest_is_looked_up_by_name() -> None:
    at = house()
    guests = [Guest("a", "Jörg Müller", b"shop:" + bytes(8), 7, 0, "wheelchair")]
    at.gateway.policy.take_guests(GuestBook(guests, version=1, issued_at_ms=at.clock.ms))

    def work(shown: Page) -> None:
        sign_in(shown)
        shown.locator("#search").click()
        shown.keyboard.type("mu")
        shown.keyboard.type("ller")
        shows(shown, "#desk-list", "Jörg Müller")
        shows(shown, "#desk-list", "Day ticket · wheelchair · shop:")
        shows(shown, "#desk-what", "List of Sep 21, 2026")
        fits(shown, 360)
        shown.fill("#desk-name", "Nobody")
        shows(shown, "#desk-what", "Nobody found")
        shown.locator("#desk-close").click()
        scan(shown, code(1))  # the focus is back where scanners type
        look(shown, "yes", "ADMITTED")

    await play(at, work)


MIA = Guest("1", "Mia Meier", b"shop:" + b"\x01" * 8, 7, note="stage left", persons=3)
LATE = Guest("2", "Lena Mei", b"shop:" + b"\x02" * 8, 7, valid_from=NOW_S + 86_400)
EVE = Guest("3", "Eve Meilink")


def listed() -> House:
    at = house()
    at.gateway.policy.take_guests(GuestBook([MIA, LATE, EVE], version=1, issued_at_ms=NOW_S * 1000))
    return at


def look_up(shown: Page, name: str, hits: int) -> None:
    shown.locator("#search").click()
    shown.fill("#desk-name", name)
    expect(shown.locator("#desk-list li")).to_have_count(hits, timeout=WAIT_MS)


@pytest.mark.trio
@pytest.mark.needs("chromium")
async def test_a_guest_who_is_found_is_admitted_once_by_whoever_found_them() -> None:
    at = listed()
    tried: list[str] = []

    def lose_once(route: Route) -> None:
        tried.append(json.loads(route.request.post_data or "")["nonce"])
        if len(tried) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    def work(shown: Page) -> None:
        sign_in(shown)
        shown.locator("#more").click()
        shown.route("**/lanes/2/guests**", lose_once)
        look_up(shown, "mei", 3)
        expect(shown.locator("#desk-list button")).to_have_count(2)  # Eve has no ticket
        shows(shown, "#desk-list li:last-child", "no ticket")
        fits(shown, 360)
        shown.get_by_role("button", name="Admit: Mia Meier").click()
        expect(shown.locator("#pending")).to_be_visible(timeout=WAIT_MS)
        shown.locator("#retry").click()
        look(shown, "yes", "ADMITTED")
        shows(shown, "#guest", "Mia Meier")
        shows(shown, "#granted", "× 2")
        shown.locator("#annul").evaluate("button => button.click()")
        shows(shown, "#desk-what", "ADMITTED")

    await play(at, work)
    (fact,) = facts(at, Overridden)
    assert (fact.who, fact.why, fact.granted) == ("8", "found_by_name", 2)
    assert tried == [fact.nonce.hex()] * 2


@pytest.mark.trio
@pytest.mark.needs("chromium")
async def test_a_found_guest_who_is_refused_can_be_admitted_anyway() -> None:
    at = listed()

    def work(shown: Page) -> None:
        sign_in(shown)
        look_up(shown, "lena", 1)
        shown.get_by_role("button", name="Admit: Lena Mei").click()
        look(shown, "no", "STOP")
        shows(shown, "#text", "Too early")
        shown.locator("#force").click()
        shown.locator("[data-why=late_or_early]").click()
        look(shown, "yes", "ADMITTED ANYWAY")
        shown.locator("#close").click()
        shown.locator("#exit").click()
        look_up(shown, "mia", 1)
        expect(shown.locator("#desk-list button")).to_have_count(0)  # nobody leaves by name

    await play(at, work)
    (fact,) = facts(at, Overridden)
    assert (fact.who, fact.why, fact.reason) == ("8", "late_or_early", 90)


@pytest.mark.trio
@pytest.mark.needs("chromium")
async def test_trying_may_be_at_another_time_and_lane_and_records_nothing() -> None:
    at = listed()
    asked: list[dict[str, Any]] = []

    def listen(route: Route) -> None:
        asked.append(json.loads(route.request.post_data or "") | {"url": route.request.url})
        route.continue_()

    def work(shown: Page) -> None:
        sign_in(shown)
        shown.route("**/lanes/*/guests**", listen)
        shown.route("**/simulations**", listen)
        shown.locator("#simulate").click()
        shows(shown, "#when", "Time: now")
        look_up(shown, "lena", 1)
        shown.get_by_role("button", name="Check only: Lena Mei").click()
        look(shown, "no trial", "TEST: STOP")
        shown.locator("#close").click()
        shown.locator("#when").click()
        expect(shown.locator("#desk-name")).to_be_hidden()
        fits(shown, 360)
        shown.fill("#desk-time", "2026-12-31T23:30")
        shown.get_by_role("button", name="Use this time").click()
        shows(shown, "#when", "Dec 31, 2026, 23:30")
        look_up(shown, "lena", 1)
        shown.locator("#desk-list button").click()
        look(shown, "yes trial", "TEST: ADMITTED")
        shows(shown, "#result-trial", "Dec 31, 2026, 23:30")
        shown.locator("#result").click(position={"x": 9, "y": 9})
        shown.select_option("#lane", "1")
        scan(shown, code(1))
        look(shown, "yes trial", "TEST: ADMITTED")
        shown.locator("#result").click(position={"x": 9, "y": 9})
        shown.locator("#when").click()
        shown.get_by_role("button", name="now").click()
        scan(shown, code(1))
        look(shown, "yes trial", "TEST: ADMITTED")
        shown.locator("#result").click(position={"x": 9, "y": 9})
        shown.locator("#simulate").click()
        hidden(shown, "#when")

    await play(at, work)
    assert [one.get("at", "now")[:10] for one in asked] == ["now", *["2026-12-31"] * 2, "now"]
    assert [one["url"].split("/lanes/")[1][0] for one in asked] == ["2", "2", "1", "1"]
    assert facts(at, Admitted) == facts(at, Overridden) == []


@pytest.mark.trio
@pytest.mark.needs("chromium")
async def test_who_only_scans_is_offered_to_check_and_nothing_more() -> None:
    at = house()

    def work(shown: Page) -> None:
        sign_in(shown, "Anna")
        expect(shown.locator("#simulate")).to_be_visible(timeout=WAIT_MS)
        for right in ("override", "annul", "search"):
            hidden(shown, f"#{right}")
        scan(shown, "no ticket")
        look(shown, "no", "STOP")
        hidden(shown, "#force")

    await play(at, work)
