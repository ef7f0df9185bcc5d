"""When all is over and everybody has heard everything: do all books agree, to the unit?

Summed up from the facts themselves and from the bands, in other words than the fold's. Of an
honest band, where nothing fades:

    left the band (D - G)  =  sum of its postings  =  what the centre has booked
    loaded (Ct)            =  sum of its top-ups that were read back, if its certificate reads
    open holds             =  none: it was shown, and a slot is left whatever was torn
    paid for               =  served, or asked for at a till that died or said *in doubt*

Of a medium with copies `clones` has the bounds.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from crypto.money import DebitHeld, ToppedUp
from drivers.reader import Chip
from edge.core.wallet_conflicts import conflicts
from edge.core.wallet_rows import POSTED
from tests.sim.wallet import centre, clones, eye
from tests.sim.wallet.guests import Guest, Thief

if TYPE_CHECKING:
    from tests.sim.wallet.history import History

#: The centre hears all facts so many times, each time in another order.
ORDERS = 2
UNDONE = ("not_paid", "not_done", "cancelled")


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
        history.fail("band", f"{credits} less {debits} is not {balances}")
    _holds(history)
    clones.check(history)
    _words(history)
    _twice(history)
    _centre(history)


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
    debits = sum(clones.net(fact) for fact in _paid(history, guest.medium))
    credits = _credits(history, guest.medium)
    if seen.now is None:
        if guest.medium in history.checkers.landed:
            history.fail("band", "no slot is left, and nothing has faded")
        return 0, 0, 0
    if seen.now.spent != debits:
        history.fail("band", f"{seen.now.spent} left a band, {debits} stands in the books")
    asked = sum(1 for one in history.checkers.topped.values() if one.fact.medium == guest.medium)
    done = sum(
        1 for txid, one in history.checkers.applied.items() if one.fact.medium == guest.medium
    )
    torn = not seen.credited and asked > done  # a top-up that nobody has finished
    if guest.band.chip is not Chip.UL_EV1_48 and seen.credited != credits and not torn:
        history.fail("band", f"{credits} was loaded, {seen.credited} is on it")
    return credits, debits, credits - seen.now.spent


def _holds(history: History) -> None:
    """Every hold ended as it was. Of a band nothing stays in doubt; of copies only what the last
    look at them cannot show: it landed on one that is gone."""
    seen = history.checkers
    life = history.machines[0].life
    assert life is not None
    listed = {row.txid for row in life.state.wallets.open_holds()}
    shown = {id(band) for guest in history.guests for band in guest.bands}
    for txid, place in seen.held.items():
        fact = place.fact
        where = seen.landed_on[fact.medium, eye.hash4(txid)]
        account = life.state.wallets.account(fact.medium)
        posted = account.status(account.rows[txid]) == POSTED
        if posted != (txid in seen.posted):
            history.fail("truth", f"in the books {posted}, by facts {not posted}: {fact.target}")
        if txid in listed and fact.medium not in history.cloned:
            history.fail("doubt", f"nobody knows of {fact.target}, though the band was shown")
        gone = fact.medium in history.cloned and not where & shown
        if bool(where) != posted and (posted or not gone):
            history.fail("truth", f"on a band: {bool(where)}, in the books: {posted}: {fact}")


def _words(history: History) -> None:
    """What was said is so; what is paid for and was not served is known as unknown."""
    seen = history.checkers
    for guest in history.guests:
        asked = {guest.left, *(ask.id for _, ask in guest.open)}
        for fact in _paid(history, guest.medium):
            words = seen.words[fact.basket]
            if fact.movement == "adjustment" or "paid" in words or "done" in words:
                continue
            if fact.basket not in asked and guest.medium not in history.cloned:
                history.fail("goods", f"paid for, and not served: {words}: {fact.target}")
            if words and words[-1] in UNDONE:
                history.fail("said", f"{words[-1]}, and it is taken: {fact.target}")
        for one in guest.bought:
            if seen.paid.get((one.ask.id, one.ask.part)) not in seen.posted:
                history.fail("goods", "served, and never taken")


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


def _centre(history: History) -> None:
    """The centre's wallets, proofs and doubts are those of the gateways, in whatever order its
    facts came, from whomever, and however often."""
    dice, life = history.dice("centre"), history.machines[0].life
    assert life is not None
    wallets = life.state.wallets
    first, *others = [centre.settled(history.machines, dice) for _ in range(ORDERS)]
    if any(one.books() != first.books() for one in others):
        history.fail("centre", "other orders of the same facts make other books")
    for medium in {place.fact.medium for place in history.checkers.topped.values()}:
        topped = [one.fact for one in history.checkers.topped.values()]
        paid = _paid(history, medium)
        sign = [(-1 if f.movement in ("reversal", "refund") else 1, f) for f in paid]
        expected = centre.Movement(
            sum(f.amount_minor for f in topped if f.medium == medium)
            - sum(clones.net(f) for f in paid),
            -sum(by * f.promo_minor for by, f in sign), -sum(by * f.vouchers for by, f in sign),
        )  # fmt: skip
        if first.balance(medium) != expected:
            history.fail("centre", f"{first.balance(medium)} is booked, {expected} is so")
    doubt = {row.txid for row in wallets.open_holds()}
    if first.in_doubt() != doubt:
        history.fail("centre", f"{len(first.in_doubt())} in doubt, {len(doubt)} at gateways")
    for row in first.sales():
        if row["lines_minor"] != row["debit_minor"] - row["given_minor"] + row["amount_minor"]:
            history.fail("centre", f"lines of {row['lines_minor']} for {row['debit_minor']}")
    by_seq = {tuple(sorted((a, b))) for _, _, _, a, b in first.forks}
    if by_seq != clones.same_seq(history, all_pairs=True):
        history.fail("centre", f"{len(by_seq)} copies are proven, others at gateways")
