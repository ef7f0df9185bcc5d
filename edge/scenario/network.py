"""Who hears whom: siblings forward every log they hold, the centre takes blocks and gives bundles.

What goes over a link is what goes over it in the venue: sealed blocks. The centre decides with
`crypto.block.accept`, as the real one does.
"""

from typing import Final

from crypto.block import Block, Head, Stored, accept
from edge.scenario.node import EPOCH, Log, Node

CENTRE: Final = "centre"
Pair = frozenset[str]


class Network:
    """All nodes of a scenario, and the links that are cut."""

    def __init__(self, nodes: dict[str, Node]) -> None:
        self.nodes = nodes
        self.bundle_raw = b""
        self.guests_raw = b""
        #: What the centre holds of each log.
        self.stored: dict[Log, list[Block]] = {}
        self._cut: set[Pair] = set()
        self._last: list[tuple[bool, int]] = []

    def pairs(self, between: list[str] | None) -> list[Pair]:
        """The links that a step means: that one, or those between all gateways."""
        if between is not None:
            return [frozenset(between)]
        names = list(self.nodes)
        return [frozenset((a, b)) for i, a in enumerate(names) for b in names[i + 1 :]]

    def cut(self, between: list[str] | None) -> None:
        """They do not hear each other any more."""
        self._cut.update(self.pairs(between))

    def heal(self, between: list[str] | None) -> None:
        """They hear each other again."""
        self._cut.difference_update(self.pairs(between))
        self._last = []

    def publish(self, raw: bytes, guests_raw: bytes) -> None:
        """The centre has a newer bundle and guest list."""
        self.bundle_raw, self.guests_raw = raw, guests_raw
        self._last = []

    def listen(self) -> None:
        """Whoever is alive hears all to whom a way leads, through others too."""
        alive = {name for name, node in self.nodes.items() if node.gateway is not None}
        for name in alive:
            reached, ahead = {name}, [name]
            while ahead:
                one = ahead.pop()
                near = {other for other in alive if frozenset((one, other)) not in self._cut}
                ahead += sorted(near - reached)
                reached |= near
            for other in reached:
                self.nodes[name].ears.hear(self.nodes[other].identity)

    def exchange(self) -> None:
        """Everything goes wherever a way leads; links and logs as they were, nothing does."""
        for name, node in self.nodes.items():
            if node.gateway is not None and frozenset((name, CENTRE)) not in self._cut:
                node.gateway.bundle_confirmed()
        last = [(n.gateway is not None, n.log.durable.seq) for n in self.nodes.values()]
        if last == self._last:
            return
        names = list(self.nodes)
        moved = True
        while moved:
            moved = False
            for i, one in enumerate(names):
                for other in names[i + 1 :]:
                    if frozenset((one, other)) not in self._cut:
                        moved |= self.between(one, other)
        for name in names:
            if frozenset((name, CENTRE)) not in self._cut:
                self.between(name, CENTRE)
        self._last = [(n.gateway is not None, n.log.durable.seq) for n in self.nodes.values()]

    def between(self, one: str, other: str) -> bool:
        """Two exchange what they have, once. Whether anything moved."""
        if one == other:
            return False
        if CENTRE in (one, other):
            return self._settle(self.nodes[other if one == CENTRE else one])
        a, b = self.nodes[one], self.nodes[other]
        if a.gateway is None or b.gateway is None:
            return False
        moved = _give(a, b)
        return _give(b, a) or moved

    def _settle(self, node: Node) -> bool:
        """The centre takes what is new, of every log that the node holds, and gives its bundle."""
        if node.gateway is None:
            return False
        moved = False
        for log, blocks in node.held.items():
            known = self.stored.setdefault(log, [])
            head = Head(known[-1].last_seq, known[-1].hash) if known else Head()
            held = {made.first_seq: made.hash for made in known}
            verdict = accept(head, held, blocks)
            if isinstance(verdict, Stored):
                known.extend(verdict.blocks)
                moved = True
        if node.take_bundle(self.bundle_raw, self.guests_raw):
            node.settle()
            moved = True
        node.gateway.bundle_confirmed()
        return moved


def _give(giver: Node, taker: Node) -> bool:
    moved = False
    for log, blocks in list(giver.held.items()):
        if log == (taker.identity, EPOCH):
            continue
        known = taker.held.get(log, [])
        through = known[-1].last_seq if known else 0
        for made in [one for one in blocks if one.last_seq > through]:
            taker.take_block(made)
            moved = True
    if moved:
        taker.settle()
    return moved
