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
from tests.edge.web.house import PIN, House, code
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
        shown.locator("#force").click()
        shows(shown, "#desk-what", "Already used")
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
