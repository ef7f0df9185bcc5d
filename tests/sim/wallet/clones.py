"""Several bands of one UID: what that may cost the house, exactly, and that it is told.

Posted holds are a tree: each stands on the slot that it read, its base. An honest band is a line.
Where two postings stand on one base there were two bands: a *split*. Of the leaves the one with
most taken is what one band could have paid; everything beside its line was had twice.

    loss       = sum of all postings - most that stands on one line
    stretch    = holds on one line made while somebody was not heard, without one in between
                 that was made while everybody was
    k          = stretches beside that line
    w          = debits beside that line that were made while everybody was heard

    loss <= k * R + w,  each stretch <= R,  and of w each was made at most `HEARD_S` after the
    first posting of the other band that would have shown it

Whoever copies a band gains R at each island, and what it is quick enough for.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from crypto.money import MARK_UNHEARD, DebitHeld
from edge.core.wallet_conflicts import conflicts
from edge.till.tills import HEARD_MS
from tests.sim.wallet import fair

if TYPE_CHECKING:
    from tests.sim.wallet.checkers import Place
    from tests.sim.wallet.history import History

#: After so long without a word a sibling counts as unheard, and exposure grows: 5 s, and for how
#: long tills believe what they saw last.
HEARD_S = 5.0 + HEARD_MS / 1000
Slot: TypeAlias = tuple[int, int, int, bytes]


class Tree(NamedTuple):
    """`line`: transactions of the line with most taken; `splits`: of each, who stands on it."""

    postings: dict[bytes, Place]
    line: list[bytes]
    splits: list[list[bytes]]

    @property
    def loss(self) -> int:
        """What was given out beside the line."""
        return sum(net(one.fact) for txid, one in self.postings.items() if txid not in self.line)


def net(fact: DebitHeld) -> int:
    """What a hold takes from a band."""
    return fact.debit_minor - fact.given_minor


def _slot(fact: DebitHeld, which: str) -> Slot:
    slot = getattr(fact, which)
    return (fact.epoch, slot.seq, slot.debited - slot.given, slot.txh)


def tree(history: History, medium: bytes) -> Tree:
    """All that was taken from the bands of one medium."""
    seen = history.checkers
    postings = {
        txid: seen.held[txid] for txid in seen.posted if seen.held[txid].fact.medium == medium
    }
    above: dict[Slot, list[bytes]] = defaultdict(list)
    for txid, place in postings.items():
        above[_slot(place.fact, "base")].append(txid)
    splits = [txids for txids in above.values() if len(txids) > 1]
    best, line = 0, list[bytes]()
    roots = {_slot(place.fact, "target") for place in postings.values()}
    heads = [[txid] for txid, place in postings.items() if _slot(place.fact, "base") not in roots]
    while heads:
        way = heads.pop()
        total = sum(net(postings[txid].fact) for txid in way)
        if total >= best or not line:
            best, line = total, way
        above_it = above[_slot(postings[way[-1]].fact, "target")]
        heads += [[*way, txid] for txid in above_it if txid not in way]
    return Tree(postings, line, splits)


def check(history: History) -> None:
    """All media: an honest band is a line; of others each split is told, and the loss bounded."""
    life = history.machines[0].life
    assert life is not None and life.tills.rules is not None
    wallets = life.state.wallets
    expected = same_seq(history)
    for guest in history.guests:
        found = tree(history, guest.medium)
        if found.splits and guest.medium not in history.cloned:
            history.fail("forks", "an honest band is called a copy")
        for txids in found.splits:
            first, *others = sorted(txids, key=lambda txid: (_place(found.postings[txid]), txid))
            expected |= {tuple(sorted((first, other))) for other in others}
        if guest.medium in history.cloned:
            _bounded(history, guest.medium, found)
    told = [
        one
        for guest in history.guests
        for one in conflicts(wallets, life.tills.rules, guest.medium)
        if one.what == "fork"
    ]
    pairs = {tuple(sorted((one.first, one.second))) for one in told}
    if pairs != expected or len({one.id for one in told}) != len(told):
        history.fail("forks", f"{len(expected)} are proven, {len(told)} are found")
    if any(one.id not in wallets.conflicts for one in told):
        history.fail("forks", "a copy is proven, and nobody has recorded it")
    history.counts["proofs"] += len(expected)


def same_seq(history: History, *, all_pairs: bool = False) -> set[tuple[bytes, ...]]:
    """Pairs of postings that share epoch and seq: each with the first of them, or with all."""
    seen = history.checkers
    by_seq: dict[tuple[bytes, int, int], dict[bytes, Place]] = defaultdict(dict)
    for txid in seen.posted:
        place = seen.held[txid]
        fact = place.fact
        by_seq[fact.medium, fact.epoch, fact.target.seq][txid] = place
    pairs = set()
    for postings in by_seq.values():
        names = sorted(postings, key=lambda txid: (_place(postings[txid]), txid))
        for at, first in enumerate(names if all_pairs else names[:1]):
            pairs |= {tuple(sorted((first, other))) for other in names[at + 1 :]}
    return pairs


def _place(one: Place) -> tuple[int, bytes, int]:
    """By which facts are ordered: clocks, then who, then where."""
    return one.fact.hlc, one.machine.identity, one.seq


def _bounded(history: History, medium: bytes, found: Tree) -> None:
    """The bound, and its parts."""
    beside = {txid: one for txid, one in found.postings.items() if txid not in found.line}
    bound, stretches = 0, 0
    most = fair.r_minor(history.chip_of(medium))
    for group in _stretches(found, beside):
        spent = sum(one.fact.debit_minor for one in group)
        stretches += 1
        if spent > most:
            history.fail("loss", f"{spent} was spent in one stretch unheard, R is {most}")
        bound += most
    for txid, one in beside.items():
        if not one.fact.marks & MARK_UNHEARD:
            bound += one.fact.debit_minor
            _could_not_know(history, found, txid)
    if found.loss > bound:
        history.fail("loss", f"{found.loss} was lost, {stretches} x R and the quick is {bound}")
    history.counts["lost to copies"] += max(0, found.loss)
    history.counts["splits"] += len(found.splits)


def _stretches(found: Tree, beside: dict[bytes, Place]) -> list[list[Place]]:
    by_target = {_slot(one.fact, "target"): txid for txid, one in found.postings.items()}
    groups: dict[bytes, list[Place]] = {}
    belongs: dict[bytes, bytes] = {}
    for txid, one in sorted(beside.items(), key=lambda each: each[1].fact.target.seq):
        if not one.fact.marks & MARK_UNHEARD:
            continue
        below = by_target.get(_slot(one.fact, "base"), b"")
        name = belongs[txid] = belongs.get(below, txid)
        groups.setdefault(name, []).append(one)
    return list(groups.values())


def _could_not_know(history: History, found: Tree, txid: bytes) -> None:
    """Made while everybody was heard: then nothing that shows it was older than `HEARD_S`."""
    seen = history.checkers
    mine = found.postings[txid]
    way, at = {txid}, mine
    by_target = {_slot(one.fact, "target"): name for name, one in found.postings.items()}
    while (below := by_target.get(_slot(at.fact, "base"))) is not None and below not in way:
        way.add(below)
        at = found.postings[below]
    base = mine.fact.base
    for name, other in found.postings.items():
        if name in way or other.fact.epoch != mine.fact.epoch:
            continue
        top = other.fact.target
        shows = top.seq > base.seq or top.debited > base.debited or top.given > base.given
        stands_on_it = txid in _below(found, by_target, name)
        if shows and not stands_on_it and mine.when_s - seen.posted[name].when_s > HEARD_S:
            history.fail("loss", f"{mine.fact.target} was let through, {top} was known by then")


def _below(found: Tree, by_target: dict[Slot, bytes], txid: bytes) -> set[bytes]:
    way: set[bytes] = set()
    below: bytes | None = txid
    while below is not None and below not in way:
        way.add(below)
        below = by_target.get(_slot(found.postings[below].fact, "base"))
    return way
