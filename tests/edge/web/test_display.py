"""The screen at a lane learns what it shows; its stream ends with the sign-in that opened it."""

from __future__ import annotations

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from config.shown import Display
from edge.core.texts import Texts
from edge.web.display import public_event
from tests.edge.web.house import PIN, House, code, person, until
from tests.edge.web.serving import events, served

STAFF = [person(7, "Anna")]
EVENTS = "/v1/events?lane=2"


@pytest.mark.trio
async def test_a_lane_between_two_guests() -> None:
    house = House(display=Display(answer_s=4))
    house.gateway.texts = Texts(guest_languages=("fr", "de"))
    assert await house.get("/v1/lanes/2/shown") == (200, {
        "gateway": "north", "lane": 2, "name": "Handheld", "gate_name": "North gate",
        "direction": "both", "in_service": True, "languages": ["fr", "de"], "answer_s": 4,
    })  # fmt: skip
    house.arm.service = False
    assert (await house.get("/v1/lanes/1/shown"))[1]["in_service"] is False
    assert (await house.get("/v1/lanes/9/shown"))[0] == 404


def test_a_decision_is_shown_without_its_ticket() -> None:
    seen: list[dict[str, object]] = []
    house = House()
    with house.gateway.events.listen() as told:
        house.two.present(code().encode(), lambda answer: None, nonce=b"n")
        while True:
            try:
                event = told.receive_nowait()
            except trio.WouldBlock:
                break
            public = public_event(event)
            if public is not None:
                seen.append(public)
    decision = next(event for event in seen if event["event"] == "decision")
    assert decision["guest_text"]["en"] == "Welcome!"  # type: ignore[index]
    assert not {"identity", "seq", "text", "earlier", "product", "scheme"} & decision.keys()


@given(st.dictionaries(st.text(max_size=8), st.integers()), st.text(max_size=12))
def test_of_what_is_not_known_nothing_is_shown(fields: dict[str, int], kind: str) -> None:
    public = public_event({**fields, "event": kind, "lane": 1})
    bare = {"completed", "lapsed", "unknown", "queued", "alarm", "device"}
    assert public is None or (kind in bare and public == {"event": kind, "lane": 1})


@pytest.mark.trio
async def test_an_open_display_sees_its_lane_and_staff_see_all() -> None:
    house = House(STAFF, Display(open=True))
    async with served(house) as api, api.client() as guest, api.client() as staff:
        await staff.post("/v1/session", json={"name": "Anna", "pin": PIN})
        async with guest.stream("GET", EVENTS) as shown, staff.stream("GET", EVENTS) as whole:
            theirs, ours = events(shown.aiter_lines()), events(whole.aiter_lines())
            assert (await anext(theirs))[0] == (await anext(ours))[0] == "hello"
            await staff.post("/v1/lanes/2/presentations", json={"code": code()})
            while (kind_data := await anext(theirs))[0] != "decision":
                pass
            assert "identity" not in kind_data[1]
            while (kind_data := await anext(ours))[0] != "decision":
                pass
            assert kind_data[1]["identity"]


@pytest.mark.trio
async def test_a_stream_ends_soon_after_its_sign_in_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = House(STAFF, beat_s=0.01)
    async with served(house) as api, api.client() as staff:
        await staff.post("/v1/session", json={"name": "Anna", "pin": PIN})
        async with staff.stream("GET", EVENTS) as whole:
            told = events(whole.aiter_lines())
            assert (await anext(told))[0] == "hello"
            await staff.delete("/v1/session")
            while (kind_data := await anext(told))[0] == "":
                pass
            assert kind_data == ("dropped", {"why": "signed out"})
        await until(lambda: not house.gateway.events._listeners)
