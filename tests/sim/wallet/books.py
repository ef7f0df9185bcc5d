"""When all is over and everybody has heard everything: do all books agree, to the unit?

Summed up from the facts themselves and from the bands, in other words than the fold's.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from crypto.money import DebitHeld, ToppedUp
from drivers.reader import Chip
from edge.core.wallet_conflicts import conflicts
from tests.sim.wallet import eye, fair
from tests.sim.wallet.guests import Guest, Thief

if TYPE_CHECKING:
    from tests.sim.wallet.history import History


def check(history: History) -> None:
    """All of it."""
    _alike(history)
    credits = debits = balances = 0
    for guest in history.guests:
        if isinstance(guest, Thief) or guest.medium in history.cloned:
            continue
        one = _band(history, guest)
        credits, debits, balances = (
            credits + one[0], debits + one[1], balances + one[2],
        )  # fmt: skip
    if credits - debits != balances:
        history.fail("sum", f"{credits} less {debits} is not {balances}")
    _holds(history)
    _forks(history)
    _twice(history)


def _alike(history: History) -> None:
    states = []
    for machine in history.machines:
        assert machine.life is not None
        states.append(machine.life.state.digest())
    if len(set(states)) != 1:
        history.fail("alike", "all know the same facts, and states differ")


def _paid(history: History, medium: bytes) -> list[DebitHeld]:
    """What was taken from a medium, once each."""
    seen = history.checkers
    return [seen.held[txid].fact for txid in seen.posted if seen.held[txid].fact.medium == medium]


def _credits(history: History, medium: bytes) -> int:
    seen = history.checkers
    facts: list[ToppedUp] = [one.fact for one in seen.topped.values()]
    return sum(f.amount_minor for f in facts if f.medium == medium and f.txid in seen.applied)


def _band(history: History, guest: Guest) -> tuple[int, int, int]:
    """Credits, debits and balance of one honest band."""
    seen = eye.look(guest.band)
    debits = sum(f.debit_minor - f.given_minor for f in _paid(history, guest.medium))
    credits = _credits(history, guest.medium)
    if seen.now is None:
        # Torn, and torn again while the slot that was left was mended: the desk asks the books.
        if debits or credits:
            history.counts["both slots gone"] += 1
            _known_at_the_desk(history, guest, debits)
        return credits, debits, credits - debits
    if seen.now.spent != debits:
        history.fail("band", f"{seen.now.spent} left a band, {debits} stands in the books")
    asked = sum(1 for one in history.checkers.topped.values() if one.fact.medium == guest.medium)
    done = sum(
        1 for txid, one in history.checkers.applied.items() if one.fact.medium == guest.medium
    )
    torn = not seen.credited and asked > done  # a top-up that nobody has finished
    if guest.band.chip is not Chip.UL_EV1_48 and seen.credited < credits and not torn:
        history.fail("band", f"{credits} was loaded, {seen.credited} is on it")
    for one in guest.bought:
        txid = history.checkers.paid.get((one.ask.id, one.ask.part))
        if txid not in history.checkers.posted:
            history.fail("goods", "served, and never taken")
    return credits, debits, credits - seen.now.spent


def _known_at_the_desk(history: History, guest: Guest, debits: int) -> None:
    life = history.machines[0].life
    assert life is not None
    mark = life.state.wallets.account(guest.medium).mark
    if mark.debited - mark.given != debits:
        history.fail("band", f"no slot is left, and {debits} is not known: {mark}")


def _holds(history: History) -> None:
    """Every hold ended as it was; what stays in doubt was really not seen again."""
    seen = history.checkers
    life = history.machines[0].life
    assert life is not None
    listed = {row.txid for row in life.state.wallets.open_holds()}
    for txid, place in seen.held.items():
        fact = place.fact
        landed = eye.hash4(txid) in seen.landed[fact.medium]
        account = life.state.wallets.account(fact.medium)
        posted = account.status(account.rows[txid]) == 1
        if txid in seen.posted and not posted:
            history.fail("truth", f"posted with evidence, and not posted: {fact.target}")
        if txid in listed:
            if fact.medium not in history.cloned:
                history.fail("doubt", f"nobody knows of {fact.target}, though the band was shown")
        elif landed != posted and (posted or fact.medium not in history.cloned):
            history.fail("truth", f"on a band: {landed}, in the books: {posted}: {fact.target}")


def _forks(history: History) -> None:
    """Two bands of one UID: proof for each, once; and no more was lost than R at each island."""
    seen = history.checkers
    life = history.machines[0].life
    assert life is not None
    rules = life.tills.rules
    assert rules is not None
    for guest in history.guests:
        proofs = len(_proven(history, guest.medium))
        found = [
            one for one in conflicts(life.state.wallets, rules, guest.medium) if one.what == "fork"
        ]
        if proofs != len(found) or len({one.id for one in found}) != len(found):
            history.fail("forks", f"{proofs} are proven, {len(found)} are found")
        recorded = life.state.wallets.conflicts
        if any(one.id not in recorded for one in found):
            history.fail("forks", "a copy is proven, and nobody has recorded it")
        if proofs and guest.medium not in history.cloned:
            history.fail("forks", "an honest band is called a copy")
        if guest.medium in history.cloned:
            history.counts["proofs"] += proofs
            lost = sum(f.debit_minor - f.given_minor for f in _paid(history, guest.medium))
            lost -= max(seen.credited[guest.medium], _credits(history, guest.medium))
            islands = len(history.machines)
            if lost > islands * (fair.R_MINOR + 1500):
                history.fail("loss", f"{lost} was lost at {islands} islands")


def _proven(history: History, medium: bytes) -> set[tuple[bytes, bytes]]:
    """(first, later) of debits that came to one seq, or that went on from one slot: two bands, with
    a signed fact for each."""
    seen = history.checkers
    places = [seen.held[txid] for txid in seen.posted if seen.held[txid].fact.medium == medium]
    firsts: dict[tuple[object, ...], DebitHeld] = {}
    pairs = set()
    for place in sorted(places, key=lambda one: (one.fact.hlc, one.machine.identity, one.seq)):
        fact: DebitHeld = place.fact
        for step in ((fact.epoch, fact.target.seq), (fact.epoch, fact.base)):
            first = firsts.setdefault(step, fact)
            if first.txid != fact.txid:
                pairs.add((first.txid, fact.txid))
    return pairs


def _twice(history: History) -> None:
    """Codes and promotional credit: used once, or the second use is known as a conflict."""
    seen = history.checkers
    life = history.machines[0].life
    assert life is not None and life.tills.rules is not None
    users: dict[bytes, list[ToppedUp]] = defaultdict(list)
    for place in seen.topped.values():
        if place.fact.method == "voucher":
            users[place.fact.source].append(place.fact)
    found = {
        one.id: one
        for guest in history.guests
        for one in conflicts(life.state.wallets, life.tills.rules, guest.medium)
    }
    told = [one for one in found.values() if one.what == "voucher"]
    if any(one.id not in life.state.wallets.conflicts for one in told):
        history.fail("voucher", "a code was used twice, and nobody has recorded it")
    extra = sum(len(facts) - 1 for facts in users.values())
    if extra != len(told):
        history.fail("voucher", f"{extra} codes were used twice, {len(told)} are known")
    history.counts["codes twice"] += extra
    overdrawn = {one.medium for one in found.values() if one.what == "overdrawn"}
    for medium in history.promo:
        paid = _paid(history, medium)
        sign = [(-1 if f.movement in ("reversal", "refund") else 1, f) for f in paid]
        promo = sum(by * f.promo_minor for by, f in sign)
        free = sum(by * f.vouchers for by, f in sign)
        over = promo > history.promo[medium][0] or free > history.promo[medium][1]
        if over != (medium in overdrawn):
            history.fail("promo", f"{promo} and {free} of {history.promo[medium]} were used")
