"""Nobody passes the door without a right to; a right PIN opens it, and guessing does not."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
import trio
import trio.testing
from starlette.applications import Starlette
from starlette.routing import Route

from config.runtime.limits import Limited, Limits
from config.shown import Display
from crypto.entry import OperatorSignedIn
from edge.web import page
from edge.web.attempts import NAME_TRIES_MAX
from edge.web.signin import COOKIE
from tests.edge.web.house import PIN, House, code, person

STAFF = [person(7, "Anna", "supervisor"), person(8, "Jörg", "scanner", (2,))]
#: What answers to everybody: pages without data, and what supervises the process.
OPEN = {
    *page.FILES, "/openapi.json", "/livez", "/readyz", "/metrics", "/v1/session",
    "/v1/tills/{till}/sign-in",
}  # fmt: skip


async def sign_in(client: httpx2.AsyncClient, name: str = "Anna", pin: str = PIN) -> Any:
    return await client.post("/v1/session", json={"name": name, "pin": pin})


async def outcome(client: httpx2.AsyncClient, lane: int, number: int = 1) -> tuple[int, str]:
    body = {"code": code(number)}
    answer = await client.post(f"/v1/lanes/{lane}/presentations", json=body)
    told = answer.json()
    return answer.status_code, told.get("decision") or told["problem"]


@pytest.mark.trio
async def test_every_operation_is_behind_the_door_but_those_named_here() -> None:
    house = House(STAFF)
    app = house.app.app
    assert isinstance(app, Starlette)
    async with house.client() as client:
        for route in app.routes:
            assert isinstance(route, Route)
            for method in (route.methods or set()) - {"HEAD"}:
                url = route.path.replace("{lane}", "1")
                answer = await client.request(method, url, json={"code": "x"})
                closed = answer.status_code == 401
                assert closed != (route.path in OPEN), (method, route.path)
                if closed:
                    assert answer.json()["problem"] == "not_signed_in"
    assert house.log.facts == []


@pytest.mark.trio
async def test_without_staff_nobody_signs_in_and_all_is_offered() -> None:
    house = House()
    async with house.client() as client:
        assert await outcome(client, 1) == (200, "admitted")
        now = (await client.get("/v1/session")).json()
        refused = await sign_in(client)
    assert (now["needed"], now["signed_in"]) == (False, False)
    assert {"watch", "scan"} <= set(now["rights"])
    assert [lane["lane"] for lane in now["lanes"]] == [1, 2]
    assert (refused.status_code, refused.json()["problem"]) == (404, "no_sign_in")


@pytest.mark.trio
async def test_a_right_pin_opens_and_is_a_fact_without_a_name() -> None:
    house = House(STAFF)
    async with house.client() as client:
        before = (await client.get("/v1/session")).json()
        assert (before["needed"], before["rights"], before["lanes"]) == (True, [], [])
        now = (await sign_in(client, " aNNA ")).json()
        assert (now["name"], now["role"]) == ("Anna", "supervisor")
        assert 43_000 < now["left_s"] <= 43_200
        assert "scan" in now["rights"]
        assert await outcome(client, 1) == (200, "admitted")
        assert (await client.get("/v1/status")).status_code == 200
        out = (await client.delete("/v1/session")).json()
        assert (out["signed_in"], out["rights"]) == (False, [])
        assert await outcome(client, 1, 2) == (401, "not_signed_in")
    (fact,) = [fact for fact in house.log.facts if isinstance(fact, OperatorSignedIn)]
    assert fact.operator == 7


@pytest.mark.trio
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_the_cookie_is_for_this_gateway_alone(scheme: str) -> None:
    house = House(STAFF)
    transport = httpx2.ASGITransport(app=house.app)  # type: ignore[arg-type]
    async with httpx2.AsyncClient(transport=transport, base_url=f"{scheme}://localhost") as client:
        told = (await sign_in(client)).headers["set-cookie"].lower()
    assert told.startswith(f"{COOKIE}=")
    parts = {part.strip() for part in told.split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/"} <= parts
    assert ("secure" in parts) == (scheme == "https")
    assert not any(part.startswith(("domain", "max-age", "expires")) for part in parts)


@pytest.mark.trio
async def test_signing_in_ends_the_session_that_was_there() -> None:
    house = House(STAFF)
    async with house.client() as client:
        await sign_in(client)
        old = client.cookies[COOKIE]
        await sign_in(client, "Jörg")
        assert client.cookies[COOKIE] != old
        client.cookies.clear()
        client.cookies.set(COOKIE, old)
        assert not (await client.get("/v1/session")).json()["signed_in"]
    assert len(house.door.sessions) == 1


@pytest.mark.trio
async def test_who_has_only_some_lanes_scans_there_only() -> None:
    house = House(STAFF)
    async with house.client() as client:
        now = (await sign_in(client, "jörg")).json()
        assert [lane["lane"] for lane in now["lanes"]] == [2]
        assert await outcome(client, 1) == (403, "forbidden")
        assert house.one.last is None
        assert await outcome(client, 2) == (200, "admitted")
        denied = await client.post("/v1/lanes/1/presentations", json={"code": "x"})
    assert denied.json()["detail"] == "you may not scan at lane 1"


@pytest.mark.trio
@pytest.mark.parametrize("name", ["Anna", "Nobody"])
async def test_wrong_pins_lock_a_name_whether_there_is_one_or_not(
    name: str, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Threads do not go with a clock of the test's own: the PIN is checked on the loop instead.
    async def at_once(work: Any, **_: object) -> Any:
        return work()

    monkeypatch.setattr("edge.web.signin.trio.to_thread.run_sync", at_once)
    house = House(STAFF)
    async with house.client() as client:
        answers = []
        for i in range(NAME_TRIES_MAX):
            answers.append(await sign_in(client, name, f"00000{i}"))
            await trio.sleep(1)
        assert {answer.status_code for answer in answers} == {401}
        assert len({answer.content for answer in answers}) == 1
        locked = await sign_in(client, name, PIN)  # too late, even though it may be right
        assert (locked.status_code, locked.json()["problem"]) == (429, "locked")
        assert locked.headers["retry-after"] == "60"
        assert (await sign_in(client, "Jörg")).status_code == 200
        await trio.sleep(60)
        again = await sign_in(client, name, PIN)
        assert again.status_code == (200 if name == "Anna" else 401)
    assert house.log.kinds().count("OperatorSignedIn") == (2 if name == "Anna" else 1)


@pytest.mark.trio
async def test_a_page_of_another_site_cannot_sign_in_or_scan() -> None:
    house = House(STAFF)

    async def within(seconds: float, work: Any) -> bytes:
        raw: bytes = await work()
        return raw

    app = Limited(house.app, Limits(), within)
    transport = httpx2.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
        assert (await sign_in(client)).status_code == 200
        foreign = {"origin": "http://evil.example"}
        path, body = "/v1/lanes/1/presentations", {"code": code()}
        assert (await client.post(path, json=body, headers=foreign)).status_code == 403
        form = await client.post(path, data={"code": code()})
        assert form.status_code == 415
        assert (await client.delete("/v1/session", headers=foreign)).status_code == 403
    assert house.one.last is None


@pytest.mark.trio
@pytest.mark.parametrize(
    ("body", "problem"), [({}, "bad_field"), ({"name": "x", "pin": ""}, "bad_field"),
                          ({"name": "x", "pin": "y", "role": "z"}, "unknown_field")],
)  # fmt: skip
async def test_a_wrong_body_is_named(body: dict[str, str], problem: str) -> None:
    async with House(STAFF).client() as client:
        answer = await client.post("/v1/session", json=body)
    assert (answer.status_code, answer.json()["problem"]) == (400, problem)


@pytest.mark.trio
async def test_no_pin_and_no_name_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async with House(STAFF).client() as client:
        await sign_in(client, "Anna", "999999")
        await sign_in(client, "Jörg")
    assert "a wrong name or PIN" in caplog.text
    fields = [str(vars(record)) for record in caplog.records]
    assert not any(word in each for each in fields for word in ("999999", PIN, "Anna", "anna"))


@pytest.mark.trio
async def test_an_open_display_needs_no_sign_in_and_learns_only_what_it_shows() -> None:
    house = House(STAFF, Display(open=True))
    async with house.client() as client:
        shown = await client.get("/v1/lanes/1/shown")
        assert (shown.status_code, shown.json()["gate_name"]) == (200, "North gate")
        for path in ("/v1/lanes", "/v1/status", "/v1/events", "/v1/events?lane=1&lane=2"):
            assert (await client.get(path)).status_code == 401, path
        assert await outcome(client, 1) == (401, "not_signed_in")
