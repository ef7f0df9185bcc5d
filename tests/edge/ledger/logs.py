"""Small logs for the tests of this folder, on any storage."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from config.gateway import Ledger as LedgerConfig
from crypto.block import Block
from crypto.entry import AdmissionRefused, AnyFact, EpochBegun, KnownFact, encode_fact
from crypto.keys import SigningKey
from edge.ledger.recover import Helpers, Identity, Moment, Recovered, recover
from edge.ledger.storage import Storage

TENANT = b"tenant of a test"
GATEWAY = b"gateway number 1"
OTHER = b"gateway number 2"
WHO = Identity(TENANT, GATEWAY, SigningKey(bytes(range(32))))
NOW_S = 1_790_000_000
SMALL = LedgerConfig(segment_bytes=64 << 10, spare_segments=2)


def stamp(last_hlc: int) -> tuple[int, int, int]:
    """A clock that stands still, so that only the counter of the HLC moves."""
    return max(last_hlc + 1, NOW_S * 1000 << 16), 20260922, 120


def moment(seed: int = 1, now_s: int = NOW_S) -> Moment:
    return Moment(now_s, stamp, lambda: NOW_S * 1000, lambda size: bytes([seed]) * size)


def fact(number: int) -> KnownFact:
    """A fact that is recognised by its `count`."""
    return AdmissionRefused(
        (NOW_S * 1000 << 16) + 1000 + number, 20260922, 120, lane=1, gate=1, reason=3,
        ticket_hash=b"", count=number,
    )  # fmt: skip


class Seen(NamedTuple):
    """What a start replayed."""

    recovered: Recovered
    facts: dict[tuple[int, int], AnyFact]
    blocks: list[Block]
    states: list[bytes]

    @property
    def numbers(self) -> list[int]:
        """The numbers of the facts made by `fact`, in order."""
        return [f.count for f in self.facts.values() if isinstance(f, AdmissionRefused)]

    @property
    def begun(self) -> list[EpochBegun]:
        return [f for f in self.facts.values() if isinstance(f, EpochBegun)]


def start(
    storage: Storage, *, helpers: Helpers | None = None, config: LedgerConfig = SMALL,
    when: Moment | None = None, who: Identity = WHO,
) -> Seen:  # fmt: skip
    """Open a folder as a daemon does, keeping what it replays."""
    facts: dict[tuple[int, int], AnyFact] = {}
    blocks: list[Block] = []
    states: list[bytes] = []

    def fold(block: Block, found: list[AnyFact]) -> None:
        blocks.append(block)
        for number, one in enumerate(found):
            place = (block.epoch, block.first_seq + number)
            assert place not in facts, "a fact was folded twice"
            facts[place] = one

    recovered = recover(
        storage, who, when or moment(), config, helpers=helpers, load=states.append, fold=fold
    )
    while recovered.writer.spares.wanted:
        recovered.writer.spares.prepare()
    return Seen(recovered, facts, blocks, states)


def write(seen: Seen, numbers: range, *, per_block: int = 1) -> list[Block]:
    """Append blocks of `per_block` facts each, durably."""
    blocks = []
    for first in range(numbers.start, numbers.stop, per_block):
        some = [fact(n) for n in range(first, min(first + per_block, numbers.stop))]
        pending = [(encode_fact(one), one.hlc) for one in some]
        blocks.append(seen.recovered.writer.commit(pending))
    return blocks


def fetch_from(blocks: list[Block]) -> Callable[[int, int], list[Block]]:
    """Somebody who holds these blocks."""

    def fetch(epoch: int, seq: int) -> list[Block]:
        return [b for b in blocks if b.epoch == epoch and b.last_seq >= seq]

    return fetch
