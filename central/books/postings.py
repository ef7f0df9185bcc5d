"""What one fact of money books: postings by account that add up to nothing. Pure.

Amounts are minor units, debits positive, credits negative. `sub` is the sub-ledger: the medium of a
wallet, the merchant of a payable, the tax of VAT, gateway and till of a drawer, group and tax of
sales, the basket of a split payment, or the sale that is taken back.

What a basket is made of is booked once, by the part that has its lines; each part books what was
paid by it, and what another part pays stands on `split` of the basket, which is nothing once all
is paid. What the operator gives away (vouchers, promotional credit) is `promo`, beside sales at
their full price; VAT is of what was paid. What a merchant sold is owed to the merchant whole, less
what was given away of it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

from msgspec import structs

from central.books.rounding import net_of
from crypto.money import (
    MARK_TRAINING,
    CardDeclined,
    CashMoved,
    CreditVoided,
    DebitHeld,
    DebitPosted,
    KnownMoney,
    Line,
    MediumReissued,
    MoneyConflictFound,
    ShiftClosed,
    ShiftOpened,
    Sold,
    ToppedUp,
)

WALLET: Final = "wallet"
CASH: Final = "cash"
CASH_TRANSIT: Final = "cash_transit"
CARD_CLEARING: Final = "card_clearing"
PRESALE: Final = "presale"
DEPOSIT: Final = "deposit"
TIPS: Final = "tips"
MERCHANT_PAYABLE: Final = "merchant_payable"
VAT: Final = "vat"
SALES: Final = "sales"
PROMO: Final = "promo"
OVER_SHORT: Final = "over_short"
OFFLINE_LOSS: Final = "offline_loss"
ROUNDING: Final = "rounding"
SPLIT: Final = "split"

#: Tax code -> rate in basis points, of one version of the price list.
Rates: TypeAlias = Mapping[int, int]
#: By the version of a price list, as facts name it.
RatesOf: TypeAlias = Callable[[int], Rates]
_UNDOING: Final = frozenset({"reversal", "refund"})


class Posting(NamedTuple):
    """`amount_minor` > 0: debit; < 0: credit."""

    account: str
    sub: str
    amount_minor: int


class Known(NamedTuple):
    """What a fact stands on: `hold` of a posting, `loaded`: the top-up that is undone."""

    hold: DebitHeld | None = None
    loaded: ToppedUp | None = None


ALONE: Final = Known()


def postings(
    fact: KnownMoney, gateway: bytes, rates_of: RatesOf, known: Known = ALONE
) -> list[Posting]:
    """What `fact` of `gateway` books. Nothing for what moves no money, is training, or stands on
    a fact that is not known. Adds up to 0."""
    marks = 0 if isinstance(fact, MoneyConflictFound) else fact.marks
    if marks & MARK_TRAINING:
        return []
    match fact:
        case DebitPosted():
            if known.hold is None or known.hold.marks & MARK_TRAINING:
                return []
            found = _held(known.hold, gateway, rates_of)
        case Sold():
            found = _sold(fact, gateway, rates_of)
        case ToppedUp():
            found = _loaded(fact, gateway, 1)
        case CreditVoided():
            loaded = known.loaded
            if loaded is None or loaded.medium != fact.medium or loaded.marks & MARK_TRAINING:
                return []
            # The money goes back where it is undone, by the means it had come.
            found = _loaded(structs.replace(loaded, till=fact.till), gateway, -1)
        case MediumReissued():
            found = moved(fact.replaces, fact.medium, fact.carried_minor)
        case _:
            found = _till(fact, gateway)
    return _together(found)


def moved(old: bytes, new: bytes, amount_minor: int) -> list[Posting]:
    """From one wallet to another."""
    return [Posting(WALLET, old.hex(), amount_minor), Posting(WALLET, new.hex(), -amount_minor)]


def given(medium: bytes, source: str, amount_minor: int) -> list[Posting]:
    """Credit from the centre: presale was paid before, all else is given away."""
    account = PRESALE if source == "presale" else PROMO
    return [Posting(account, source, amount_minor), Posting(WALLET, medium.hex(), -amount_minor)]


def drawer(gateway: bytes, till: int) -> str:
    """The sub-ledger of a till's cash."""
    return f"{gateway.hex()}:{till}"


def _held(hold: DebitHeld, gateway: bytes, rates_of: RatesOf) -> list[Posting]:
    net = hold.debit_minor - hold.given_minor
    paid = [Posting(WALLET, hold.medium.hex(), net)]
    if hold.movement == "cash_out":
        return [*paid, Posting(CASH, drawer(gateway, hold.till), -net)]
    if hold.movement == "adjustment":
        return [*paid, Posting(OVER_SHORT, hold.medium.hex(), -net)]
    return _basket(paid, hold.lines, rates_of(hold.prices), hold.reverses or hold.basket)


