"""A receipt as data: what was sold, taxed and paid, before anybody thinks of paper.

Amounts are integers in minor units of `currency`, which has `exponent` decimals; negative is what
went back to the guest. Times are unix milliseconds with the offset of the venue in minutes, so that
no table of zones is needed. Fields follow what KassenSichV §6 (DE), RKSV §11 (AT) and VAT law ask
of a receipt; which of them must be there is the fiscal profile's knowledge.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

QR_BYTES_MAX = 600

Signed = Annotated[int, Meta(ge=-(10**12), le=10**12)]
Total = Annotated[int, Meta(ge=-(2**62), le=2**62)]
Text = Annotated[str, Meta(max_length=400)]
Letter = Annotated[str, Meta(pattern=r"\A[A-Z]?\Z")]
Moment = Annotated[int, Meta(ge=0, le=2**53)]
Offset = Annotated[int, Meta(ge=-18 * 60, le=18 * 60)]
Currency = Annotated[str, Meta(pattern=r"\A[A-Z]{3}\Z")]
Exponent = Annotated[int, Meta(ge=0, le=3)]
RateBp = Annotated[int, Meta(ge=0, le=10000)]

Kind = Literal["sale", "top_up", "refund", "reversal", "deposit_return", "cash_out"]
LineKind = Literal[
    "article", "deposit", "tip", "voucher", "promo", "discount", "rounding", "top_up", "payout"
]
Method = Literal["wallet", "cash", "card", "voucher", "presale"]
#: Lines that move money into or out of the wallet instead of selling something.
WALLET_LINES = frozenset({"top_up", "payout"})


class Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """total_minor = quantity x unit_minor. `tax` is a letter of the receipt's taxes, "" is none."""

    text: Text
    total_minor: Signed
    quantity: Annotated[int, Meta(ge=-0xFFFF, le=0xFFFF)] = 1
    unit_minor: Signed
    kind: LineKind = "article"
    tax: Letter = ""


class TaxTotal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that was taxed at one rate (basis points: 1900 is 19 %). net + tax = gross, exactly."""

    letter: Letter
    rate_bp: RateBp
    net_minor: Total
    tax_minor: Total
    gross_minor: Total


class Card(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What names a card payment at the acquirer. There is no field for a card number."""

    scheme: Annotated[str, Meta(max_length=32)] = ""
    last4: Annotated[str, Meta(pattern=r"\A(?:[0-9]{4})?\Z")] = ""
    terminal: Annotated[str, Meta(max_length=11)] = ""
    trace: Annotated[str, Meta(max_length=11)] = ""
    authorization_code: Annotated[str, Meta(max_length=11)] = ""
    stored_offline: bool = False


class Payment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the total and how it was paid. Of cash, `given_minor` is what the guest put down.

    `medium` is what the receipt calls the band: a few characters of its pseudonym, never a UID.
    """

    method: Method
    amount_minor: Signed
    given_minor: Signed = 0
    medium: Annotated[str, Meta(max_length=16)] = ""
    card: Card | None = None


class Merchant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who sells, when it is not the operator of the venue."""

    name: Text
    address: Text = ""
    tax_id: Annotated[str, Meta(max_length=40)] = ""


class Fiscal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a signing device said; or that it was out of order, which the receipt must show."""

    out_of_order: bool = False
    serial: Text = ""
    counter: Annotated[int, Meta(ge=0, le=2**62)] | None = None
    signature: Text = ""
    started_ms: Moment | None = None
    finished_ms: Moment | None = None
    qr: Annotated[str, Meta(max_length=QR_BYTES_MAX)] = ""


class Receipt(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="paper",
    tag="receipt",
):  # fmt: skip
    """`number` is unique per till, `reverses` is another receipt's number."""

    kind: Kind
    number: Annotated[str, Meta(min_length=1, max_length=40)]
    till: Text
    at_ms: Moment
    offset_minutes: Offset
    currency: Currency
    lines: tuple[Line, ...]
    exponent: Exponent = 2
    header: tuple[Text, ...] = ()
    tax_id: Annotated[str, Meta(max_length=40)] = ""
    cashier: Text = ""
    taxes: tuple[TaxTotal, ...] = ()
    payments: tuple[Payment, ...] = ()
    balance_before_minor: Signed | None = None
    balance_after_minor: Signed | None = None
    training: bool = False
    copy: bool = False
    reverses: Annotated[str, Meta(max_length=40)] = ""
    merchant: Merchant | None = None
    fiscal: Fiscal | None = None
    footer: tuple[Text, ...] = ()
    footer_qr: Annotated[str, Meta(max_length=QR_BYTES_MAX)] = ""


