"""A receipt of the shift as data, made of what the facts say; a reprint says that it is a copy."""

from typing import Final

from crypto.money import MARK_TRAINING
from crypto.money import Line as BookedLine
from edge.core.pricing import PriceList
from edge.core.receipt import (
    Card,
    Kind,
    Line,
    Merchant,
    Method,
    Payment,
    Receipt,
    tax_totals,
)
from edge.core.till import by_receipt
from edge.core.till_rows import POSTED, Deal
from edge.till.till import Till

#: How much of a pseudonym a receipt shows: enough to tell a guest's bands apart.
MEDIUM_CHARS: Final = 8
_KINDS: Final[dict[str, Kind]] = {
    "sale": "sale", "deposit_return": "deposit_return", "refund": "refund",
    "reversal": "reversal", "cash_out": "cash_out", "top_up": "top_up",
    "top_up_back": "refund",
}  # fmt: skip
#: What the paper calls by a word of its own language.
_OURS: Final = frozenset({"tip", "voucher", "promo", "rounding"})


def receipt_of(till: Till, number: int, *, copy: bool = False) -> Receipt | None:
    """The receipt with this number, of the newest shift of this till; None if there is none."""
    txid = by_receipt(till.tills.book, till.shift_key, number)
    deal = till.tills.book.deals.get(txid)
    prices = till.tills.prices
    if deal is None or prices is None or deal.movement not in _KINDS:
        return None
    cashless = prices.cashless
    first = _first_part(till, deal)
    lines = _lines(first, prices)
    moment = till.tills.gateway.clock.at(deal.hlc >> 16)
    before, after = _balances(till, deal, txid)
    reversed_deal = till.tills.book.deals.get(deal.reverses) if deal.reverses else None
    return Receipt(
        kind=_KINDS[deal.movement],
        number=str(number),
        till=till.place.name,
        at_ms=deal.hlc >> 16,
        offset_minutes=moment.offset_min,
        currency=cashless.currency,
        exponent=cashless.exponent,
        header=tuple(cashless.receipt_head),
        footer=tuple(cashless.receipt_foot),
        cashier=str(deal.operator) if deal.operator else "",
        lines=lines,
        taxes=tax_totals(lines, {tax.letter: tax.rate_bp for tax in cashless.taxes}),
        payments=tuple(_payments(till, first)),
        balance_before_minor=before,
        balance_after_minor=after,
        merchant=_merchant(first, prices),
        training=bool(deal.marks & MARK_TRAINING),
        copy=copy,
        reverses=str(reversed_deal.receipt) if reversed_deal is not None else "",
    )


def _balances(till: Till, deal: Deal, txid: bytes) -> tuple[int | None, int | None]:
    """What was on the band before and after, while the till remembers the work.

    None of a basket in parts, whose receipts tell of all its bands, and of money that went back
    because it was never on the band.
    """
    work = till.works.get((deal.basket, deal.part)) or till.works.get((txid, 0))
    if work is None or work.balance_minor is None or work.receipt != deal.receipt:
        return None, None
    in_parts = deal.part or (deal.otherwise_minor and deal.movement != "top_up")
    if in_parts or not deal.medium or deal.movement == "top_up_back":
        return None, None
    after, moved = work.balance_minor, -deal.band_minor
    if deal.movement == "top_up":
        moved = deal.cash_minor + deal.card_minor + deal.otherwise_minor
    return after - moved, after


def _merchant(deal: Deal, prices: PriceList) -> Merchant | None:
    """Who has sold all of it, where that is not the organiser."""
    found = {
        article.merchant
        for line in deal.lines
        if line.kind == "article" and (article := prices.articles.get(line.article)) is not None
    }
    rows = [row for row in prices.cashless.merchants if found == {row.number}]
    return next(
        (Merchant(name=row.name, address=row.address, tax_id=row.tax_id) for row in rows), None
    )


def _first_part(till: Till, deal: Deal) -> Deal:
    """The part of the basket that has its lines: each receipt of a basket tells the whole of it."""
    if not deal.part:
        return deal
    parts = till.tills.book.of_basket(deal.basket)
    return next((each for _, each in parts if not each.part and each.status == POSTED), deal)


def _lines(deal: Deal, prices: PriceList) -> tuple[Line, ...]:
    if deal.movement == "top_up":
        loaded = deal.cash_minor + deal.card_minor + deal.otherwise_minor
        return (Line(text="", kind="top_up", unit_minor=loaded, total_minor=loaded),)
    if deal.movement == "top_up_back":
        out = deal.cash_minor + deal.card_minor + deal.otherwise_minor
        return (Line(text="", kind="top_up", unit_minor=out, total_minor=out),)
    if deal.movement == "cash_out":
        out = -deal.band_minor
        return (Line(text="", kind="payout", unit_minor=out, total_minor=out),)
    return tuple(_line(each, prices) for each in deal.lines)


def _line(booked: BookedLine, prices: PriceList) -> Line:
    article, tax = prices.articles.get(booked.article), prices.taxes.get(booked.tax)
    text = article.name if article else f"No. {booked.article}"
    if booked.kind in _OURS and not booked.article:
        text = ""
    return Line(
        text=text, kind=booked.kind, quantity=booked.quantity, unit_minor=booked.unit_minor,
        total_minor=booked.total_minor, tax=tax.letter if tax and booked.kind != "tip" else "",
    )  # fmt: skip


def _payments(till: Till, deal: Deal) -> list[Payment]:
    """How it was paid; the first part of a basket tells the others' payments, too."""
    if deal.movement == "cash_out":
        return [Payment(method="cash", amount_minor=-deal.band_minor)]
    if deal.movement in ("top_up", "top_up_back") and deal.method not in ("cash", "card"):
        method: Method = "presale" if deal.method == "presale" else "voucher"
        return [Payment(method=method, amount_minor=deal.otherwise_minor)]
    found = [deal]
    if deal.rest_minor and not deal.part:
        book = till.tills.book
        found += [
            each for txid, each in book.of_basket(deal.basket)
            if each.part and each.status == POSTED and not book.reversals(txid)
        ]  # fmt: skip
    return [payment for each in found for payment in _of(till, each)]


def _of(till: Till, deal: Deal) -> list[Payment]:
    paid: list[Payment] = []
    if deal.band_minor:
        shown = deal.medium.hex()[:MEDIUM_CHARS]
        paid.append(Payment(method="wallet", amount_minor=deal.band_minor, medium=shown))
    if deal.cash_minor:
        paid.append(Payment(method="cash", amount_minor=deal.cash_minor))
    if deal.card_minor:
        known = till.tills.book.cards.get(deal.card)
        card = None
        if known is not None:
            card = Card(scheme=known.scheme, last4=known.last4, trace=known.trace[:11])
        paid.append(Payment(method="card", amount_minor=deal.card_minor, card=card))
    return paid
