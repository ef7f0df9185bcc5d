"""Mistakes that somebody could make between gateways, as patches of the real code.

Never a flag of the product. Each must be found by a checker; one that survives means that a
checker is missing.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from crypto.block import Block
from crypto.entry import AnyFact, decode_facts_untrusted
from edge.core.moments import LogicalClock
from edge.core.state import State
from edge.gateway import Gateway
from edge.ledger import epochs
from edge.peers.courier import Courier
from edge.peers.house import House
from edge.peers.intake import Intake
from edge.peers.mirror import Mirror
from edge.peers.outgoing import Outgoing
from edge.peers.regain import Regain
from tests.sim.planting import SITE_FAULTS, site_fault

__all__ = ["FOUND_AT", "SITE_FAULTS"]
#: Where each was found last, with three gateways: looked at first.
FOUND_AT = {
    "conflict_under_an_id_of_each_gateway": 5,
    "rebuilt_in_an_epoch_that_was_used": 6,
    "drift_not_bounded": 5,
    "drift_followed_at_a_start": 5,
    "siblings_forgotten_at_a_start": 5,
    "nobody_delivers_for_the_burnt": 3,
    "own_old_log_not_taken_back": 1215,
    "empty_gateway_opens_at_once": 5,
    "siblings_uses_do_not_count": 5,
}


@site_fault
def conflict_not_recorded() -> Iterator[None]:
    with patch.object(Gateway, "_look_for_conflicts", lambda self: None):
        yield


@site_fault
def conflict_under_an_id_of_each_gateway() -> Iterator[None]:
    """Who records it makes up a name for it."""
    numbers = itertools.count(1)
    name = "edge.core.conflicts.conflict_id"
    with patch(name, lambda one, other: next(numbers).to_bytes(16, "big")):
        yield


@site_fault
def conflict_recorded_again() -> Iterator[None]:
    """A gateway does not look whether it is on record."""

    class Forgetful(dict[Any, Any]):
        def __contains__(self, key: object) -> bool:
            return False

    real = Gateway._look_for_conflicts

    def look(self: Gateway) -> None:
        kept, self.state.conflicts = self.state.conflicts, Forgetful(self.state.conflicts)
        try:
            real(self)
        finally:
            self.state.conflicts = {**kept, **self.state.conflicts}

    with patch.object(Gateway, "_look_for_conflicts", look):
        yield


@site_fault
def signature_not_checked() -> Iterator[None]:
    with patch("edge.ledger.chain.block_format.verify", lambda block, key: True):
        yield


@site_fault
def folded_before_the_chain_is_checked() -> Iterator[None]:
    real = Intake.take

    async def take(self: Intake, block: Block) -> int | None:
        if block.gateway != self.own:
            self.fold(block, decode_facts_untrusted(block.body))
        return await real(self, block)

    with patch.object(Intake, "take", take):
        yield


@site_fault
def resumed_one_too_far() -> Iterator[None]:
    """The first fact that the other lacks is taken for one that it has."""

    def has(self: Any, key: Any, seq: int) -> None:
        self.sent[key] = max(self.sent.get(key, 0), seq + 1)

    with patch.object(Outgoing, "has", has):
        yield


@site_fault
def logs_of_others_not_passed_on() -> Iterator[None]:
    def due_to(self: Any, key: Any, streams: bool) -> bool:
        return bool(key[0] == self._holdings.gateway)

    with patch.object(Outgoing, "_due_to", due_to):
        yield


@site_fault
def rebuilt_in_an_epoch_that_was_used() -> Iterator[None]:
    """A gateway that is empty begins with the number that everybody begins with."""
    with patch.object(epochs, "next_epoch", lambda known, now_s: 1):
        yield


@site_fault
def drift_not_bounded() -> Iterator[None]:
    def observe(self: LogicalClock, hlc: int, wall_ms: int, drift_ms_max: int = 0) -> None:
        self.last = max(self.last, hlc)

    with patch.object(LogicalClock, "observe", observe):
        yield


@site_fault
def drift_followed_at_a_start() -> Iterator[None]:
    """Who begins goes on above everything that it has ever heard."""
    real = Gateway.__init__

    def made(self: Any, **named: Any) -> None:
        real(self, **named)
        self.logical.last = max(self.logical.last, self.state.hlc)

    with patch.object(Gateway, "__init__", made):
        yield


@site_fault
def siblings_forgotten_at_a_start() -> Iterator[None]:
    """The mirrors are read, and what they say is not folded."""

    def nothing(block: Block, facts: list[AnyFact]) -> None:
        pass

    real = Intake.open

    def opened(self: Intake, vector: Any) -> None:
        kept, self.fold = self.fold, nothing
        real(self, vector)
        self.fold = kept

    with patch.object(Intake, "open", opened):
        yield


@site_fault
def mirrors_not_written() -> Iterator[None]:
    """A copy is acknowledged, and passed on, that no disk has."""
    with patch.object(Mirror, "write", lambda self, blocks: len(blocks)):
        yield


@site_fault
def nobody_delivers_for_the_burnt() -> Iterator[None]:
    async def deliver(self: Courier, gateway: bytes) -> None:
        pass

    with patch.object(Courier, "_deliver", deliver):
        yield


@site_fault
def own_old_log_not_taken_back() -> Iterator[None]:
    """What a gateway that burnt was not given before it opened comes at its next start only."""

    async def hear(self: Regain, block: Block) -> None:
        pass

    with patch.object(Regain, "hear", hear):
        yield


@site_fault
def empty_gateway_opens_at_once() -> Iterator[None]:
    async def learn(self: House) -> None:
        pass

    with patch.object(House, "learn_history", learn):
        yield


@site_fault
def siblings_uses_do_not_count() -> Iterator[None]:
    """A sibling's admission is folded, and forgotten when it is decided."""
    from edge.core import admission

    real = admission.decide

    def decide(state: State, policy: Any, p: Any, now: Any, hlc: int) -> Any:
        own = State()
        for ticket, known in state.tickets.items():
            holds = [h for h in known.holds if state.origins[h.origin].gateway == p.gateway]
            own.tickets[ticket] = type(known)(known.issued_at, holds, known.product)
        own.origins = state.origins
        return real(own, policy, p, now, hlc)

    with patch("edge.lane.decide", decide):
        yield
