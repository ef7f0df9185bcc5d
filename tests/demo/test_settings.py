"""The demo's files are configurations without a fault."""

from __future__ import annotations

from pathlib import Path

from config.central import Central
from config.gateway import Gateway
from config.load import load
from edge.demo.settings import LANES, write_central, write_gateway


def test_central_before_and_after_its_first_start(tmp_path: Path) -> None:
    file = tmp_path / "central.toml"
    write_central(file)
    assert load(str(file), Central).listen.gateways_address.port == 0
    write_central(file, 4001, 4002)
    config = load(str(file), Central)
    assert config.public_url == "https://localhost:4001"
    assert config.listen.ops_address.port == 4002


def test_gateway_has_four_lanes_with_devices_of_their_own(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    write_gateway(file, central=4001, scanners=[1, 2, 3, 4], boards=[5, 6, 7, 8], api=9000)
    config = load(str(file), Gateway)
    assert [lane.number for lane in config.lanes] == list(LANES)
    assert [lane.scanner.port for lane in config.lanes if lane.scanner] == [1, 2, 3, 4]
    assert [lane.turnstile.port for lane in config.lanes if lane.turnstile] == [5, 6, 7, 8]
    assert config.central is not None and config.central.url == "https://localhost:4001"
    assert config.local_api.address.port == 9000
