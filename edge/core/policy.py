"""A bundle made ready to decide by: look-ups instead of searches. Built once per bundle."""

import msgspec

from crypto.bundle import Bundle, Gate, Performance, Product
from crypto.claim import Keyring


class GateRule(msgspec.Struct, frozen=True, gc=False):
    """Which products and performances a gate lets in; None means all."""

    number: int
    name: str
    products: frozenset[int] | None
    performances: frozenset[int] | None


class Policy:
    """Everything a decision reads that came from the centre."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.version = bundle.version
        self.keyring = Keyring(bundle)
        self.products: dict[int, Product] = {p.number: p for p in bundle.products}
        self.performances: dict[int, Performance] = {p.number: p for p in bundle.performances}
        self.gates: dict[int, GateRule] = {g.number: _gate_rule(g) for g in bundle.gates}
        self.revoked: dict[bytes, int] = {r.ticket: r.min_issued_at for r in bundle.revoked}
        self.canceled = frozenset(bundle.canceled)
        self.blocked = frozenset(bundle.blocked)


def _gate_rule(gate: Gate) -> GateRule:
    return GateRule(
        gate.number,
        gate.name,
        frozenset(gate.products) if gate.products else None,
        frozenset(gate.performances) if gate.performances else None,
    )
