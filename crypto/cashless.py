"""What tills and wallets decide by: a part of the bundle (*Formats* 6).

A bundle without it has the bytes it always had. Times are unix milliseconds, 0 = open. Amounts are
integers in minor units of `currency`. The keys in here are secrets of the gateways: a bundle
travels over mutual TLS only, is kept readable for its owner alone, and is never logged.
"""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from crypto.fact import SEQ_MAX, U16, U32, Hash, Id16
from crypto.money import U8, Amount

ROWS_MAX: Final = 10_000
MEDIA_MAX: Final = 1_000_000

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Short = Annotated[str, Meta(min_length=1, max_length=40)]
Number = Annotated[int, Meta(ge=1, le=0xFFFF)]
Article32 = Annotated[int, Meta(ge=1, le=0xFFFF_FFFF)]
Millis = Annotated[int, Meta(ge=0, le=SEQ_MAX)]
Public = Annotated[bytes, Meta(min_length=32, max_length=32)]
Key16 = Annotated[bytes, Meta(min_length=16, max_length=16)]
Count = Annotated[int, Meta(ge=1, le=65535)]


class DebitKey(msgspec.Struct, frozen=True, omit_defaults=True):
    """K_debit of one version; gateways write with the newest and read with all."""

    version: Annotated[int, Meta(ge=0, le=15)]
    key: Key16


