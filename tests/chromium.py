"""One Chromium for all pages that the tests of a process open: to start one costs more than what
most of these tests do in it.

A page is as new to its test as in a browser of its own: what the one before it left behind goes
with it, and after a test that failed goes the browser.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Playwright,
    sync_playwright,
)  # fmt: skip

WAIT_MS = 20_000
#: Playwright answers only the thread that started it, and tests come from many.
_thread = ThreadPoolExecutor(1, "chromium")
_player: Playwright | None = None
_browser: Browser | None = None
#: By what cannot be changed while it is open.
_windows: dict[tuple[Any, ...], BrowserContext] = {}


def on_page(
    url: str, play: Callable[[Page], None], *, size: tuple[int, int], prepare: str = "",
    allowed: Sequence[str] = (), args: Sequence[str] = (), locale: str = "en-GB",
    permissions: Sequence[str] = (), alone: bool = False,
) -> None:  # fmt: skip
    """Run `play` on the open page; errors of its scripts and of its policy fail the test.

    `prepare`: a script that runs before those of the page. `allowed`: words in console errors that
    the test causes itself. `alone`: in a browser that is closed after it, as with `args` of the
    command line; for what a page does to its whole window, such as to install a clock.
    """
    said: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # What the network does is the test's business; everything else is a fault of the page.
        mine = ("net::", "Failed to load resource", *allowed)
        if message.type == "error" and not any(word in message.text for word in mine):
            said.append(message.text)

    def work(page: Page) -> None:
        try:
            page.set_viewport_size({"width": size[0], "height": size[1]})
            page.set_default_timeout(WAIT_MS)
            page.on("console", note)
            page.on("pageerror", lambda error: said.append(str(error)))
            page.add_init_script(prepare)
            page.goto(url)
            play(page)
        except BaseException as error:
            error.add_note(f"at {page.url}; its scripts said: {said}")
            raise

    run = _alone if alone or args else _shared
    _thread.submit(run, work, list(args), locale, tuple(permissions)).result()
    assert not said, f"the scripts of the page said: {said}"


def end() -> None:
    """Close what is open; a test after this starts it again."""
    _thread.submit(_end).result()


Work = Callable[[Page], None]


def _launch(args: list[str]) -> Browser:
    global _player
    _player = _player or sync_playwright().start()
    program = shutil.which("chromium")
    # Chromium's own sandbox does not work for root, as which CI runs.
    return _player.chromium.launch(executable_path=program, args=["--no-sandbox", *args])


def _alone(work: Work, args: list[str], locale: str, permissions: tuple[str, ...]) -> None:
    browser = _launch(args)
    try:
        work(browser.new_context(locale=locale, permissions=list(permissions)).new_page())
    finally:
        browser.close()


def _shared(work: Work, _: list[str], locale: str, permissions: tuple[str, ...]) -> None:
    try:
        page = _window(locale, permissions).new_page()
        origins: set[str] = set()
        page.on("framenavigated", lambda frame: origins.add(frame.url))
        work(page)
        _forget(page, origins)
    except BaseException:
        _end()  # whichever part of it was the cause
        raise


def _window(locale: str, permissions: tuple[str, ...]) -> BrowserContext:
    global _browser
    if _browser is not None and not _browser.is_connected():
        _close()
    if _browser is None:
        _browser = _launch([])
    if (locale, permissions) not in _windows:
        window = _browser.new_context(locale=locale, permissions=list(permissions))
        window.new_page()  # stays, so that the window does
        _windows[locale, permissions] = window
    return _windows[locale, permissions]


def _forget(page: Page, seen: set[str]) -> None:
    """Cookies, storage and cache: another test's gateway may get the same port."""
    window = page.context
    blank, *opened = window.pages
    for each in opened:
        each.close()
    session = window.new_cdp_session(blank)
    for origin in {"/".join(url.split("/")[:3]) for url in seen if url.startswith("http")}:
        told = {"origin": origin, "storageTypes": "all"}
        session.send("Storage.clearDataForOrigin", told)
    session.send("Network.clearBrowserCache")
    session.detach()
    window.clear_cookies()


def _close() -> None:
    global _browser
    _windows.clear()
    if _browser is not None:
        with suppress(Error):  # it may be what failed
            _browser.close()
    _browser = None


def _end() -> None:
    global _player
    _close()
    if _player is not None:
        with suppress(Error):
            _player.stop()
    _player = None
