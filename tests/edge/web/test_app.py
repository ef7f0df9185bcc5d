"""The whole local API behind the real listener: what arrives broken leaves it whole."""

from __future__ import annotations

import pytest
import trio

from config.gateway import LocalApi
from config.runtime.limits import Limits
from edge.web.app import limits_for
from tests.config.test_listen import DEADLY
from tests.edge.web.house import House, code, until
from tests.edge.web.serving import Served, served

PATH = "/v1/lanes/1/presentations"


async def serves(api: Served, number: int = 1) -> bool:
    """Whether the next guest is answered."""
    async with api.client() as client:
        answer = await client.post("/v1/lanes/2/presentations", json={"code": code(number)})
    return answer.json()["decision"] == "admitted"


@pytest.mark.trio
async def test_what_the_listener_refuses() -> None:
    house = House()
    async with served(house, Limits(body_bytes_max=1000)) as api, api.client() as client:
        form = await client.post(PATH, data={"code": code()})
        assert (form.status_code, form.json()["problem"]) == (415, "wrong_type")
        large = await client.post(PATH, json={"code": "x" * 1000})
        assert (large.status_code, large.json()["problem"]) == (413, "too_large")
        foreign = await client.post(PATH, json={"code": "x"}, headers={"origin": "http://evil"})
        assert (foreign.status_code, foreign.json()["problem"]) == (403, "foreign_origin")
        host = await client.get("/v1/status", headers={"host": "evil"})
        assert (host.status_code, host.json()["problem"]) == (400, "bad_host")
        assert house.log.facts == []
        assert await serves(api)


@pytest.mark.trio
async def test_a_malformed_upgrade_ends_only_itself() -> None:
    house = House()
    async with served(house, Limits(read_timeout_s=0.2)) as api:
        assert DEADLY.startswith(b"GET / ")
        for path in (PATH.encode(), b"/"):
            await api.raw(DEADLY.replace(b"GET / ", b"GET %s " % path, 1))
        async with await trio.open_tcp_stream("127.0.0.1", api.port) as stream:
            await stream.send_all(DEADLY.replace(b"GET / ", b"GET /v1/events ", 1))
            await until(lambda: bool(house.gateway.events._listeners))
        assert await serves(api)
        assert api.counts.crashed == 0
        await until(lambda: not house.gateway.events._listeners)
    assert house.app.crashed == 0


@pytest.mark.trio
async def test_a_client_that_never_finishes_its_request_is_let_go() -> None:
    house = House()
    async with served(house, Limits(read_timeout_s=0.2)) as api:
        head = b"POST %s HTTP/1.1\r\nhost: localhost\r\n" % PATH.encode()
        slow = head + b"content-type: application/json\r\ncontent-length: 50\r\n\r\n{"
        async with trio.open_nursery() as nursery:
            nursery.start_soon(api.raw, head)
            nursery.start_soon(api.raw, slow)
            await until(lambda: len(api.counts.open) == 2)
            assert await serves(api)  # meanwhile
        assert house.one.last is None


@pytest.mark.trio
async def test_a_listener_that_stops_reading_delays_no_guest() -> None:
    house = House()
    async with served(house, Limits(send_timeout_s=0.2)) as api:
        stream = await trio.open_tcp_stream("127.0.0.1", api.port)
        await stream.send_all(b"GET /v1/events HTTP/1.1\r\nhost: localhost\r\n\r\n")
        await until(lambda: bool(house.gateway.events._listeners))
        with trio.fail_after(30):
            while house.gateway.events._listeners:
                house.gateway.events.publish("alarm", lane=1, alarm="x" * 50_000)
                await trio.sleep(0)
        assert await serves(api)
        await until(lambda: not api.counts.open)
        await stream.aclose()
    assert house.app.crashed == 0


def test_the_limits_follow_the_configuration() -> None:
    api = LocalApi("[::1]:0", connections_max=9, body_bytes_max=512, read_timeout_s=3)
    limits = limits_for(api)
    assert limits.hosts == ("localhost", "127.0.0.1", "[::1]")
    assert (limits.connections_max, limits.body_bytes_max) == (9, 512)
    assert limits.read_timeout_s == 3
    assert "127.0.0.9" in limits_for(LocalApi("127.0.0.9:80")).hosts
    assert limits_for(LocalApi("unix:/run/gatehouse/api.sock")).hosts == ()
    lan = LocalApi("10.0.0.1:443", names=("Gate.lan", "fd00::1"))
    assert {"10.0.0.1", "gate.lan", "[fd00::1]"} < set(limits_for(lan).hosts)


@pytest.mark.trio
async def test_who_is_inside_is_told_by_place_product_and_hour() -> None:
    house = House()
    assert (await house.get("/v1/occupancy"))[1]["places"][0]["inside"] == 0
    await house.post({"code": code(), "nonce": "0a"}, lane=2)
    status, told = await house.get("/v1/occupancy")
    assert (status, told["since_ms"]) == (200, 0)
    assert told["places"] == [
        {"zone": 0, "name": "venue", "inside": 1, "capacity": 0, "level": "", "warn_at": 0}
    ]  # fmt: skip
    assert [(row["product"], row["inside"]) for row in told["products"]] == [(7, 1)]
    assert [(row["came"], row["left"]) for row in told["hours"]] == [(1, 0)]
