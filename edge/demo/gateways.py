"""One gateway of the venue: its folder, its process, and where it is reached."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from edge.demo.processes import Child, Processes, start_or_move
from edge.demo.settings import Site

STOP_S: Final = 15.0


class GatewayProcess:
    """A gateway: enrolled, started, killed, started again.

    `write` makes its gateway.toml, with the port of its local API (0: the system chooses).
    """

    def __init__(
        self, folder: Path, site: Site, processes: Processes, say: Callable[[str], None],
        write: Callable[["GatewayProcess", int], None],
    ) -> None:  # fmt: skip
        self.site = site
        self.name = site.name
        self.toml = folder / f"{site.folder}.toml"
        self.identity = folder / site.folder
        self.child: Child | None = None
        self.api = ""
        self.peers_port = 0
        self.starts = 0
        self._processes = processes
        self._say = say
        self._write = write

    async def start(self) -> None:
        """Start it, on the ports it had before. Raises `DemoFailed`."""
        if not self.api:
            self._write(self, 0)
        words = ["edge", "run", "--config", str(self.toml)]
        # The name of its folder is that of its log.
        self.child, ready = await start_or_move(
            self._processes, self.site.folder, words, lambda: self._write(self, 0), self._say
        )
        self.starts += 1
        api = url_of(ready["api"][0])
        peers = [int(bind.rpartition(":")[2]) for bind in ready.get("peers", ())]
        if api != self.api or peers != ([self.peers_port] if self.peers_port else []):
            self.api = api
            self.peers_port = peers[0] if peers else 0
            self._write(self, int(api.rpartition(":")[2]))

    async def kill(self) -> None:
        """kill -9: no farewell, no last block."""
        assert self.child is not None
        self.child.kill()
        await self.child.wait()

    async def stop(self) -> int:
        """Stop it in order; its exit code, 0 when it was never started."""
        return await self.child.stop(STOP_S) if self.child is not None else 0


def url_of(bind: str) -> str:
    """A bound address as a URL."""
    return bind if bind.startswith("http") else f"http://{bind}"
