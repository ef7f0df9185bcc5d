"""What tills have sold, taken and counted, as a function of the *set* of facts (law 3).

A `Deal` is one movement of money by its transaction: it counts once its making fact and its
outcome are both known, in whatever order they came. Totals belong to the shift of the making fact.
Deals that are over lie packed (`till_packs`); those of a shift with a Z are forgotten once they are
counted, their transactions are not.
"""

from typing import Any, Final

import msgspec

from crypto.money import (
    MARK_TRAINING,
    CardApproved,
    CardAuthorizationStarted,
    CardDeclined,
    CardReversed,
    CardUnknown,
    CashMoved,
    ClosingMade,
    CreditApplied,
    CreditVoided,
    DebitHeld,
    DebitPosted,
    DebitVoided,
    GoodsAnswered,
    MoneyFact,
    ShiftClosed,
    ShiftOpened,
    Sold,
    ToppedUp,
)
from edge.core.buckets import IdSet
from edge.core.till_packs import Deals, Done
from edge.core.till_rows import (
    OPEN,
    POSTED,
    VOIDED,
    CardPayment,
    Deal,
    Dumped,
    Shift,
    ShiftKey,
    TillKey,
    TillSum,
)
from edge.core.till_totals import LOADS, add_deal

_ENCODER: Final = msgspec.msgpack.Encoder()


class TillBook:
    """The fold. `fold` is called once per fact; the caller sees to that."""

    def __init__(self) -> None:
        self.deals = Deals()
        self.shifts: dict[ShiftKey, Shift] = {}
        self.tills: dict[TillKey, TillSum] = {}
        self.cards: dict[bytes, CardPayment] = {}
        #: By basket: the last word on whether goods were given, and when it was said.
        self.answers: dict[bytes, tuple[int, bool]] = {}
        self._reversals: dict[bytes, list[bytes]] = {}
        self._cards: dict[bytes, list[bytes]] = {}

    @property
    def done(self) -> Done:
        """Transactions that are counted in a shift that has its Z."""
        return self.deals.done

    def fold(self, gateway: bytes, fact: MoneyFact) -> None:
        """Fold a fact of money; kinds that are no till's business change nothing."""
        fold = _FOLDS.get(type(fact))
        if fold is not None:
            fold(self, gateway, fact)

    def shift(self, gateway: bytes, till: int, number: int) -> Shift:
        """The shift, made empty if nothing is known of it."""
        key = (gateway, till, number)
        known = self.shifts.get(key)
        if known is None:
            known = self.shifts[key] = Shift(totals={}, training={})
            mark = self.till(gateway, till)
            mark.shift = max(mark.shift, number)
        return known

    def till(self, gateway: bytes, till: int) -> TillSum:
        """What never begins anew at this till."""
        known = self.tills.get((gateway, till))
        if known is None:
            known = self.tills[gateway, till] = TillSum()
        return known

    def of_basket(self, basket: bytes) -> list[tuple[bytes, Deal]]:
        """The movements of a basket that are remembered, by part and time."""
        found = self.deals.of_basket(basket)
        if len(found) > 1:
            found.sort(key=lambda each: (each[1].part, each[1].hlc, each[0]))
        return found

    def reversals(self, txid: bytes) -> list[tuple[bytes, Deal]]:
        """What takes `txid` back and was not voided."""
        found = [(each, self.deals[each]) for each in self._reversals.get(txid, ())]
        return [each for each in found if each[1].status != VOIDED]

    def cards_of(self, basket: bytes) -> list[tuple[bytes, CardPayment]]:
        """The card payments that were begun for a basket or a top-up."""
        return [(txid, self.cards[txid]) for txid in self._cards.get(basket, ())]

    def of_shift(self, key: ShiftKey) -> list[tuple[bytes, Deal]]:
        """The remembered movements of a shift, oldest first."""
        found = self.deals.of_shift(key)
        return sorted(found, key=lambda each: (each[1].hlc, each[0]))

    def dump(self) -> Dumped:
        """Canonical: equal for equal sets of facts."""
        deals, shelves = self.deals.dump()
        return Dumped(
            deals,
            [(*key, _sorted(self.shifts[key])) for key in sorted(self.shifts)],
            [(*key, self.tills[key]) for key in sorted(self.tills)],
            sorted(self.cards.items(), key=lambda each: each[0]),
            self.done.dump(),
            [(basket, *self.answers[basket]) for basket in sorted(self.answers)],
            shelves,
        )

    @classmethod
    def load(cls, dumped: Dumped) -> "TillBook":
        """The book that `dump` gave. Raises `ValueError` for what is none."""
        book = cls()
        book.deals.load(dumped.deals, dumped.shelves)
        book.deals.done.ids = IdSet.load(dumped.done)
        book.shifts = {(gateway, till, n): shift for gateway, till, n, shift in dumped.shifts}
        book.tills = {(gateway, till): mark for gateway, till, mark in dumped.tills}
        book.cards = dict(dumped.cards)
        for txid, card in dumped.cards:
            book._cards.setdefault(card.basket, []).append(txid)
        book.answers = {basket: (hlc, given) for basket, hlc, given in dumped.answers}
        for txid, deal in dumped.deals:
            if deal.reverses:
                book._reversals.setdefault(deal.reverses, []).append(txid)
        return book

    def _made(self, txid: bytes, made: Deal) -> None:
        """A movement began (or, paid in cash, happened)."""
        if txid in self.done:
            return
        deal = self.deals.get(txid)
        if deal is not None:
            if deal.hlc:
                return  # a transaction is one fact
            made.status, made.settled_hlc = deal.status, deal.settled_hlc
            made.receipt = max(made.receipt, deal.receipt)
        self.deals.hot[txid] = made
        self.deals.index(txid, made)
        if made.reverses:
            self._reversals.setdefault(made.reverses, []).append(txid)
        if made.status == OPEN and made.movement != "top_up":
            self.shift(made.gateway, made.till, made.shift)
        else:
            self._count(txid, made)

    def _settle(self, gateway: bytes, fact: Any, status: int, receipt: int = 0) -> None:
        deal = self.deals.take(fact.txid)
        if deal is None:
            if fact.txid in self.done:
                return
            deal = self.deals.hot[fact.txid] = Deal()
        if status > deal.status:
            deal.status = status
        if receipt > deal.receipt:
            deal.receipt = receipt
        if fact.hlc > deal.settled_hlc:
            deal.settled_hlc = fact.hlc
        self._count(fact.txid, deal)

    def _count(self, txid: bytes, deal: Deal) -> None:
        """Into the totals of its shift, once: when it is known, and known to be done."""
        if not deal.hlc:
            return
        mark = self.till(deal.gateway, deal.till)
        if deal.receipt > mark.receipt:
            mark.receipt = deal.receipt
        shift = self.shift(deal.gateway, deal.till, deal.shift)
        top_up = deal.movement == "top_up"
        due = int(top_up or deal.status == POSTED)  # what went back is a movement of its own
        if due != deal.given:
            training = bool(deal.marks & MARK_TRAINING)
            add_deal(shift.training if training else shift.totals, deal, due - deal.given)
            if not training and deal.movement not in LOADS:
                mark.perpetual_minor += (due - deal.given) * deal.net_minor
            deal.given = due
        if shift.z and deal.status == POSTED:
            self._forget(txid, deal)
        else:
            self.deals.put(txid, deal)

    def _forget(self, txid: bytes, deal: Deal) -> None:
        self.deals.finish(txid)
        by = self._reversals.get(deal.reverses, [])
        if txid in by:
            by.remove(txid)
            if not by:
                del self._reversals[deal.reverses]

    def _card(self, txid: bytes) -> CardPayment:
        known = self.cards.get(txid)
        if known is None:
            known = self.cards[txid] = CardPayment()
        return known


