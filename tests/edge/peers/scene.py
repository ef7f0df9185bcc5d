"""Who is connected, as `Links` sees it: sessions without a wire, an intake on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from crypto.bundle import Bundle
from edge.core.policy import Policy
from edge.core.state import State
from edge.gateway import Gateway
from edge.peers import codec
from edge.peers.holdings import Holdings
from edge.peers.links import Links
from edge.uplink import inline
from tests.edge.peers.logs import OWN, A, B, Taker, card
from tests.edge.peers.talk import Own
from tests.edge.venue import Clock
from tests.edge.venue import Log as MemoryLog


class End:
    """A session as `Links` sees it."""

    def __init__(self, other: bytes, *, dialed: bool, streams: bool = True) -> None:
        self.other, self.dialed, self.streams = other, dialed, streams
        self.hears: dict[bytes, codec.Heard] = {}
        self.held: dict[Any, codec.LogHead] = {}
        self.first_heads: list[codec.LogHead] = []
        self.ends: list[str] = []
        self.bundles = 0
        self.address, self.how = "10.0.0.5:8444", "mdns"

    def end(self, code: str) -> None:
        self.ends.append(code)

    def tell_bundle(self) -> None:
        self.bundles += 1


class Scene:
    def __init__(self, folder: Path) -> None:
        self.taker = Taker(folder)
        self.clock = Clock()
        self.log = MemoryLog(gateway=OWN)
        self.gateway = Gateway(
            identity=OWN, name="own", ledger=self.log, state=State(), clock=self.clock
        )
        self.bundle()
        self.taken: list[bytes] = []
        self.own = Own(OWN)
        self.links = Links(
            self.gateway, Holdings(self.own, self.taker.intake, inline),
            offset_ms_max=2000, unheard_after_s=10, take_bundle=self.taken.append,
        )  # fmt: skip
        self.taker.intake.fold = self.links.fold

    def bundle(self, version: int = 1, revoked: bytes = b"", *more: bytes) -> None:
        cards = [card(g, revoked=g == revoked) for g in (OWN, A, B, *more)]
        self.gateway.policy = Policy(Bundle(version=version, gateways=cards))
        for told in self.gateway.on_bundle:
            told()

    def greet(self, other: bytes = A, *, dialed: bool = True, streams: bool = True) -> Any:
        session: Any = End(other, dialed=dialed, streams=streams)
        self.links.greeted(session)
        return session
