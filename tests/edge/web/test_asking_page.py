"""Questions, bands with two tickets and unpaid orders at a handheld, in a real browser."""

from __future__ import annotations

import os
from typing import Any

import pytest
import trio
from playwright.sync_api import Page, Route, expect

from crypto.entry import Admitted, Overridden
from edge.web.page import FOLDER
from tests.edge.web.asking import AGE, ASKED, CARD, COUPLE, TASTERS, asking, identity
from tests.edge.web.browsing import WAIT_MS, fits, hidden, in_browser, shows
from tests.edge.web.desk import SCANNER, SUPERVISOR
from tests.edge.web.house import PIN, House, code
from tests.edge.web.serving import served

STAFF = [SCANNER, SUPERVISOR]
SIZES = [(360, 740), (1280, 800)]
CLASS = code(28, product=ASKED, persons=28)
SHAKES = """
window.shaken = [];
navigator.vibrate = (pattern) => { window.shaken.push(pattern); return true; };
"""
ATTENTION = [80, 60, 80, 60, 80]


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


def start(shown: Page) -> None:
    expect(shown.locator("#lane")).to_be_visible(timeout=WAIT_MS)
    shown.select_option("#lane", "2")
    shown.locator("#state").click()  # a touch, so that the phone may shake


def scan(shown: Page, text: str) -> None:
    shown.keyboard.type(text)
    shown.keyboard.press("Enter")


def press(shown: Page, choice: str, at: int = 0) -> None:
    shown.locator(f"[data-choice={choice}]").nth(at).click(timeout=WAIT_MS)


def look(shown: Page, kind: str, verdict: str) -> None:
    expect(shown.locator("#result")).to_have_class(kind, timeout=WAIT_MS)
    shows(shown, "#verdict", verdict)


def picture(shown: Page, name: str, size: tuple[int, int] = SIZES[0]) -> None:
    """For whoever wants to look at it."""
    if folder := os.environ.get("PICTURES"):
        shown.wait_for_timeout(450)
        shown.screenshot(path=f"{folder}/{name}-{size[0]}.png")


def admissions(at: House) -> list[Any]:
    return [fact for fact in at.log.facts if isinstance(fact, Admitted)]


@pytest.mark.trio
@pytest.mark.needs("chromium")
@pytest.mark.parametrize("size", SIZES)
async def test_a_class_of_28_is_asked_for_and_enters(size: tuple[int, int]) -> None:
    at = asking()
    sent: list[Any] = []

    def note(route: Route) -> None:
        sent.append(route.request.post_data_json)
        route.continue_()

    def work(shown: Page) -> None:
        start(shown)
        shown.route("**/presentations**", note)
        for _ in range(27):
            shown.locator("#more").click()
        scan(shown, CLASS)
        shows(shown, "#desk-title", "Please check 1/2")
        shows(shown, "#desk-what", AGE)
        shows(shown, "#desk-more", "Tasting · × 28")
        picture(shown, "question", size)
        fits(shown, size[0])
        press(shown, "yes")
        shows(shown, "#desk-what", CARD)
        press(shown, "yes")
        look(shown, "yes", "ADMITTED")
        shows(shown, "#granted", "× 28")
        shows(shown, "#count", "1")
        assert shown.evaluate("window.shaken") == [ATTENTION, ATTENTION, [60]]

    await play(at, work, size=size, prepare=SHAKES)
    (fact,) = admissions(at)
    assert (fact.granted, fact.nonce.hex()) == (28, sent[1]["nonce"])
    assert [each.get("answers") for each in sent] == [None, [AGE, CARD]]
    assert sent[0]["nonce"] != sent[1]["nonce"]


