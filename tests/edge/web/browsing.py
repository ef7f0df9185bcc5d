"""A real browser on a page of the gateway, driven from a thread beside the gateway's loop."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from typing import Any

import trio
from playwright.sync_api import ConsoleMessage, Page, expect, sync_playwright

from tests.edge.web.serving import Served

WAIT_MS = 20_000


def in_browser(
    api: Served, play: Callable[[Page], None], *, path: str = "/",
    size: tuple[int, int] = (360, 740), prepare: str = "", args: Sequence[str] = (),
    allowed: Sequence[str] = (), locale: str = "en-GB", permissions: Sequence[str] = (),
) -> None:  # fmt: skip
    """Run `play` on the open page; errors of its scripts and of its policy fail the test.

    `prepare`: a script that runs before those of the page. `allowed`: words in console errors that
    the test causes itself.
    """
    program = shutil.which("chromium")
    said: list[str] = []
    shown: Page | None = None

    def note(message: ConsoleMessage) -> None:
        # What the network does is the test's business; everything else is a fault of the page.
        mine = ("net::", "Failed to load resource", *allowed)
        if message.type == "error" and not any(word in message.text for word in mine):
            said.append(message.text)

    with sync_playwright() as player:
        # Chromium's own sandbox does not work for root, as which CI runs.
        browser = player.chromium.launch(executable_path=program, args=["--no-sandbox", *args])
        try:
            context = browser.new_context(
                viewport={"width": size[0], "height": size[1]}, locale=locale,
                permissions=list(permissions),
            )  # fmt: skip
            shown = context.new_page()
            shown.set_default_timeout(WAIT_MS)
            shown.on("console", note)
            shown.on("pageerror", lambda error: said.append(str(error)))
            shown.add_init_script(prepare)
            shown.goto(api.url + path)
            play(shown)
        except BaseException as error:
            error.add_note(f"at {shown.url}; its scripts said: {said}" if shown else "no page yet")
            raise
        finally:
            browser.close()
    assert said == []


def shows(shown: Page, selector: str, words: str) -> None:
    """What is there but hidden nobody sees, and no key reaches it."""
    expect(shown.locator(selector)).to_contain_text(words, timeout=WAIT_MS)
    expect(shown.locator(selector)).to_be_visible(timeout=WAIT_MS)


def hidden(shown: Page, selector: str) -> None:
    expect(shown.locator(selector)).to_be_hidden(timeout=WAIT_MS)


def eventually(shown: Page, expression: str) -> None:
    """Until it is true. The pages' policy forbids what playwright's own waiting would evaluate."""
    for _ in range(WAIT_MS // 20):
        if shown.evaluate(expression):
            return
        shown.wait_for_timeout(20)
    raise AssertionError(f"never became true: {expression}")


def fits(shown: Page, width: int) -> None:
    """Nothing is wider than the screen."""
    assert shown.evaluate("document.documentElement.scrollWidth") <= width


def from_trio(work: Callable[[], Any]) -> Any:
    """Do `work` on the loop of the gateway, from the thread of the browser."""

    async def there() -> Any:
        done = work()
        return await done if hasattr(done, "__await__") else done

    return trio.from_thread.run(there)
