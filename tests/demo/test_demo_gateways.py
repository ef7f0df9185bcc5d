"""One gateway's process: where it is reached, before and after a move."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edge.demo.gateways import GatewayProcess, url_of
from edge.demo.settings import sites


class Starts:
    """In place of processes: each start is ready with the next answer."""

    def __init__(self, *ready: dict[str, Any]) -> None:
        self.ready = list(ready)
        self.names: list[str] = []

    async def start_ready(self, name: str, words: list[str]) -> tuple[Any, dict[str, Any]]:
        self.names.append(name)
        return None, self.ready.pop(0)


def made(tmp_path: Path, *ready: dict[str, Any]) -> tuple[GatewayProcess, list[tuple[int, int]]]:
    written: list[tuple[int, int]] = []
    starts: Any = Starts(*ready)
    gateway = GatewayProcess(
        tmp_path, sites(3)[1], starts, lambda text: None,
        lambda one, api: written.append((api, one.peers_port)),
    )  # fmt: skip
    return gateway, written


READY = {"api": ["127.0.0.1:9001"], "peers": ["127.0.0.1:7001"]}


@pytest.mark.trio
async def test_both_ports_of_the_first_start_are_kept(tmp_path: Path) -> None:
    gateway, written = made(tmp_path, READY, READY)
    await gateway.start()
    assert (gateway.api, gateway.peers_port) == ("http://127.0.0.1:9001", 7001)
    assert written == [(0, 0), (9001, 7001)]
    await gateway.start()
    assert written == [(0, 0), (9001, 7001)]
    assert gateway.starts == 2


@pytest.mark.trio
async def test_a_port_for_siblings_that_moved_is_written_again(tmp_path: Path) -> None:
    gateway, written = made(tmp_path, READY, READY | {"peers": ["127.0.0.1:7002"]})
    await gateway.start()
    await gateway.start()
    assert gateway.peers_port == 7002
    assert written[-1] == (9001, 7002)


@pytest.mark.trio
async def test_what_was_never_started_has_stopped_in_order(tmp_path: Path) -> None:
    gateway, _ = made(tmp_path)
    assert await gateway.stop() == 0
    assert gateway.toml.name == "gateway-2.toml"


def test_an_address_becomes_a_url() -> None:
    assert url_of("127.0.0.1:9") == url_of("http://127.0.0.1:9") == "http://127.0.0.1:9"
