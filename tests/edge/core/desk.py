"""A gate on paper: real decisions on a real state, with a clock that stands where it is put.

Tests tell a story with it: `scan`, then what became of it (`passes`, `lapses`, `is_lost`).
"""

from datetime import UTC, datetime, tzinfo
from typing import Any

import msgspec

from crypto import bundle, ticket
from crypto.entry import (
    Admitted,
    AnyFact,
    ExitRecorded,
    PassageCompleted,
    PassageLapsed,
    PassageUnknown,
    decode_facts_untrusted,
    encode_facts,
)
from crypto.keys import SigningKey
from edge.core.admission import Decision, Direction, Presentation, decide
from edge.core.moments import LogicalClock, Moment
from edge.core.policy import Policy
from edge.core.state import State
from tests.crypto import pretix_codes

ISSUER = SigningKey(b"\x01" * 32)
FOREIGN_ISSUER = SigningKey(b"\x02" * 32)
STRANGER = SigningKey(b"\x03" * 32)
SHOP_SEED = b"\x04" * 32
HOLDER_KEY = b"\x05" * 32
A, B = b"A" * 16, b"B" * 16

NOON_S = 1_767_268_800  # 2026-01-01 12:00 UTC
ONCE, AFTER_EXIT, UNLIMITED, SLOW, SLOW_UNLIMITED = 1, 2, 3, 4, 5
TONIGHT, TOMORROW = 70, 71
NORTH, SOUTH, NOWHERE = 1, 2, 9


def make_code(number: int = 1, *, key: SigningKey = ISSUER, **changes: Any) -> bytes:
    """The text of ticket `number` of the venue's own issuer."""
    fields: dict[str, Any] = {
        "key_id": key.key_id,
        "performance": 0,
        "ticket_id": number.to_bytes(8, "big"),
        "product": ONCE,
        "valid_from": 0,
        "valid_until": 0,
        "persons": 1,
        "flags": 0,
        "issued_at": NOON_S - 86_400,
    }
    return ticket.issue(ticket.Ticket(**(fields | changes)), key).encode()


def identity(number: int = 1, issuer: str = "venue") -> bytes:
    return issuer.encode() + b":" + number.to_bytes(8, "big")


def shop_code(seed: str = "abc", **numbers: int) -> bytes:
    """The text of a ticket of the foreign shop."""
    return pretix_codes.code(SHOP_SEED, pretix_codes.message(seed, **numbers))


def make_bundle(**changes: Any) -> bundle.Bundle:
    """Five products, two performances, a gate for all and one for some."""
    fields: dict[str, Any] = {
        "version": 1,
        "tenant": bytes(16),
        "issuers": [
            bundle.Issuer("venue", [bundle.IssuerKey(ISSUER.public)]),
            bundle.Issuer("other", [bundle.IssuerKey(FOREIGN_ISSUER.public)], accepted=False),
        ],
        "products": [
            bundle.Product(ONCE, "Day ticket"),
            bundle.Product(AFTER_EXIT, "Day ticket with re-entry", "after_exit"),
            bundle.Product(UNLIMITED, "Crew", "unlimited"),
            bundle.Product(SLOW, "After exit, 600 s", "after_exit", 600),
            bundle.Product(SLOW_UNLIMITED, "Unlimited, 600 s", "unlimited", 600),
        ],
        "performances": [
            bundle.Performance(TONIGHT, "Tonight", NOON_S, NOON_S + 7200, NOON_S - 3600),
            bundle.Performance(TOMORROW, "Tomorrow", NOON_S + 86_400, 0, NOON_S + 82_800),
        ],
        "gates": [
            bundle.Gate(NORTH, "North gate"),
            bundle.Gate(SOUTH, "South gate", [AFTER_EXIT], [TONIGHT]),
        ],
    }
    return bundle.Bundle(**(fields | changes))


class Desk:
    """Lanes of gateway `A` (and of others, if told so) on one state."""

    def __init__(self, zone: tzinfo = UTC, **bundle_changes: Any) -> None:
        self.state = State()
        self.zone = zone
        self.policy = Policy(make_bundle(**bundle_changes), zone)
        self.clock = LogicalClock()
        self.now_s = NOON_S
        self.unsure = False
        self.facts: list[tuple[bytes, int, AnyFact]] = []
        self._seqs: dict[bytes, int] = {}

    def scan(
        self, code: bytes, *, lane: int = 1, gate: int = NORTH, way: Direction = "entry",
        nonce: bytes = b"", count: int = 1, gateway: bytes = A, walk: bool = True, **more: Any,
    ) -> Decision:  # fmt: skip
        """Decide and fold; with `walk` whoever is let through goes through at once."""
        decision = self.hold(
            code, lane=lane, gate=gate, way=way, nonce=nonce, count=count, gateway=gateway, **more
        )
        if decision.admitted and not decision.repeated and walk:
            self.passes(decision, decision.granted)
        return decision

    def hold(
        self, code: bytes, *, lane: int = 1, gate: int = NORTH, way: Direction = "entry",
        nonce: bytes = b"", count: int = 1, gateway: bytes = A, **more: Any,
    ) -> Decision:  # fmt: skip
        """Decide and fold; whoever is let through stands before the barrier."""
        presentation = Presentation(code, gateway, lane, gate, way, nonce, count, **more)
        decision = decide(self.state, self.policy, presentation, self.moment, self.stamp())
        if decision.fact is not None:
            self.fold(decision.fact, gateway)
        return decision

    @property
    def moment(self) -> Moment:
        local = datetime.fromtimestamp(self.now_s, self.zone)
        day = local.year * 10_000 + local.month * 100 + local.day
        return Moment(self.now_s * 1000, day, 60, self.unsure)

    def stamp(self) -> int:
        return self.clock.next(self.now_s * 1000)

    def fold(self, fact: Any, gateway: bytes = A) -> int:
        """Fold what a reader of the ledger would read; its seq."""
        (read,) = decode_facts_untrusted(encode_facts([fact]))
        assert read == fact
        seq = self._seqs[gateway] = self._seqs.get(gateway, 0) + 1
        self.facts.append((gateway, seq, read))
        assert self.state.apply(gateway, 1, seq, read)
        return seq

    def _outcome(self, decision: Decision, kind: Any, passed: int, *rest: Any) -> None:
        fact = decision.fact
        assert isinstance(fact, Admitted | ExitRecorded)
        gateway, seq = next((g, s) for g, s, f in self.facts if f == fact)
        stamp = (self.stamp(), 20260101, 60)
        self.fold(kind(*stamp, fact.lane, fact.ticket, 1, seq, passed, *rest), gateway)

    def passes(self, decision: Decision, passed: int = 1) -> None:
        self._outcome(decision, PassageCompleted, passed)

    def lapses(self, decision: Decision, passed: int = 0) -> None:
        self._outcome(decision, PassageLapsed, passed)

    def is_lost(self, decision: Decision, passed: int = 0) -> None:
        self._outcome(decision, PassageUnknown, passed, "restart")

    def publish(self, **changes: Any) -> None:
        """A newer bundle, which differs in `changes`."""
        self.policy = Policy(msgspec.structs.replace(self.policy.bundle, **changes), self.zone)

    def at(self, local: str) -> "Desk":
        """Put the clock to `local` time of the venue, as 2026-01-01T12:00; at the same desk."""
        self.now_s = int(datetime.fromisoformat(local).replace(tzinfo=self.zone).timestamp())
        return self


def told(decision: Decision) -> str:
    """ "admitted", or the reason of the refusal."""
    return decision.reason.code if decision.reason else "admitted"
