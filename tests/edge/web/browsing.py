"""A real browser on a page of the gateway, driven from a thread beside the gateway's loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import trio
from playwright.sync_api import Page, expect

from tests.chromium import WAIT_MS, on_page
from tests.edge.web.serving import Served

__all__ = ["WAIT_MS", "eventually", "fits", "from_trio", "hidden", "in_browser", "shows"]
_loop: trio.lowlevel.TrioToken | None = None


def in_browser(
    api: Served, play: Callable[[Page], None], *, path: str = "/",
    size: tuple[int, int] = (360, 740), **how: Any,
) -> None:  # fmt: skip
    """Run `play` on the open page of the gateway (`how`: see tests/chromium.py); to be called in a
    thread of the gateway's loop."""
    global _loop
    _loop = trio.from_thread.run_sync(trio.lowlevel.current_trio_token)
    on_page(api.url + path, play, size=size, **how)


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

    return trio.from_thread.run(there, trio_token=_loop)
