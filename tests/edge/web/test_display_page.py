"""The lane display in a real browser: shape, word and colour, three languages, and never stale."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import trio
from playwright.sync_api import Page, expect

from config.shown import Display
from edge.web import page
from tests.edge.web.browsing import WAIT_MS, eventually, fits, from_trio, hidden, in_browser, shows
from tests.edge.web.house import PIN, House, code, person
from tests.edge.web.serving import served

# What the page lets sound, as the frequencies of each signal.
LISTEN = """
window.sounded = [];
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (at) {
  window.sounded.push(this.frequency.value);
  return start.call(this, at);
};
"""
LOUD = ["--autoplay-policy=no-user-gesture-required"]
LONG = Display(answer_s=60)


def live(shown: Page) -> None:
    """From here on no event is missed."""
    shown.wait_for_selector("html[data-live=yes]", state="attached")


async def play(house: House, work: Callable[[Page], None], **how: Any) -> None:
    async with served(house) as api:
        path = how.pop("path", "/lanes/1/display")
        await trio.to_thread.run_sync(lambda: in_browser(api, work, path=path, **how))


def look(shown: Page, kind: str) -> None:
    expect(shown.locator("body")).to_have_class(kind, timeout=WAIT_MS)


def everything_is_visible(shown: Page) -> None:
    """All words stand in the free part of the screen, not behind the hint or the last line."""
    room = shown.locator("main").bounding_box()
    assert room is not None
    for part in shown.locator("main > *, main p:visible").all():
        box = part.bounding_box()
        assert box is not None
        assert box["x"] >= room["x"] - 1 and box["y"] >= room["y"] - 1, (box, room)
        assert box["x"] + box["width"] <= room["x"] + room["width"] + 1, (box, room)
        assert box["y"] + box["height"] <= room["y"] + room["height"] + 1, (box, room)
    height = shown.evaluate("innerHeight")
    last = shown.locator("footer").bounding_box()
    assert last is not None and last["y"] + last["height"] <= height + 1


@pytest.mark.trio
@pytest.mark.needs("chromium")
@pytest.mark.parametrize("size", [(360, 740), (1920, 1080), (740, 360)])
async def test_each_answer_has_its_shape_its_word_and_its_colour(size: tuple[int, int]) -> None:
    house = House(display=LONG)

    def work(shown: Page) -> None:
        live(shown)
        look(shown, "idle")
        shows(shown, "#lane", "Left")
        everything_is_visible(shown)
        from_trio(lambda: house.post({"code": code(1)}))
        look(shown, "yes")
        expect(shown.locator("#shape .shape-yes")).to_be_visible()
        everything_is_visible(shown)
        from_trio(lambda: house.one.completed(house.arm.granted[-1], 1))
        from_trio(lambda: house.post({"code": code(1)}))
        look(shown, "no")
        expect(shown.locator("#shape .shape-no")).to_be_visible()
        shows(shown, "#text", "16:13")
        everything_is_visible(shown)
        from_trio(lambda: house.post({"code": code(2, persons=28, flags=3), "count": 28}))
        look(shown, "yes")
        shows(shown, "#count", "× 28")
        expect(shown.locator("#hints .shape-attention")).to_be_visible()
        everything_is_visible(shown)
        fits(shown, size[0])

    await play(house, work, size=size)


@pytest.mark.trio
@pytest.mark.needs("chromium")
async def test_another_lane_is_not_shown_and_an_answer_has_its_time() -> None:
    house = House(display=Display(answer_s=1))

    def work(shown: Page) -> None:
        live(shown)
        look(shown, "idle")
        shows(shown, "#verdict", "Scannez votre billet")
        from_trio(lambda: house.post({"code": code(9)}, lane=2))
        from_trio(lambda: house.post({"code": b"x".decode()}))
        look(shown, "no")
        shows(shown, "#text", "Ce n’est pas un code de billet valable.")
        look(shown, "idle")
        assert shown.evaluate("document.documentElement.lang") == "fr"

    await play(house, work, path="/lanes/1/display?lang=fr")


@pytest.mark.trio
@pytest.mark.needs("chromium")
async def test_the_languages_of_the_venue_take_turns() -> None:
    house = House(display=LONG)

    def work(shown: Page) -> None:
        # The turn of a minute's answer is long: its clock is put forward, not waited for.
        for word in ("Bitte Ticket scannen", "Please scan your ticket", "Scannez votre billet"):
            shows(shown, "#verdict", word)
            shown.clock.run_for(21_000)

    async with served(house) as api:

        def watched(shown: Page) -> None:
            shown.clock.install()
            shown.reload()
            work(shown)

        await trio.to_thread.run_sync(
            lambda: in_browser(api, watched, path="/lanes/1/display", alone=True)
        )


@pytest.mark.trio
@pytest.mark.needs("chromium")
async def test_yes_no_and_attention_sound_apart_and_a_quiet_page_says_so() -> None:
    house = House(display=LONG)
    tunes: list[tuple[float, ...]] = []

    def work(shown: Page) -> None:
        live(shown)
        hidden(shown, "#sound")
        for body in ({"code": code(1)}, {"code": "x"}, {"code": code(2, flags=3)}):
            shown.evaluate("window.sounded = []")
            from_trio(lambda body=body: house.post(body))  # type: ignore[misc]
            eventually(shown, "window.sounded.length > 1")
            tunes.append(tuple(shown.evaluate("window.sounded")))
            if house.arm.granted and house.one.busy:
                from_trio(lambda: house.one.completed(house.arm.granted[-1], 1))

    await play(house, work, prepare=LISTEN, args=LOUD)
    assert len(set(tunes)) == 3

    def quiet(shown: Page) -> None:
        expect(shown.locator("#sound")).to_be_visible()
        shown.locator("#sound").click()
        hidden(shown, "#sound")

    await play(House(), quiet)


@pytest.mark.trio
@pytest.mark.needs("chromium")
async def test_a_gate_out_of_service_sends_guests_on() -> None:
    house = House()
    house.arm.service = False

    def work(shown: Page) -> None:
        look(shown, "attention")
        shows(shown, "#verdict", "Out of service")
        shows(shown, "#text", "Please use the next gate")
        house.arm.service = True
        look(shown, "idle")

    await play(house, work, path="/lanes/1/display?lang=en")


@pytest.mark.trio
@pytest.mark.needs("chromium")
async def test_a_lost_connection_covers_what_can_no_longer_be_true(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("config.runtime.listen.GRACE_S", 0.05)
    house = House(display=LONG)

    def work(shown: Page) -> None:
        live(shown)
        from_trio(lambda: house.post({"code": code(1)}))
        look(shown, "yes")
        hidden(shown, "#lost")
        from_trio(api.stop.set)
        expect(shown.locator("#lost")).to_be_visible(timeout=WAIT_MS)
        for word in ("VERBINDUNG VERLOREN", "CONNECTION LOST", "CONNEXION PERDUE"):
            shows(shown, "#lost", word)
        box = shown.locator("#lost").bounding_box()
        assert box is not None and (box["width"], box["height"]) == (360, 740)

    async with served(house) as api:
        await trio.to_thread.run_sync(lambda: in_browser(api, work, path="/lanes/1/display"))


@pytest.mark.trio
@pytest.mark.needs("chromium")
async def test_a_display_signs_in_once_or_is_open() -> None:
    def closed(shown: Page) -> None:
        shown.wait_for_url("**/signin?to=/lanes/1/display")
        shown.fill("#name", "Anna")
        shown.fill("#pin", PIN)
        shown.click("#go")
        look(shown, "idle")

    await play(House([person(7, "Anna")]), closed)
    house = House([person(7, "Anna")], Display(open=True, answer_s=60))

    def open_to_all(shown: Page) -> None:
        live(shown)
        look(shown, "idle")
        from_trio(lambda: house.one.present(code(1).encode(), lambda answer: None))
        look(shown, "yes")

    await play(house, open_to_all)


def test_the_words_of_the_pages_are_complete() -> None:
    text = (page.FOLDER / "words.js").read_text(encoding="utf-8")
    words = json.loads(text[text.index("{") : text.index("};") + 1])
    assert list(words) == ["de", "en", "fr"]
    assert words["de"].keys() == words["en"].keys() == words["fr"].keys()
    assert all(word.strip() for language in words.values() for word in language.values())
    # Why a scan cannot be taken back comes from the gateway by name (`edge.recent.Annulment`).
    by_name = {"unknown_nonce", "open", "too_late", "annulled"}
    assert by_name <= words["en"].keys()
    used = "".join(file.read_text() for file, _ in page.FILES.values() if file.suffix != ".svg")
    used = used.replace(text, "")
    ours = words["en"].keys() - by_name
    unused = [key for key in ours if f'"{key}"' not in used and f".{key}" not in used]
    assert unused == []
