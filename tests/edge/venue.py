"""A gateway in memory: real lanes and real state on a log whose disk the test holds in its hand.

Nothing is durable before `log.sync()`; then the waiting facts become one real, signed block.
"""

from collections.abc import Callable
from typing import Any

from crypto import block, entry
from crypto.block import Block, Head
from crypto.entry import KnownFact
from crypto.keys import SigningKey
from edge.answers import Answer
from edge.core.moments import Moment
from edge.core.state import State
from edge.gateway import Gateway
from edge.lane import Lane
from edge.ledger.errors import LedgerFull
from tests.edge.core.desk import NOON_S, NORTH, make_bundle

GATEWAY = b"G" * 16
TENANT = b"T" * 16
EPOCH_KEY = SigningKey(b"\x0e" * 32)


class Clock:
    """Stands where it is put."""

    def __init__(self) -> None:
        self.ms = NOON_S * 1000
        self.unsure = False

    def now(self) -> Moment:
        return self.at(self.ms)

    def at(self, ms: int) -> Moment:
        return Moment(ms, 20260101, 60, self.unsure)


class Log:
    """`FactLog` and `BlockSource`. `full`: `append` has no room."""

    def __init__(self, epoch: int = 1, gateway: bytes = GATEWAY) -> None:
        self.gateway = gateway
        self.epoch = epoch
        self.durable = Head()
        self.heads: dict[int, Head] = {}
        self.on_durable: list[Callable[[list[Block]], None]] = []
        self.facts: list[KnownFact] = []
        self.full = False
        self.blocks: dict[int, list[Block]] = {}
        self.pending: list[KnownFact] = []

    def append(self, fact: KnownFact) -> int:
        if self.full:
            raise LedgerFull("no room")
        self.pending.append(fact)
        self.facts.append(fact)
        return self.durable.seq + len(self.pending)

    def sync(self, most: int | None = None) -> None:
        """The disk has taken the next `most` facts (all of them if None)."""
        facts = self.pending[:most]
        del self.pending[: len(facts)]
        if not facts:
            return
        raw = block.seal(
            gateway=self.gateway, epoch=self.epoch, head=self.durable, count=len(facts),
            body=entry.encode_facts(facts), wall_ms=0, last_hlc=facts[-1].hlc, key=EPOCH_KEY,
        )  # fmt: skip
        made, _ = block.read_untrusted(raw)
        self.blocks.setdefault(self.epoch, []).append(made)
        self.durable = self.heads[self.epoch] = Head(made.last_seq, made.hash)
        for told in self.on_durable:
            told([made])

    def crash(self) -> None:
        """Power is cut: what is not durable is gone, and so is whoever waited for it."""
        del self.facts[len(self.facts) - len(self.pending) :]
        self.pending.clear()
        self.on_durable.clear()
        self.full = False

    def begin_epoch(self, epoch: int) -> None:
        """The log is begun anew; what was is kept."""
        assert not self.pending
        self.epoch, self.durable = epoch, Head()
        self.heads[epoch] = self.durable

    def blocks_from(self, epoch: int, seq: int, limit_bytes: int) -> list[Block]:
        run: list[Block] = []
        for made in self.blocks.get(epoch, []):
            if made.last_seq >= seq:
                limit_bytes -= len(made.raw)
                if run and limit_bytes < 0:
                    break
                run.append(made)
        return run


class Barrier:
    """Does what it is told, when the test says so."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self.service = True
        self.granted: list[tuple[int, int]] = []
        #: Called within `grant`, as a turnstile out of service calls back at once.
        self.at_once: Callable[[int], None] | None = None
        lane.barrier = self

    def grant(self, grant_id: int, persons: int) -> None:
        self.granted.append((grant_id, persons))
        if self.at_once is not None:
            self.at_once(grant_id)

    @property
    def last(self) -> int:
        return self.granted[-1][0]

    def passes(self, passed: int = 1) -> None:
        self._lane.completed(self.last, passed)

    def lapses(self) -> None:
        self._lane.lapsed(self.last)


class Venue:
    """Gateway with two lanes at the north gate, lane 1 and 2, each with a barrier."""

    def __init__(self, log: Log | None = None, state: State | None = None, **bundle: Any) -> None:
        self.clock = Clock()
        self.log = log if log is not None else Log()
        self.gateway = Gateway(
            identity=GATEWAY, name="gate-a", ledger=self.log,
            state=state if state is not None else State(), clock=self.clock,
        )  # fmt: skip
        self.lanes = {n: self.add_lane(n) for n in (1, 2)}
        self.barriers = {n: Barrier(lane) for n, lane in self.lanes.items()}
        self.gateway.apply_bundle(make_bundle(**bundle), b"a bundle")
        self.log.sync()
        self.seen = len(self.log.facts)

    def add_lane(self, number: int, direction: str = "entry", gate: int = NORTH) -> Lane:
        lane = Lane(self.gateway, number, f"Lane {number}", gate, direction)
        self.gateway.lanes[number] = lane
        return lane

    def show(self, code: bytes, lane: int = 1, **how: Any) -> list[Answer]:
        """Present a code; the list fills when the answer is given."""
        answers: list[Answer] = []
        self.gateway.lanes[lane].present(code, answers.append, **how)
        return answers

    def later(self, ms: int) -> None:
        """Time passes, and the gateway's tick comes."""
        self.clock.ms += ms
        self.gateway.tick()

    @property
    def story(self) -> list[str]:
        """The kinds of facts made since the last look."""
        fresh, self.seen = self.log.facts[self.seen :], len(self.log.facts)
        return [type(fact).__name__ for fact in fresh]


def said(answers: list[Answer]) -> str:
    """ "" while there is no answer; "admitted", or the reason of the refusal."""
    if not answers:
        return ""
    (answer,) = answers
    return answer.reason or answer.decision


def said_now(venue: Venue, code: bytes, lane: int = 1) -> str:
    """What is said once the disk has taken it."""
    answers = venue.show(code, lane)
    venue.log.sync()
    return said(answers)
