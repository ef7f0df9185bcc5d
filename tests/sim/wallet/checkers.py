"""Promises that are looked at while a history happens: each by what bands and disks show.

The band is read by `eye`, facts are taken one by one as they become durable. Nothing here asks the
product's fold what it thinks.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import trio

from crypto.entry import KnownFact
from crypto.money import (
    MARK_UNHEARD,
    CreditApplied,
    DebitHeld,
    DebitPosted,
    DebitVoided,
    MediumIssued,
    ToppedUp,
)
from drivers.reader import Chip
from drivers.reader.chips import Type2
from edge.till.work import Work
from tests.sim.wallet import eye, fair
from tests.sim.wallet.clones import HEARD_S
from tests.sim.wallet.guests import price_of
from tests.sim.wallet.life import Hand, Life, Machine

if TYPE_CHECKING:
    from tests.sim.wallet.history import History

SALES = ("sale", "deposit_return")


class Place:
    """Where a fact stands, what it says, and when that was seen."""

    __slots__ = ("fact", "machine", "seq", "when_s")

    def __init__(self, machine: Machine, seq: int, fact: Any) -> None:
        self.machine, self.seq, self.fact = machine, seq, fact
        self.when_s = trio.current_time()


class Checkers:
    """Everything that was seen of bands and logs."""

    def __init__(self, history: History) -> None:
        self.history = history
        #: Durable facts, by transaction.
        self.held: dict[bytes, Place] = {}
        self.posted: dict[bytes, Place] = {}
        self.voided: dict[bytes, Place] = {}
        self.topped: dict[bytes, Place] = {}
        self.applied: dict[bytes, Place] = {}
        #: What each gateway was about to write, and knew to be on bands, by medium.
        self.aims: dict[bytes, list[Place]] = defaultdict(list)
        self.marks: dict[bytes, list[Place]] = defaultdict(list)
        #: What was seen on bands: by medium, all slots that ever counted, and Ct.
        self.landed: dict[bytes, dict[bytes, eye.Mark]] = defaultdict(dict)
        #: Which bands a slot counted on: of one medium there may be several.
        self.landed_on: dict[tuple[bytes, bytes], set[int]] = defaultdict(set)
        self.credited: dict[bytes, int] = defaultdict(int)
        #: All that was said of a basket, in order.
        self.words: dict[bytes, list[str]] = defaultdict(list)
        #: When each hold was decided.
        self.decided_s: dict[bytes, float] = {}
        self._last: dict[int, eye.Seen] = {}
        self.paid: dict[tuple[bytes, int], bytes] = {}
        self._undone: dict[bytes, bytes] = {}

    def fail(self, name: str, what: str) -> None:
        self.history.fail(name, what)

    def _knows(self, machine: Machine, place: Place) -> bool:
        """Whether a gateway has folded this fact."""
        if place.machine is machine:
            return True
        count = machine.heard.get(place.machine, 0)
        return count > 0 and place.seq < (
            place.machine.runs[count - 1].first_seq + place.machine.runs[count - 1].count
        )

    # -- processes --------------------------------------------------------------------------------

    def born(self, machine: Machine, life: Life) -> None:
        """A process has read its log: everything that was durable is there."""
        wallets = life.state.wallets
        for txid, place in self.posted.items():
            if self._knows(machine, place):
                row = wallets.account(place.fact.medium).rows.get(txid)
                if row is None or not row.ended & 1:
                    self.fail("kept", f"a posting is gone after the death of {machine.number}")
        for part in (self.aims, self.marks):
            for medium, places in part.items():
                part[medium] = [
                    one for one in places
                    if one.machine is not machine or one.seq < machine.next_seq
                ]  # fmt: skip

    # -- facts ------------------------------------------------------------------------------------

    def recorded(self, machine: Machine, seq: int, fact: KnownFact) -> None:
        """Decided, not on disk yet: what it is based on must be what the gateway knows."""
        if isinstance(fact, DebitHeld):
            self._based(machine, fact)
            self._exposed(machine, fact)
            self.decided_s[fact.txid] = trio.current_time()
            self.aims[fact.medium].append(Place(machine, seq, fact))
        elif isinstance(fact, DebitPosted):
            self.marks[fact.medium].append(Place(machine, seq, fact))

    def _based(self, machine: Machine, fact: DebitHeld) -> None:
        target, base = fact.target, fact.base
        if target.given > target.debited:
            self.fail("given", f"G above D: {target}")
        if (target.debited, target.given) != (
            base.debited + fact.debit_minor, base.given + fact.given_minor,
        ):  # fmt: skip
            self.fail("sums", f"{base} and {fact.debit_minor} make {target}")
        if fact.movement == "adjustment":
            # A lock: of a band that is refused, so also of one that is behind. It moves nothing.
            if fact.debit_minor or fact.given_minor or fact.promo_minor or fact.vouchers:
                self.fail("sums", f"a lock takes {fact.debit_minor}")
            return
        for place in self.aims[fact.medium]:
            other = place.fact
            known = other.epoch == fact.epoch and self._knows(machine, place)
            if known and other.target.seq >= target.seq:
                self.fail("seq", f"{target.seq} was to be written already: {other.target}")
        for place in self.marks[fact.medium]:
            mark = place.fact.target
            if place.fact.epoch != fact.epoch or not self._knows(machine, place):
                continue
            if mark.seq > base.seq or mark.debited > base.debited or mark.given > base.given:
                self.fail("high-water", f"{base} is behind {mark}, and nobody notices")
            if mark.seq == base.seq and mark.txh != base.txh:
                self.fail("high-water", f"{base} and {mark} are two bands")

    def _exposed(self, machine: Machine, fact: DebitHeld) -> None:
        history = self.history
        now = trio.current_time()
        last = [
            history.heard_at.get((machine.number, other.number), 0.0)
            for other in history.machines
            if other is not machine
        ]
        if now - min(last) >= HEARD_S:
            if fact.target.exposure < fact.base.exposure + -(-fact.debit_minor // 10):
                self.fail("exposure", f"nobody is heard, and X is {fact.target.exposure}")
            most = fair.r_minor(history.chip_of(fact.medium))
            if fact.target.exposure * 10 > most or not fact.marks & MARK_UNHEARD:
                self.fail("exposure", f"unheard, unmarked or above R: {fact.target}")

    def durable(self, machine: Machine, seq: int, fact: KnownFact) -> None:
        """On disk. What it says must be so."""
        place = Place(machine, seq, fact)
        if isinstance(fact, DebitHeld):
            self.held.setdefault(fact.txid, place).when_s = self.decided_s[fact.txid]
        elif isinstance(fact, DebitPosted):
            self._is_posted(place, fact)
        elif isinstance(fact, DebitVoided):
            self.voided[fact.txid] = place
            if fact.medium in self.history.cloned:
                return  # of two bands each proves something else; what was posted beats it
            if eye.hash4(fact.txid) in self.landed[fact.medium]:
                self.fail("void", f"{fact.evidence}: it is, or was, on the band: {fact.target}")
        elif isinstance(fact, ToppedUp | MediumIssued):
            if machine.number >= self.history.points:
                self.fail("key", f"{machine.number} has no credit key and makes money")
            if isinstance(fact, ToppedUp):
                self.topped[fact.txid] = place
        elif isinstance(fact, CreditApplied):
            self.applied[fact.txid] = place
            self._is_applied(fact)

    def _is_posted(self, place: Place, fact: DebitPosted) -> None:
        held = self.held.get(fact.txid)
        if held is None:
            self.fail("fact", f"posted, but never held: {fact.target}")
            return
        if eye.hash4(fact.txid) not in self.landed[fact.medium]:
            self.fail("truth", f"{fact.evidence}: never on the band: {fact.target}")
        one: DebitHeld = held.fact
        first = self.paid.setdefault((one.basket, one.part), fact.txid)
        if first != fact.txid:
            self.fail("basket", f"taken twice for one basket: {one.debit_minor}")
        if one.reverses and one.movement == "reversal":
            first = self._undone.setdefault(one.reverses, fact.txid)
            if first != fact.txid:
                self.fail("reversal", "one sale is reversed twice")
        if one.movement == "cash_out" and (one.promo_minor or one.given_minor):
            self.fail("promo", "promotional credit is paid out")
        self.posted.setdefault(fact.txid, place)

    def _is_applied(self, fact: CreditApplied) -> None:
        chips = {g.medium: g.band.chip for g in self.history.guests}
        if chips.get(fact.medium) is Chip.UL_EV1_48:
            return
        if self.credited[fact.medium] < fact.to_credited:
            self.fail("truth", f"Ct {fact.to_credited} was never on the band")

    # -- bands ------------------------------------------------------------------------------------

    def wrote(self, hand: Hand, band: Type2, command: bytes) -> None:
        """A command to write has reached a band, or not."""
        seen, medium = eye.look(band), fair.medium_of(band.uid)
        before = self._last.get(id(band))
        self._last[id(band)] = seen
        if seen.credited > self.credited[medium]:
            self._loaded(medium, seen.credited)
        if seen.now is None or (before is not None and before.now == seen.now):
            return
        if before is not None and before.now is not None:
            was, now = before.now, seen.now
            if now.seq <= was.seq or now.debited < was.debited or now.given < was.given:
                self.fail("falls", f"{was}, and then {now}")
        if seen.now.seq and seen.now.hash4 not in self.landed[medium]:
            self._landed(hand, medium, seen.now)
        self.landed[medium][seen.now.hash4] = seen.now
        self.landed_on[medium, seen.now.hash4].add(id(band))
        if seen.now.given > seen.now.debited:
            self.fail("given", f"G above D on a band: {seen.now}")
        paid = [one.fact.to_credited for one in self.topped.values() if one.fact.medium == medium]
        balance = max(self.credited[medium], *paid, 0) - seen.now.spent
        if balance < 0 and medium not in self.history.cloned:
            self.fail("balance", f"{balance} is left on a band")

    def _loaded(self, medium: bytes, credited: int) -> None:
        known = [
            one for one in self.topped.values()
            if one.fact.medium == medium and one.fact.to_credited == credited
        ]  # fmt: skip
        if not known:
            self.fail("law 2", f"Ct {credited} on a band, and no durable fact says so")
        total = sum(
            one.fact.amount_minor for one in self.topped.values() if one.fact.medium == medium
        )
        if credited > total:
            self.fail("created", f"Ct {credited} on a band, {total} was paid")
        self.credited[medium] = credited

    def _landed(self, hand: Hand, medium: bytes, now: eye.Mark) -> None:
        """A slot counts from now on."""
        self.history.note("landed", medium, now.seq, now.debited, now.given)
        place = next(
            (p for p in self.held.values() if eye.hash4(p.fact.txid) == now.hash4), None
        )  # fmt: skip
        if place is None:
            self.fail("law 2", f"{now} on a band, and no durable hold says so")
            return
        fact: DebitHeld = place.fact
        target = fact.target
        if (target.seq, target.debited, target.given) != now[:3]:
            self.fail("law 2", f"{now} on a band, {target} was held")
        if fact.txid in self.voided and medium not in self.history.cloned:
            self.fail("void", f"it was given up, and is on the band: {now}")
        first = self.paid.setdefault((fact.basket, fact.part), fact.txid)
        if first != fact.txid:
            self.fail("basket", f"taken twice for one basket: {fact.debit_minor}")
        work: Work | None = hand.wanted
        if work is not None and work.ask.id == fact.basket:
            self._priced(work, fact)

    def _priced(self, work: Work, fact: DebitHeld) -> None:
        """What a guest expects: debit - given + promo + a water for each voucher = price."""
        taken = fact.debit_minor - fact.given_minor
        free = fact.promo_minor + fair.PRICES[fair.WATER] * fact.vouchers
        if work.ask.kind in ("sale", "refund"):
            wanted = price_of(work.ask)
        elif work.ask.kind == "reversal":
            sold: DebitHeld = self.held[fact.reverses].fact
            wanted, free = sold.given_minor - sold.debit_minor, 0
            if (fact.promo_minor, fact.vouchers) != (sold.promo_minor, sold.vouchers):
                self.fail("price", f"a reversal gives back other promo: {fact.promo_minor}")
        else:
            wanted = work.ask.amount_minor or taken
        if taken + free != wanted:
            self.fail("price", f"{taken} and {free} of promo were taken for {wanted}")

    # -- what guests are told ---------------------------------------------------------------------

    def said(self, machine: Machine, work: Work) -> None:
        """A till has said how it ended."""
        self.words[work.ask.id].append(work.state)
        by_band = work.ask.kind in ("sale", "refund", "cash_out", "reversal")
        if by_band and work.state in ("paid", "done"):
            txid = work.txid or self.paid.get((work.ask.id, work.ask.part), b"")
            place = self.posted.get(txid)
            if place is None or not self._knows(machine, place):
                self.fail("said", f"{work.state}, but no durable posting says so")
        taken = self.paid.get((work.ask.id, work.ask.part)) in self.posted
        undone = work.state in ("not_paid", "not_done", "cancelled")
        if by_band and undone and taken and not {"paid", "done"} & {*self.words[work.ask.id]}:
            self.fail("said", f"{work.state}, but it was taken")
