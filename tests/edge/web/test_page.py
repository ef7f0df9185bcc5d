"""The pages: served whole, under their policy; the technician's is alive in a real browser."""

from __future__ import annotations

import hashlib
import re
from functools import partial

import msgspec
import pytest
import trio
from playwright.sync_api import Page, Route, expect

from crypto.terms import Terms, Zone
from drivers.supervisor import Health, Report
from edge.core.policy import Policy
from edge.ledger.spares import Room
from edge.peers.rows import SiblingRow
from edge.web import page
from edge.web.status import LedgerRoom
from edge.wiring import Device
from tests.edge.web.browsing import WAIT_MS, eventually, from_trio, hidden, in_browser, shows
from tests.edge.web.house import House, code, rules
from tests.edge.web.serving import served
from tests.edge.web.test_status import UPLINK

# Without the page's own polling every 5 s, only live events can change what it shows.
NO_POLLING = """
const real = window.setInterval;
window.setInterval = (work, ms) => ms === 5000 ? 0 : real(work, ms);
"""


@pytest.mark.trio
async def test_every_file_is_served_under_the_policy() -> None:
    house = House()
    async with house.client() as client:
        for path, (file, kind) in page.FILES.items():
            answer = await client.get(path.replace("{lane}", "2"))
            assert answer.status_code == 200
            assert answer.content == file.read_bytes()
            assert answer.headers["content-type"] == kind
            policy = answer.headers["content-security-policy"]
            assert policy.startswith(
                "default-src 'none'; script-src 'self'; style-src 'self';"
                " connect-src 'self'; img-src 'self'"
            )
            assert "unsafe" not in policy
            known = {"if-none-match": answer.headers["etag"]}
            again = await client.get(path.replace("{lane}", "2"), headers=known)
            assert (again.status_code, again.content) == (304, b"")
            assert answer.headers["x-content-type-options"] == "nosniff"
            camera = "camera=(self)" if path == "/handheld" else "camera=()"
            assert answer.headers["permissions-policy"].startswith(camera)
        assert (await client.get("/lanes/9/display")).status_code == 404
    assert set(page.FOLDER.iterdir()) <= {file for file, _ in page.FILES.values()}


def test_what_a_script_needs_is_asked_for_with_the_page_not_after_it() -> None:
    """A slow network would be waited for once for each of them."""
    for name in ("till", "handheld"):
        wanted, found = {f"/{name}.js"}, set[str]()
        while wanted - found:
            found.add(path := (wanted - found).pop())
            text = page.FILES[path][0].read_text(encoding="utf-8")
            wanted |= set(re.findall(r'(?:from|import) "(/[^"]*)"', text))
        html = (page.FOLDER / f"{name}.html").read_text(encoding="utf-8")
        told = re.findall(r'<link rel="modulepreload" href="([^"]*)">', html)
        assert sorted(told) == sorted(found - {f"/{name}.js"})


def test_the_pages_ask_nobody_else_and_write_no_markup() -> None:
    for path in page.FOLDER.iterdir():
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|//[a-z]+\.", text), path.name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text)
        assert not re.search(r"\son[a-z]+=|\sstyle=", text), path.name
        for named in re.findall(r'(?:src=|href=|from |import )"(/[^"]*)"', text):
            assert named in {*page.FILES, "/openapi.json", "/metrics"}, (path.name, named)


def test_files_of_others_are_named_and_unchanged() -> None:
    told = (page.VENDOR / "VENDORED.md").read_text(encoding="utf-8")
    files = [path for path in page.VENDOR.rglob("*") if path.is_file() and path.suffix != ".md"]
    for path in files:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert f"{digest}  {path.relative_to(page.VENDOR)}" in told
    assert len(re.findall(r"^[0-9a-f]{64}  ", told, re.MULTILINE)) == len(files)
    assert (page.VENDOR / "qr" / "LICENSE").read_text().lstrip().startswith("Apache License")


TILLS = [
    {"till": 1, "name": "Bar", "reader": "ready", "shift": 3, "shift_open": True},
    {"till": 2, "name": "Desk", "reader": "away", "shift": 2, "shift_open": False},
]