def _sorted(shift: Shift) -> Shift:
    return msgspec.structs.replace(
        shift,
        totals=dict(sorted(shift.totals.items())),
        training=dict(sorted(shift.training.items())),
    )


def _held(book: TillBook, gateway: bytes, fact: DebitHeld) -> None:
    book._made(
        fact.txid,
        Deal(  # by place: replay lives here
            fact.hlc, gateway, fact.till, fact.shift, fact.operator, fact.marks, fact.basket,
            fact.part, fact.movement, "band", fact.medium, fact.debit_minor - fact.given_minor, 0,
            0, fact.otherwise_minor, fact.promo_minor, fact.vouchers, b"", fact.reverses,
            fact.prices, _ENCODER.encode(fact.lines) if fact.lines else b"",
        ),
    )  # fmt: skip


def _deal(gateway: bytes, fact: Any, **told: Any) -> Deal:
    """What every fact says alike, and what this one tells."""
    return Deal(
        fact.hlc, gateway, fact.till, fact.shift, fact.operator, fact.marks, medium=fact.medium,
        **told,
    )  # fmt: skip


def _sold(book: TillBook, gateway: bytes, fact: Sold) -> None:
    back = fact.movement in ("reversal", "refund")  # card amounts have no sign of their own
    made = _deal(
        gateway, fact, basket=fact.basket, part=fact.part, movement=fact.movement,
        method="card" if fact.card_minor else "cash", cash_minor=fact.cash_minor,
        card_minor=-fact.card_minor if back else fact.card_minor,
        promo_minor=fact.promo_minor, vouchers=fact.vouchers, card=fact.card,
        reverses=fact.reverses, prices=fact.prices,
        packed=_ENCODER.encode(fact.lines) if fact.lines else b"",
    )  # fmt: skip
    book._made(fact.txid, made)
    book._settle(gateway, fact, POSTED, fact.receipt)
    if fact.card and not back:
        book._card(fact.card).used = fact.txid


def _topped_up(book: TillBook, gateway: bytes, fact: ToppedUp) -> None:
    by_card = fact.method == "card"
    made = _deal(
        gateway, fact, movement="top_up", method=fact.method, basket=fact.txid,
        receipt=fact.receipt,
        cash_minor=fact.amount_minor if fact.method == "cash" else 0,
        card_minor=fact.amount_minor if by_card else 0,
        otherwise_minor=fact.amount_minor if fact.method not in ("cash", "card") else 0,
        card=fact.source if by_card and len(fact.source) == 16 else b"",
    )  # fmt: skip
    book._made(fact.txid, made)
    if by_card and len(fact.source) == 16:
        book._card(fact.source).used = fact.txid


