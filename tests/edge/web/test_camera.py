"""A phone's camera reads a ticket: chromium is shown a video of one, and the gateway admits it."""

from __future__ import annotations

from pathlib import Path

import pytest
import segno
import trio
from playwright.sync_api import Page, expect

from tests.edge.web.browsing import WAIT_MS, hidden, in_browser, shows
from tests.edge.web.house import House, code
from tests.edge.web.serving import served

WIDTH, HEIGHT, SCALE = 640, 480, 6
WHITE, GREY, BLACK = 235, 120, 16


def video(path: Path, text: str, turned: bool) -> None:
    """Two pictures of a QR code on a grey wall (YUV4MPEG2, 4:2:0), upside down if `turned`."""
    rows = [bytes(row) for row in segno.make(text, error="m").matrix_iter(border=4)]
    if turned:
        rows = [row[::-1] for row in rows[::-1]]
    side = len(rows) * SCALE
    left, top = (WIDTH - side) // 2, (HEIGHT - side) // 2
    assert left >= 0 and top >= 0
    luma = bytearray([GREY]) * (WIDTH * HEIGHT)
    for y in range(side):
        line = b"".join(bytes([BLACK if dark else WHITE]) * SCALE for dark in rows[y // SCALE])
        at = (top + y) * WIDTH + left
        luma[at : at + side] = line
    frame = b"FRAME\n" + bytes(luma) + b"\x80" * (WIDTH * HEIGHT // 2)
    head = b"YUV4MPEG2 W%d H%d F15:1 Ip A1:1 C420jpeg\n" % (WIDTH, HEIGHT)
    path.write_bytes(head + frame * 2)


@pytest.mark.trio
@pytest.mark.needs("chromium")
@pytest.mark.parametrize("turned", [False, True], ids=["upright", "upside-down"])
@pytest.mark.parametrize("width", [360, 1280])
async def test_the_camera_reads_a_ticket_once(tmp_path: Path, width: int, turned: bool) -> None:
    house = House()
    video(tmp_path / "ticket.y4m", code(1), turned)
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
