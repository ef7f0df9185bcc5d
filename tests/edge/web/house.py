"""A gateway in memory for the tests of the local API: two lanes, real decisions, no disk."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import httpx2
import trio

from config.shown import Display
from config.staff import Role, Staff
from crypto.block import Block, Head
from crypto.bundle import Bundle, Gate, Issuer, IssuerKey, Performance, Product
from crypto.entry import KnownFact
from crypto.keys import SigningKey
from crypto.pins import hash_pin
from crypto.ticket import Ticket, issue
from edge.core.moments import Moment
from edge.core.policy import Policy
from edge.core.state import State
from edge.gateway import Gateway
from edge.lane import Lane
from edge.ledger.errors import LedgerFull
from edge.ledger.spares import Room
from edge.web.app import make_app
from edge.web.signin import Door
from edge.web.status import LedgerRoom

NOW_S = 1_790_000_000
SELLER = SigningKey(bytes(range(32)))


PIN = "471100"
_HASH = hash_pin(PIN, bytes(16))


def person(number: int, name: str, role: Role = "scanner", lanes: tuple[int, ...] = ()) -> Staff:
    """Somebody with the PIN `PIN`."""
    return Staff(number, name, role, _HASH, lanes)


class MemoryLog:
    """A `FactLog` that is durable at once, or when `sync` is called after `holding = True`."""

    def __init__(self) -> None:
        self.epoch = 1
        self.facts: list[KnownFact] = []
        self.holding = False
        self.full = False
        self.durable = Head(0, bytes(32))
        self.on_durable: list[Callable[[list[Block]], None]] = []

    def append(self, fact: KnownFact) -> int:
        if self.full:
            raise LedgerFull("planted")
        self.facts.append(fact)
        if not self.holding:
            self.durable = Head(len(self.facts), bytes(32))
        return len(self.facts)

    def sync(self) -> None:
        self.durable = Head(len(self.facts), bytes(32))
        for callback in self.on_durable:
            callback([])

    def kinds(self) -> list[str]:
        return [type(fact).__name__ for fact in self.facts]


class StillClock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.ms = NOW_S * 1000

    def now(self) -> Moment:
        return self.at(self.ms)

    def at(self, ms: int) -> Moment:
        return Moment(ms, 20260921, 120)


class Arm:
    """A barrier that only notes what it was granted."""

    def __init__(self) -> None:
        self.service = True
        self.granted: list[int] = []

    def grant(self, grant_id: int, persons: int) -> None:
        self.granted.append(grant_id)


def code(number: int = 1, *, product: int = 7, persons: int = 1, flags: int = 0) -> str:
    """A good ticket code; `number` makes it another ticket."""
    ticket_id = hashlib.sha256(str(number).encode()).digest()[:8]
    ticket = Ticket(
        SELLER.key_id, 0, ticket_id, product, 0, 0, persons, flags, NOW_S - 1000
    )  # fmt: skip
    return issue(ticket, SELLER)


def rules(version: int = 3) -> Bundle:
    return Bundle(
        version=version,
        issued_at_ms=(NOW_S - 90) * 1000,
        issuers=[Issuer("shop", [IssuerKey(SELLER.public)])],
        products=[Product(7, "Day ticket")],
        performances=[Performance(1, "Friday")],
        gates=[Gate(1, "North gate")],
    )


class House:
    """Gateway `north` with lane 1 (an arm) and lane 2 (both ways, no barrier), and its API."""

    def __init__(
        self, staff: Sequence[Staff] = (), display: Display | None = None, **options: Any
    ) -> None:
        self.log = MemoryLog()
        self.clock = StillClock()
        self.gateway = Gateway(
            identity=bytes(range(16)), name="north", ledger=self.log, state=State(),
            clock=self.clock,
        )  # fmt: skip
        self.gateway.policy = Policy(rules())
        self.room = LedgerRoom(4, Room.PLENTY)
        self.one = self._lane(1, "Left", "entry")
        self.two = self._lane(2, "Handheld", "both")
        self.arm = Arm()
        self.one.barrier = self.arm
        self.door = Door(self.gateway, staff, display=display)
        self.app = make_app(self.gateway, ledger_room=lambda: self.room, door=self.door, **options)

    def _lane(self, number: int, name: str, direction: str) -> Lane:
        lane = self.gateway.lanes[number] = Lane(self.gateway, number, name, 1, direction)
        return lane

    def client(self) -> httpx2.AsyncClient:
        transport = httpx2.ASGITransport(app=self.app)  # type: ignore[arg-type]
        return httpx2.AsyncClient(transport=transport, base_url="http://localhost")

    async def post(self, body: Any, lane: object = 1) -> tuple[int, Any]:
        """Present `body` (JSON, or bytes as they are): status and answer."""
        data = {"content": body} if isinstance(body, bytes) else {"json": body}
        async with self.client() as client:
            answer = await client.post(f"/v1/lanes/{lane}/presentations", **data)
        return answer.status_code, answer.json()

    async def get(self, path: str) -> tuple[int, Any]:
        async with self.client() as client:
            answer = await client.get(path)
        return answer.status_code, answer.json()


async def until(condition: Callable[[], bool]) -> None:
    """Give the other tasks their turns until it is so."""
    with trio.fail_after(20):
        while not condition():
            await trio.sleep(0.001)
