"""The till in a real browser: a whole shift from float to Z, and what may go wrong in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any

import pytest
import trio
from playwright.sync_api import Locator, Page, Position, expect

from crypto.cashless import Grid
from crypto.money import (
    CashMoved,
    ClosingMade,
    DebitHeld,
    DebitPosted,
    ShiftClosed,
    ShiftOpened,
    Sold,
)
from drivers.reader.chips import Type2
from tests.edge.core.bar import BEER, CATERING, CUP, WATER
from tests.edge.web.browsing import WAIT_MS, eventually, fits, from_trio, hidden, in_browser, shows
from tests.edge.web.house import PIN
from tests.edge.web.serving import served
from tests.edge.web.test_till_works import Bar

_SPOTS: Iterator[Position] = cycle(({"x": 30, "y": 20}, {"x": 90, "y": 20}))
SIZES = [(360, 740), (1024, 768)]
pytestmark = [pytest.mark.trio, pytest.mark.needs("chromium")]


async def play(bar: Bar, work: Callable[[Page], None], *, opened: bool = True, **how: Any) -> None:
    """`work` on the page of till 1. `opened`: a shift is open already."""
    if opened:
        async with bar.run():
            await serve(bar, work, how)
        return
    async with trio.open_nursery() as nursery:
        nursery.start_soon(bar.one.run)
        await serve(bar, work, how)
        nursery.cancel_scope.cancel()


async def serve(bar: Bar, work: Callable[[Page], None], how: dict[str, Any]) -> None:
    async with served(bar) as api:  # type: ignore[arg-type]
        await trio.to_thread.run_sync(lambda: in_browser(api, work, path="/till", **how))


def press(shown: Page, *articles: int) -> None:
    for article in articles:
        shown.locator(f'#grid [data-article="{article}"]').click()


def keys(shown: Page, digits: str) -> None:
    """On the keypad of a sheet, as a thumb does, and then the button below it."""
    for digit in digits:
        shown.locator("#sheet .keys button", has_text=digit).filter(has_not_text="00").first.click()
    shown.locator("#sheet-body > .first").click()


def tap(button: Locator) -> None:
    """Never at one place twice: that is half of a double tap, and no press."""
    button.click(position=next(_SPOTS))


def more(shown: Page, *labels: str) -> None:
    """Through the menu."""
    shown.locator("#menu").click()
    for label in labels:
        tap(shown.locator("#sheet-body button", has_text=label).first)


def lose(shown: Page, path: str) -> None:
    """The gateway does what is asked for next, and its answer gets lost."""
    shown.route(path, lambda route: (route.fetch(), route.abort()), times=1)


def uncovered(shown: Page, selector: str) -> None:
    """Whatever lies over the page, this is above it, and on the screen."""
    found = shown.locator(selector).evaluate(
        "e => { const r = e.getBoundingClientRect(), x = r.left + r.width / 2, "
        "y = r.top + r.height / 2; return e.contains(document.elementFromPoint(x, y)) }"
    )
    assert found, f"{selector} is covered or off the screen"


def answered(shown: Page, state: str) -> None:
    expect(shown.locator(f"#work:visible[data-state={state}]")).to_be_visible(timeout=WAIT_MS)


def act(shown: Page, label: str) -> None:
    tap(shown.locator("#work-acts button", has_text=label))


def place(bar: Bar, band: Type2) -> None:
    from_trio(lambda: bar.readers[1].place(band))


def take(bar: Bar) -> None:
    from_trio(lambda: bar.readers[1].take())


def drawer(shown: Page) -> None:
    """A receipt is looked at, and money is taken out; the answer to that gets lost."""
    more(shown, "Last receipts", "Show receipt")  # as the paper would look
    eventually(shown, "document.querySelector('#sheet-body img').naturalWidth > 300")
    shown.locator("#sheet-close").click()
    lose(shown, "**/shifts")  # the answer, not the question
    more(shown, "Shift", "Cash out")
    keys(shown, "2000")
    shows(shown, "#sheet-what", "Cash out of the drawer: −20.00 EUR")
    shown.locator("#sheet-close").click()


def lost_band(shown: Page, band: Type2) -> None:
    """What is printed on a lost band leads to what its new one gets."""
    more(shown, "Bands", "Replace a lost band")
    shown.locator("#sheet-text").fill(band.uid.hex(":"))
    shown.keyboard.press("Enter")
    tap(shown.locator("#sheet-body button", has_text="44.50 EUR"))
    shows(shown, "#sheet-body", "1 · Guest")
    fits(shown, shown.viewport_size["width"] if shown.viewport_size else 0)
    shown.locator("#sheet-close").click()


def close(shown: Page) -> None:
    """Counted, closed; the answer to the Z gets lost, and it is told again later."""
    more(shown, "Shift", "Close shift")
    keys(shown, "13200")
    shows(shown, "#sheet-body", "−0.50 EUR")
    lose(shown, "**/closings")
    shown.locator("#sheet-body .first").click()
    shows(shown, "#sheet-title", "Z report 1")
    shows(shown, "#sheet-body", "7.50 EUR")
    shown.locator("#sheet-close").click()
    shown.locator("#menu").click()
    shown.get_by_role("button", name="Shift", exact=True).click()
    shows(shown, "#sheet-title", "Z report 1")
    shown.locator("#sheet-close").click()


@pytest.mark.parametrize("size", SIZES)
async def test_a_whole_shift_from_float_to_z(size: tuple[int, int]) -> None:
    bar = Bar()
    band: list[Type2] = []

    def work(shown: Page) -> None:
        shows(shown, "#notice", "TILL CLOSED")
        press(shown, WATER)
        expect(shown.locator("#cash")).to_be_disabled()
        shown.locator("#clear").click()
        more(shown, "Open shift")
        keys(shown, "10000")
        hidden(shown, "#notice")
        fits(shown, size[0])
        band.append(from_trio(lambda: bar.wallet(5000)))
        press(shown, WATER, WATER)
        shows(shown, "#sum", "5.00")
        shows(shown, "#lines", "2×")
        shown.locator("#tips button", has_text="10").click()
        shows(shown, "#sum", "5.50 EUR")
        shown.locator("#band").click()
        answered(shown, "waiting_band")
        shows(shown, "#work-amount", "5.50 EUR")
        fits(shown, size[0])
        place(bar, band[0])
        answered(shown, "paid")
        shows(shown, "#work-balance", "44.50 EUR")
        take(bar)
        act(shown, "Next guest")
        shows(shown, "#sum", "–")
        press(shown, WATER)
        shown.locator("#cash").click()
        answered(shown, "paid")
        act(shown, "Next guest")
        drawer(shown)
        if size == SIZES[0]:
            lost_band(shown, band[0])
        more(shown, "Shift", "X report")
        shows(shown, "#sheet-body", "Paid: Band · 1")
        assert ":" not in shown.locator("#sheet-body dt").first.inner_text()
        shown.locator("#sheet-close").click()
        more(shown, "Bands", "Issue a new band")
        shows(shown, "#sheet-body", "1 · Guest")
        shown.locator("#sheet-close").click()
        close(shown)
        shows(shown, "#notice", "TILL CLOSED")

    await play(bar, work, opened=False, size=size)
    kinds = [fact for fact in bar.log.facts if isinstance(fact, ClosingMade | ShiftClosed)]
    assert [fact.closing for fact in kinds if isinstance(fact, ClosingMade)] == ["X", "Z"]
    assert [f.amount_minor for f in bar.log.facts if isinstance(f, CashMoved)] == [-2000]
    assert [f.float_minor for f in bar.log.facts if isinstance(f, ShiftOpened)] == [10_000]
    assert [f.debit_minor for f in bar.log.facts if isinstance(f, DebitHeld)] == [550]


async def test_a_reload_in_the_middle_of_a_sale_charges_once() -> None:
    bar = Bar()

    def work(shown: Page) -> None:
        band = from_trio(lambda: bar.wallet(5000))
        press(shown, WATER)
        shows(shown, "#sum", "2.50")
        shown.locator("#band").click()
        answered(shown, "waiting_band")
        shown.reload()
        answered(shown, "waiting_band")  # the gateway kept it, and the page found it
        shown.reload()
        place(bar, band)
        answered(shown, "paid")
        shows(shown, "#work-balance", "47.50 EUR")
        shown.reload()  # nobody may have seen it yet
        answered(shown, "paid")
        act(shown, "Next guest")
        shown.reload()  # after the end: nothing is asked for again
        shows(shown, "#lines", "Nothing chosen yet")
        hidden(shown, "#work")

    await play(bar, work)
    assert len([fact for fact in bar.log.facts if isinstance(fact, DebitPosted)]) == 1


async def test_a_lost_answer_is_asked_for_again_and_charges_once() -> None:
    bar = Bar()

    def work(shown: Page) -> None:
        band = from_trio(lambda: bar.wallet(5000))
        press(shown, WATER)
        shows(shown, "#sum", "2.50")
        shown.route("**/payments*", lambda route: (route.fetch(), route.abort()))
        place(bar, band)
        shown.locator("#band").click()
        shows(shown, "#lost", "Nothing is charged twice")
        shown.unroute("**/payments*")
        answered(shown, "paid")
        shows(shown, "#work-balance", "47.50 EUR")
        hidden(shown, "#lost")

    await play(bar, work)
    assert len([fact for fact in bar.log.facts if isinstance(fact, DebitPosted)]) == 1


async def test_too_little_on_the_band_is_said_and_the_rest_is_paid_in_cash() -> None:
    bar = Bar()

    def work(shown: Page) -> None:
        band = from_trio(lambda: bar.wallet(300))
        press(shown, WATER, WATER)
        shows(shown, "#sum", "5.00")
        place(bar, band)
        shown.locator("#band").click()
        answered(shown, "not_paid")
        shows(shown, "#work-balance", "3.00 EUR")
        take(bar)
        act(shown, "Take what is left: 3.00 EUR")
        answered(shown, "waiting_band")
        place(bar, band)
        answered(shown, "paid")
        shows(shown, "#work-balance", "Still to pay: 2.00 EUR")
        act(shown, "Another band")
        answered(shown, "waiting_band")
        act(shown, "Cancel")
        answered(shown, "cancelled")  # and what is left is still 2.00, never all of it anew
        shows(shown, "#work-hint", "A part is paid already")
        shown.reload()
        answered(shown, "cancelled")
        act(shown, "Cash")
        expect(shown.locator("#work-acts button")).to_have_text(["Next guest"], timeout=WAIT_MS)

    await play(bar, work)
    assert [f.cash_minor for f in bar.log.facts if isinstance(f, Sold)] == [200]


async def test_age_is_asked_and_no_is_no_under_that_name() -> None:
    bar, names = Bar(), list[str]()

    def work(shown: Page) -> None:
        shown.on("request", lambda one: names.append((one.post_data_json or {}).get("basket", "")))
        press(shown, BEER)
        shows(shown, "#sum", "5.00")
        shown.locator("#cash").click()
        shows(shown, "#work-detail", "at least this old? (16+)")
        act(shown, "No")
        answered(shown, "not_paid")
        act(shown, "Close")
        shown.locator("#cash").click()
        answered(shown, "asking")
        act(shown, "Yes")
        answered(shown, "paid")

    await play(bar, work)
    paid = [name for name in names if name]
    assert paid[0] != paid[-1], "what was told to have failed is never asked for again"


async def test_the_keyboard_sells_as_well() -> None:
    bar = Bar()

    def work(shown: Page) -> None:
        shows(shown, "#lines", "Nothing chosen yet")
        shown.keyboard.press("1")
        shown.keyboard.press("1")
        shown.keyboard.press("Backspace")
        shows(shown, "#sum", "2.50")
        shown.keyboard.press("c")
        answered(shown, "paid")
        shown.keyboard.press("Enter")
        hidden(shown, "#work")
        shown.keyboard.press("1")
        shows(shown, "#sum", "2.50")
        shown.keyboard.press("Enter")
        answered(shown, "waiting_band")
        for _ in range(3):  # nothing below can be reached
            shown.keyboard.press("Tab")
            assert shown.evaluate("!document.activeElement.closest('header, main')")
        shown.keyboard.press("Escape")
        answered(shown, "cancelled")

    await play(bar, work)
    assert "DebitHeld" not in bar.story()


async def test_the_gateway_gone_is_said_loudly_and_the_page_comes_back_by_itself() -> None:
    bar = Bar(grids=[Grid([WATER, CATERING, CUP])])

    def work(shown: Page) -> None:
        shows(shown, "#lines", "Nothing chosen yet")
        press(shown, WATER)
        shows(shown, "#sum", "2.50")
        shown.route("**/v1/**", lambda route: route.abort())
        shown.locator("#band").click()
        shows(shown, "#lost", "CONNECTION LOST")
        uncovered(shown, "#lost")
        # Loaded anew meanwhile: one of its scripts, and then one of its questions, gets lost.
        shown.route("**/till_basket.js", lambda route: route.abort(), times=1)
        shown.unroute("**/v1/**")
        shown.route("**/grid", lambda route: route.abort(), times=1)
        shown.reload()
        answered(shown, "waiting_band")
        hidden(shown, "#lost")
        act(shown, "Cancel")
        act(shown, "Close")
        shown.set_viewport_size({"width": 740, "height": 360})  # turned
        press(shown, WATER)
        for selector in ("#band", "#cash", f'[data-article="{WATER}"]'):
            uncovered(shown, selector)
        press(shown, CATERING)  # its price is typed
        keys(shown, "1250")
        shows(shown, "#sum", "15.00 EUR")
        press(shown, CUP)  # comes back
        shows(shown, "#sum", "13.00 EUR")
        shows(shown, "#lines", "−1×")

    await play(bar, work)


async def test_who_may_not_sell_has_no_till() -> None:
    bar = Bar("scanner")

    def work(shown: Page) -> None:
        shown.locator("#name").fill("Scanner")
        shown.locator("#pin").fill(PIN)
        shown.locator("#go").click()
        shows(shown, "#nowhere", "no till for you here")

    await play(bar, work)


async def test_a_seller_has_no_cash_out() -> None:
    bar = Bar("seller")

    def work(shown: Page) -> None:
        shown.locator("#name").fill("Seller")
        shown.locator("#pin").fill(PIN)
        shown.locator("#go").click()
        shows(shown, "#who", "Seller")
        shown.locator("#menu").click()
        shows(shown, "#sheet-body", "Balance")
        assert "Cash out" not in shown.locator("#sheet-body").inner_text()
        eventually(shown, "document.activeElement.id === 'sheet'")

    await play(bar, work)


async def test_the_page_speaks_the_cashiers_language() -> None:
    bar = Bar()

    def work(shown: Page) -> None:
        band = from_trio(lambda: bar.wallet(100))
        press(shown, WATER)
        shows(shown, "#sum", "2,50")
        place(bar, band)
        shown.locator("#band").click()
        answered(shown, "not_paid")
        shows(shown, "#work-detail", "Guthaben reicht nicht: noch 1,00 EUR")

    await play(bar, work, locale="de-AT")
