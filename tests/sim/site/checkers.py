"""The promises of several gateways, each watched while the history goes on."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import trio

from crypto.block import Block
from crypto.entry import AdmissionRefused, Admitted, AnyFact, ConflictFound, KnownFact, UnknownFact
from crypto.fact import HLC_COUNTER_BITS
from edge.core.moments import DRIFT_MS_MAX
from edge.core.state import State
from tests.sim.site.machine import Machine
from tests.sim.site.model import Place
from tests.sim.site.truth import Vector, covers, say
from tests.sim.watch import Broken

if TYPE_CHECKING:
    from tests.sim.site.history import History

ALREADY_REDEEMED = 100
#: A clock that is set forwards between two looks of a process at it.
SLACK_MS = 1000
REPLAY_EVERY = 7
#: With everything healed so long, and a connection that stands as long, all has been told.
PASSED_ON_S = 20.0


class Checker:
    """Sees everything, changes nothing. Each checker overrides what it needs."""

    name = ""

    def __init__(self, history: History) -> None:
        self.history = history

    def expect(self, held: bool, what: str) -> None:
        """`held`, or the history ends here."""
        if not held:
            broken = Broken(self.name, what)
            self.history.broken = self.history.broken or broken
            raise broken

    def own(self, machine: Machine, block: Block) -> None:
        """A block of its own log is on the medium of `machine`."""

    def mirrored(self, machine: Machine, block: Block) -> None:
        """A copy of a sibling's block is on the medium of `machine`."""

    def opened(self, machine: Machine) -> None:
        """Recovery is done, the mirrors are read."""

    def ready(self, machine: Machine, empty: bool) -> None:
        """The lanes open; `empty`: it began without knowing anything of siblings."""

    def appended(self, machine: Machine, place: Place, fact: KnownFact) -> None:
        """`machine` recorded a fact. The model learns it after every checker has seen it."""

    def folded(self, machine: Machine, block: Block, facts: list[AnyFact]) -> None:
        """`machine` has folded a block of a sibling."""

    def ticked(self, machine: Machine) -> None:
        """About once a second at every gateway that is open."""

    def wiping(self, machine: Machine) -> None:
        """The disk of `machine` is about to be gone for ever."""

    def healed(self) -> None:
        """Nothing goes wrong any more, and everything had time to arrive."""


class Rights(Checker):
    """No admission at a gateway beyond what it has folded; nobody is refused what is theirs."""

    name = "rights"

    def appended(self, machine: Machine, place: Place, fact: KnownFact) -> None:
        if isinstance(fact, Admitted):
            may = machine.model.may_enter(fact.ticket, fact.granted)
            what = f"{say(place)}: {fact.ticket.hex()[-4:]} was admitted, and its use was known"
            self.expect(may, what)
        elif isinstance(fact, AdmissionRefused) and fact.reason == ALREADY_REDEEMED:
            asked = self.history.presenting
            if asked is not None:
                ticket, count = asked
                theirs = machine.model.may_enter(ticket.identity, count)
                self.expect(not theirs, f"{say(place)}: ticket {ticket.number} had its right")


class Conflicts(Checker):
    """Every admission that was one too many becomes one conflict, and nothing else does."""

    name = "conflicts"

    def appended(self, machine: Machine, place: Place, fact: KnownFact) -> None:
        if not isinstance(fact, ConflictFound):
            return
        later, earlier = _place(fact.later), _place(fact.earlier)
        found = machine.model.conflicts(fact.ticket)
        self.expect(later in found, f"{say(place)} invents a conflict about {say(later)}")
        self.expect(earlier in found[later], f"{say(place)}: {say(earlier)} was not in the way")
        self.expect(fact.id == _id(later, earlier), f"{say(place)}: another id for the same two")
        again = any(
            isinstance(one, ConflictFound) and _place(one.later) == later
            for one in machine.known.values()
        )
        # One that had to wait for room is written all the same; the first record counts.
        assert machine.life is not None
        again = again and not machine.life.gateway.unsaved_count
        self.expect(not again, f"{say(place)} records {say(later)} again")

    def missing(self) -> str:
        """A double admission that somebody open knows and has no record of; or ""."""
        for machine in self.history.open_machines():
            assert machine.life is not None
            for ticket in sorted(machine.model.uses):
                for place in machine.model.conflicts(ticket):
                    if tuple(place) not in machine.life.state.conflicts:
                        return f"{machine.name} knows both sides of {say(place)}"
        return ""

    def healed(self) -> None:
        self.expect(not self.missing(), f"{self.missing()} and has no conflict")
        for machine in self.history.open_machines():
            assert machine.life is not None
            recorded = {
                _place(fact.later) for fact in machine.known.values()
                if isinstance(fact, ConflictFound)
            }  # fmt: skip
            held = {Place(*place) for place in machine.life.state.conflicts}
            self.expect(held == recorded, f"{machine.name} holds other conflicts than were told")


