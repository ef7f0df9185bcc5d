"""The API as the daemon starts it: by the configuration, on the address it says, beside lanes."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest
import trio

from config.gateway import Gate, Lane, LocalApi
from config.gateway import Gateway as GatewayConfig
from config.runtime.listen import Connections
from edge.ledger.spares import Room
from edge.web.serve import serve_api
from tests.edge.web.house import House, code


class Shelf:
    """What the API asks of the ledger."""

    spares_count = 3
    room = Room.ALARM


def config(tmp_path: Path, bind: str) -> GatewayConfig:
    return GatewayConfig(
        name="north", identity_dir=str(tmp_path), gates=(Gate(1, "North"),),
        lanes=(Lane(1, "Left", 1),), timezone="UTC",
        local_api=LocalApi(bind, body_bytes_max=300),
    )  # fmt: skip


@pytest.mark.trio
@pytest.mark.parametrize("kind", ["tcp", "unix"])
async def test_it_serves_what_the_configuration_says(kind: str, tmp_path: Path) -> None:
    house = House()
    socket = tmp_path / "api.sock"
    bind = "127.0.0.1:0" if kind == "tcp" else f"unix:{socket}"
    counts = Connections(8)
    shelf: Any = Shelf()
    async with trio.open_nursery() as nursery:
        serve = partial(serve_api, house.gateway, config(tmp_path, bind), shelf, None, [], counts)
        (bound,) = await nursery.start(serve)
        path = {"uds": str(socket)} if kind == "unix" else {}
        base = "http://localhost" if kind == "unix" else f"http://{bound.host}:{bound.port}"
        transport = httpx2.AsyncHTTPTransport(**path)
        async with httpx2.AsyncClient(transport=transport, base_url=base) as client:
            answer = await client.post("/v1/lanes/2/presentations", json={"code": code()})
            assert answer.json()["decision"] == "admitted"
            large = await client.post("/v1/lanes/2/presentations", json={"code": "x" * 300})
            assert large.status_code == 413
            now = (await client.get("/v1/status")).json()
            figures = (await client.get("/metrics")).text
        assert (now["ledger"]["spares"], now["ledger"]["room"]) == (3, "alarm")
        assert now["uplink"] is None
        assert "gatehouse_http_connections_accepted_local 2.0" in figures
        nursery.cancel_scope.cancel()
    assert counts.crashed == 0


@pytest.mark.trio
async def test_stopping_it_is_no_crash(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    house = House()
    shelf: Any = Shelf()
    async with trio.open_nursery() as nursery:
        serve = partial(
            serve_api, house.gateway, config(tmp_path, "127.0.0.1:0"), shelf, None, [],
            Connections(8),
        )  # fmt: skip
        (bound,) = await nursery.start(serve)
        stream = await trio.open_tcp_stream("127.0.0.1", bound.port)
        await stream.send_all(b"GET /v1/events HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert b"200" in await stream.receive_some()
        nursery.cancel_scope.cancel()
    await stream.aclose()
    assert [each for each in caplog.records if each.levelname == "ERROR"] == []
    assert not house.gateway.events._listeners
