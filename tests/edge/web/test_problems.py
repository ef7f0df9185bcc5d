"""Every error is JSON; a crash is counted, logged, and ends its own request only."""

from __future__ import annotations

from typing import Any

import pytest

from tests.edge.web.house import House, code, until
from tests.edge.web.serving import served


@pytest.mark.trio
async def test_what_is_not_there_and_what_is_not_possible() -> None:
    house = House()
    async with house.client() as client:
        lost = await client.get("/v2/lanes")
        slash = await client.get("/v1/lanes/")
        wrong = await client.get("/v1/lanes/1/presentations")
        other = await client.request("DELETE", "/v1/status")
    assert (lost.status_code, lost.json()["problem"]) == (404, "not_found")
    assert "/openapi.json" in lost.json()["hint"]
    assert (slash.status_code, slash.json()["problem"]) == (404, "not_found")
    assert (wrong.status_code, wrong.json()["problem"]) == (405, "method_not_allowed")
    assert (wrong.headers["allow"], wrong.json()["hint"]) == ("POST", "possible: POST")
    assert other.status_code == 405


@pytest.mark.trio
async def test_a_crash_of_a_handler_touches_nothing_else(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    house = House()
    whole = house.one.present

    def crash(*_args: Any, **_more: Any) -> None:
        raise ZeroDivisionError("planted")

    async with served(house) as api, api.client() as client:
        path, body = "/v1/lanes/1/presentations", {"code": code(), "nonce": "aa"}
        monkeypatch.setattr(house.one, "present", crash)
        answer = await client.post(path, json=body)
        assert (answer.status_code, answer.json()["problem"]) == (500, "crashed")
        # A crash is logged with its trace, but a flood of them is no flood of traces.
        for _ in range(2):
            await client.post(path, json=body)
        await until(lambda: house.app.crashed == 3)
        assert caplog.text.count("ZeroDivisionError: planted") == 2
        assert "http_handlers_crashed_total 3.0" in (await client.get("/metrics")).text
        # The other lane, and this one after it, serve the next guest; the nonce was not used up.
        other = await client.post("/v1/lanes/2/presentations", json={"code": code(2)})
        assert other.json()["decision"] == "admitted"
        monkeypatch.setattr(house.one, "present", whole)
        answer = await client.post(path, json=body)
        assert answer.json()["decision"] == "admitted"
        assert api.counts.crashed == 0


@pytest.mark.trio
async def test_a_crash_in_the_middle_of_an_answer_cuts_it_short(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def crash(*_args: object) -> None:
        raise ZeroDivisionError("planted")

    house = House()
    async with served(house) as api:
        monkeypatch.setattr("edge.web.stream.EventStream._tell", crash)
        data = await api.raw(b"GET /v1/events HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert b"200" in data.splitlines()[0]
        assert not data.endswith(b"0\r\n\r\n")  # no proper end: the client knows
        assert house.app.crashed == 1