class CreditKey(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who may sign certificates: a top-up point, or the centre (gateway all zero).

    `limit_minor`: most it may credit in all, 0 = no limit. Of a revoked one, certificates count up
    to the totals that the centre has settled (`Wallet.credited_minor`) and no further.
    """

    index: U8
    public: Public
    gateway: Id16
    limit_minor: Amount = 0
    revoked: bool = False


class WalletClass(msgspec.Struct, frozen=True, omit_defaults=True):
    """Kinds of wallets: guest, crew, child. `exposure_…`: R, what may be spent unheard.

    `adult` lists the ages that the class has proven ("16", "18"). `postpaid_minor` > 0: the balance
    may go below zero by that much, also offline. `velocity_count` debits in `velocity_s` seconds.
    """

    number: U8
    name: Name
    ages: list[U8] = []
    single_max_minor: Amount = 0
    balance_max_minor: Amount = 0
    top_up_min_minor: Amount = 0
    exposure_plain_minor: Amount = 3000
    exposure_authenticated_minor: Amount = 10000
    postpaid_minor: Amount = 0
    velocity_count: U16 = 0
    velocity_s: U16 = 0
    expires_ms: Millis = 0


class Tax(msgspec.Struct, frozen=True, omit_defaults=True):
    """A rate in basis points (1900 = 19 %), as receipts letter it."""

    code: U8
    letter: Annotated[str, Meta(pattern=r"\A[A-Z]\Z")]
    rate_bp: Annotated[int, Meta(ge=0, le=10000)]
    name: Name


class Merchant(msgspec.Struct, frozen=True, omit_defaults=True):
    """A concessionaire: whoever sells, as the receipt names it.

    `commission_bp`: the operator's share of their goods, tax of the code `commission_tax` (0: none)
    included. It is between the two of them: the centre keeps it and no bundle says it.
    """

    number: Number
    name: Name
    address: Annotated[str, Meta(max_length=400)] = ""
    tax_id: Annotated[str, Meta(max_length=40)] = ""
    commission_bp: Annotated[int, Meta(ge=0, le=10000)] = 0
    commission_tax: U8 = 0


class Article(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is sold. `price_minor` None: typed in at the till, and then without a quantity.

    `deposit_minor` is added per piece and given back by `returnable` articles of kind deposit.
    `vouchers`: how many free-drink vouchers pay one piece (0: none do). `age`: least age.
    """

    number: Article32
    name: Name
    short: Short
    tax: U8
    price_minor: Amount | None = None
    kind: Literal["article", "deposit"] = "article"
    deposit: Annotated[int, Meta(ge=0, le=0xFFFF_FFFF)] = 0
    group: U16 = 0
    merchant: U16 = 0
    vouchers: U16 = 0
    age: U8 = 0
    colour: Annotated[str, Meta(max_length=16)] = ""


class Price(msgspec.Struct, frozen=True):
    """The price of an article in a phase, instead of its own."""

    article: Article32
    price_minor: Amount


class Phase(msgspec.Struct, frozen=True, omit_defaults=True):
    """From `from_ms` until the next phase begins: other prices, other articles on the grid."""

    number: Number
    name: Name
    from_ms: Millis
    prices: list[Price] = []
    closed: list[Article32] = []


class Grid(msgspec.Struct, frozen=True, omit_defaults=True):
    """The buttons of a till in their order; till 0, phase 0: of each that has none of its own."""

    articles: Annotated[list[Article32], Meta(max_length=200)]
    till: U16 = 0
    phase: U16 = 0


class Wallet(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the centre knows of one medium; `medium` is its pseudonym.

    `absorbed_minor`: the centre's signed total Cc. `hold_minor` reduces what can be spent (late
    declines, what a re-issued band waits for). `min_epoch` above the band's: refused. `bound`: the
    presale credit may be used offline.
    """

    medium: Id16
    absorbed_minor: Annotated[int, Meta(ge=0, le=0xFFFF_FFFF)] = 0
    credited_minor: Annotated[int, Meta(ge=0, le=0xFFFF_FFFF)] = 0
    hold_minor: Amount = 0
    min_epoch: U32 = 0
    because: Annotated[str, Meta(max_length=64)] = ""
    promo_minor: Amount = 0
    vouchers: U16 = 0
    bound: bool = False


class TopUpCode(msgspec.Struct, frozen=True):
    """A voucher code worth money, by the first 16 bytes of SHA-256 of its text."""

    code_hash: Key16
    amount_minor: Amount


class Badge(msgspec.Struct, frozen=True):
    """A band by which somebody of the staff signs in at a till."""

    medium: Id16
    operator: Number


class Cashless(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """All of it. `prices` is the version of the price list, which facts of sales name."""

    event: U16
    currency: Annotated[str, Meta(pattern=r"\A[A-Z]{3}\Z")] = "EUR"
    exponent: Annotated[int, Meta(ge=0, le=3)] = 2
    pseudonym_key: Hash = b""
    chip_key: Hash = b""
    debit_keys: Annotated[list[DebitKey], Meta(max_length=16)] = []
    credit_keys: Annotated[list[CreditKey], Meta(max_length=256)] = []
    classes: Annotated[list[WalletClass], Meta(max_length=256)] = []
    prices: U32 = 0
    taxes: Annotated[list[Tax], Meta(max_length=64)] = []
    merchants: Annotated[list[Merchant], Meta(max_length=ROWS_MAX)] = []
    articles: Annotated[list[Article], Meta(max_length=ROWS_MAX)] = []
    phases: Annotated[list[Phase], Meta(max_length=1000)] = []
    grids: Annotated[list[Grid], Meta(max_length=ROWS_MAX)] = []
    tips_percent: Annotated[list[U8], Meta(max_length=8)] = []
    burn_first: Literal["vouchers", "promo"] = "vouchers"
    promo_unheard_minor: Amount = 1000
    vouchers_unheard: U16 = 3
    wallets: Annotated[list[Wallet], Meta(max_length=MEDIA_MAX)] = []
    codes: Annotated[list[TopUpCode], Meta(max_length=MEDIA_MAX)] = []
    badges: Annotated[list[Badge], Meta(max_length=ROWS_MAX)] = []
    only_bands: bool = False
    cash_out: bool = True
    cash_out_unheard_max_minor: Amount = 0
    link: Annotated[str, Meta(max_length=14)] = ""
    receipt_head: Annotated[list[Name], Meta(max_length=12)] = []
    receipt_foot: Annotated[list[Name], Meta(max_length=12)] = []
