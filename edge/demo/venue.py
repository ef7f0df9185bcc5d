"""The venue: a centre, a gateway with four lanes, and the devices at them.

Everything is set up by the commands that an operator would type, and every port is chosen by the
system. Centre and gateway keep the ports of their first start, so that their pages stay where they
are; when somebody else has taken one in between, a new one is chosen and said.
"""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import trio

from edge.demo.processes import Child, DemoFailed, Processes
from edge.demo.settings import GATES, GATEWAY_NAME, LANES, write_central, write_gateway

TONIGHT: Final = "Tonight"
TOMORROW: Final = "Tomorrow"
DAY: Final = "Day ticket"
GROUP: Final = "Group ticket"
BACKSTAGE: Final = "Backstage"
DOORS_TOMORROW_S: Final = 86_400
STOP_S: Final = 15.0


class Venue:
    """Processes and where they are reached. `say` tells what happens in one sentence."""

    def __init__(self, folder: Path, processes: Processes, say: Callable[[str], None]) -> None:
        self.folder = folder
        self.processes = processes
        self.say = say
        self.central_toml = folder / "central.toml"
        self.gateway_toml = folder / "gateway.toml"
        self.identity = folder / "gateway"
        self.tenant: dict[str, Any] = {}
        self.central: Child | None = None
        self.gateway: Child | None = None
        self.scanners: Child | None = None
        self.boards: Child | None = None
        self.central_ports = (0, 0)
        self.api = ""
        self.central_page = ""
        self._device_ports: tuple[list[int], list[int]] = ([], [])
        self.gateway_starts = 0
        self.central_starts = 0

    async def run_central(self, *words: str, ok: tuple[int, ...] = (0,)) -> bytes:
        """One command of the centre."""
        file = str(self.central_toml)
        return await self.processes.command(["central", *words, "--config", file], ok=ok)

    async def run_edge(self, *words: str, ok: tuple[int, ...] = (0,)) -> bytes:
        """One command of the gateway."""
        return await self.processes.command(["edge", *words], ok=ok)

    # -- once ----------------------------------------------------------------------------------

    async def found(self) -> None:
        """The centre's keys and database, its catalogue, the gateway's identity, the devices."""
        write_central(self.central_toml)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._init_central)
            nursery.start_soon(self._start_devices)
            nursery.start_soon(self.run_edge, "init", str(self.identity), "--name", GATEWAY_NAME)
        await self.start_central()
        await self._catalogue()

    async def _init_central(self) -> None:
        self.tenant = json.loads(await self.run_central("init"))

    async def _catalogue(self) -> None:
        now_s = int(time.time())
        doors = str(now_s + DOORS_TOMORROW_S)
        ends = str(now_s + DOORS_TOMORROW_S // 2)
        async with trio.open_nursery() as nursery:
            for number, name in enumerate((DAY, GROUP, BACKSTAGE), 1):
                nursery.start_soon(
                    self.run_central, "product", "add", name, "--number", str(number)
                )
            nursery.start_soon(
                self.run_central, "performance", "add", TONIGHT, "--number", "1",
                "--admission", str(now_s - 3600), "--ends", ends,
            )  # fmt: skip
            nursery.start_soon(
                self.run_central, "performance", "add", TOMORROW, "--number", "2",
                "--admission", doors,
            )  # fmt: skip
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.run_central, "gate", "add", GATES[1], "--number", "1")
            nursery.start_soon(
                self.run_central, "gate", "add", GATES[2], "--number", "2", "--product", DAY,
                "--product", GROUP, "--performance", TONIGHT,
            )  # fmt: skip

    async def enrol(self) -> None:
        """The gateway's request is approved, and its answer accepted."""
        answer = self.folder / "trust-for-the-gateway.json"
        request = self.identity / "request.json"
        await self.run_central("gateway", "approve", str(request), "--out", str(answer))
        await self.run_edge("init", str(self.identity), "--accept", str(answer))

    async def _start_devices(self) -> None:
        """Scanners and boards keep their ports; the gateway connects to them."""
        listen = [word for _ in LANES for word in ("--listen", "127.0.0.1:0")]
        self.scanners = self.processes.start(
            "scanners", ["drivers.scanner.fake", *listen], talks=True
        )
        self.boards = self.processes.start(
            "turnstiles",
            ["drivers.turnstile.modbus.fake", "--boards", str(len(LANES)), "--guest", "stay"],
            talks=True,
        )
        for child, ports in zip((self.scanners, self.boards), self._device_ports, strict=True):
            ports += await _ports(child)

    # -- again and again -----------------------------------------------------------------------

    async def start_central(self) -> None:
        """Start the centre, on the ports it had before."""
        words = ["central", "serve", "--config", str(self.central_toml)]
        self.central, ready = await self._start("centre", words, self._central_anywhere)
        self.central_ports = (ready["gateways_port"], ready["ops_port"])
        self.central_starts += 1
        page = f"http://127.0.0.1:{ready['ops_port']}/"
        if page != self.central_page:
            self.central_page = page
            write_central(self.central_toml, *self.central_ports)

    def _central_anywhere(self) -> None:
        # The gateway calls the port that it was told when it was enrolled: only the page may move.
        write_central(self.central_toml, self.central_ports[0], 0)

    async def stop_central(self) -> int:
        """Stop the centre in order; its exit code."""
        assert self.central is not None
        return await self.central.stop(STOP_S)

    async def start_gateway(self) -> None:
        """Start the gateway, on the port it had before."""
        if not self.api:
            self._write_gateway(0)
        words = ["edge", "run", "--config", str(self.gateway_toml)]
        self.gateway, ready = await self._start("gateway", words, lambda: self._write_gateway(0))
        self.gateway_starts += 1
        api = _url(ready["api"][0])
        if api != self.api:
            self.api = api
            self._write_gateway(int(api.rpartition(":")[2]))

    async def _start(
        self, name: str, words: list[str], anywhere: Callable[[], None]
    ) -> tuple[Child, dict[str, Any]]:
        try:
            return await self.processes.start_ready(name, words)
        except DemoFailed as error:
            if "in use" not in str(error):
                raise
            self.say(f"The {name}'s port was taken by somebody else; it moves.")
            anywhere()
            return await self.processes.start_ready(name, words)

    def _write_gateway(self, api: int) -> None:
        scanners, boards = self._device_ports
        write_gateway(
            self.gateway_toml, central=self.central_ports[0], scanners=scanners, boards=boards,
            api=api,
        )  # fmt: skip

    async def kill_gateway(self) -> None:
        """kill -9: no farewell, no last block."""
        assert self.gateway is not None
        self.gateway.kill()
        await self.gateway.wait()

    async def stop_gateway(self) -> int:
        """Stop the gateway in order; its exit code."""
        assert self.gateway is not None
        return await self.gateway.stop(STOP_S)

    async def close(self) -> None:
        """End what still runs: gateway, centre, devices."""
        for child in (self.gateway, self.central, self.scanners, self.boards):
            if child is not None:
                await child.stop(STOP_S)
        await self._database_gone()

    async def _database_gone(self) -> None:
        """PostgreSQL ends after the centre; its folder is not ours to remove before."""
        pid_file = self.folder / "central" / "postgres" / "data" / "postmaster.pid"
        with trio.move_on_after(STOP_S):
            while _lives(pid_file):  # noqa: ASYNC110 - it is no child of ours
                await trio.sleep(0.05)


def _lives(pid_file: Path) -> bool:
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return False
    return state not in "ZX" and os.fsencode(str(pid_file.parent)) in words


async def _ports(child: Child) -> list[int]:
    with trio.move_on_after(30):
        line = await child.line()
        if line is not None:
            return [int(port) for port in line["ports"]]
    raise DemoFailed(f"{child.name} did not start: {child.last_words()} (log: {child.log})")


def _url(bind: str) -> str:
    return bind if bind.startswith("http") else f"http://{bind}"