@pytest.mark.trio
@pytest.mark.needs("chromium")
async def test_no_lets_nobody_in_and_sends_nothing() -> None:
    at = asking(STAFF)

    def work(shown: Page) -> None:
        sign_in(shown)
        scan(shown, code(1, product=ASKED))
        press(shown, "yes")
        shows(shown, "#desk-what", CARD)
        press(shown, "no")
        look(shown, "no", "STOP")
        shows(shown, "#text", f"{CARD} Not confirmed")
        expect(shown.locator("#force")).to_be_visible()  # who may can still do otherwise
        picture(shown, "not-confirmed")
        shown.locator("#close").click()
        scan(shown, code(1, product=ASKED))
        shows(shown, "#desk-what", AGE)  # all is asked again
        shown.keyboard.press("Escape")
        look(shown, "no", "STOP")
        expect(shown.locator("#last li")).to_have_count(2)

    await play(at, work)
    assert admissions(at) == []


@pytest.mark.trio
@pytest.mark.needs("chromium")
async def test_a_scanner_and_a_second_tap_answer_nothing() -> None:
    at = asking()

    def work(shown: Page) -> None:
        start(shown)
        scan(shown, code(1, product=ASKED))
        shows(shown, "#desk-what", AGE)
        expect(shown.locator("[data-choice=yes]")).to_be_enabled(timeout=WAIT_MS)
        shown.locator("[data-choice=yes]").focus()
        scan(shown, code(2))  # of the next guest, while the button has the focus
        expect(shown.locator("#desk-first")).to_be_visible(timeout=WAIT_MS)
        shows(shown, "#desk-first", "Answer first!")
        shows(shown, "#desk-what", AGE)
        picture(shown, "answer-first")
        shown.locator("[data-choice=yes]").click(click_count=2)
        shows(shown, "#desk-what", CARD)  # the second tap was for the question before
        hidden(shown, "#desk-first")
        press(shown, "yes")
        look(shown, "yes", "ADMITTED")

    await play(at, work)
    (fact,) = admissions(at)
    assert fact.ticket == identity(1)


@pytest.mark.trio
@pytest.mark.needs("chromium")
async def test_an_answer_that_got_lost_is_retried_as_the_same() -> None:
    at = asking()
    sent: list[Any] = []

    def lose_second(route: Route) -> None:
        sent.append(route.request.post_data_json)
        if len(sent) == 2:
            route.fetch()  # it arrives; the answer is lost on its way back
            route.abort()
        else:
            route.continue_()

    def work(shown: Page) -> None:
        start(shown)
        shown.route("**/presentations**", lose_second)
        scan(shown, code(1, product=ASKED))
        press(shown, "yes")
        press(shown, "yes")
        expect(shown.locator("#pending")).to_be_visible(timeout=WAIT_MS)
        shown.locator("#retry").click()
        look(shown, "yes", "ADMITTED")

    await play(at, work)
    assert len(admissions(at)) == 1
    assert sent[2] == sent[1] != sent[0]


@pytest.mark.trio
@pytest.mark.needs("chromium")
async def test_of_a_band_with_two_tickets_one_is_chosen() -> None:
    at = asking(STAFF)

    def work(shown: Page) -> None:
        sign_in(shown)
        scan(shown, COUPLE)
        shows(shown, "#desk-title", "Which ticket?")
        tickets = shown.locator("[data-choice=ticket]")
        expect(tickets).to_have_count(2)
        shows(shown, "[data-choice=ticket] >> nth=1", "2. Day ticket")
        shows(shown, "[data-choice=ticket] >> nth=1", "until")
        assert "shop:" not in shown.content()
        picture(shown, "two-tickets")
        fits(shown, 360)
        shown.locator("#desk-close").click()
        look(shown, "no", "STOP")
        hidden(shown, "#force")  # of nothing it is known yet whether it is refused
        shown.locator("#close").click()
        scan(shown, COUPLE)
        press(shown, "ticket", 1)
        look(shown, "yes", "ADMITTED")
        shown.locator("#close").click()
        scan(shown, TASTERS)  # a band whose tickets ask: what was said is said again with the rest
        press(shown, "yes")
        press(shown, "yes")
        press(shown, "ticket", 0)
        look(shown, "yes", "ADMITTED")

    await play(at, work)
    assert [fact.ticket for fact in admissions(at)] == [identity(22), identity(31)]


