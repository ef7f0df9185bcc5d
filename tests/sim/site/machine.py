"""A gateway while its process is not there: disks, papers, identity, the clock on its wall."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from crypto.block import Block
from crypto.entry import AnyFact
from tests.sim.clock import World
from tests.sim.disk import SimDisk
from tests.sim.life import Papers
from tests.sim.site.centre import device_key, gateway_id
from tests.sim.site.model import Model, Place

if TYPE_CHECKING:
    from tests.sim.site.history import History
    from tests.sim.site.life import Life


class Shelf:
    """What `edge.peers.intake` asks of a folder: one disk per sibling."""

    def __init__(self, disks: dict[str, SimDisk], name: str = "") -> None:
        self.name = name
        self._disks = disks

    def mkdir(self, **_: bool) -> None:
        pass

    def iterdir(self) -> Iterator[Shelf]:
        return (Shelf(self._disks, name) for name in self._disks)

    def __truediv__(self, name: str) -> Shelf:
        return Shelf(self._disks, name)

    def __lt__(self, other: Shelf) -> bool:
        return self.name < other.name


class Machine:
    """Gateway `number`. `known`: every fact that its process has folded, and what follows."""

    def __init__(self, history: History, number: int) -> None:
        self.history = history
        self.number = number
        self.identity = gateway_id(number)
        self.device = device_key(number)
        self.world = World()
        self.lives = 0
        self.life: Life | None = None
        self.burnt = False
        #: The durable note that a start which was being told has not heard all.
        self.half_told = False
        #: How many starts have ended for a claim of somebody who went away.
        self.ended_starts = 0
        self.wiped = 0
        self.top_wall_ms = 0
        self.wipe()
        self.forget()

    @property
    def name(self) -> str:
        return f"g{self.number}"

    def wipe(self) -> None:
        """The disk is gone, and all that was on it."""
        self.wiped += 1
        self.disk = self._disk("own", own=True)
        self.mirrors: dict[str, SimDisk] = {}
        self.papers = Papers()
        #: How far siblings' logs are on this machine's medium, as its disks say.
        self.holds: dict[tuple[bytes, int], int] = {}

    def _disk(self, name: str, own: bool) -> SimDisk:
        dice = self.history.dice(f"disk {self.number} {self.wiped} {name}")

        def on_medium(file: str, at: int, block: Block) -> None:
            if not own:
                key = (block.gateway, block.epoch)
                self.holds[key] = max(self.holds.get(key, 0), block.last_seq)
            self.history.saw("own" if own else "mirrored", self, block)

        return SimDisk(dice, on_medium)

    def mirror(self, name: str) -> SimDisk:
        """The disk with the copies of one sibling."""
        if name not in self.mirrors:
            self.mirrors[name] = self._disk(name, own=False)
        return self.mirrors[name]

    @property
    def disks(self) -> list[SimDisk]:
        return [self.disk, *(self.mirrors[name] for name in sorted(self.mirrors))]

    def forget(self) -> None:
        """Another process begins: it knows nothing."""
        self.known: dict[Place, AnyFact] = {}
        self.mix = 0
        self.model = Model(self.history.tickets)

    def learn(self, place: Place, fact: AnyFact) -> None:
        """The process has folded a fact."""
        if place not in self.known:
            self.known[place] = fact
            self.mix ^= hash(place)
            self.model.learn(place, fact)

    def through(self) -> dict[tuple[bytes, int], int]:
        """How far each log is known, from its first fact on."""
        logs: dict[tuple[bytes, int], int] = {}
        for place in sorted(self.known):
            key = (place.gateway, place.epoch)
            if logs.get(key, 0) + 1 == place.seq:
                logs[key] = place.seq
        return logs
