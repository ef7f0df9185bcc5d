"""Gateways that talk over memory streams in simulated time: real sessions, logs made of keys."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import trio
from trio.testing import memory_stream_pair

from crypto.block import Block, Head
from edge.peers import codec
from edge.peers.codec import Hello
from edge.peers.errors import PeerRefused
from edge.peers.holdings import Holdings
from edge.peers.session import Session
from edge.uplink import inline
from tests.edge.peers.logs import Log, Taker, card


class Own:
    """`OwnLog` in memory: `add` makes a block durable."""

    def __init__(self, gateway: bytes) -> None:
        self.log = Log(gateway)
        self.on_durable: list[Callable[[list[Block]], None]] = []

    @property
    def heads(self) -> dict[int, Head]:
        return {self.log.epoch: self.log.head}

    def blocks_from(self, epoch: int, seq: int, limit_bytes: int) -> list[Block]:
        run: list[Block] = []
        for block in self.log.blocks if epoch == self.log.epoch else []:
            if block.last_seq >= seq and (not run or limit_bytes >= len(block.raw)):
                run.append(block)
                limit_bytes -= len(block.raw)
        return run

    def recent_from(self, epoch: int, seq: int, limit_bytes: int) -> list[Block]:
        return []

    def add(self) -> None:
        block = self.log.add()
        for told in self.on_durable:
            told([block])


class Party(Taker):
    """One gateway of a conversation, as the `House` of its sessions."""

    def __init__(self, folder: Path, gateway: bytes, *others: bytes) -> None:
        super().__init__(folder, *others)
        self.gateway = gateway
        self.cards = [card(each) for each in (gateway, *others)]
        self.intake.own = gateway
        self.own = Own(gateway)
        self.holdings = Holdings(self.own, self.intake, inline)
        self.version, self.streams = codec.VERSION, True
        self.sessions: list[Session] = []
        self.refuse = ""
        self.pongs = 0
        self.talks_with: list[codec.Heard] = []
        self.bundle = b""
        self.bundle_version = 0
        self.guests_version = 0
        self.states: list[codec.StateAt] = []
        self.parts: list[codec.Part] = []

    def hello(self) -> Hello:
        return Hello(
            self.version, self.gateway, self.bundle_version, self.streams, self.holdings.rows(),
            self.guests_version,
        )  # fmt: skip

    def greeted(self, session: Session) -> None:
        if self.refuse:
            raise PeerRefused(self.refuse)
        self.sessions.append(session)
        session.tell_bundle()

    def heard(self, session: Session) -> None:
        pass

    def told_hears(self, session: Session) -> None:
        pass

    def pong(self, session: Session, pong: codec.Pong, round_trip_s: float) -> None:
        self.pongs += 1

    def clock_ms(self) -> tuple[int, bool]:
        return 1000, True

    def hears(self, other: bytes) -> list[codec.Heard]:
        return [row for row in self.talks_with if row.gateway != other]

    def bundle_part(self, session: Session, part: codec.Part) -> None:
        self.parts.append(part)

    def state_at(self, session: Session, told: codec.StateAt) -> None:
        self.states.append(told)

    def guests_parts(self, have: int) -> list[codec.GuestsPart]:
        if self.guests_version <= have:
            return []
        return [codec.GuestsPart(self.guests_version, 5, 0, b"names")]

    def bundle_parts(self, have: int) -> list[codec.BundlePart]:
        if self.bundle_version <= have:
            return []
        return [codec.BundlePart(self.bundle_version, len(self.bundle), 0, self.bundle)]

    def knows(self, other: Party) -> bool:
        head = self.intake.heads().get((other.gateway, other.own.log.epoch), Head())
        return head == other.own.log.head


async def flush_for_ever(party: Party) -> None:
    await party.intake.run()


class Wire:
    """Two sessions joined; `errors` says how each ended."""

    def __init__(self, one: Party, two: Party) -> None:
        self.streams = memory_stream_pair()
        self.sides = [
            Session(self.streams[0], one, one.holdings, two.gateway, dialed=True),
            Session(self.streams[1], two, two.holdings, one.gateway, dialed=False),
        ]
        self.errors: list[BaseException | None] = [None, None]
        self.ended = [trio.Event(), trio.Event()]

    async def run(self, number: int) -> None:
        try:
            await self.sides[number].run()
        except Exception as error:  # noqa: BLE001 - a test looks at it
            self.errors[number] = error
        finally:
            with trio.CancelScope(shield=True):
                await trio.aclose_forcefully(self.streams[number])
            self.ended[number].set()

    def cut(self) -> None:
        """Whatever is under way is gone."""
        for side in self.sides:
            side._scope.cancel()

    async def over(self) -> None:
        for ended in self.ended:
            await ended.wait()


@asynccontextmanager
async def talking(*pairs: tuple[Party, Party]) -> AsyncIterator[list[Wire]]:
    """Everybody's disks run, and each pair is joined."""
    parties = {id(party): party for pair in pairs for party in pair}
    wires = [Wire(*pair) for pair in pairs]
    async with trio.open_nursery() as nursery:
        for party in parties.values():
            nursery.start_soon(flush_for_ever, party)
        for wire in wires:
            nursery.start_soon(wire.run, 0)
            nursery.start_soon(wire.run, 1)
        yield wires
        nursery.cancel_scope.cancel()


async def until(condition: Callable[[], Any], seconds: float = 600) -> None:
    """Simulated time passes until it is so."""
    with trio.fail_after(seconds):
        while not condition():
            await trio.sleep(0.01)
