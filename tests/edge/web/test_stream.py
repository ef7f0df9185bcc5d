"""Live events: hello first, heartbeats, filters; who is too slow is told and let go."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
import trio.testing

from edge import events as hub
from edge.web.stream import frame
from tests.edge.web.house import House, code, until
from tests.edge.web.serving import events, served


class Listener:
    """An ASGI client of one stream: reads when it is told to, hangs up when it is told to."""

    def __init__(self) -> None:
        self.status = 0
        self.parts: list[bytes] = []
        self.gone = trio.Event()
        self.reading = trio.Event()
        self.reading.set()
        self.ended = False

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        await self.reading.wait()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        self.parts.append(message["body"])
        self.ended = not message["more_body"]

    @property
    def text(self) -> str:
        return b"".join(self.parts).decode()


@asynccontextmanager
async def listening(house: House, query: str = "") -> AsyncIterator[Listener]:
    listener = Listener()
    scope = {
        "type": "http", "method": "GET", "path": "/v1/events", "query_string": query.encode(),
        "headers": [], "root_path": "", "scheme": "http", "http_version": "1.1",
    }  # fmt: skip
    async with trio.open_nursery() as nursery:
        nursery.start_soon(house.app, scope, listener.receive, listener.send)
        await trio.testing.wait_all_tasks_blocked()
        yield listener
        listener.gone.set()


@pytest.mark.trio
async def test_a_client_hears_what_happens_as_it_happens() -> None:
    house = House()
    async with served(house) as api, api.client() as client:
        async with client.stream("GET", "/v1/events") as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            heard = events(answer.aiter_lines())
            assert await anext(heard) == ("hello", {"gateway": "north", "lanes": []})
            await client.post("/v1/lanes/1/presentations", json={"code": code()})
            kind, event = await anext(heard)
            assert (kind, event["decision"], event["lane"]) == ("decision", "admitted", 1)
            assert code() not in str(event)
        await until(lambda: not house.gateway.events._listeners)


@pytest.mark.trio
async def test_only_the_lanes_that_were_asked_for() -> None:
    house = House()
    async with listening(house, "lane=2") as listener:
        house.gateway.events.publish("alarm", lane=1, alarm="forced")
        house.gateway.events.publish("uplink", connected=False)
        house.gateway.events.publish("alarm", lane=2, alarm="tamper")
        await trio.testing.wait_all_tasks_blocked()
        assert "tamper" in listener.text
        assert "forced" not in listener.text
        assert "uplink" not in listener.text


@pytest.mark.trio
@pytest.mark.parametrize(
    ("query", "status", "problem"),
    [
        ("lane=9", 404, "unknown_lane"), ("lane=1&lane=x", 404, "unknown_lane"),
        ("lanes=1", 400, "bad_field"),
    ],
)  # fmt: skip
async def test_a_wrong_filter_is_an_error_not_silence(
    query: str, status: int, problem: str
) -> None:
    found, answer = await House().get(f"/v1/events?{query}")
    assert (found, answer["problem"]) == (status, problem)


@pytest.mark.trio
async def test_a_heartbeat_every_15_s_whatever_happens_elsewhere(autojump_clock: object) -> None:
    house = House()
    async with listening(house, "lane=2") as listener:
        for _ in range(32):
            await trio.sleep(1)
            house.gateway.events.publish("alarm", lane=1, alarm="forced")
        assert listener.text.count(": beat\n\n") == 2


@pytest.mark.trio
async def test_a_client_that_closes_leaves_nothing_behind() -> None:
    house = House()
    async with listening(house) as listener:
        assert len(house.gateway.events._listeners) == 1
        listener.gone.set()
        await trio.testing.wait_all_tasks_blocked()
        assert not house.gateway.events._listeners
        assert listener.ended
    assert house.app.crashed == 0


@pytest.mark.trio
async def test_who_reads_too_slowly_is_told_and_dropped_and_no_lane_waits() -> None:
    house = House()
    async with listening(house) as listener:
        listener.reading = trio.Event()
        for number in range(hub.BACKLOG_MAX + 10):
            house.gateway.events.publish("alarm", lane=1, alarm=str(number))
            await trio.testing.wait_all_tasks_blocked()
        assert house.gateway.events.dropped == 1
        assert not house.gateway.events._listeners
        listener.reading.set()
        await trio.testing.wait_all_tasks_blocked()
        assert listener.ended
        assert listener.parts[-2].startswith(b"event: dropped\n")
        assert listener.text.count("event: alarm") == hub.BACKLOG_MAX + 1


@pytest.mark.trio
async def test_a_page_too_many_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "LISTENERS_MAX", 1)
    house = House()
    async with listening(house) as first:
        status, answer = await house.get("/v1/events")
        assert (status, answer["problem"]) == (503, "busy")
        assert not first.ended


@pytest.mark.trio
async def test_the_stream_ends_when_the_server_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.runtime.listen.GRACE_S", 0.05)
    house = House()
    async with served(house) as api:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(api.raw, b"GET /v1/events HTTP/1.1\r\nhost: localhost\r\n\r\n")
            await until(lambda: bool(house.gateway.events._listeners))
            api.stop.set()
        assert not house.gateway.events._listeners


def test_a_frame_is_one_event_whatever_stands_in_it() -> None:
    raw = frame("alarm", {"alarm": "a\n\nevent: evil\r\ndata: {}\u2028"})
    assert raw.count(b"\n\n") == 1
    assert b"\r" not in raw
