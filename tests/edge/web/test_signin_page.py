"""The sign-in page in a real browser: on a slow tablet, and by band at a till."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from tests.edge.till.test_badges import publish
from tests.edge.web.browsing import WAIT_MS, fits, from_trio, hidden, shows
from tests.edge.web.house import PIN
from tests.edge.web.test_till_page import more, place, play, take
from tests.edge.web.test_till_works import Bar

pytestmark = [pytest.mark.trio, pytest.mark.needs("chromium")]


async def test_what_is_typed_before_the_script_runs_stays_and_is_not_sent_without_it() -> None:
    bar = Bar("seller")

    def work(shown: Page) -> None:
        shown.wait_for_url("**/signin?to=/till")
        late: list[Route] = []
        shown.route("**/signin.js", lambda route: late.append(route))
        shown.goto(shown.url, wait_until="commit")
        shown.locator("#name").fill("Seller")
        shown.locator("#pin").fill(PIN)
        shown.locator("#pin").press("Enter")
        shown.wait_for_timeout(200)
        assert PIN not in shown.url
        assert shown.locator("#pin").input_value() == PIN
        while not late:  # asked for with the page, and heard of here when this machine has time
            shown.wait_for_timeout(20)
        late.pop().continue_()
        shown.locator("#go").click()
        shows(shown, "#who", "Seller")

    await play(bar, work)


async def test_a_badge_opens_the_till() -> None:
    bar = Bar("seller", "supervisor")

    def work(shown: Page) -> None:
        band, chief = from_trio(lambda: bar.wallet(1000)), from_trio(lambda: bar.wallet(1000))
        from_trio(lambda: _publish(bar, (band, 1), (chief, 2)))
        shown.wait_for_url("**/signin?to=/till")
        hidden(shown, "#tap")  # nobody has said which till this is
        shown.goto(shown.url.split("/signin")[0] + "/till?till=1")
        shown.wait_for_url("**/signin?to=/till&till=1")
        shown.locator("#tap").click()
        shows(shown, "#wrong", "not paired with this till")  # anybody in the network could ask
        shown.locator("#name").fill("Supervisor")
        shown.locator("#pin").fill(PIN)
        shown.locator("#go").click()
        more(shown, "Sign-in by band", "Pair this device")
        shows(shown, "#sheet-body", "this device")
        shown.locator("#sheet-close").click()
        more(shown, "Sign out")
        shown.wait_for_url("**/signin?to=/till")
        shown.locator("#tap").click()
        shows(shown, "#hold", "to the reader of this till")
        expect(shown.locator("#go")).to_be_disabled()
        fits(shown, 360)
        place(bar, chief)
        shows(shown, "#wrong", "for your role, please use the PIN")
        take(bar)
        hidden(shown, "#hold")
        shown.wait_for_timeout(1100)  # between two tries
        shown.locator("#tap").click()
        place(bar, band)
        shown.wait_for_url("**/till")
        shows(shown, "#who", "Seller")
        expect(shown.locator("#sell")).to_be_visible(timeout=WAIT_MS)
        take(bar)

    await play(bar, work)


async def _publish(bar: Bar, *badges: object) -> None:
    publish(bar, *badges)  # type: ignore[arg-type]
