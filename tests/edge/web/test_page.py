"""The technician's page: served whole, under its policy, and alive in a real browser."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from typing import Any

import pytest
import trio
from playwright.sync_api import ConsoleMessage, Page, expect, sync_playwright

from drivers.supervisor import Health, Report
from edge.ledger.spares import Room
from edge.web import page
from edge.web.status import LedgerRoom
from edge.wiring import Device
from tests.edge.web.house import House, code
from tests.edge.web.serving import Served, served
from tests.edge.web.test_status import UPLINK

WAIT_MS = 20_000
# Without the page's own polling every 5 s, only live events can change what it shows.
NO_POLLING = """
const real = window.setInterval;
window.setInterval = (work, ms) => ms === 5000 ? 0 : real(work, ms);
"""


@pytest.mark.trio
async def test_every_file_is_served_under_the_policy() -> None:
    house = House()
    async with house.client() as client:
        for path, (name, kind) in page.FILES.items():
            answer = await client.get(path)
            assert answer.status_code == 200
            assert answer.content == (page.FOLDER / name).read_bytes()
            assert answer.headers["content-type"] == kind
            policy = answer.headers["content-security-policy"]
            assert policy.startswith(
                "default-src 'none'; script-src 'self'; style-src 'self';"
                " connect-src 'self'; img-src 'self'"
            )
            assert "unsafe" not in policy
            assert answer.headers["x-content-type-options"] == "nosniff"
    assert {path.name for path in page.FOLDER.iterdir()} == {
        name for name, _ in page.FILES.values()
    }


def test_the_page_asks_nobody_else_and_writes_no_markup() -> None:
    for path in page.FOLDER.iterdir():
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|//[a-z]+\.", text), path.name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text)
        assert not re.search(r"\son[a-z]+=|\sstyle=", text), path.name
    html = (page.FOLDER / "status.html").read_text()
    for path in set(page.FILES) - {"/"}:
        assert f'"{path}"' in html


def in_browser(
    api: Served, play: Callable[[Page], None], width: int = 360, prepare: str = ""
) -> None:
    """Run `play` on the open page; errors of its scripts and of its policy fail the test."""
    program = shutil.which("chromium")
    said: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # What the network does is the test's business; everything else is a fault of the page.
        if message.type == "error" and "net::" not in message.text:
            said.append(message.text)

    with sync_playwright() as player:
        # Chromium's own sandbox does not work for root, as which CI runs.
        browser = player.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            shown = browser.new_page(viewport={"width": width, "height": 740})
            shown.set_default_timeout(WAIT_MS)
            shown.on("console", note)
            shown.on("pageerror", lambda error: said.append(str(error)))
            shown.add_init_script(prepare)
            shown.goto(api.url)
            expect(shown.locator("#lane-2 .verdict")).to_be_visible(timeout=WAIT_MS)
            play(shown)
        finally:
            browser.close()
    assert said == []


def shows(shown: Page, selector: str, words: str) -> None:
    expect(shown.locator(selector)).to_contain_text(words, timeout=WAIT_MS)


def from_trio(work: Callable[[], Any]) -> Any:
    """Do `work` on the loop of the gateway, from the thread of the browser."""

    async def there() -> Any:
        done = work()
        return await done if hasattr(done, "__await__") else done

    return trio.from_thread.run(there)


@pytest.mark.trio
@pytest.mark.needs("chromium")
async def test_a_presentation_changes_the_row_of_its_lane() -> None:
    house = House(uplink=lambda: UPLINK)

    def play(shown: Page) -> None:
        shows(shown, "#gateway", "north")
        shows(shown, "#ready", "✔ Ready")
        shows(shown, "#uplink", "⚠ away: 5 facts wait")
        shows(shown, "#bundle", "version 3")
        shows(shown, "#lane-2 .verdict", "nothing presented yet")
        expect(shown.locator("#lost")).to_be_hidden()
        from_trio(lambda: house.post({"code": code()}, lane=2))
        shows(shown, "#lane-2 .verdict", "✔ ADMITTED")
        shows(shown, "#lane-2 .text", "Welcome. · Day ticket")
        from_trio(lambda: house.post({"code": code()}, lane=2))
        shows(shown, "#lane-2 .verdict", "✖ REFUSED: already redeemed")
        shows(shown, "#lane-1 .verdict", "nothing presented yet")
        shows(shown, "#said", "✖ already redeemed")
        house.arm.service = False
        from_trio(lambda: house.one.device("turnstile", False, "gone"))
        shows(shown, "#lane-1 .state", "✖ out of service")

    async with served(house) as api:
        await trio.to_thread.run_sync(in_browser, api, play, 1280, NO_POLLING)
    assert "const POLL_MS = 5000;" in (page.FOLDER / "status.js").read_text()


@pytest.mark.trio
@pytest.mark.needs("chromium")
async def test_a_server_that_is_gone_is_said_loudly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.runtime.listen.GRACE_S", 0.05)
    house = House()

    def play(shown: Page) -> None:
        shows(shown, "#ready", "✔ Ready")
        expect(shown.locator("#lost")).to_be_hidden()
        from_trio(api.stop.set)
        expect(shown.locator("#lost")).to_be_visible(timeout=WAIT_MS)
        shows(shown, "#lost", "CONNECTION LOST")
        shows(shown, "#lost", "What you see is from")
        shows(shown, "#ready", "unknown")

    async with served(house) as api:
        await trio.to_thread.run_sync(in_browser, api, play)


def gone(lane: int) -> Device:
    why = "connection to 192.0.2.7:502 refused, and " + "x" * 60
    return Device(
        lane, "turnstile", trio.sleep_forever, lambda: Report(Health.GONE, 0.0, why, 1, 0, 0)
    )


@pytest.mark.trio
@pytest.mark.needs("chromium")
@pytest.mark.parametrize("width", [360, 1280])
async def test_nothing_is_wider_than_the_screen(width: int) -> None:
    house = House(uplink=lambda: UPLINK | {"problem": "y" * 90}, devices=[gone(1)])
    house.room = LedgerRoom(0, Room.NONE)
    house.one.name = "W" * 100
    house._lane(3, "<b>bold</b>", "exit")

    def play(shown: Page) -> None:
        shows(shown, "#ready", "✖ Not ready")
        shows(shown, "#reasons", "the ledger is full")
        shows(shown, "#lane-1 .devices", "✖ turnstile gone")
        shows(shown, "#lane-3 .name", "<b>bold</b>")
        assert shown.evaluate("document.documentElement.scrollWidth") <= width

    async with served(house) as api:
        await trio.to_thread.run_sync(in_browser, api, play, width)