@pytest.mark.trio
@pytest.mark.needs("chromium")
async def test_who_may_takes_an_unpaid_order_after_being_asked() -> None:
    at = asking(STAFF)

    def work(shown: Page) -> None:
        sign_in(shown)
        scan(shown, code(5))
        look(shown, "no", "STOP")
        shows(shown, "#text", "Not paid")
        picture(shown, "unpaid")
        shown.locator("#take").click()
        shows(shown, "#desk-what", "Admit all the same?")
        shows(shown, "#desk-more", "The amount is not known here.")
        picture(shown, "take-unpaid")
        fits(shown, 360)
        press(shown, "no")
        look(shown, "no", "STOP")
        shown.locator("#close").click()
        scan(shown, code(5))
        shown.locator("#take").click()
        press(shown, "yes")
        look(shown, "yes", "ADMITTED ANYWAY")

    await play(at, work)
    (fact,) = admissions(at)
    assert type(fact) is Overridden
    assert (fact.who, fact.why, fact.reason) == ("8", "unpaid_accepted", 60)


@pytest.mark.trio
@pytest.mark.needs("chromium")
async def test_neither_without_the_right_nor_at_other_gates() -> None:
    at = asking(STAFF)

    def work(shown: Page) -> None:
        sign_in(shown, "Anna")
        scan(shown, code(5))
        look(shown, "no", "STOP")
        hidden(shown, "#take")
        shown.locator("#close").click()
        shown.locator("#out").click()
        at.gateway.policy = asking(accepts=False).gateway.policy
        sign_in(shown)
        scan(shown, code(5))
        look(shown, "no", "STOP")
        hidden(shown, "#take")

    await play(at, work)


@pytest.mark.trio
@pytest.mark.needs("chromium")
async def test_trying_asks_the_same_and_writes_nothing() -> None:
    at = asking(STAFF)

    def work(shown: Page) -> None:
        sign_in(shown)
        before = len(at.log.facts)
        shown.locator("#simulate").click()
        scan(shown, code(1, product=ASKED))
        shows(shown, "#desk-title", "TEST: Please check 1/2")
        picture(shown, "trial-question")
        press(shown, "yes")
        press(shown, "yes")
        look(shown, "yes trial", "TEST: ADMITTED")
        shown.locator("#close").click()
        scan(shown, COUPLE)
        press(shown, "ticket")
        look(shown, "yes trial", "TEST: ADMITTED")
        shown.locator("#close").click()
        scan(shown, code(5))
        shown.locator("#take").click()
        press(shown, "yes")
        look(shown, "yes trial", "TEST: ADMITTED")
        assert len(at.log.facts) == before

    await play(at, work)
    assert admissions(at) == []


@pytest.mark.trio
@pytest.mark.needs("chromium")
async def test_in_french_and_by_name() -> None:
    at = asking(STAFF)

    def work(shown: Page) -> None:
        sign_in(shown)
        shown.locator("#search").click()
        shown.fill("#desk-name", "noah")
        shown.locator("#desk-list button").click()
        shows(shown, "#desk-title", "À vérifier 1/2")
        press(shown, "yes")
        press(shown, "yes")
        look(shown, "yes", "ADMIS")

    await play(at, work, locale="fr-FR")
    (fact,) = admissions(at)
    assert (fact.why, fact.ticket) == ("found_by_name", identity(7))


def test_every_word_is_there_in_three_languages() -> None:
    text = (FOLDER / "asking.js").read_text() + (FOLDER / "handheld.html").read_text()
    words = (FOLDER / "words.js").read_text()
    for key in ("question", "yes_confirmed", "no_not", "not_confirmed", "which_ticket",
                "which_more", "none_chosen", "unpaid", "take_anyway", "unpaid_more", "yes_take",
                "not_taken", "admit_unpaid", "answer_first", "from", "until"):  # fmt: skip
        assert key in text
        assert words.count(f'"{key}": ') == 3, key
