"""A phone's camera reads a ticket: chromium is shown a video of one, and the gateway admits it."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import segno
import trio
from playwright.sync_api import Page, expect

from tests.edge.web.browsing import WAIT_MS, hidden, in_browser, shows
from tests.edge.web.house import House, code
from tests.edge.web.serving import served

WIDTH, HEIGHT, SCALE = 640, 480, 5
WHITE, GREY, BLACK = 235, 120, 16


def video(path: Path, text: str, degrees: float) -> None:
    """Two pictures of a QR code on a grey wall (YUV4MPEG2, 4:2:0), turned by `degrees`."""
    rows = [bytes(row) for row in segno.make(text, error="m").matrix_iter(border=4)]
    middle = len(rows) / 2
    cos, sin = math.cos(math.radians(degrees)) / SCALE, math.sin(math.radians(degrees)) / SCALE
    luma = bytearray()
    for y in range(-HEIGHT // 2, HEIGHT // 2):
        for x in range(-WIDTH // 2, WIDTH // 2):
            u, v = cos * x + sin * y + middle, cos * y - sin * x + middle
            inside = 0 <= u < len(rows) and 0 <= v < len(rows)
            luma.append((BLACK if rows[int(v)][int(u)] else WHITE) if inside else GREY)
    frame = b"FRAME\n" + bytes(luma) + b"\x80" * (WIDTH * HEIGHT // 2)
    head = b"YUV4MPEG2 W%d H%d F15:1 Ip A1:1 C420jpeg\n" % (WIDTH, HEIGHT)
    path.write_bytes(head + frame * 2)


@pytest.mark.trio
@pytest.mark.needs("chromium")
@pytest.mark.parametrize(("width", "degrees"), [(360, 0), (1280, 10), (360, 160)])
async def test_the_camera_reads_a_ticket_once(tmp_path: Path, width: int, degrees: float) -> None:
    house = House()
    video(tmp_path / "ticket.y4m", code(1), degrees)
    args = [
        "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={tmp_path / 'ticket.y4m'}",
    ]  # fmt: skip

    def work(shown: Page) -> None:
        shows(shown, "#state", "Ready")
        shown.select_option("#lane", "2")
        shown.locator("#camera").click()
        expect(shown.locator("#result")).to_have_class("yes", timeout=WAIT_MS)
        shows(shown, "#verdict", "ADMITTED")
        hidden(shown, "#result")  # by itself: the code is still before the lens, and no new scan
        expect(shown.locator("#video")).to_be_visible()
        expect(shown.locator("#last li")).to_have_count(1)
        shown.locator("#camera").click()
        hidden(shown, "#video")

    async with served(house) as api:
        await trio.to_thread.run_sync(
            lambda: in_browser(api, work, path="/handheld", size=(width, 740), args=args)
        )
    assert house.two.said == {"admitted": 1}


@pytest.mark.trio
@pytest.mark.needs("chromium")
async def test_without_a_camera_the_scanner_still_works() -> None:
    house = House()

    def work(shown: Page) -> None:
        shows(shown, "#state", "Ready")
        shown.locator("#camera").click()
        shows(shown, "#result", "No camera")
        shown.locator("#close").click()
        shown.keyboard.type(code(1))
        shown.keyboard.press("Enter")
        shows(shown, "#verdict", "ADMITTED")

    async with served(house) as api:
        await trio.to_thread.run_sync(lambda: in_browser(api, work, path="/handheld"))
