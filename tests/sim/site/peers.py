"""The layers of `edge.peers` put together as `edge.peers.house` does, over wires in memory.

What is left out is TLS and its doorkeeper: who is at the other end is said by the simulation.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

import trio

from config.peers import Peers, Sibling
from crypto.keys import VerifyKey
from edge.ledger.chain import Trust
from edge.ledger.storage import Storage
from edge.peers import codec
from edge.peers.connections import Connections
from edge.peers.courier import Courier
from edge.peers.holdings import Holdings
from edge.peers.house import House
from edge.peers.learning import Learning, Note
from edge.peers.links import Links
from edge.peers.proofs import Proofs
from edge.peers.rebuild import Asker, _Conversation
from edge.peers.regain import Regain
from edge.peers.tails import Tails
from tests.sim import venue
from tests.sim.site.lan import End, Lan
from tests.sim.site.machine import Machine

if TYPE_CHECKING:
    from tests.sim.site.life import Life

OFFSET_MS_MAX = 5_000
DELIVER_AFTER_S = 8.0


def config(number: int, gateways: int) -> Peers:
    """`[peers]`: everybody is configured at everybody."""
    siblings = tuple(Sibling(f"g{n}", "lan", n + 1) for n in range(gateways) if n != number)
    return Peers(
        siblings=siblings, backoff_max_s=2.0, rebuild_wait_s=4.0, deliver_after_s=DELIVER_AFTER_S
    )


def trust_of(machine: Machine) -> Trust:
    return Trust(venue.TENANT, machine.identity, VerifyKey(machine.device.public))


class SimAsker(Asker):
    """Asks siblings about our own log, before the ledger opens."""

    def __init__(self, machine: Machine, lan: Lan, config: Peers, storage: Storage) -> None:
        self._own = machine.identity
        self._config = config
        self._siblings = list(config.siblings)
        self.claims: set[Any] = set()
        self.proofs, self.doubts = Proofs(trust_of(machine), storage), []
        self._machine, self._lan = machine, lan

    async def _connect(self, sibling: Sibling) -> _Conversation:
        stream = await self._lan.connect(self._machine.number, sibling.port - 1)
        conversation = _Conversation(stream)
        try:
            await conversation.greet(codec.Hello(codec.VERSION, self._own, 0, False, []))
        except BaseException:
            stream.hang_up()
            raise
        return conversation


class _Connections(Connections):
    """Dials and answers on the LAN of the simulation."""

    def __init__(self, links: Links, machine: Machine, lan: Lan, config: Peers, jitter: Any):
        self._links, self._config, self._jitter = links, config, jitter
        self._machine, self._lan = machine, lan
        self._strangers, self._told, self.crashed = {}, set(), 0

    async def _call(self, sibling: Sibling, gateway: bytes | None) -> None:
        try:
            stream = await self._lan.connect(self._machine.number, sibling.port - 1)
        except OSError as error:
            if gateway is not None:
                self._links.unreachable(gateway, str(error))
            return
        other = self._machine.history.machines[sibling.port - 1].identity
        await self.attend(stream, other, sibling.name, dialed=True)

    async def attend(self, stream: End, other: bytes, name: str, *, dialed: bool) -> None:
        """One connection, to its end."""
        talk = partial(self._talk, cast(Any, stream), other, dialed=dialed)
        await self._bordered(talk, name, cast(Any, stream))


class _Note(Note):
    """What the machine keeps through a crash."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def stands(self) -> bool:
        return self._machine.half_told

    def starts_ended(self) -> int:
        return self._machine.ended_starts

    def end_start(self) -> None:
        self._machine.ended_starts += 1

    def clear(self) -> None:
        self._machine.ended_starts, self._machine.half_told = 0, False


class SimHouse(House):
    """Siblings of a running gateway."""

    def __init__(self, life: Life) -> None:
        machine, history = life.machine, life.machine.history
        self.config = life.peers_config
        self.gateway = life.gateway
        self.intake = life.intake
        note = _Note(machine)
        self.empty = not life.intake.mirrors or note.stands()
        machine.half_told = self.empty
        self.holdings = Holdings(life.ledger, life.intake)
        self._bundles = cast(Any, machine.papers)
        self._send, self._arrived = trio.open_memory_channel[bytes](4)
        self.links = Links(
            life.gateway, self.holdings, offset_ms_max=OFFSET_MS_MAX,
            unheard_after_s=self.config.unheard_after_s, take_bundle=self._bundle_came,
        )  # fmt: skip
        life.intake.fold = self.links.fold
        life.gateway.siblings = self.links
        line, trust = cast(Any, life.line), trust_of(machine)
        self.regain = Regain(life.gateway, life.ledger, self.links, trust, line)
        life.intake.on_own = self.regain.hear
        self.learning = Learning(
            life.gateway, life.intake, self.links, self.regain, trust, line, self.config, note
        )
        self.claimed(life.claims)
        self.courier = Courier(
            self.holdings, self.links, life.line.of, life.receipt_key, self.config.deliver_after_s
        )
        self.tails = Tails(
            life.intake, self.links, self._enrolled, self._folded, life.line.of,
            self.config.deliver_after_s,
        )  # fmt: skip
        self.lan = history.lan
        self._life = life
        self.connections: _Connections = _Connections(
            self.links, machine, history.lan, self.config, life.jitter
        )

    def open(self, nursery: trio.Nursery) -> None:
        """As `House.start`; who calls is taken in from now on."""
        nursery.start_soon(self.intake.run)
        machines = self._life.machine.history.machines

        def arrived(stream: End, source: int) -> None:
            other = machines[source].identity
            attend = partial(self.connections.attend, stream, other, "", dialed=False)
            nursery.start_soon(attend)

        self.lan.ears[self._life.machine.number] = arrived
        for sibling in self.config.siblings:
            nursery.start_soon(self.connections.dial, sibling)
        nursery.start_soon(self.take_bundles)
        assert self.courier is not None and self.tails is not None
        nursery.start_soon(self.courier.run)
        nursery.start_soon(self.tails.run)
        nursery.start_soon(self.regain.run)
        nursery.start_soon(self.regain.follow_centre)
