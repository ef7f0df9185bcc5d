"""Taking back: the reversal of a sale, the refund of goods, and cash for what is on a band."""

from functools import partial

from crypto.money import Line, Movement, Sold
from edge.core.moments import Moment
from edge.core.pricing import Quote, Refused, quote
from edge.core.till import by_receipt, to_reverse, undone
from edge.core.till_reasons import TillReason
from edge.core.till_rows import Deal
from edge.core.wallet import Look, Order
from edge.core.wallet_words import Who
from edge.till.booked import txid_of
from edge.till.cards import give_back
from edge.till.debit import by_band
from edge.till.till import Till
from edge.till.work import TAP_AGAIN, Work


async def reversal(till: Till, work: Work) -> None:
    """Take a sale of this shift back by the means it was paid."""
    ask, book = work.ask, till.tills.book
    if till.shift is None or till.training:
        till.refuse(work, TillReason.TRAINING if till.shift else TillReason.SHIFT_CLOSED)
        return
    txid = ask.reverses
    before = [each for each in book.of_basket(ask.id) if each[1].movement == "reversal"]
    if before and before[0][1].reverses:
        txid = before[0][1].reverses  # begun by a process that died
        if before[0][1].given:
            _same_as_booked(till, work, *before[0])
            return
    found = to_reverse(book, till.shift_key, txid, supervised=ask.supervised)
    if found is TillReason.REVERSED_ALREADY and before:
        found = book.deals[txid]
    if isinstance(found, Deal):
        found = _no_way_back(till, found) or found
    if isinstance(found, TillReason):
        till.refuse(work, found)
        return
    work.lines = undone(found.lines)
    work.amount_minor = -found.net_minor
    if found.method == "band":
        await by_band(till, work, partial(_plan, found, txid))
    elif found.method == "card":
        if not _reversed(till, found) and not await give_back(till, work, found.card):
            till.refuse(work, TillReason.CARD_DECLINED)
            return
        await _book(till, work, txid, 0, found.card_minor, "reversal", found.card)
    else:
        await _book(till, work, txid, -found.cash_minor, 0, "reversal")


def _same_as_booked(till: Till, work: Work, txid: bytes, deal: Deal) -> None:
    """Booked by a process that died before the page heard of it: the same answer."""
    work.already, work.txid, work.receipt = True, txid, deal.receipt
    work.lines, work.amount_minor = deal.lines, deal.net_minor
    till.good(work)


def _no_way_back(till: Till, deal: Deal) -> TillReason | None:
    """Why the money cannot go back at this till by the way it came."""
    if deal.cash_minor > 0 and not till.place.drawer:
        return TillReason.NO_DRAWER
    if deal.method != "card" or _reversed(till, deal):
        return None
    if deal.till != till.number:  # another terminal never heard of this payment
        return TillReason.OTHER_TERMINAL
    return TillReason.NO_TERMINAL if till.terminal is None else None


def _reversed(till: Till, deal: Deal) -> bool:
    """Whether the terminal has given it back already, maybe for a process that died."""
    card = till.tills.book.cards.get(deal.card)
    return card is not None and card.status == "reversed"


def receipt_txid(till: Till, number: int) -> bytes:
    """The transaction of a receipt of the shift that is open here; empty if there is none."""
    return by_receipt(till.tills.book, till.shift_key, number)


def _plan(original: Deal, txid: bytes, till: Till, work: Work, look: Look) -> Order | None:
    if look.medium != original.medium:
        till.show(work, TAP_AGAIN, TillReason.OTHER_BAND)
        return None
    net = original.band_minor
    return Order(
        till.tills.new_id(), work.ask.id, till.who(work.ask), "reversal",
        max(0, -net), max(0, net), original.promo_minor, original.vouchers,
        original.otherwise_minor, 0, txid, original.prices, tuple(work.lines),
    )  # fmt: skip


