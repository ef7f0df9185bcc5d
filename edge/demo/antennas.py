"""Readers with emulated bands: one process for each till, all over one folder of bands.

A band lies on one reader at a time. It is torn by plan: it leaves the field in the middle of a
write, and whoever holds it is told (`left`).
"""

from pathlib import Path
from typing import Any, Final

import trio

from edge.demo.processes import Child, DemoFailed, Processes

MODULE: Final = "drivers.reader.fake"
SUFFIX: Final = ".band.json"
READY_S: Final = 30.0
OBEY_S: Final = 20.0


class Antenna:
    """The reader of one till. `left` is set when the band has left by itself."""

    def __init__(self, child: Child, port: int) -> None:
        self.child = child
        self.port = port
        self.left = trio.Event()
        self._telling = trio.Lock()
        self._answers: trio.MemorySendChannel[dict[str, Any]]
        self._heard: trio.MemoryReceiveChannel[dict[str, Any]]
        self._answers, self._heard = trio.open_memory_channel(100)

    @classmethod
    async def start(cls, processes: Processes, name: str, bands: Path) -> "Antenna":
        """Start the emulator. Raises `DemoFailed`."""
        words = [MODULE, "--listen", "127.0.0.1:0", "--bands", str(bands)]
        child = processes.start(name, words, talks=True)
        with trio.move_on_after(READY_S):
            line = await child.line()
            if line is not None:
                return cls(child, line["port"])
        raise DemoFailed(f"{name} did not start: {child.last_words()} (log: {child.log})")

    async def listen(self) -> None:
        """Hear what the emulator tells, until it ends."""
        while (line := await self.child.line()) is not None:
            if "left" in line:
                self.left.set()
            else:
                await self._answers.send(line)

    async def obey(self, **command: Any) -> Any:
        """One command; what was answered. Raises `DemoFailed`."""
        async with self._telling:
            await self.child.tell(command)
            with trio.move_on_after(OBEY_S):
                line = await self._heard.receive()
                if "bad" not in line:
                    return line["done"]
                raise DemoFailed(f"{self.child.name} refused {command}: {line['bad']}")
        raise DemoFailed(f"{self.child.name} does not answer (log: {self.child.log})")

    async def place(self, band: str, tear: tuple[int, str] | None = None) -> None:
        """Hold a band to the reader; `tear`: it leaves at this write, the page as said."""
        self.left = trio.Event()
        await self.obey(place=band)
        if tear is not None:
            await self.obey(tear={"write": tear[0], "torn": tear[1], "leaves": True})

    async def take(self) -> None:
        """Take the band away."""
        await self.obey(take=True)


def image(folder: Path, band: str) -> bytes:
    """The image of a band, as its emulator has saved it."""
    return (folder / (band + SUFFIX)).read_bytes()
