"""What the facts know of a name that this process does not: it may have been used before a restart.

The same name with the same content gets the same answer; other content is refused by the first
field that the facts tell apart. A basket of which the facts know nothing may have been refused, and
what was refused stays refused: it has to be priced anew.
"""

import hashlib
from collections import Counter
from typing import Final

from crypto.money import MARK_TRAINING, Line
from edge.core.till import undone
from edge.core.till_rows import VOIDED, CardPayment, Deal
from edge.core.wallet_rows import POSTED
from edge.till.tills import Tills
from edge.till.work import Ask, code_hash

#: How long a basket keeps its price when its process is no more.
REQUOTE_MS: Final = 30 * 60_000
_MAY_HAVE_PAID: Final = frozenset({"", "unknown", "approved"})
#: What is booked of a kind of work, by its movement; "sale" also gives deposit back.
_MOVEMENTS: Final[dict[str, tuple[str, ...]]] = {
    "sale": ("sale", "deposit_return"), "top_up": ("top_up",), "reversal": ("reversal",),
    "refund": ("refund",), "cash_out": ("cash_out",), "money_back": ("top_up_back",),
}  # fmt: skip


def of_a_dead_process(tills: Tills, basket: bytes) -> bool:
    """Whether an earlier process of this gateway priced the basket, and no fact says that its
    payment was begun. This one knows what it has priced."""
    if not tills.made(basket) or any(basket in till.quotes for till in tills.tills.values()):
        return False
    book = tills.book
    begun = any(deal.status != VOIDED for _, deal in book.of_basket(basket))
    # What bands have paid is remembered when the shift has its Z, too.
    begun |= any(row.ended & POSTED for row in tills.gateway.state.wallets.baskets.get(basket, ()))
    cards = book.cards_of(basket)
    return not begun and not any(card.status in _MAY_HAVE_PAID for _, card in cards)


def txid_of(tills: Tills, ask: Ask) -> bytes:
    """The transaction that books a work in cash here: the same whenever it is asked for, and never
    forgotten, also not with the movements of a shift that has its Z."""
    own = tills.gateway.identity
    named = hashlib.sha256(own + ask.id + bytes((ask.part,))).digest()
    return ask.id[:6] + own[:3] + named[:7]


def unbooked(tills: Tills, basket: bytes) -> list[tuple[bytes, CardPayment]]:
    """Card payments here for this name that may have paid and that nothing is booked with."""
    return [
        (txid, card) for txid, card in tills.book.cards_of(basket)
        if card.gateway == tills.gateway.identity
        and card.status in _MAY_HAVE_PAID and not card.used
    ]  # fmt: skip


def priced_at(tills: Tills, basket: bytes) -> int:
    """When a basket that this process did not price was, as its id says (unix milliseconds): a
    price outlives its process, and nothing older than half an hour."""
    now_ms = tills.gateway.clock.now().ms
    made_ms = int.from_bytes(basket[:6], "big")
    return made_ms if now_ms - REQUOTE_MS <= made_ms <= now_ms else now_ms


def difference_booked(tills: Tills, ask: Ask) -> str:
    """The first field in which a work differs from what the facts say of its name, or ""."""
    deals = [deal for _, deal in tills.book.of_basket(ask.id)]
    if not deals:
        return _difference_unbooked(tills, ask)
    if ask.kind not in _MOVEMENTS or deals[0].movement not in _MOVEMENTS[ask.kind]:
        return "kind"
    for deal in deals:
        if deal.part == ask.part and deal.status != VOIDED:
            return _difference(tills, deal, ask)
    return _difference_unbooked(tills, ask)


def _difference_unbooked(tills: Tills, ask: Ask) -> str:
    """A card that may have paid for this name: nobody pays for it otherwise, or once more."""
    whole = ask.total_minor if ask.kind == "sale" and not ask.part else None
    amount = ask.amount_minor if ask.amount_minor is not None else whole
    for _, card in unbooked(tills, ask.id):
        if ask.method != "card":
            return "method"
        if amount not in (None, card.amount_minor):
            return "amount_minor"
    return ""


def _difference(tills: Tills, deal: Deal, ask: Ask) -> str:
    same: dict[str, bool] = {}
    if ask.kind in ("sale", "refund", "top_up") and not deal.marks & MARK_TRAINING:
        same["method"] = deal.method == ask.method
    if ask.kind in ("sale", "refund") and not deal.part:
        lines = deal.lines if ask.kind == "sale" else undone(deal.lines)
        same["items"] = _items(lines, ask)
        same |= _priced(lines, ask) if ask.kind == "sale" else {}
    if ask.kind == "top_up" and ask.method == "voucher":
        topped = tills.gateway.state.wallets.account(deal.medium).credits.get(ask.id)
        same["code"] = topped is None or topped.source == code_hash(ask.code)
    elif ask.kind == "top_up":
        same["amount_minor"] = deal.net_minor == ask.amount_minor
    elif ask.kind == "cash_out" or (ask.kind == "sale" and not ask.take_left):
        same["amount_minor"] = ask.amount_minor in (None, deal.net_minor)
    elif ask.kind == "reversal":
        same["reverses"] = deal.reverses == ask.reverses
    return next((field for field in same if not same[field]), "")


def _items(lines: list[Line], ask: Ask) -> bool:
    """Whether these lines come from what is asked: so many of each article, at typed prices."""
    booked = Counter[int]()
    for line in lines:
        if line.kind == "article" or (line.kind == "deposit" and line.quantity < 0):
            booked[line.article] += line.quantity
    asked = Counter[int]()
    for item in ask.items:
        asked[item.article] += item.quantity or 1
    typed = [(item.article, item.price_minor) for item in ask.items if item.price_minor is not None]
    named = {article for article, _ in typed}
    units = [(line.article, line.unit_minor) for line in lines if line.article in named]
    return booked == asked and sorted(typed) == sorted(units)


def _priced(lines: list[Line], ask: Ask) -> dict[str, bool]:
    """A tip and a total, as far as the lines of a receipt tell them."""
    by_kind = Counter[str]()
    for line in lines:
        by_kind[line.kind] += line.total_minor
    tip, wanted = by_kind["tip"], ask.tip_minor
    if ask.tip_percent:
        wanted = (by_kind["article"] * ask.tip_percent + 50) // 100
    total = by_kind["article"] + by_kind["deposit"] + tip
    return {
        "tip_percent" if ask.tip_percent else "tip_minor": tip == wanted,
        "total_minor": ask.total_minor in (None, total),
    }