def total_minor(receipt: Receipt) -> int:
    """What the guest owes, or is owed when negative."""
    return sum(line.total_minor for line in receipt.lines)


def net_of(gross_minor: int, rate_bp: int) -> int:
    """The net within a gross amount, rounded half away from zero, so that a reversal mirrors it.

    The tax is the rest: the two always add up.
    """
    whole = 10_000 + rate_bp
    net = (abs(gross_minor) * 20_000 + whole) // (2 * whole)
    return net if gross_minor >= 0 else -net


def tax_totals(lines: Sequence[Line], rates_bp: dict[str, int]) -> tuple[TaxTotal, ...]:
    """The taxes of all lines, by letter. Raises KeyError for a letter without a rate."""
    gross: dict[str, int] = {}
    for line in lines:
        if line.tax:
            gross[line.tax] = gross.get(line.tax, 0) + line.total_minor
    return tuple(
        TaxTotal(
            letter=letter,
            rate_bp=rates_bp[letter],
            net_minor=(net := net_of(amount, rates_bp[letter])),
            tax_minor=amount - net,
            gross_minor=amount,
        )
        for letter, amount in sorted(gross.items())
    )


def spread(amount_minor: int, weights: Sequence[int]) -> list[int]:
    """Divide an amount by weights (0 or more, not all 0) so that the parts add up to it exactly.

    Each part is its share cut to whole units; what remains goes, a unit each, to those who lost
    most by the cut, and among equals to the first. For a discount on several tax rates, a split
    bill, a merchant's part.
    """
    whole = sum(weights)
    assert whole > 0 and min(weights) >= 0, "weights are what something is divided by"
    sign = -1 if amount_minor < 0 else 1
    cut = [divmod(abs(amount_minor) * weight, whole) for weight in weights]
    parts = [part for part, _ in cut]
    by_loss = sorted(range(len(cut)), key=lambda at: -cut[at][1])
    for at in by_loss[: abs(amount_minor) - sum(parts)]:
        parts[at] += 1
    return [sign * part for part in parts]


def tax_faults(taxes: Sequence[TaxTotal]) -> list[str]:
    """Tax rows that do not add up, or stand twice."""
    faults = [
        f"tax {each.letter}: net {each.net_minor} and tax {each.tax_minor} are not gross "
        f"{each.gross_minor}"
        for each in taxes
        if each.net_minor + each.tax_minor != each.gross_minor
    ]
    letters = [each.letter for each in taxes]
    return faults + [
        f"tax {x} stands twice" for x in sorted({x for x in letters if letters.count(x) > 1})
    ]


def faults(receipt: Receipt) -> list[str]:
    """Everything on a receipt that contradicts something else on it. One with faults is no receipt.

    Taxes are compared by gross per letter and by net + tax; how a net is rounded is the caller's.
    """
    found = [
        f"line {at}: {line.quantity} x {line.unit_minor} is not {line.total_minor}"
        for at, line in enumerate(receipt.lines, 1)
        if line.quantity * line.unit_minor != line.total_minor
    ]
    found += [
        f"line {at}: an article needs its name"
        for at, line in enumerate(receipt.lines, 1)
        if line.kind == "article" and not line.text.strip()
    ]
    found += tax_faults(receipt.taxes)
    gross: dict[str, int] = {}
    for line in receipt.lines:
        if line.tax:
            gross[line.tax] = gross.get(line.tax, 0) + line.total_minor
    told = {each.letter: each.gross_minor for each in receipt.taxes}
    for letter in sorted(gross.keys() | told.keys()):
        if gross.get(letter) != told.get(letter):
            found.append(
                f"tax {letter}: lines come to {gross.get(letter)}, taxes to {told.get(letter)}"
            )
    total = total_minor(receipt)
    paid = sum(payment.amount_minor for payment in receipt.payments)
    if paid != total:
        found.append(f"payments come to {paid}, lines to {total}")
    found += _balance_faults(receipt)
    if receipt.kind == "reversal" and not receipt.reverses:
        found.append("a reversal names the receipt that it reverses")
    for payment in receipt.payments:
        if payment.given_minor and payment.given_minor < payment.amount_minor:
            found.append(f"given {payment.given_minor} does not cover {payment.amount_minor}")
    return found


def _balance_faults(receipt: Receipt) -> list[str]:
    before, after = receipt.balance_before_minor, receipt.balance_after_minor
    if (before is None) != (after is None):
        return ["balance before and after: both or none"]
    if before is None or after is None:
        return []
    moved = sum(line.total_minor for line in receipt.lines if line.kind in WALLET_LINES)
    moved -= sum(each.amount_minor for each in receipt.payments if each.method == "wallet")
    if before + moved != after:
        return [f"balance {before} and {moved} moved is not {after}"]
    return []
