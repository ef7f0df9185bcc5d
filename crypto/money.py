"""Facts of money: bands, tills, shifts and cards (*Formats* 4, kinds from 30).

Amounts are integers in minor units of the one currency of the event; the bundle names it. `medium`
is a pseudonym, HMAC-SHA256(event's pseudonym key, UID) cut to 16 bytes: a fact never holds a UID.
`txid` is a client-made transaction id, 16 bytes, time-ordered, the gateway inside, stored before
the first byte goes to a band or a terminal. A `basket` is what a cashier wants paid once; each
attempt to have part of it paid is a transaction of its own.

Every change of a band is one pattern: *held* (base and target slot, on disk before the write),
then *posted* with evidence that the target reached the band, or *voided* with evidence that it
did not. A hold that is neither is unknown, and stays so until somebody sees the band.
"""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from crypto.fact import U16, U32, Code, Fact, Hash, Id16

#: Largest amount of one fact; balances and totals stay far below 2^53.
AMOUNT_MAX: Final = 10**12
LINES_MAX: Final = 256
CERTIFICATE_BYTES: Final = 80
TXH_BYTES: Final = 4

#: The till was in training mode: told apart everywhere, touches no band and no total.
MARK_TRAINING: Final = 1
#: Neither the centre nor every sibling was heard when it happened: exposure was counted.
MARK_UNHEARD: Final = 2
#: A supervisor allowed what a seller may not.
MARK_SUPERVISED: Final = 4
#: Approved by the terminal without its host: may be declined later.
MARK_STORED_OFFLINE: Final = 8

Amount = Annotated[int, Meta(ge=0, le=AMOUNT_MAX)]
Signed = Annotated[int, Meta(ge=-AMOUNT_MAX, le=AMOUNT_MAX)]
U8 = Annotated[int, Meta(ge=0, le=255)]
U24 = Annotated[int, Meta(ge=0, le=0xFF_FFFF)]
Txh = Annotated[bytes, Meta(min_length=TXH_BYTES, max_length=TXH_BYTES)]
#: Empty, or 16 bytes.
MaybeId = Annotated[bytes, Meta(max_length=16)]
#: Unsigned bytes as they were written to a band, empty where none were.
Certificate = Annotated[bytes, Meta(max_length=CERTIFICATE_BYTES)]
Last4 = Annotated[str, Meta(max_length=4)]

#: What a debit or a give-back was for.
Movement = Literal["sale", "deposit_return", "refund", "reversal", "cash_out", "adjustment"]
Method = Literal["cash", "card", "voucher", "presale", "desk"]
LineKind = Literal["article", "deposit", "tip", "voucher", "promo", "rounding"]


