"""A till as pages see it: its buttons, how it stands, its shift."""

from typing import Literal

from edge.core.till import in_doubt
from edge.core.till_rows import Deal, Shift
from edge.till.cards import open_cards
from edge.till.till import Till
from edge.till.work import Told, Work, tell
from edge.web.till_bodies import (
    ArticleRow,
    CardRow,
    ClassRow,
    Doubt,
    GridBody,
    ReceiptRow,
    ShiftRow,
    StateBody,
    TillRow,
)


def reader_of(till: Till) -> Literal["ready", "away", "none"]:
    """How the reader is."""
    if till.reader is None:
        return "none"
    return "away" if till.field.away else "ready"


def till_row(till: Till) -> TillRow:
    """In short."""
    place = till.place
    return TillRow(
        till.number, place.name, reader_of(till), till.terminal is not None, place.drawer,
        place.can_top_up, place.only_bands, till.training, till.shift_key[2],
        till.shift is not None, till.work.state if till.work and not till.work.quiet else "idle",
    )  # fmt: skip


def told(till: Till, work: Work | None, repeated: bool = False) -> Told | None:
    """A work as pages see it."""
    return None if work is None or work.quiet else tell(work, till.tills.prices, repeated)


def state_of(till: Till) -> StateBody:
    """All a page needs after it was loaded anew."""
    place = till.place
    cards = [
        CardRow(
            txid.hex(), card.basket.hex(), card.amount_minor, card.status or "started",
            card.reference,
        )
        for txid, card in open_cards(till)
    ]  # fmt: skip
    return StateBody(
        till.number, place.name, reader_of(till), till.terminal is not None, place.drawer,
        place.can_top_up, place.only_bands, till.training, shift_row(till),
        told(till, till.work), told(till, till.last), doubts_of(till), cards,
    )  # fmt: skip


def doubts_of(till: Till) -> list[Doubt]:
    """Movements of this shift that nobody knows the end of."""
    return [doubt(till, *each) for each in in_doubt(till.tills.book, till.shift_key)]


def doubt(till: Till, txid: bytes, deal: Deal) -> Doubt:
    """One of them."""
    said = till.tills.book.answers.get(deal.basket)
    return Doubt(
        deal.basket.hex(), txid.hex(), deal.movement, deal.net_minor, deal.hlc >> 16,
        said[1] if said else None,
    )  # fmt: skip


def shift_row(till: Till) -> ShiftRow | None:
    """The newest shift; None before the first."""
    shift: Shift | None = till.tills.book.shifts.get(till.shift_key)
    if shift is None or not shift.opened_hlc:
        return None
    closed = bool(shift.closed_hlc)
    return ShiftRow(
        till.shift_key[2], not closed, shift.opened_hlc >> 16, shift.operator, shift.float_minor,
        shift.moved_minor, shift.counted_minor if closed else None,
        shift.expected_minor if closed else None,
        shift.counted_minor - shift.expected_minor if closed else None, shift.z,
    )  # fmt: skip


def grid_of(till: Till) -> GridBody | None:
    """The buttons now; None without a price list."""
    prices = till.tills.prices
    if prices is None:
        return None
    now_ms = till.tills.gateway.clock.now().ms
    number, cashless = prices.phase_at(now_ms), prices.cashless
    phase = next((each for each in prices.phases if each.number == number), None)
    later = [each.from_ms for each in prices.phases if each.from_ms > now_ms]
    rows = []
    for article in prices.grid(till.number, number):
        deposit = prices.articles.get(article.deposit)
        rows.append(
            ArticleRow(
                article.number, article.name, article.short, prices.price_of(article, number),
                article.deposit, (prices.price_of(deposit, number) or 0) if deposit else 0,
                article.kind, article.group, article.colour, article.age, article.vouchers,
            )
        )  # fmt: skip
    least = [each.top_up_min_minor for each in cashless.classes]
    return GridBody(
        till.number, cashless.currency, cashless.exponent, number, phase.name if phase else "",
        min(later, default=None), prices.version, list(cashless.tips_percent),
        min(least, default=0), rows,
        [ClassRow(each.number, each.name) for each in cashless.classes],
    )  # fmt: skip


def receipts_of(till: Till, most: int) -> list[ReceiptRow]:
    """The last receipts of the shift, newest first."""
    book = till.tills.book
    found = [
        ReceiptRow(
            deal.receipt, deal.hlc >> 16, deal.movement,
            _loaded(deal) if deal.movement in ("top_up", "top_up_back") else deal.net_minor,
            txid.hex(), bool(book.reversals(txid)),
        )
        for txid, deal in book.of_shift(till.shift_key)
        if deal.receipt
    ]  # fmt: skip
    return sorted(found, key=lambda row: -row.number)[:most]


def _loaded(deal: Deal) -> int:
    return deal.cash_minor + deal.card_minor + deal.otherwise_minor
