"""A basket is paid: by a band, in cash, by card, or in parts.

The first part of a basket has its lines and says what is paid otherwise; later parts only pay.
"""

from functools import partial
from typing import Final

from crypto.money import MARK_TRAINING, Movement, Sold
from edge.core.moments import Moment
from edge.core.pricing import Means, Quote, Refused, quote
from edge.core.till_reasons import TillReason
from edge.core.till_rows import POSTED, Deal
from edge.core.wallet import Look, Order
from edge.core.wallet_words import Who
from edge.till.booked import of_a_dead_process, priced_at, txid_of
from edge.till.cards import by_card
from edge.till.debit import by_band
from edge.till.till import Till
from edge.till.work import Ask, Work

_PRICED: Final = ("items", "tip_minor", "tip_percent", "vouchers")


async def sale(till: Till, work: Work) -> None:
    """Serve a sale to its end."""
    reason = _wrong(till, work) or _begin(till, work)
    if reason is not None:
        till.refuse(work, reason)
        return
    if work.over:
        return
    ask = work.ask
    if till.training:
        await _book(till, work, 0, 0, marks=MARK_TRAINING)
    elif ask.method == "band":
        await by_band(till, work, plan)
    elif ask.method == "cash":
        await _book(till, work, work.amount_minor, 0)
    else:
        txid = await by_card(till, work, "sale", work.amount_minor)
        if txid:
            await _book(till, work, 0, work.amount_minor, card=txid)


def _wrong(till: Till, work: Work) -> TillReason | None:
    ask, place = work.ask, till.place
    if till.shift is None:
        return TillReason.SHIFT_CLOSED
    if ask.method != "band" and not till.training:
        if place.only_bands or (till.tills.prices and till.tills.prices.cashless.only_bands):
            return TillReason.NO_CASH_HERE
        if ask.method == "cash" and not place.drawer:
            return TillReason.NO_DRAWER
        if ask.method == "card" and till.terminal is None:
            return TillReason.NO_TERMINAL
    return None


def _begin(till: Till, work: Work) -> TillReason | None:
    """Price the basket as it was quoted, and find what is left to pay."""
    ask = work.ask
    txid, first, paid_minor = _paid_before(till, ask)
    if first is not None and first.part == ask.part and first.status == POSTED:
        _same_as_booked(till, work, txid, first)
        return None
    if first is None and ask.id not in till.quotes and _paid_before_z(till, work):
        return None
    if first is None and ask.id not in till.quotes and of_a_dead_process(till.tills, ask.id):
        return TillReason.QUOTED_BEFORE
    found = _quoted(till, ask)
    if isinstance(found, Refused):
        return found.reason
    work.quote = work.plain = found
    work.lines = found.lines
    if ask.total_minor is not None and ask.total_minor != found.total_minor:
        return TillReason.PRICE_CHANGED
    total = found.total_minor
    if first is not None and ask.part:
        if till.tills.book.reversals(txid):
            return TillReason.REVERSED_ALREADY
        total = first.net_minor + first.rest_minor - paid_minor
        work.lines = []
        if total <= 0:
            return TillReason.NOTHING_TO_PAY
    elif ask.part:
        return TillReason.UNKNOWN_SALE
    amount = total if ask.amount_minor is None else ask.amount_minor
    if ask.amount_minor is not None and not 0 < amount <= total:
        return TillReason.NOTHING_TO_PAY
    if amount <= 0 and ask.method == "card" and not till.training:
        return TillReason.NOTHING_TO_PAY  # no terminal pays a guest for cups
    work.amount_minor, work.left_minor = amount, total - amount
    if found.age and ask.method != "band":
        till.ask_cashier(work, "age")
    return None


def _paid_before(till: Till, ask: Ask) -> tuple[bytes, Deal | None, int]:
    """The deal that this part follows (or its own), and what the basket's parts have paid."""
    deals = [
        (txid, deal) for txid, deal in till.tills.book.of_basket(ask.id)
        if deal.status == POSTED and deal.movement in ("sale", "deposit_return")
    ]  # fmt: skip
    undone = till.tills.book.reversals
    alike = [each for each in deals if bool(each[1].marks & MARK_TRAINING) == till.training]
    paid_minor = sum(deal.net_minor for txid, deal in alike if not undone(txid))
    for part, found in ((ask.part, deals), (0, alike)):  # training pays nothing of what is real
        for txid, deal in found:
            if deal.part == part:
                return txid, deal, paid_minor
    return b"", None, paid_minor


def _paid_before_z(till: Till, work: Work) -> bool:
    """Whether cash or a card has paid for it in a shift that has its Z: no movement tells it any
    more."""
    ask, book = work.ask, till.tills.book
    txid, amount_minor = b"", ask.amount_minor or ask.total_minor or 0
    if ask.method == "cash" and txid_of(till.tills, ask) in book.done:
        txid = txid_of(till.tills, ask)
    for _, card in () if ask.part else book.cards_of(ask.id):
        if card.used and card.status == "approved":
            txid, amount_minor = card.used, card.amount_minor
    if txid:
        work.already, work.txid, work.amount_minor = True, txid, amount_minor
        till.good(work)
    return bool(txid)


