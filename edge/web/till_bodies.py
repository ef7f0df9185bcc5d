"""What pages of tills send and get. Amounts are integers in minor units, ids are hex."""

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from crypto.money import AMOUNT_MAX
from edge.core.pricing import ITEMS_MAX, QUANTITY_MAX, Item
from edge.till.work import Told, ToldLine

Id = Annotated[str, Meta(pattern=r"\A[0-9a-fA-F]{32}\Z")]
Amount = Annotated[int, Meta(ge=1, le=AMOUNT_MAX)]
Any0 = Annotated[int, Meta(ge=0, le=AMOUNT_MAX)]
Signed = Annotated[int, Meta(ge=-AMOUNT_MAX, le=AMOUNT_MAX)]
Part = Annotated[int, Meta(ge=0, le=15)]
Age = Annotated[int, Meta(ge=0, le=99)]
Number = Annotated[int, Meta(ge=1, le=0xFFFF_FFFF)]
Small = Annotated[int, Meta(ge=0, le=255)]


class ItemBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`quantity` of an article (negative gives deposit back), or one with a typed price."""

    article: Number
    quantity: Annotated[int, Meta(ge=-QUANTITY_MAX, le=QUANTITY_MAX)] | None = None
    price_minor: Any0 | None = None


Items = Annotated[list[ItemBody], Meta(max_length=ITEMS_MAX)]


class Quoting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A basket to be priced. `instead_of`: one that was `quoted_before`; it keeps its price for
    half an hour."""

    items: Items
    tip_minor: Any0 = 0
    tip_percent: Annotated[int, Meta(ge=0, le=100)] = 0
    vouchers: Annotated[int, Meta(ge=0, le=0xFFFF)] | None = None
    confirmed_age: Age = 0
    instead_of: Id | None = None


