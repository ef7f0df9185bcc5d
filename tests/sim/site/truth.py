"""What was ever on a medium, by whom, and how far each log is held by whom: seen by the disks."""

from __future__ import annotations

from collections.abc import Mapping

from crypto.block import Block, Head
from crypto.entry import AnyFact, decode_facts_untrusted, encode_fact
from tests.sim.site.machine import Machine
from tests.sim.site.model import Place

Vector = dict[tuple[bytes, int], int]


class Truth:
    """Facts that their own gateway has made durable, whatever became of its disk afterwards."""

    def __init__(self) -> None:
        self.facts: dict[Place, AnyFact] = {}
        self._raw: dict[Place, bytes] = {}

    def written(self, block: Block) -> str:
        """Note a block of a gateway's own log. What is wrong with it, or ""."""
        for seq, fact in enumerate(decode_facts_untrusted(block.body), block.first_seq):
            place = Place(block.gateway, block.epoch, seq)
            raw = encode_fact(fact)
            if self._raw.setdefault(place, raw) != raw:
                return f"{say(place)} stands for two facts"
            self.facts[place] = fact
        return ""

    def same(self, place: Place, fact: AnyFact) -> bool:
        """Whether the owner has written this very fact there."""
        return self._raw.get(place) == encode_fact(fact)

    def relearn(self, machine: Machine, vector: Mapping[tuple[bytes, int], Head]) -> None:
        """A process began from a snapshot: what it covers is known."""
        for (gateway, epoch), head in sorted(vector.items()):
            for seq in range(1, head.seq + 1):
                place = Place(gateway, epoch, seq)
                if place in self.facts:
                    machine.learn(place, self.facts[place])


def say(place: Place) -> str:
    """As a trace names a fact."""
    return f"g{place.gateway[8:9].decode()}:{place.epoch}:{place.seq}"


def covers(known: Vector, wanted: Vector) -> bool:
    """Whether all of `wanted` is in `known`."""
    return all(known.get(key, 0) >= seq for key, seq in wanted.items())
