"""The venue: a centre, its gateways, and the devices at their lanes.

Everything is set up by the commands that an operator would type, and every port is chosen by the
system. Centre and gateways keep the ports of their first start, so that their pages stay where they
are; when somebody else has taken one in between, a new one is chosen and said.
"""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import trio

from edge.demo.antennas import Antenna
from edge.demo.gateways import GatewayProcess
from edge.demo.lan import Lan
from edge.demo.processes import CREDENTIALS, Child, DemoFailed, Processes, start_or_move
from edge.demo.settings import GATES, sites, with_bar, write_central, write_gateway

TONIGHT: Final = "Tonight"
TOMORROW: Final = "Tomorrow"
DAY: Final = "Day ticket"
GROUP: Final = "Group ticket"
BACKSTAGE: Final = "Backstage"
DOORS_TOMORROW_S: Final = 86_400
STOP_S: Final = 15.0


class Venue:
    """Processes and where they are reached. `say` tells what happens in one sentence."""

    def __init__(
        self, folder: Path, processes: Processes, say: Callable[[str], None], gateways: int = 1,
        bar: bool = False, nfc_python: str = "",
    ) -> None:  # fmt: skip
        self.folder = folder
        self.processes = processes
        self.say = say
        self.central_toml = folder / "central.toml"
        self.gateways = [
            GatewayProcess(folder, site, processes, say, self._write_gateway)
            for site in (with_bar(sites(gateways)) if bar else sites(gateways))
        ]
        #: Readers of the bar, by till; the bands that are held to them; keys of top-up points.
        self.antennas: dict[int, Antenna] = {}
        self.bands = folder / "bands"
        self._nfc_python = nfc_python
        self.credentials = folder / CREDENTIALS
        #: Between siblings; None with one gateway.
        self.lan = Lan([each.name for each in self.gateways]) if gateways > 1 else None
        self.tenant: dict[str, Any] = {}
        self.central: Child | None = None
        self.scanners: Child | None = None
        self.boards: Child | None = None
        self.central_ports = (0, 0)
        self.central_page = ""
        self._device_ports: tuple[list[int], list[int]] = ([], [])
        self.central_starts = 0

    @property
    def lanes(self) -> dict[int, tuple[str, int]]:
        """Every lane of the venue: number -> (name, gate); they count from 1."""
        return {number: lane for each in self.gateways for number, lane in each.site.lanes.items()}

    def gateway_of(self, lane: int) -> GatewayProcess:
        """Whose lane it is."""
        return next(each for each in self.gateways if lane in each.site.lanes)

    def gateway_of_till(self, till: int) -> GatewayProcess:
        """Whose till it is."""
        return next(each for each in self.gateways if till in each.site.tills)

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
            for each in self.gateways:
                nursery.start_soon(self.run_edge, "init", str(each.identity), "--name", each.name)
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
            if any(gate == 3 for _, gate in self.lanes.values()):
                nursery.start_soon(self.run_central, "gate", "add", GATES[3], "--number", "3")

    async def enrol(self) -> None:
        """Each gateway's request is approved, and its answer accepted."""
        async with trio.open_nursery() as nursery:
            for each in self.gateways:
                nursery.start_soon(self._enrol, each)

    async def _enrol(self, gateway: GatewayProcess) -> None:
        answer = self.folder / f"trust-for-{gateway.site.folder}.json"
        request = gateway.identity / "request.json"
        await self.run_central("gateway", "approve", str(request), "--out", str(answer))
        await self.run_edge("init", str(gateway.identity), "--accept", str(answer))

    async def _start_devices(self) -> None:
        """Scanners and boards keep their ports; the gateway connects to them."""
        listen = [word for _ in self.lanes for word in ("--listen", "127.0.0.1:0")]
        self.scanners = self.processes.start(
            "scanners", ["drivers.scanner.fake", *listen], talks=True
        )
        self.boards = self.processes.start(
            "turnstiles",
            ["drivers.turnstile.modbus.fake", "--boards", str(len(self.lanes)), "--guest", "stay"],
            talks=True,
        )
        for child, ports in zip((self.scanners, self.boards), self._device_ports, strict=True):
            ports += await _ports(child)

    # -- again and again -----------------------------------------------------------------------

    async def start_central(self) -> None:
        """Start the centre, on the ports it had before."""
        words = ["central", "serve", "--config", str(self.central_toml)]
        self.central, ready = await start_or_move(
            self.processes, "centre", words, self._central_anywhere, self.say
        )
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

    async def start_gateways(self) -> None:
        """Start every gateway, on the port it had before."""
        async with trio.open_nursery() as nursery:
            for each in self.gateways:
                nursery.start_soon(self.start_gateway, each)

    async def start_gateway(self, gateway: GatewayProcess) -> None:
        """Start one gateway; its siblings reach it through the LAN of the demo."""
        await gateway.start()
        if self.lan is not None:
            self.lan.leads_to(gateway.name, gateway.peers_port)

    def _write_gateway(self, gateway: GatewayProcess, api: int) -> None:
        scanners, boards = (dict(zip(self.lanes, each, strict=True)) for each in self._device_ports)
        ports = self.lan.ports if self.lan is not None else {}
        write_gateway(
            gateway.toml, gateway.site, central=self.central_ports[0], scanners=scanners,
            boards=boards, api=api, peers=gateway.peers_port if api else 0,
            siblings={name: port for name, port in ports.items() if name != gateway.name},
            readers={n: self.antennas[n].port for n in gateway.site.tills if n in self.antennas},
            nfc_python=self._nfc_python,
        )  # fmt: skip

    async def kill_gateways(self) -> None:
        """kill -9 to all: no farewell, no last block."""
        async with trio.open_nursery() as nursery:
            for each in self.gateways:
                nursery.start_soon(each.kill)

    async def stop_gateways(self) -> int:
        """Stop all in order; the first exit code that is not 0."""
        codes: list[int] = []

        async def stop(gateway: GatewayProcess) -> None:
            codes.append(await gateway.stop())

        async with trio.open_nursery() as nursery:
            for each in self.gateways:
                nursery.start_soon(stop, each)
        return next((code for code in codes if code), 0)

    async def close(self) -> None:
        """End what still runs: gateways, centre, devices."""
        async with trio.open_nursery() as nursery:
            for each in self.gateways:
                nursery.start_soon(each.stop)
        readers = [antenna.child for antenna in self.antennas.values()]
        for child in (self.central, self.scanners, self.boards, *readers):
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
