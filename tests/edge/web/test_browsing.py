"""The browser that page tests share: each of them finds its page as new as the first one did."""

from __future__ import annotations

import pytest
import trio
from playwright.sync_api import Page

from tests.edge.web.browsing import in_browser
from tests.edge.web.house import House
from tests.edge.web.serving import served

pytestmark = [pytest.mark.trio, pytest.mark.needs("chromium")]
LEAVE = "localStorage.setItem('name', 'Anna'), document.cookie = 'mine=1; path=/'"
FOUND = "[localStorage.length, sessionStorage.length, document.cookie, window.left]"


async def test_what_a_page_leaves_behind_the_next_one_does_not_find() -> None:
    def leaves(shown: Page) -> None:
        shown.evaluate(LEAVE)
        assert shown.evaluate(FOUND) == [1, 0, "mine=1", True]

    def finds(shown: Page) -> None:
        assert shown.evaluate(FOUND) == [0, 0, "", None]

    async with served(House()) as api:
        for work, prepare in ((leaves, "window.left = true"), (finds, "")):
            await trio.to_thread.run_sync(
                lambda work=work, prepare=prepare: in_browser(  # type: ignore[misc]
                    api, work, path="/signin", prepare=prepare
                )
            )