def _same_as_booked(till: Till, work: Work, txid: bytes, deal: Deal) -> None:
    """Paid before this process knew of it: the same answer (`edge.till.booked` has compared)."""
    work.already, work.receipt, work.lines = True, deal.receipt, deal.lines
    work.amount_minor, work.left_minor = deal.net_minor, deal.rest_minor
    work.medium, work.txid = deal.medium, txid
    till.good(work)


def _quoted(till: Till, ask: Ask) -> Quote | Refused:
    """The basket at the moment it was quoted, also when a phase has begun since."""
    prices = till.tills.prices
    if prices is None:
        return Refused(TillReason.NO_PRICES)
    kept = till.quotes.get(ask.id)
    if kept is not None and _same_basket(kept[0], ask):
        at_ms = kept[1].at_ms
        # When another price list has come since, the basket has its price all the same.
        if kept[1].prices != prices.version or kept[0].confirmed_age == ask.confirmed_age:
            return kept[1]
    else:
        at_ms = priced_at(till.tills, ask.id)
    return quote(prices, ask.basket, at_ms)


def _same_basket(one: Ask, other: Ask) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in _PRICED)


def plan(till: Till, work: Work, look: Look) -> Order | None:
    """What the band shall pay; vouchers and promotional credit of its wallet come first."""
    ask, found = work.ask, work.plain
    assert found is not None
    first = not ask.part
    if first and ask.amount_minor is None:
        priced = _with_means(till, work, look, found)
        if isinstance(priced, TillReason):
            till.refuse(work, priced)
            return None
        found = priced
        work.quote, work.lines = found, found.lines
        work.amount_minor, work.left_minor = found.total_minor, 0
    amount = work.amount_minor
    if found.age and "age" not in work.confirmed:
        till.ask_cashier(work, "age")
        return None
    again = till.same_again(look.medium, amount) and "same_amount" not in work.confirmed
    if again and amount > 0:
        till.ask_cashier(work, "same_amount")
        return None
    whole = first and not work.left_minor
    debit = found.debit_minor if whole else amount
    given = found.given_minor if whole else 0
    movement: Movement = "sale" if debit or not given else "deposit_return"
    return Order(
        till.tills.new_id(), ask.id, till.who(ask), movement, debit, given,
        found.promo_minor if first else 0, found.vouchers if first else 0,
        work.left_minor if first else 0, ask.part, b"", found.prices,
        tuple(work.lines) if first else (), attempts=work.ask.attempts,
    )  # fmt: skip


def _with_means(till: Till, work: Work, look: Look, found: Quote) -> Quote | TillReason:
    prices = till.tills.prices
    if prices is None:  # another bundle has come since
        return TillReason.NO_PRICES
    ages = look.wallet_class.ages if look.wallet_class else ()
    if not look.promo_minor and not look.vouchers and not (ages and found.age):
        return found
    if found.prices != prices.version:
        return found
    promo, vouchers = look.promo_minor, look.vouchers
    if work.promo_most is not None:
        promo = min(promo, work.promo_most)
    if work.vouchers_most is not None:
        vouchers = min(vouchers, work.vouchers_most)
    means = Means(max(0, promo), max(0, vouchers), ages)
    again = quote(prices, work.ask.basket, found.at_ms, means)
    return again.reason if isinstance(again, Refused) else again


async def _book(
    till: Till, work: Work, cash_minor: int, card_minor: int, card: bytes = b"", marks: int = 0
) -> None:
    """Record what was paid without a band."""
    if work.question is not None:
        while work.question is not None:
            await work.changed.wait()
        if work.over or _paid_meanwhile(till, work):
            return
    if card and till.tills.book.cards[card].used:
        if not _paid_meanwhile(till, work):
            till.refuse(work, TillReason.OTHER_CONTENT)
        return
    txid = till.tills.new_id() if card else txid_of(till.tills, work.ask)
    who = till.who(work.ask, marks)
    if marks & MARK_TRAINING:
        cash_minor, card_minor = work.amount_minor, 0
    make = partial(_sold, till, work, txid, who, cash_minor, card_minor, card)
    if await till.booked(work, txid, make, moved=bool(card)):
        till.good(work)


def _paid_meanwhile(till: Till, work: Work) -> bool:
    """Whether another till has booked this part while cashier or terminal were asked here."""
    txid, deal, _ = _paid_before(till, work.ask)
    if deal is None or deal.part != work.ask.part:
        return False
    _same_as_booked(till, work, txid, deal)
    return True


def _sold(
    till: Till, work: Work, txid: bytes, who: Who, cash_minor: int, card_minor: int, card: bytes,
    hlc: int, now: Moment,
) -> Sold:  # fmt: skip
    quoted, ask = work.quote, work.ask
    assert quoted is not None
    movement: Movement = "deposit_return" if quoted.total_minor < 0 else "sale"
    return Sold(
        hlc, now.day, now.offset_min, txid, who.till, who.operator, who.shift, who.marks, ask.id,
        ask.part, movement, cash_minor, card_minor, card, b"", 0, 0, b"", quoted.prices,
        [] if ask.part else list(quoted.lines), till.next_receipt(),
    )  # fmt: skip
