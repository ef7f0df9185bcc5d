"""The till in a real browser where things go wrong: quick hands, a restart, a lost top-up."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route

from crypto.money import CreditVoided, Sold, ToppedUp
from tests.edge.core.bar import WATER
from tests.edge.web.browsing import WAIT_MS, fits, from_trio, hidden, shows
from tests.edge.web.test_till_page import act, answered, keys, more, place, play, press, take
from tests.edge.web.test_till_works import Bar

pytestmark = [pytest.mark.trio, pytest.mark.needs("chromium")]


async def test_no_key_of_a_quick_cashier_is_lost_or_hits_something_else() -> None:
    bar = Bar()

    def work(shown: Page) -> None:
        shows(shown, "#lines", "Nothing chosen yet")
        slow: list[Route] = []
        shown.route("**/quotes", lambda route: slow.append(route))

        def type_(keys: str) -> None:
            for key in keys:
                shown.keyboard.press({"+": "Enter"}.get(key, key))

        def priced(count: int) -> None:
            for _ in range(WAIT_MS // 20):
                if len(slow) >= count:
                    break
                shown.wait_for_timeout(20)
            assert len(slow) == count
            while slow:
                slow.pop().continue_()

        type_("1c")  # paid before its price was there
        priced(1)
        answered(shown, "paid")
        shows(shown, "#work-amount", "2.50 EUR")
        type_("+1c1")  # what is pressed afterwards makes another basket of it
        priced(2)
        shows(shown, "#sum", "5.00 EUR")
        hidden(shown, "#work")
        type_("c")
        answered(shown, "paid")
        type_("2c")  # the next guest's; an age is asked for, which no Enter just now was meant for
        priced(1)
        answered(shown, "asking")
        type_("+")
        shown.wait_for_timeout(300)
        answered(shown, "asking")
        shown.evaluate("window.read_ms = 1000")
        type_("+")
        answered(shown, "paid")

    await play(bar, work, prepare="performance.now = () => window.read_ms || 0")


async def test_a_basket_of_before_a_restart_is_priced_again_and_paid_under_a_new_name() -> None:
    bar, names = Bar(), list[str]()

    def work(shown: Page) -> None:
        press(shown, WATER)
        shows(shown, "#sum", "2.50")
        bar.one.quotes.clear()  # as a process that was started anew
        shown.on("request", lambda one: names.append((one.post_data_json or {}).get("basket", "")))
        shown.locator("#cash").click()
        answered(shown, "paid")

    await play(bar, work)
    paid = [name for name in names if name]
    assert len(set(paid)) == 2 and len([f for f in bar.log.facts if isinstance(f, Sold)]) == 1


async def test_a_top_up_that_did_not_arrive_goes_back() -> None:
    bar = Bar()

    def work(shown: Page) -> None:
        band = from_trio(lambda: bar.wallet(0))
        bar.log.holds_at = ToppedUp
        more(shown, "Top up")
        keys(shown, "1000")
        shown.locator("#sheet-body button", has_text="Cash").click()
        answered(shown, "waiting_band")
        place(bar, band)
        answered(shown, "working")
        take(bar)
        bar.log.holding = False
        from_trio(bar.log.sync)
        answered(shown, "tap_again")
        act(shown, "Cancel")
        act(shown, "Give up")
        answered(shown, "in_doubt")
        shows(shown, "#work-hint", "menu, top-up did not arrive")
        act(shown, "Close")
        more(shown, "Top-up did not arrive")
        answered(shown, "waiting_band")
        place(bar, band)
        answered(shown, "asking")
        shows(shown, "#work-amount", "10.00 EUR")
        fits(shown, 360)
        act(shown, "Yes")
        answered(shown, "done")
        shows(shown, "#work-detail", "out of the drawer")
        act(shown, "Next guest")
        more(shown, "Last receipts")
        shows(shown, "#sheet-body", "Top-up returned")

    await play(bar, work)
    assert [type(fact) for fact in bar.log.facts][-1] is CreditVoided