def _sold(fact: Sold, gateway: bytes, rates_of: RatesOf) -> list[Posting]:
    # Amounts of cards have no sign of their own.
    card = -fact.card_minor if fact.movement in _UNDOING else fact.card_minor
    paid = [
        Posting(CASH, drawer(gateway, fact.till), fact.cash_minor),
        Posting(CARD_CLEARING, "", card),
    ]
    return _basket(paid, fact.lines, rates_of(fact.prices), fact.reverses or fact.basket)


def _loaded(fact: ToppedUp, gateway: bytes, sign: int) -> list[Posting]:
    amount = sign * fact.amount_minor
    sides = {
        "cash": (CASH, drawer(gateway, fact.till)), "card": (CARD_CLEARING, ""),
    }  # fmt: skip
    account, sub = sides.get(fact.method, (PRESALE, fact.method))
    return [Posting(account, sub, amount), Posting(WALLET, fact.medium.hex(), -amount)]


def _till(fact: KnownMoney, gateway: bytes) -> list[Posting]:
    """Cash that no guest paid, and cards that were declined afterwards."""
    match fact:
        case ShiftOpened():
            return _cash(gateway, fact.till, CASH_TRANSIT, fact.float_minor)
        case CashMoved():
            return _cash(gateway, fact.till, CASH_TRANSIT, fact.amount_minor)
        case ShiftClosed():
            over = fact.counted_minor - fact.expected_minor
            counted = _cash(gateway, fact.till, CASH_TRANSIT, -fact.counted_minor)
            return [*_cash(gateway, fact.till, OVER_SHORT, over), *counted]
        case CardDeclined(late=True):
            amount = fact.amount_minor
            return [Posting(OFFLINE_LOSS, "", amount), Posting(CARD_CLEARING, "", -amount)]
        case _:
            return []


def _cash(gateway: bytes, till: int, account: str, amount_minor: int) -> list[Posting]:
    """Into the drawer (positive) from an account, or out of it."""
    sub = drawer(gateway, till)
    return [Posting(CASH, sub, amount_minor), Posting(account, sub, -amount_minor)]


def _basket(
    paid: list[Posting], lines: Sequence[Line], rates: Rates, basket: bytes
) -> list[Posting]:
    """What was paid, what it was for, and what another part of the basket pays. `basket`: of
    what is taken back the transaction of the sale."""
    split = sum(line.total_minor for line in lines) - sum(one.amount_minor for one in paid)
    return [*paid, *_lines(lines, rates), Posting(SPLIT, basket.hex(), split)]


def _lines(lines: Sequence[Line], rates: Rates) -> list[Posting]:
    found: list[Posting] = []
    goods: dict[int, dict[tuple[str, int], int]] = {}
    for line in lines:
        amount = line.total_minor
        if line.merchant:
            found.append(Posting(MERCHANT_PAYABLE, str(line.merchant), -amount))
        elif line.kind in (DEPOSIT, ROUNDING):
            found.append(Posting(line.kind, "", -amount))
        elif line.kind == "tip":
            found.append(Posting(TIPS, "", -amount))
        else:
            account = SALES if line.kind == "article" else PROMO
            cells = goods.setdefault(line.tax, {})
            cells[account, line.group] = cells.get((account, line.group), 0) + amount
    for tax, cells in sorted(goods.items()):
        found += _taxed(tax, rates.get(tax, 0), cells)
    return found


def _taxed(tax: int, rate_bp: int, cells: dict[tuple[str, int], int]) -> list[Posting]:
    """VAT of a whole receipt and rate, as the receipt says it; the rest by account and group."""
    gross = sum(cells.values())
    net = net_of(gross, rate_bp)
    nets = {cell: net_of(amount, rate_bp) for cell, amount in cells.items()}
    # What single roundings lose or win goes to the greatest, so that a reversal mirrors it.
    most = max(sorted(cells), key=lambda cell: abs(cells[cell]))
    nets[most] += net - sum(nets.values())
    found = [Posting(account, f"{group}:{tax}", -nets[account, group]) for account, group in nets]
    return [*found, Posting(VAT, str(tax), net - gross)]


def _together(found: Sequence[Posting]) -> list[Posting]:
    """One posting per account and sub-ledger, in order; none of nothing."""
    sums: dict[tuple[str, str], int] = {}
    for account, sub, amount in found:
        sums[account, sub] = sums.get((account, sub), 0) + amount
    return [Posting(*key, amount) for key, amount in sorted(sums.items()) if amount]
