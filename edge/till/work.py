"""One thing a cashier wants, and how it stands: what the page shows and the guest hears.

A work is named by its id (of a sale: the basket) and part. The same work asked again is the same
work; other content under its name is refused by the first field that differs.
"""

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import msgspec
import trio

from crypto.money import Line
from edge.core.pricing import Basket, Item, PriceList, Quote
from edge.core.till_phrases import filled, spoken
from edge.core.till_reasons import TillReason, Words
from edge.core.wallet import Look
from edge.core.wallet_reasons import WalletReason

if TYPE_CHECKING:
    from edge.till.badges import Badge

Kind: TypeAlias = Literal[
    "sale", "top_up", "balance", "reversal", "refund", "cash_out", "money_back", "issue", "reissue",
    "lock", "sign_in",
]  # fmt: skip
Method: TypeAlias = Literal["band", "cash", "card", "voucher"]
Question: TypeAlias = Literal["age", "same_amount", "goods_given", "money_back"]

CODE_HASH_BYTES: Final = 16
WAITING_BAND: Final = "waiting_band"
WORKING: Final = "working"
WAITING_CARD: Final = "waiting_card"
ASKING: Final = "asking"
TAP_AGAIN: Final = "tap_again"
IN_DOUBT: Final = "in_doubt"
CANCELLED: Final = "cancelled"
PAID, NOT_PAID = "paid", "not_paid"
DONE, NOT_DONE = "done", "not_done"
ENDS: Final = frozenset({PAID, NOT_PAID, DONE, NOT_DONE, IN_DOUBT, CANCELLED})


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for. All fields but the last four make it what it is."""

    kind: Kind
    id: bytes
    part: int = 0
    method: Method = "band"
    items: tuple[Item, ...] = ()
    tip_minor: int = 0
    tip_percent: int = 0
    vouchers: int | None = None
    total_minor: int | None = None
    amount_minor: int | None = None
    take_left: bool = False
    code: str = ""
    reverses: bytes = b""
    wallet_class: int = 0
    medium: bytes = b""
    because: str = ""
    confirmed_age: int = 0
    operator: int = 0
    supervised: bool = False
    #: Transactions by which this part was tried at other gateways: one of them may be on the band.
    attempts: tuple[bytes, ...] = ()

    @property
    def basket(self) -> Basket:
        """What is to be priced."""
        return Basket(
            self.items, self.tip_minor, self.tip_percent, self.vouchers, self.confirmed_age
        )


def code_hash(code: str) -> bytes:
    """By which the bundle names a voucher code: its letters and digits alone, in capitals."""
    plain = "".join(letter for letter in code.upper() if letter.isalnum())
    return hashlib.sha256(plain.encode()).digest()[:CODE_HASH_BYTES]


#: What integrators read; pages ask for the cashier's language (`GET /v1/tills/words`).
ENGLISH: Final = spoken("en", "the help desk")
#: Who asks, and what the cashier has confirmed since, do not make it another work.
_BESIDE: Final = frozenset({"confirmed_age", "operator", "supervised", "attempts"})
_COMPARED: Final = tuple(name for name in Ask.__struct_fields__ if name not in _BESIDE)


def difference(one: Ask, other: Ask) -> str:
    """The first field in which two works of one name differ, or ""."""
    return next((name for name in _COMPARED if getattr(one, name) != getattr(other, name)), "")


class OtherContent(Exception):
    """A work of this name had other content; `field` is the first that differs."""

    def __init__(self, field: str) -> None:
        super().__init__(f"this basket was sent before with another {field}")
        self.field = field


class Account(msgspec.Struct, frozen=True):
    """What a band is worth, as a guest asks for it."""

    balance_minor: int
    spendable_minor: int
    promo_minor: int
    vouchers: int
    wallet_class: int
    chip: str
    refusal: str
    last: list[dict[str, Any]]


class Work:
    """How an `Ask` stands. `changed` is set, and another one, at each change."""

    __slots__ = (
        "_changed", "account", "already", "amount_minor", "ask", "badge", "balance_minor",
        "because", "cancelled", "confirmed", "doubt_since", "ended", "held", "left_minor",
        "limit_minor", "lines", "medium", "paid", "plain", "promo_most", "question", "quote",
        "receipt", "scope", "state", "txid", "vouchers_most",
    )  # fmt: skip

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.state = WAITING_BAND
        self.because: TillReason | WalletReason | str = ""
        self.question: Question | None = None
        #: Questions that were answered with yes.
        self.confirmed: set[str] = set()
        self.quote: Quote | None = None
        #: The quote before any wallet was seen: each tap begins with it.
        self.plain: Quote | None = None
        self.lines: list[Line] = []
        self.amount_minor = 0
        self.left_minor = 0
        self.balance_minor: int | None = None
        self.limit_minor: int | None = None
        self.receipt = 0
        self.txid = b""
        self.medium = b""
        self.already = False
        self.account: Account | None = None
        #: Whose band it was, where that was the question.
        self.badge: Badge | None = None
        #: Since when nobody knows whether the band was written (seconds of the loop); None: known.
        self.doubt_since: float | None = None
        #: A hold of this work is on disk and not settled; only its band may go on.
        self.held = b""
        #: The card payment that was approved for it.
        self.paid = b""
        self.ended = trio.Event()
        self._changed: trio.Event | None = None
        #: Cancelling it takes the work off the reader or terminal.
        self.scope: trio.CancelScope | None = None
        self.cancelled = False
        #: What may be free of it, where that is less than the ledger has.
        self.promo_most: int | None = None
        self.vouchers_most: int | None = None

    @property
    def name(self) -> tuple[bytes, int]:
        """What it is called."""
        return (self.ask.id, self.ask.part)

    @property
    def quiet(self) -> bool:
        """Who asks has not signed in: no page is told, and every other work comes first."""
        return self.ask.kind == "sign_in"

    @property
    def over(self) -> bool:
        """Whether it has come to an end."""
        return self.state in ENDS

    @property
    def changed(self) -> trio.Event:
        """Set at the next change."""
        if self._changed is None:
            self._changed = trio.Event()
        return self._changed

    def tell_all(self) -> None:
        """Wake everybody who waits for a change."""
        if self._changed is not None:
            self._changed.set()
            self._changed = None

    def remember(self, look: Look) -> None:
        """Note what the guest asked to see."""
        refusal = look.refusal.code if look.refusal else ""
        kind = look.certificate.wallet_class if look.certificate else 0
        self.account = Account(
            look.balance_minor, look.spendable_minor, look.promo_minor, look.vouchers, kind,
            look.chip, refusal, [each._asdict() for each in look.last],
        )  # fmt: skip


class ToldLine(msgspec.Struct, frozen=True):
    """A line with its words."""

    kind: str
    article: int
    name: str
    quantity: int
    unit_minor: int
    total_minor: int
    tax: int
    tax_letter: str


def tell_lines(lines: Sequence[Line], prices: PriceList | None) -> list[ToldLine]:
    """Lines with the names of articles and the letters of taxes."""
    told = []
    for line in lines:
        article = prices.articles.get(line.article) if prices else None
        tax = prices.taxes.get(line.tax) if prices else None
        told.append(
            ToldLine(
                line.kind, line.article, article.name if article else line.kind, line.quantity,
                line.unit_minor, line.total_minor, line.tax, tax.letter if tax else "",
            )
        )  # fmt: skip
    return told


class Told(msgspec.Struct, frozen=True):
    """A work as it is told to pages."""

    id: str
    part: int
    kind: str
    method: str
    state: str
    total_minor: int
    amount_minor: int
    left_minor: int
    balance_minor: int | None
    promo_minor: int
    vouchers: int
    receipt: int | None
    txid: str | None
    medium: str | None
    lines: list[ToldLine]
    reason: str
    number: int
    detail: str
    hint: str
    question: str | None
    age: int
    already: bool
    repeated: bool
    account: Account | None
    #: The amount that `{amount}` stands for in the words of `reason`.
    limit_minor: int | None = None


def tell(work: Work, prices: PriceList | None, repeated: bool = False) -> Told:
    """How the work stands now."""
    quote, because = work.quote, work.because
    reason, number, detail, hint = "", 0, "", ""
    if isinstance(because, str):
        reason = because
    else:
        reason, number = because.name.lower(), because.value
    if reason and reason != "none":
        said = ENGLISH.get(reason, Words(reason.replace("_", " "), ""))
        detail, hint = filled(said, work.limit_minor, prices)
    return Told(
        work.ask.id.hex(), work.ask.part, work.ask.kind, work.ask.method, work.state,
        quote.total_minor if quote else work.amount_minor, work.amount_minor, work.left_minor,
        work.balance_minor, quote.promo_minor if quote else 0, quote.vouchers if quote else 0,
        work.receipt or None, work.txid.hex() or None, work.medium.hex() or None,
        tell_lines(work.lines, prices), reason, number, detail, hint, work.question,
        quote.age if quote else 0, work.already, repeated, work.account,
        work.limit_minor,
    )  # fmt: skip
