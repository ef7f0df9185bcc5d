"""Ports stay where they were; and whose database is still there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from config.central import Central
from config.gateway import Gateway
from config.load import load
from edge.demo.processes import DemoFailed, Processes
from edge.demo.venue import Venue, _lives


class Starts:
    """In place of processes: answers what each start is to give."""

    def __init__(self, *answers: dict[str, Any] | DemoFailed) -> None:
        self.answers = list(answers)
        self.started: list[str] = []

    async def start_ready(self, name: str, words: list[str]) -> tuple[Any, dict[str, Any]]:
        self.started.append(name)
        answer = self.answers.pop(0)
        if isinstance(answer, DemoFailed):
            raise answer
        return None, answer


def made(tmp_path: Path, *answers: dict[str, Any] | DemoFailed) -> tuple[Venue, list[str], Starts]:
    said: list[str] = []
    place = Venue(tmp_path, Processes(tmp_path), said.append)
    place._device_ports = ([1, 2, 3, 4], [5, 6, 7, 8])
    place.central_ports = (4001, 4002)
    starts = Starts(*answers)
    place.processes = starts  # type: ignore[assignment]
    place.gateways[0]._processes = starts  # type: ignore[assignment]
    return place, said, starts


TAKEN = DemoFailed("gateway did not become ready (exit 69): [Errno 98] Address already in use")


@pytest.mark.trio
async def test_the_gateway_keeps_the_port_of_its_first_start(tmp_path: Path) -> None:
    place, said, _ = made(tmp_path, {"api": ["127.0.0.1:9001"]}, {"api": ["127.0.0.1:9001"]})
    gateway = place.gateways[0]
    await place.start_gateway(gateway)
    assert gateway.api == "http://127.0.0.1:9001"
    assert load(str(gateway.toml), Gateway).local_api.address.port == 9001
    await place.start_gateway(gateway)
    assert (gateway.starts, said) == (2, [])


@pytest.mark.trio
async def test_a_port_that_was_taken_is_left_and_that_is_said(tmp_path: Path) -> None:
    place, said, _ = made(tmp_path, {"api": ["127.0.0.1:9001"]}, TAKEN, {"api": ["127.0.0.1:9002"]})
    gateway = place.gateways[0]
    await place.start_gateway(gateway)
    await place.start_gateway(gateway)
    assert gateway.api == "http://127.0.0.1:9002"
    assert load(str(gateway.toml), Gateway).local_api.address.port == 9002
    assert said == ["The gateway's port was taken by somebody else; it moves."]


@pytest.mark.trio
async def test_another_failure_is_no_reason_to_move(tmp_path: Path) -> None:
    place, _, starts = made(tmp_path, DemoFailed("gateway did not become ready (exit 78)"))
    gateway = place.gateways[0]
    with pytest.raises(DemoFailed, match="exit 78"):
        await place.start_gateway(gateway)
    assert starts.started == ["gateway"]


@pytest.mark.trio
async def test_the_centre_keeps_the_port_that_gateways_were_told(tmp_path: Path) -> None:
    first, later = {"gateways_port": 4001, "ops_port": 4002}, {"gateways_port": 4001, "ops_port": 9}
    place, said, _ = made(tmp_path, first, TAKEN, later)
    await place.start_central()
    assert place.central_page == "http://127.0.0.1:4002/"
    await place.start_central()
    config = load(str(place.central_toml), Central)
    assert config.listen.gateways_address.port == 4001
    assert place.central_page == "http://127.0.0.1:9/"
    assert len(said) == 1


def test_only_a_living_server_of_this_folder_counts(tmp_path: Path) -> None:
    pid_file = tmp_path / "postmaster.pid"
    assert not _lives(pid_file)
    pid_file.write_text(f"{os.getpid()}\n")
    assert not _lives(pid_file), "we are no server of this folder"
    pid_file.write_text("nonsense")
    assert not _lives(pid_file)