class Slot(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The running totals of one debit slot: on the band, or as they shall be.

    `exposure` in units of ten minor units, rounded up. The first slot of a new band is all zero.
    """

    seq: U16 = 0
    debited: U24 = 0
    given: U24 = 0
    exposure: U16 = 0
    txh: Txh = bytes(TXH_BYTES)


class Line(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One line of a receipt. `quantity` and `total_minor` are negative for what comes back.

    total_minor = quantity x unit_minor. Voucher and promo lines are negative discounts with the tax
    of what they pay for. `merchant` 0: the operator sells it.
    """

    kind: LineKind
    article: U32
    quantity: Annotated[int, Meta(ge=-0xFFFF, le=0xFFFF)]
    unit_minor: Signed
    total_minor: Signed
    tax: U8
    merchant: U16 = 0
    group: U16 = 0
    vouchers: U16 = 0


class MoneyFact(Fact, frozen=True):
    """What every fact of money says: which transaction, at which till, by whom, in which shift."""

    txid: Id16
    till: U16
    operator: U16
    shift: U32
    marks: U16


class MediumIssued(MoneyFact, frozen=True, tag=30):
    """A band became a wallet. `wallet_class` and `epoch` as on its certificate."""

    medium: Id16
    chip: Code
    epoch: U16
    wallet_class: U8
    certificate: Certificate


class MediumReissued(MediumIssued, frozen=True, tag=31):
    """A new band for a lost one: `carried_minor` may be spent at once, `held_minor` waits until
    every gateway has heard that the old one is blocked."""

    replaces: Id16
    replaces_epoch: U16
    carried_minor: Amount
    held_minor: Amount


class MediumBlocked(MoneyFact, frozen=True, tag=32):
    """Epochs of `medium` below `min_epoch` are refused from here on."""

    medium: Id16
    min_epoch: U32
    because: Code


class DebitHeld(MoneyFact, frozen=True, tag=33):
    """The band shall go from `base` to `target`; nothing was written yet.

    `debit_minor` is added to D and `given_minor` to G. `credited` and `absorbed` are Ct and Cc as
    this gateway counts them (certificate, cached certificate or bundle, whichever is most). Promo
    and vouchers are taken from the ledger, never from the band. `otherwise_minor` of the basket was
    or will be paid by other means (cash, card, another band). `reverses`: the transaction undone.
    """

    medium: Id16
    epoch: U16
    basket: Id16
    part: U8
    movement: Movement
    debit_minor: Amount
    given_minor: Amount
    promo_minor: Amount
    vouchers: U16
    otherwise_minor: Amount
    base: Slot
    target: Slot
    credited: U32
    absorbed: U32
    reverses: MaybeId
    prices: U32
    lines: Annotated[list[Line], Meta(max_length=LINES_MAX)]


class DebitPosted(MoneyFact, frozen=True, tag=34):
    """The target of the hold `txid` was on the band. `evidence`: "read_back", "in_slot" (a later
    tap saw it), "successor" (a later hold's base is its target). `receipt`: consecutive per till,
    given by the gateway of the till; 0 where another one saw it."""

    medium: Id16
    epoch: U16
    basket: Id16
    target: Slot
    evidence: Code
    receipt: U32 = 0


class DebitVoided(MoneyFact, frozen=True, tag=35):
    """The hold `txid` never reached the band. `evidence`: "base_current", "successor", "refused"
    (the band said no before a byte was written)."""

    medium: Id16
    epoch: U16
    basket: Id16
    target: Slot
    evidence: Code


class GoodsAnswered(MoneyFact, frozen=True, tag=36):
    """The cashier's word on whether goods were handed over while in doubt. Settles nothing."""

    basket: Id16
    given: bool


class Sold(MoneyFact, frozen=True, tag=37):
    """What of a basket was paid in cash or by card, or nothing but promo: no band's slot changed.

    A negative `cash_minor` was paid out. `card`: the transaction of the authorization. `receipt`
    as in `DebitPosted`.
    """

    basket: Id16
    part: U8
    movement: Movement
    cash_minor: Signed
    card_minor: Amount
    card: MaybeId
    medium: MaybeId
    promo_minor: Amount
    vouchers: U16
    reverses: MaybeId
    prices: U32
    lines: Annotated[list[Line], Meta(max_length=LINES_MAX)]
    receipt: U32 = 0


class ToppedUp(MoneyFact, frozen=True, tag=38):
    """Money was taken and `certificate`, with the higher Ct, shall go onto the band.

    `from_credited` and `to_credited` are Ct before and after, `absorbed` is Cc of the certificate.
    `source`: the card's transaction, the voucher code's hash or the order, empty for cash.
    `receipt` as in `DebitPosted`.
    """

    medium: Id16
    epoch: U16
    key_index: U8
    method: Method
    amount_minor: Amount
    from_credited: U32
    to_credited: U32
    absorbed: U32
    source: Hash
    certificate: Certificate
    receipt: U32 = 0


class CreditApplied(MoneyFact, frozen=True, tag=39):
    """The certificate of the top-up `txid` was read back from the band."""

    medium: Id16
    to_credited: U32


class CreditVoided(MoneyFact, frozen=True, tag=40):
    """The top-up `txid` never reached the band, by what was read there, and the money went back.

    `back`: the transaction by which it did, at the till and in the shift of this fact, the way it
    had come; of a voucher code or an order nothing is paid out: the guest still has it. `receipt`
    as in `DebitPosted`.
    """

    medium: Id16
    to_credited: U32
    evidence: Code
    back: MaybeId = b""
    amount_minor: Amount = 0
    method: Method = "cash"
    receipt: U32 = 0


class PromoGranted(MoneyFact, frozen=True, tag=41):
    """Promotional credit and vouchers, kept in the ledger by medium, never paid out.

    `source` names the grant, so that the same one given at two gateways counts once.
    """

    medium: Id16
    promo_minor: Amount
    vouchers: U16
    source: Id16


class CardAuthorizationStarted(MoneyFact, frozen=True, tag=45):
    """The terminal is about to be asked for `amount_minor`. `reference` names it there.

    `device`: what the terminal calls itself; another one in its place knows nothing of it.
    """

    purpose: Literal["sale", "top_up"]
    medium: MaybeId
    basket: MaybeId
    terminal: U16
    amount_minor: Amount
    reference: Code
    device: Code = ""


class CardApproved(MoneyFact, frozen=True, tag=46):
    """The terminal took the money. MARK_STORED_OFFLINE: its host has not been asked yet."""

    terminal: U16
    amount_minor: Amount
    reference: Code
    trace: Code
    scheme: Code
    last4: Last4
    code: Code


class CardDeclined(MoneyFact, frozen=True, tag=47):
    """No money was taken, or (`late`) the host declined what was approved offline."""

    terminal: U16
    amount_minor: Amount
    reference: Code
    cause: Code
    late: bool = False


class CardUnknown(MoneyFact, frozen=True, tag=48):
    """Nobody knows whether money was taken; the terminal will be asked."""

    terminal: U16
    amount_minor: Amount
    reference: Code
    cause: Code


class CardReversed(MoneyFact, frozen=True, tag=49):
    """The terminal gave the money of the authorization `txid` back."""

    terminal: U16
    amount_minor: Amount
    reference: Code
    trace: Code


class ShiftOpened(MoneyFact, frozen=True, tag=50):
    """The drawer begins with `float_minor`. `shift` rises by one per till."""

    float_minor: Amount


class CashMoved(MoneyFact, frozen=True, tag=51):
    """Money into (positive) or out of (negative) the drawer that no guest paid."""

    amount_minor: Signed
    because: Code


class ShiftClosed(MoneyFact, frozen=True, tag=52):
    """Counted blind: `counted_minor` was said before `expected_minor` was shown."""

    counted_minor: Amount
    expected_minor: Signed


class Total(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One row of a closing: `key` names what is summed ("method:cash", "tax:1", "kind:sale")."""

    key: Code
    count: U32
    amount_minor: Signed


class ClosingMade(MoneyFact, frozen=True, tag=53):
    """An X or Z. `number` counts Z per till, `perpetual_minor` is never reset."""

    closing: Literal["X", "Z"]
    number: U32
    totals: Annotated[list[Total], Meta(max_length=512)]
    perpetual_minor: Signed


class MoneyConflictFound(Fact, frozen=True, tag=54):
    """Two facts that cannot both be right, found by a fold; recorded once, loses nothing.

    `what`: "fork" (two posted debits of one medium, epoch and seq), "voucher" (a code or a grant
    used twice), "overdrawn" (more was spent than there was), "reversed_twice". `id`: first 16
    bytes of SHA-256 over `what` and both transaction ids, the smaller first.
    """

    id: Id16
    what: Code
    medium: MaybeId
    first: Id16
    second: Id16
    amount_minor: Amount


KnownMoney = (
    MediumIssued
    | MediumReissued
    | MediumBlocked
    | DebitHeld
    | DebitPosted
    | DebitVoided
    | GoodsAnswered
    | Sold
    | ToppedUp
    | CreditApplied
    | CreditVoided
    | PromoGranted
    | CardAuthorizationStarted
    | CardApproved
    | CardDeclined
    | CardUnknown
    | CardReversed
    | ShiftOpened
    | CashMoved
    | ShiftClosed
    | ClosingMade
    | MoneyConflictFound
)