def _place(use: Any) -> Place:
    return Place(use.gateway, use.epoch, use.seq)


def _id(one: Place, other: Place) -> bytes:
    """ARCHITECTURE.md: first 16 bytes of SHA-256 over both places, the smaller first."""
    digest = hashlib.sha256()
    for place in sorted((one, other)):
        digest.update(place.gateway + place.epoch.to_bytes(4, "big"))
        digest.update(place.seq.to_bytes(8, "big"))
    return digest.digest()[:16]


class Folded(Checker):
    """What is folded is what its gateway has written, durably, and in the order of its log."""

    name = "folded"

    def folded(self, machine: Machine, block: Block, facts: list[AnyFact]) -> None:
        for seq, fact in enumerate(facts, block.first_seq):
            place = Place(block.gateway, block.epoch, seq)
            self.expect(
                self.history.truth.same(place, fact),
                f"{machine.name} folds {say(place)}, which its gateway has not written",
            )
            before = place._replace(seq=seq - 1)
            known = seq == 1 or before in machine.known or seq > block.first_seq
            self.expect(known, f"{machine.name} folds {say(place)} and not what stands before it")


class Same(Checker):
    """Gateways that know the same facts have the same bytes, and those of a replay."""

    name = "same"

    def __init__(self, history: History) -> None:
        super().__init__(history)
        self._dumps: dict[tuple[int, int], bytes] = {}
        self._ticks = 0

    def ticked(self, machine: Machine) -> None:
        self._ticks += 1
        others = [one for one in self.history.open_machines() if one.mix == machine.mix]
        if len(others) > 1:
            self._compare(others)
        elif self._ticks % REPLAY_EVERY == 0:
            self._replay(machine)

    def _compare(self, machines: list[Machine]) -> None:
        first = machines[0]
        key = (first.mix, len(first.known))
        if self._dumps.get(key) == b"".join(m.identity for m in machines):
            return
        self._dumps[key] = b"".join(m.identity for m in machines)
        dumps = {m.life.state.dump() for m in machines if m.life is not None}
        names = " and ".join(m.name for m in machines)
        self.expect(len(dumps) == 1, f"{names} know the same and have other bytes")
        self._replay(first)

    def _replay(self, machine: Machine) -> None:
        assert machine.life is not None
        order = list(machine.known.items())
        self.history.shuffles.shuffle(order)
        again = State()
        for place, fact in order:
            again.apply(*place, fact)
        state = machine.life.state
        self.expect(again.dump() == state.dump(), f"{machine.name}: a replay gives other bytes")
        counted: dict[int, tuple[int, int]] = {}
        for cell in state.counts.cells():
            came, left = counted.get(cell.gate, (0, 0))
            counted[cell.gate] = (came + cell.came, left + cell.left)
        ours = {g: both for g, both in machine.model.came_and_left().items() if any(both)}
        self.expect(counted == ours, f"{machine.name} counts {counted}, the facts say {ours}")

    def healed(self) -> None:
        machines = self.history.open_machines()
        self.expect(len({m.mix for m in machines}) == 1, "not all know the same in the end")
        self._dumps.clear()
        self._compare(machines)


class Kept(Checker):
    """What a sibling or the centre has on its medium stays there, and outlives its gateway."""

    name = "kept"

    def opened(self, machine: Machine) -> None:
        known = machine.through()
        for key, seq in machine.holds.items():
            have = known.get(key, 0)
            self.expect(have >= seq, f"{machine.name} held {_log(key)} to {seq}, knows {have}")

    def ready(self, machine: Machine, empty: bool) -> None:
        """An empty gateway opens when it knows all that one of the others held as it began."""
        if not empty:
            return
        known = machine.through()
        told = any(covers(known, _without(machine, v)) for v in self.history.heard[machine.number])
        self.expect(told, f"{machine.name} was empty and opens without the venue's history")

    def ticked(self, machine: Machine) -> None:
        """What is said to be durable is on the medium."""
        assert machine.life is not None
        for key, head in machine.life.intake.heads().items():
            has = machine.holds.get(key, 0)
            what = f"{machine.name} says that it holds {_log(key)} to {head.seq}, its disk to {has}"
            self.expect(has >= head.seq, what)

    def left(self) -> str:
        """What is held somewhere and has not arrived everywhere; or ""."""
        # What the centre alone holds of a burnt gateway is not lost: the empty ask it for that.
        centre = {key: self.history.centre.head(key).seq for key in self.history.centre.blocks}
        held: Vector = {}
        for machine in self.history.machines:
            own = machine.through() if not machine.burnt else {}
            for vector in (machine.holds, own):
                for key, seq in vector.items():
                    held[key] = max(held.get(key, 0), seq)
        for key, seq in sorted(held.items()):
            if centre.get(key, 0) < seq:
                return f"the centre has {_log(key)} to {centre.get(key, 0)} of {seq}"
            for machine in self.history.open_machines():
                have = machine.through().get(key, 0)
                if have < seq:
                    return f"{machine.name} has {_log(key)} to {have} of {seq}"
        return ""

    def healed(self) -> None:
        self.expect(not self.left(), self.left())
        for (gateway, epoch), blocks in self.history.centre.blocks.items():
            expected = 1
            for block in blocks:
                problem = self.history.truth.written(block)
                self.expect(not problem and block.first_seq == expected, problem or "a hole")
                expected = block.last_seq + 1
            self.expect(bool(blocks), f"nothing of {_log((gateway, epoch))}")