def _posted(book: TillBook, gateway: bytes, fact: DebitPosted) -> None:
    book._settle(gateway, fact, POSTED, fact.receipt)


def _applied(book: TillBook, gateway: bytes, fact: CreditApplied) -> None:
    book._settle(gateway, fact, POSTED)


def _voided(book: TillBook, gateway: bytes, fact: DebitVoided | CreditVoided) -> None:
    book._settle(gateway, fact, VOIDED)
    if isinstance(fact, CreditVoided) and fact.back:
        _went_back(book, gateway, msgspec.structs.replace(fact, txid=fact.back), fact.txid)


def _went_back(book: TillBook, gateway: bytes, fact: CreditVoided, topped: bytes) -> None:
    """Money of a top-up that never arrived: it counts where and when it went back."""
    out = -fact.amount_minor
    made = _deal(
        gateway, fact, movement="top_up_back", method=fact.method, basket=fact.txid,
        reverses=topped, receipt=fact.receipt,
        cash_minor=out if fact.method == "cash" else 0,
        card_minor=out if fact.method == "card" else 0,
        otherwise_minor=out if fact.method not in ("cash", "card") else 0,
    )  # fmt: skip
    book._made(fact.txid, made)
    book._settle(gateway, fact, POSTED, fact.receipt)


def _answered(book: TillBook, gateway: bytes, fact: GoodsAnswered) -> None:
    said = (fact.hlc, fact.given)
    book.answers[fact.basket] = max(book.answers.get(fact.basket, (0, False)), said)


def _opened(book: TillBook, gateway: bytes, fact: ShiftOpened) -> None:
    shift = book.shift(gateway, fact.till, fact.shift)
    if not shift.opened_hlc or fact.hlc < shift.opened_hlc:
        shift.opened_hlc, shift.float_minor = fact.hlc, fact.float_minor
        shift.operator = fact.operator


def _moved(book: TillBook, gateway: bytes, fact: CashMoved) -> None:
    shift = book.shift(gateway, fact.till, fact.shift)
    shift.moved_minor += fact.amount_minor
    shift.moved_count += 1


def _closed(book: TillBook, gateway: bytes, fact: ShiftClosed) -> None:
    shift = book.shift(gateway, fact.till, fact.shift)
    if fact.hlc > shift.closed_hlc:
        shift.closed_hlc, shift.counted_minor = fact.hlc, fact.counted_minor
        shift.expected_minor = fact.expected_minor


def _closing(book: TillBook, gateway: bytes, fact: ClosingMade) -> None:
    if fact.closing != "Z":
        return
    shift = book.shift(gateway, fact.till, fact.shift)
    mark = book.till(gateway, fact.till)
    shift.z = max(shift.z, fact.number)
    mark.z_perpetual_minor = max(
        (mark.z, mark.z_perpetual_minor), (fact.number, fact.perpetual_minor)
    )[1]
    mark.z = max(mark.z, fact.number)
    key = (gateway, fact.till, fact.shift)
    book.deals.close(key)
    for txid, deal in book.of_shift(key):
        if deal.status == POSTED:
            book._forget(txid, deal)


def _card_started(book: TillBook, gateway: bytes, fact: CardAuthorizationStarted) -> None:
    card = book._card(fact.txid)
    book._cards.setdefault(fact.basket, []).append(fact.txid)
    card.hlc, card.gateway, card.till, card.shift = fact.hlc, gateway, fact.till, fact.shift
    card.purpose, card.basket, card.medium = fact.purpose, fact.basket, fact.medium
    card.terminal, card.amount_minor = fact.terminal, fact.amount_minor
    card.reference, card.device = fact.reference, fact.device


def _card_said(book: TillBook, gateway: bytes, fact: Any) -> None:
    card, status = book._card(fact.txid), _SAID[type(fact)]
    if status == "declined" and fact.late:
        status = "declined_late"
    if (fact.hlc, status) > (card.said_hlc, card.status):
        card.said_hlc, card.status = fact.hlc, status
    if isinstance(fact, CardApproved):
        card.trace, card.scheme, card.last4 = fact.trace, fact.scheme, fact.last4


_SAID: Final[dict[type, str]] = {
    CardApproved: "approved",
    CardDeclined: "declined",
    CardUnknown: "unknown",
    CardReversed: "reversed",
}
_FOLDS: Final[dict[type, Any]] = {
    DebitHeld: _held,
    DebitPosted: _posted,
    DebitVoided: _voided,
    Sold: _sold,
    ToppedUp: _topped_up,
    CreditApplied: _applied,
    CreditVoided: _voided,
    GoodsAnswered: _answered,
    ShiftOpened: _opened,
    CashMoved: _moved,
    ShiftClosed: _closed,
    ClosingMade: _closing,
    CardAuthorizationStarted: _card_started,
    **dict.fromkeys(_SAID, _card_said),
}
