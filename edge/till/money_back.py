"""The money of a top-up that never reached its band goes back to the guest, the way it came.

First the band must show that it is not there (`edge.core.money_back`), then the cashier agrees. A
card's terminal gives its payment back before the fact that ends the top-up; cash leaves the drawer
after it. A top-up whose card was reversed is never written any more (`close_returned`), so that a
process which dies in between gives nothing twice.
"""

from functools import partial
from typing import Final

from drivers.reader import Sensed
from edge.core.money_back import half_written, to_give_back, voided
from edge.core.till_reasons import TillReason
from edge.core.wallet import Look
from edge.core.wallet_rows import Topped
from edge.till.bands import write_band
from edge.till.cards import give_back
from edge.till.debit import looked
from edge.till.tapping import serve_taps
from edge.till.till import Till
from edge.till.tills import with_receipt
from edge.till.work import DONE, Work

#: Payments that brought no money, or none any more.
_RETURNED: Final = frozenset({"reversed", "declined", "declined_late"})


async def money_back(till: Till, work: Work) -> None:
    """Serve it to its end. Its id is the transaction by which the money goes back."""
    book = till.tills.book
    before = book.deals.get(work.ask.id)
    reason = None
    if till.shift is None:
        reason = TillReason.SHIFT_CLOSED
    elif till.training:
        reason = TillReason.TRAINING
    if reason is not None:
        till.refuse(work, reason)
    elif before is not None:
        work.already = True
        work.txid, work.receipt = work.ask.id, before.receipt
        out = before.cash_minor + before.card_minor + before.otherwise_minor
        _done(till, work, -out, before.method)
    else:
        await serve_taps(till, work, partial(_tap, till, work))


async def _tap(till: Till, work: Work, sensed: Sensed) -> None:
    look = await _seen(till, work, sensed)
    if look is None:
        return
    found = to_give_back(look, till.who(work.ask), till.tills.gateway.identity)
    work.balance_minor = look.balance_minor
    if not isinstance(found, Topped):
        till.refuse(work, found)
        return
    work.amount_minor = found.amount
    reason = _wrong(till, work, found)
    if reason is not None:
        till.refuse(work, reason)
    elif "money_back" not in work.confirmed or work.txid != found.txid:
        work.txid = found.txid  # another one, of another band, is asked for again
        work.confirmed.discard("money_back")
        till.ask_cashier(work, "money_back")
    else:
        await _give(till, work, found)


async def _seen(till: Till, work: Work, sensed: Sensed) -> Look | None:
    """What the band says, once half a certificate beside a whole one is wiped off it."""
    assert till.reader is not None
    look, _, _ = await looked(till, work, sensed)
    if look is not None and look.unfinished and look.refusal is None:
        half = half_written(look)
        if half:
            await write_band(till.reader, half)
            look, _, _ = await looked(till, work, sensed)
    return look


def _wrong(till: Till, work: Work, topped: Topped) -> TillReason | None:
    book = till.tills.book
    deal, card = book.deals.get(topped.txid), book.cards.get(topped.source)
    own = deal is not None and (deal.gateway, deal.till, deal.shift) == till.shift_key
    if not own and not work.ask.supervised:
        return TillReason.TOPPED_ELSEWHERE
    if topped.method == "cash" and not till.place.drawer:
        return TillReason.NO_DRAWER
    if topped.method != "card" or returned(till, topped):
        return None
    here = (till.tills.gateway.identity, till.number)
    if card is None or (card.gateway, card.till) != here:
        return TillReason.OTHER_TERMINAL
    return TillReason.NO_TERMINAL if till.terminal is None else None


def returned(till: Till, topped: Topped) -> bool:
    """Whether the card that paid for it has its money again."""
    card = till.tills.book.cards.get(topped.source) if topped.method == "card" else None
    return card is not None and card.status in _RETURNED


async def _give(till: Till, work: Work, topped: Topped) -> None:
    make = with_receipt(voided(till.who(work.ask), topped, work.ask.id), till.next_receipt)
    card = topped.method == "card"
    if card and not returned(till, topped) and not await give_back(till, work, topped.source):
        till.refuse(work, TillReason.CARD_KEPT)
        return
    if await till.booked(work, work.ask.id, make, moved=card):
        _done(till, work, topped.amount, topped.method)


def _done(till: Till, work: Work, amount_minor: int, method: str) -> None:
    work.amount_minor = amount_minor
    till.end(work, DONE, f"back_{method}" if method in ("cash", "card") else "back_code")


async def close_returned(till: Till, work: Work, look: Look) -> bool:
    """End a top-up whose card was reversed by a process that died before it could say so. Whether
    this one was; then it must not be written."""
    topped = look.account.credits.get(look.unfinished)
    card = till.tills.book.cards.get(topped.source) if topped is not None else None
    if topped is None or card is None or card.status != "reversed":
        return False
    who = till.who(work.ask)
    if isinstance(to_give_back(look, who, till.tills.gateway.identity), Topped):
        make = voided(who, topped, till.tills.new_id())
        await till.tills.durable(till.tills.record(with_receipt(make, till.next_receipt)))
    return True