async def refund(till: Till, work: Work) -> None:
    """Goods come back; the money goes to the band or out of the drawer."""
    ask, tills = work.ask, till.tills
    if till.shift is None or tills.prices is None or till.training:
        reason = TillReason.SHIFT_CLOSED if till.shift is None else TillReason.NO_PRICES
        till.refuse(work, TillReason.TRAINING if till.training else reason)
        return
    for txid, deal in tills.book.of_basket(ask.id):
        if deal.given:
            _same_as_booked(till, work, txid, deal)
            return
    found = quote(tills.prices, ask.basket, tills.gateway.clock.now().ms)
    if isinstance(found, Refused) or found.total_minor <= 0:
        because = found.reason if isinstance(found, Refused) else TillReason.NOTHING_TO_PAY
        till.refuse(work, because)
        return
    work.lines, work.amount_minor = undone(found.lines), -found.total_minor
    if txid_of(tills, ask) in tills.book.done:  # in a shift that has its Z
        work.already, work.txid = True, txid_of(tills, ask)
        till.good(work)
        return
    if ask.method == "band":
        await by_band(till, work, partial(_refund_plan, found))
    elif not till.place.drawer:
        till.refuse(work, TillReason.NO_DRAWER)
    else:
        await _book(till, work, b"", -found.total_minor, 0, "refund")


def _refund_plan(found: Quote, till: Till, work: Work, look: Look) -> Order | None:
    return Order(
        till.tills.new_id(), work.ask.id, till.who(work.ask), "refund", 0, found.total_minor,
        prices=found.prices, lines=tuple(work.lines), attempts=work.ask.attempts,
    )  # fmt: skip


async def cash_out(till: Till, work: Work) -> None:
    """What is on the band goes out of the drawer: never promotional credit, never overdraft."""
    if till.shift is None:
        till.refuse(work, TillReason.SHIFT_CLOSED)
    elif till.training:
        till.refuse(work, TillReason.TRAINING)
    elif not till.place.drawer:
        till.refuse(work, TillReason.NO_DRAWER)
    else:
        await by_band(till, work, _cash_out_plan)


def _cash_out_plan(till: Till, work: Work, look: Look) -> Order | None:
    asked = work.ask.amount_minor
    free = max(0, min(look.balance_minor, look.spendable_minor))
    work.amount_minor = free if asked is None else asked
    if work.amount_minor <= 0 and look.refusal is None:
        till.refuse(work, TillReason.NOTHING_TO_PAY)
        return None
    return Order(
        till.tills.new_id(),
        work.ask.id,
        till.who(work.ask),
        "cash_out",
        work.amount_minor,
        attempts=work.ask.attempts,
    )


async def _book(
    till: Till, work: Work, reverses: bytes, cash_minor: int, card_minor: int,
    movement: Movement, card: bytes = b"",
) -> None:  # fmt: skip
    """Record what went back without a band."""
    if reverses and till.tills.book.reversals(reverses):  # while a terminal was asked
        till.refuse(work, TillReason.REVERSED_ALREADY)
        return
    txid, who = txid_of(till.tills, work.ask), till.who(work.ask)
    make = partial(
        _sold, till, work.ask.id, work.lines, txid, who, (cash_minor, card_minor), card, reverses,
        movement,
    )  # fmt: skip
    if await till.booked(work, txid, make, moved=bool(card)):
        till.good(work)


def _sold(
    till: Till, basket: bytes, lines: list[Line], txid: bytes, who: Who, amounts: tuple[int, int],
    card: bytes, reverses: bytes, movement: Movement, hlc: int, now: Moment,
) -> Sold:  # fmt: skip
    prices = till.tills.prices.version if till.tills.prices is not None else 0
    return Sold(
        hlc, now.day, now.offset_min, txid, who.till, who.operator, who.shift, who.marks, basket,
        0, movement, *amounts, card, b"", 0, 0, reverses, prices, lines, till.next_receipt(),
    )  # fmt: skip
