"""The demo's files are configurations without a fault."""

from __future__ import annotations

from pathlib import Path

from config.central import Central
from config.gateway import Gateway
from config.load import load
from config.tills import NfcpyReader, UdpEmulator
from edge.demo.settings import GATEWAYS_MAX, sites, with_bar, write_central, write_gateway


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
    (site,) = sites(1)
    scanners, boards = {1: 1, 2: 2, 3: 3, 4: 4}, {1: 5, 2: 6, 3: 7, 4: 8}
    write_gateway(file, site, central=4001, scanners=scanners, boards=boards, api=9000)
    config = load(str(file), Gateway)
    assert [lane.number for lane in config.lanes] == [1, 2, 3, 4]
    assert [lane.scanner.port for lane in config.lanes if lane.scanner] == [1, 2, 3, 4]
    assert [lane.turnstile.port for lane in config.lanes if lane.turnstile] == [5, 6, 7, 8]
    assert config.central is not None and config.central.url == "https://localhost:4001"
    assert config.local_api.address.port == 9000
    assert config.peers is None


def test_siblings_share_the_lanes_and_know_each_other(tmp_path: Path) -> None:
    file = tmp_path / "gateway-2.toml"
    devices = {number: 5000 + number for number in range(1, 7)}
    boards = {number: 6000 + number for number in range(1, 7)}
    one, two, three = sites(3)
    write_gateway(
        file, two, central=4001, scanners=devices, boards=boards, api=9000, peers=7002,
        siblings={one.name: 8001, three.name: 8003},
    )  # fmt: skip
    config = load(str(file), Gateway)
    assert [lane.scanner.port for lane in config.lanes if lane.scanner] == [5003, 5004]
    assert config.peers is not None and config.peers.address.port == 7002
    reached = [(sibling.name, sibling.port) for sibling in config.peers.siblings]
    assert reached == [("demo-1", 8001), ("demo-3", 8003)]


def test_tills_read_the_emulated_bands_directly_or_through_nfcpy(tmp_path: Path) -> None:
    (site,) = with_bar(sites(1))
    devices = {number: number for number in range(1, 5)}
    for python, kind in (
        ("", UdpEmulator(9701)),
        ("/nfcpy", NfcpyReader("udp:127.0.0.1:9701", "/nfcpy")),
    ):
        file = tmp_path / "gateway.toml"
        write_gateway(
            file, site, central=4001, scanners=devices, boards=devices, api=9000,
            readers={1: 9701, 2: 9702}, nfc_python=python,
        )  # fmt: skip
        first, second = load(str(file), Gateway).tills
        assert first.reader == kind
        assert type(second.reader) is type(kind) and second.reader != kind


def test_no_two_gateways_share_a_lane() -> None:
    for count in range(1, GATEWAYS_MAX + 1):
        lanes = [number for site in sites(count) for number in site.lanes]
        assert lanes == list(range(1, max(lanes) + 1))