class Paying(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A basket to be paid: as it was quoted, by one method, whole or in part."""

    basket: Id
    items: Items
    method: Literal["band", "cash", "card"] = "band"
    part: Part = 0
    total_minor: Signed | None = None
    amount_minor: Amount | None = None
    take_left: bool = False
    tip_minor: Any0 = 0
    tip_percent: Annotated[int, Meta(ge=0, le=100)] = 0
    vouchers: Annotated[int, Meta(ge=0, le=0xFFFF)] | None = None
    confirmed_age: Age = 0
    attempts: Annotated[tuple[Id, ...], Meta(max_length=8)] = ()


class Looking(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Only what it shall be called: the band that is tapped says the rest."""

    id: Id


class ToppingUp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Money onto a band. With method "voucher" the code says how much."""

    id: Id
    method: Literal["cash", "card", "voucher"]
    amount_minor: Amount | None = None
    code: Annotated[str, Meta(max_length=64)] = ""


class Reversing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Take a sale of this shift back: by its receipt, or by its transaction."""

    id: Id
    receipt: Number | None = None
    txid: Id | None = None


class Refunding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Goods come back."""

    id: Id
    items: Items
    method: Literal["band", "cash"] = "band"


class CashingOut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Cash for what is on a band; without an amount for all of it."""

    id: Id
    amount_minor: Amount | None = None


class Banding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A band begins, takes the place of `old`, or is locked."""

    id: Id
    action: Literal["issue", "reissue", "lock"]
    wallet_class: Small = msgspec.field(name="class", default=1)
    old: Id | None = None
    medium: Id | None = None
    because: Annotated[str, Meta(max_length=64)] = "lost"


class Answering(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The cashier's answer to a question of a work."""

    id: Id
    question: Literal["age", "same_amount", "goods_given", "money_back"]
    yes: bool
    part: Part = 0


class Cancelling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Take a work off the till."""

    id: Id
    part: Part = 0


class Shifting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Open with a float, move cash, or close with what was counted. `id`: the same again is not
    done again."""

    action: Literal["open", "move", "close"]
    float_minor: Any0 = 0
    amount_minor: Signed = 0
    counted_minor: Any0 = 0
    because: Annotated[str, Meta(max_length=64)] = ""
    id: Id | None = None


class Closing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An X or the Z. `id`: the same again is not made again."""

    closing: Literal["X", "Z"]
    id: Id | None = None


class Training(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Training on or off."""

    on: bool


class TillRow(msgspec.Struct, frozen=True):
    """One till, in short."""

    till: int
    name: str
    reader: Literal["ready", "away", "none"]
    terminal: bool
    drawer: bool
    can_top_up: bool
    only_bands: bool
    training: bool
    shift: int
    shift_open: bool
    state: str


class Said(msgspec.Struct, frozen=True):
    """What is wrong, and what to do next. `{amount}` stands for the work's `limit_minor`."""

    detail: str
    hint: str


class SpokenBody(msgspec.Struct, frozen=True):
    """Words of every reason in one language."""

    language: str
    words: dict[str, Said]


class TillsBody(msgspec.Struct, frozen=True):
    """All tills of this gateway."""

    tills: list[TillRow]


class ArticleRow(msgspec.Struct, frozen=True):
    """A button. `price_minor` null: the price is typed."""

    article: int
    name: str
    short: str
    price_minor: int | None
    deposit: int
    deposit_minor: int
    kind: str
    group: int
    colour: str
    age: int
    vouchers: int


class ClassRow(msgspec.Struct, frozen=True):
    """A kind of bands that may be issued."""

    number: int
    name: str


class GridBody(msgspec.Struct, frozen=True):
    """The buttons of a till now, and until when."""

    till: int
    currency: str
    exponent: int
    phase: int
    phase_name: str
    next_phase_ms: int | None
    prices: int
    tips_percent: list[int]
    top_up_min_minor: int
    articles: list[ArticleRow]
    classes: list[ClassRow]


class QuoteBody(msgspec.Struct, frozen=True):
    """A basket and its price, which it keeps."""

    basket: str
    lines: list[ToldLine]
    total_minor: int
    debit_minor: int
    given_minor: int
    age: int
    phase: int
    prices: int
    at_ms: int


class NotQuoted(msgspec.Struct, frozen=True):
    """Why a basket has no price. `item`: index of what is wrong, -1: none in special."""

    refused: str
    number: int
    item: int
    detail: str
    hint: str


class ShiftRow(msgspec.Struct, frozen=True):
    """A shift. What was expected is told only once it was counted."""

    number: int
    open: bool
    opened_ms: int
    operator: int
    float_minor: int
    moved_minor: int
    counted_minor: int | None
    expected_minor: int | None
    difference_minor: int | None
    z: int


class ShiftBody(msgspec.Struct, frozen=True):
    """The newest shift of a till."""

    shift: ShiftRow | None


class Doubt(msgspec.Struct, frozen=True):
    """A movement that nobody knows the end of. `goods`: what the cashier said."""

    basket: str
    txid: str
    movement: str
    amount_minor: int
    at_ms: int
    goods: bool | None


class CardRow(msgspec.Struct, frozen=True):
    """A card payment that is unknown, or approved and not booked."""

    txid: str
    basket: str
    amount_minor: int
    status: str
    reference: str


class StateBody(msgspec.Struct, frozen=True):
    """How a till stands: what a page needs to go on after it was loaded anew."""

    till: int
    name: str
    reader: str
    terminal: bool
    drawer: bool
    can_top_up: bool
    only_bands: bool
    training: bool
    shift: ShiftRow | None
    work: Told | None
    last: Told | None
    in_doubt: list[Doubt]
    cards: list[CardRow]


class TotalRow(msgspec.Struct, frozen=True):
    """One row of a closing."""

    key: str
    count: int
    amount_minor: int


class ClosingBody(msgspec.Struct, frozen=True):
    """An X or Z."""

    closing: str
    number: int
    shift: int
    at_ms: int
    totals: list[TotalRow]
    perpetual_minor: int
    late_minor: int
    open: list[Doubt]
    opened_ms: int
    closed_ms: int
    float_minor: int
    counted_minor: int | None
    expected_minor: int | None
    difference_minor: int | None
    first_receipt: int
    last_receipt: int


class ReceiptRow(msgspec.Struct, frozen=True):
    """A receipt of the shift, in short."""

    number: int
    at_ms: int
    kind: str
    total_minor: int
    txid: str
    reversed: bool


class ReceiptsBody(msgspec.Struct, frozen=True):
    """Receipts of the shift, newest first."""

    receipts: list[ReceiptRow]


HINTS: Final[dict[str, str]] = {
    "basket": "32 hex digits, as the quote gave them",
    "instead_of": "32 hex digits: a basket of before a restart",
    "id": "32 hex digits, new for each thing that is asked for",
    "items": f'a list of at most {ITEMS_MAX}, as [{{"article": 1, "quantity": 2}}]',
    "method": "how it is paid",
    "part": "0, or which part of a basket that is paid in parts",
    "total_minor": "the total as it was shown, in minor units",
    "amount_minor": "an amount in minor units, a whole number",
    "float_minor": "an amount in minor units, a whole number",
    "counted_minor": "an amount in minor units, a whole number",
    "take_left": "true or false",
    "attempts": "at most 8 transaction ids of 32 hex digits: how other gateways tried this part",
    "tip_minor": "an amount in minor units, a whole number",
    "tip_percent": "0 to 100",
    "vouchers": "how many at most",
    "confirmed_age": "the age that a document has shown",
    "code": "the voucher's code",
    "receipt": "the number on the receipt",
    "txid": "32 hex digits",
    "action": "what to do",
    "class": "the number of a class of wallets",
    "old": "32 hex digits: the medium of the lost band",
    "medium": "32 hex digits: the medium of a band",
    "because": "at most 64 characters",
    "question": "age, same_amount, goods_given or money_back",
    "yes": "true or false",
    "closing": "X or Z",
    "on": "true or false",
}


def items_of(items: list[ItemBody]) -> tuple[Item, ...]:
    """As prices are asked for."""
    return tuple(Item(each.article, each.quantity, each.price_minor) for each in items)


def decoder(kind: type[Any]) -> msgspec.json.Decoder[Any]:
    """Reads one kind of body."""
    return msgspec.json.Decoder(kind)