def told_of_siblings(route: Route) -> None:
    """What the gateway says, as if there were siblings."""
    south = {"name": "south", "connected": True, "heard_s": 0.8, "waiting": 0, "problem": ""}
    east = {"name": "east", "connected": False, "heard_s": None, "waiting": 7, "problem": "refused"}
    told = route.fetch().json()
    assert {*south, "revoked", "heard_through"} <= set(SiblingRow.__struct_fields__)
    route.fulfill(json={**told, "siblings": [south, east]})


@pytest.mark.trio
@pytest.mark.needs("chromium")
async def test_a_presentation_changes_the_row_of_its_lane() -> None:
    house = House(uplink=lambda: UPLINK)

    def play(shown: Page) -> None:
        shows(shown, "#gateway", "north")
        shows(shown, "#ready", "✔ Ready")
        hidden(shown, "#tills")
        hidden(shown, "#siblings")
        shown.route("**/v1/tills", lambda route: route.fulfill(json={"tills": TILLS}))
        shown.route("**/v1/status", told_of_siblings)
        shows(shown, "#uplink", "⚠ away: 5 facts wait")
        shows(shown, "#bundle", "version 3")
        shows(shown, "#lane-2 .verdict", "nothing presented yet")
        hidden(shown, "#lost")
        from_trio(lambda: house.post({"code": code()}, lane=2))
        shows(shown, "#lane-2 .verdict", "✔ ADMITTED")
        shows(shown, "#lane-2 .text", "Welcome. · Day ticket")
        shows(shown, "#tills", "1 · Bar✔ reader there, shift 3 open")
        shows(shown, "#tills", "2 · Desk✖ reader away: check its cable; no shift open")
        shows(shown, "#siblings", "south✔ connected, heard 1 s ago")
        shows(shown, "#siblings", "east✖ never heard, 7 facts of ours wait; refused")
        from_trio(lambda: house.post({"code": code()}, lane=2))
        shows(shown, "#lane-2 .verdict", "✖ REFUSED: already redeemed")
        shows(shown, "#lane-1 .verdict", "nothing presented yet")
        shows(shown, "#said", "✖ already redeemed")
        house.arm.service = False
        from_trio(lambda: house.one.device("turnstile", False, "gone"))
        shows(shown, "#lane-1 .state", "✖ out of service")

    async with served(house) as api:
        await trio.to_thread.run_sync(
            lambda: in_browser(api, play, size=(1280, 740), prepare=NO_POLLING)
        )
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


# Counts questions, and lets a test move the page's clock.
WATCHED = (
    NO_POLLING
    + """
window.asked = 0;
window.ahead = 0;
const fetched = window.fetch;
window.fetch = (path, options) => {
  window.asked += path === "/v1/occupancy";
  return fetched(path, options);
};
const read = performance.now.bind(performance);
performance.now = () => read() + window.ahead;
"""
)


@pytest.mark.trio
@pytest.mark.needs("chromium")
async def test_who_is_inside_is_shown_and_asked_every_ten_seconds_at_most() -> None:
    house = House()
    terms = Terms(zones=[Zone(1, "<i>Hall</i>", 300, 250)], capacity=2, warn_at=1)
    house.gateway.policy = Policy(msgspec.structs.replace(rules(), terms=terms))

    def play(shown: Page) -> None:
        shows(shown, "#inside tr:nth-child(1)", "venue, warns at 1")
        shows(shown, "#inside tr:nth-child(1) td:last-child", "0 of 2")
        shows(shown, "#inside tr:nth-child(2)", "<i>Hall</i>, warns at 250")
        for number, inside in ((1, "⚠ nearly full: venue"), (2, "✖ full: venue")):
            from_trio(partial(house.post, {"code": code(number)}, lane=2))
            shows(shown, "#said", "admitted")
            eventually(
                shown, f"document.querySelector('#said td:last-child').textContent === '{number}'"
            )
            assert shown.evaluate("window.asked") == number
            shown.evaluate("window.ahead += 10000")
            from_trio(lambda: house.post({"code": "nonsense"}, lane=2))
            shows(shown, "#inside tr:nth-child(1)", inside)
        assert shown.evaluate("window.asked") == 3

    async with served(house) as api:
        await trio.to_thread.run_sync(
            lambda: in_browser(api, play, size=(1280, 740), prepare=WATCHED)
        )


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
        await trio.to_thread.run_sync(lambda: in_browser(api, play, size=(width, 740)))
