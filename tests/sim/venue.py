"""Who and what there is: keys, products, lanes, and the tickets of one seed."""

from __future__ import annotations

import random
from typing import NamedTuple

from crypto import ticket as gh1
from crypto.bundle import (
    Bundle,
    Gate,
    GatewayCard,
    Issuer,
    IssuerKey,
    Performance,
    Product,
    Revocation,
)
from crypto.claim import make_identity
from crypto.keys import SigningKey
from tests.sim.clock import BEGIN_S

TENANT, GATEWAY = b"tenant of a sim.", b"gateway of a sim"
DEVICE_KEY = SigningKey(b"\x21" * 32)
BUNDLE_KEY = SigningKey(b"\x22" * 32)
RECEIPT_KEY = SigningKey(b"\x23" * 32)
ISSUER_KEY = SigningKey(b"\x24" * 32)
FOREIGN_KEY = SigningKey(b"\x25" * 32)
STRANGER_KEY = SigningKey(b"\x26" * 32)

ONCE, AFTER_EXIT, UNLIMITED, SOLD_ELSEWHERE = 1, 2, 3, 9
TONIGHT = 70
ISSUER = "sim"
GATE = 1


class LanePlan(NamedTuple):
    """`scanner`: guests hold codes before it; else clients ask the API. `barrier`: it has one."""

    number: int
    direction: str
    scanner: bool
    barrier: bool


LANES = (
    LanePlan(1, "entry", True, True),
    LanePlan(2, "entry", False, True),
    LanePlan(3, "entry", True, False),
    LanePlan(4, "exit", False, True),
)


class Ticket(NamedTuple):
    """One right, and the text that its owner shows. `newer`: the text that replaces it."""

    number: int
    identity: bytes
    product: int
    persons: int
    code: bytes
    newer: bytes


def make_tickets(dice: random.Random, count: int) -> list[Ticket]:
    """Singles mostly; some groups, re-entry and crew."""
    tickets = []
    for number in range(1, count + 1):
        product = dice.choice((ONCE, ONCE, ONCE, AFTER_EXIT, AFTER_EXIT, UNLIMITED))
        persons = dice.choice((1, 1, 1, 2, 4))
        identity = make_identity(ISSUER, number.to_bytes(8, "big"))
        code = _code(number, product, persons, BEGIN_S - 5000)
        newer = _code(number, product, persons, BEGIN_S - 1000)
        tickets.append(Ticket(number, identity, product, persons, code, newer))
    return tickets


def _code(
    number: int, product: int, persons: int, issued_at: int, key: SigningKey = ISSUER_KEY
) -> bytes:
    fields = gh1.Ticket(
        key.key_id, TONIGHT, number.to_bytes(8, "big"), product, 0, 0, persons, 0, issued_at
    )
    return gh1.issue(fields, key).encode()


def bad_codes(dice: random.Random, good: Ticket) -> list[bytes]:
    """A forgery, a stranger's, another event's, one for no product of ours, and noise."""
    tail = bytearray(good.code)
    tail[-20] = ord("A") if tail[-20] != ord("A") else ord("B")
    return [
        bytes(tail),
        _code(good.number, ONCE, 1, BEGIN_S, STRANGER_KEY),
        _code(good.number, ONCE, 1, BEGIN_S, FOREIGN_KEY),
        _code(900 + good.number, SOLD_ELSEWHERE, 1, BEGIN_S),
        dice.randbytes(12).hex().encode(),
        good.code.lower(),
    ]


class Lists(NamedTuple):
    """What the centre decides besides the products: it only grows."""

    revoked: dict[bytes, int] = {}
    canceled: frozenset[bytes] = frozenset()
    blocked: frozenset[bytes] = frozenset()


def make_bundle(version: int, lists: Lists) -> Bundle:
    """Everything the gateway decides by."""
    return Bundle(
        version=version, tenant=TENANT, issued_at_ms=BEGIN_S * 1000,
        issuers=[
            Issuer(ISSUER, [IssuerKey(ISSUER_KEY.public)]),
            Issuer("other", [IssuerKey(FOREIGN_KEY.public)], accepted=False),
        ],
        products=[
            Product(ONCE, "Day"), Product(AFTER_EXIT, "Day, with re-entry", "after_exit"),
            Product(UNLIMITED, "Crew", "unlimited"),
        ],
        performances=[Performance(TONIGHT, "Tonight")],
        gates=[Gate(GATE, "North")],
        revoked=[Revocation(t, at) for t, at in sorted(lists.revoked.items())],
        canceled=sorted(lists.canceled), blocked=sorted(lists.blocked),
        gateways=[GatewayCard(GATEWAY, 1, "sim", DEVICE_KEY.public)],
    )  # fmt: skip