class PassedOn(Checker):
    """What a sibling holds arrives over the venue's own network, also when no centre is asked."""

    name = "passed on"

    def ticked(self, machine: Machine) -> None:
        assert machine.life is not None
        since = trio.current_time() - PASSED_ON_S
        if since < self.history.healed_at:
            return
        known = machine.through()
        for session in machine.life.house.links.sessions():
            other = next(m for m in self.history.machines if m.identity == session.other)
            if session.since > since or other.life is None or not other.life.ready:
                continue
            for key, head in other.life.intake.heads().items():
                named = any(key[0] == card.gateway for card in machine.life._cards())
                if key[0] == other.identity or not named:
                    continue
                have = known.get(key, 0)
                what = f"{machine.name} has {_log(key)} to {have}, {other.name} to {head.seq}"
                self.expect(have >= head.seq or head.seq > self._before(other, key), what)

    def _before(self, machine: Machine, key: tuple[bytes, int]) -> int:
        """How far a log was held when everything was healed."""
        return self.history.held_then.get(machine.number, {}).get(key, 0)


def _without(machine: Machine, vector: Vector) -> Vector:
    return {key: seq for key, seq in vector.items() if key[0] != machine.identity}


def _log(key: tuple[bytes, int]) -> str:
    return f"g{key[0][8:9].decode()}:{key[1]}"


class Numbers(Checker):
    """A number (gateway, epoch, seq) stands for one fact for ever; nobody sees two histories."""

    name = "numbers"

    def own(self, machine: Machine, block: Block) -> None:
        problem = self.history.truth.written(block)
        self.expect(not problem, problem)

    def appended(self, machine: Machine, place: Place, fact: KnownFact) -> None:
        used = place in self.history.truth.facts
        self.expect(not used, f"{say(place)} is used again")

    def ticked(self, machine: Machine) -> None:
        assert machine.life is not None
        for gateway, counts in machine.life.intake.counts.items():
            self.expect(not counts.forks, f"{machine.name} sees a fork of g{gateway[8:9].decode()}")
        crashed = machine.life.house.connections.crashed
        self.expect(not crashed, f"{crashed} connections of {machine.name} crashed")

    def healed(self) -> None:
        self.expect(not self.history.centre.forks, f"a fork: {self.history.centre.forks}")


class Clocks(Checker):
    """The clock of facts rises at each gateway, and no foreign one drags it far ahead."""

    name = "clocks"

    def __init__(self, history: History) -> None:
        super().__init__(history)
        self._last: dict[bytes, int] = {}

    def opened(self, machine: Machine) -> None:
        own = [
            fact.hlc for place, fact in machine.known.items()
            if place.gateway == machine.identity and not isinstance(fact, UnknownFact)
        ]  # fmt: skip
        self._last[machine.identity] = max(own, default=0)

    def appended(self, machine: Machine, place: Place, fact: KnownFact) -> None:
        self.expect(fact.hlc > self._last.get(machine.identity, 0), f"{say(place)}: the clock fell")
        self._last[machine.identity] = fact.hlc
        machine.top_wall_ms = max(machine.top_wall_ms, machine.world.wall_ns() // 1_000_000)
        ahead_ms = (fact.hlc >> HLC_COUNTER_BITS) - machine.top_wall_ms
        most_ms = DRIFT_MS_MAX + SLACK_MS
        self.expect(ahead_ms <= most_ms, f"{say(place)} is {ahead_ms} ms ahead of its gateway")


def make(history: History) -> list[Checker]:
    """One of each."""
    kinds = (Numbers, Rights, Folded, Kept, PassedOn, Same, Conflicts, Clocks)
    return [kind(history) for kind in kinds]


__all__ = ["Checker", "Conflicts", "Kept", "make"]
