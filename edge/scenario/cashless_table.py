"""What a scenario file says of money: the tables of config/prices.example.toml, and bands by name.

Beside what stands there: a number that is left out is that of the place, counted from 1, articles
and classes may be named wherever a number may stand, and without taxes there is one of nothing.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from config.bounds import Name
from edge.scenario.kinds import Money, Number, Ref, Table, When

Small = Annotated[int, Meta(ge=0, le=255)]
U16 = Annotated[int, Meta(ge=0, le=65535)]
Chip = Literal["NTAG213", "NTAG215", "NTAG216", "UL_EV1_48", "UL_EV1_128", "UL_C", "UL_AES"]


class WalletClass(Table, frozen=True, kw_only=True):
    """A kind of wallets: guest, crew, child."""

    name: Name
    number: Annotated[int, Meta(ge=1, le=255)] | None = None
    ages: Annotated[list[Small], Meta(max_length=8)] = []
    single_max_minor: Money = 0
    balance_max_minor: Money = 0
    top_up_min_minor: Money = 0
    exposure_plain_minor: Money = 3000
    exposure_authenticated_minor: Money = 10000
    postpaid_minor: Money = 0
    velocity_count: U16 = 0
    velocity_s: U16 = 0
    expires_ms: When | None = None


class Tax(Table, frozen=True, kw_only=True):
    """A rate in basis points (1900 = 19 %)."""

    code: Small
    letter: Annotated[str, Meta(pattern=r"^[A-Z]$(?!\n)", description="a letter, A to Z")]
    rate_bp: Annotated[int, Meta(ge=0, le=10000)]
    name: Name


class Merchant(Table, frozen=True, kw_only=True):
    """Whoever sells, as the receipt names it."""

    number: Number
    name: Name
    address: Annotated[str, Meta(max_length=400)] = ""
    tax_id: Annotated[str, Meta(max_length=40)] = ""
    commission_bp: Annotated[int, Meta(ge=0, le=10000)] = 0
    commission_tax: Small = 0


class Article(Table, frozen=True, kw_only=True):
    """What is sold, or a deposit. Without a price it is typed in at the till."""

    name: Name
    number: Annotated[int, Meta(ge=1, le=0xFFFF_FFFF)] | None = None
    short: Annotated[str, Meta(min_length=1, max_length=40)] | None = None
    tax: Small = 1
    price_minor: Money | None = None
    kind: Literal["article", "deposit"] = "article"
    deposit: Ref | None = None
    group: U16 = 0
    merchant: U16 = 0
    vouchers: U16 = 0
    age: Small = 0
    colour: Annotated[str, Meta(max_length=16)] = ""


class Price(Table, frozen=True, kw_only=True):
    """The price of an article in a phase."""

    article: Ref
    price_minor: Money


class Phase(Table, frozen=True, kw_only=True):
    """From `from_ms` on other prices hold, and some articles are closed."""

    name: Name
    from_ms: When
    number: Number | None = None
    prices: Annotated[list[Price], Meta(max_length=1000)] = []
    closed: Annotated[list[Ref], Meta(max_length=1000)] = []


class Grid(Table, frozen=True, kw_only=True):
    """The buttons of a till. Nothing in a scenario asks for them; a price list may have them."""

    articles: Annotated[list[Ref], Meta(max_length=200)]
    till: U16 = 0
    phase: U16 = 0


class Voucher(Table, frozen=True, kw_only=True):
    """A code that is worth money, once."""

    code: Annotated[str, Meta(min_length=1, max_length=64)]
    amount: Money


class Wallet(Table, frozen=True, kw_only=True):
    """What the centre says of one band, wherever it is shown.

    presale   was paid beforehand, and may be spent without a top-up point
    held      may not be spent: a card was declined afterwards
    denied    lost, or stolen: no till serves it
    """

    band: Name
    presale: Money = 0
    held: Money = 0
    promo: Money = 0
    vouchers: U16 = 0
    denied: bool = False


class Band(Table, frozen=True, kw_only=True):
    """A band by the word that steps call it. With a class it is issued before the first step, and
    what is its `balance` was paid in cash; without one it is blank."""

    name: Name
    chip: Chip = "NTAG213"
    wallet_class: Ref | None = msgspec.field(default=None, name="class")
    balance: Money = 0


class Cashless(Table, frozen=True, kw_only=True):
    """All of it. In a step `bundle`, what is left out stays as it is."""

    event: Annotated[int, Meta(ge=0, le=65535)] | None = None
    currency: (
        Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)", description="three letters, as EUR")]
        | None
    ) = None
    exponent: Annotated[int, Meta(ge=0, le=3)] | None = None
    burn_first: Literal["vouchers", "promo"] | None = None
    promo_unheard_minor: Money | None = None
    vouchers_unheard: U16 | None = None
    cash_out: bool | None = None
    cash_out_unheard_max_minor: Money | None = None
    only_bands: bool | None = None
    tips_percent: Annotated[list[Small], Meta(max_length=8)] | None = None
    link: Annotated[str, Meta(max_length=14)] | None = None
    receipt_head: Annotated[list[Name], Meta(max_length=12)] | None = None
    receipt_foot: Annotated[list[Name], Meta(max_length=12)] | None = None
    classes: Annotated[list[WalletClass], Meta(max_length=255)] | None = None
    taxes: Annotated[list[Tax], Meta(max_length=64)] | None = None
    merchants: Annotated[list[Merchant], Meta(max_length=1000)] | None = None
    articles: Annotated[list[Article], Meta(max_length=1000)] | None = None
    phases: Annotated[list[Phase], Meta(max_length=1000)] | None = None
    grids: Annotated[list[Grid], Meta(max_length=1000)] | None = None
    codes: Annotated[list[Voucher], Meta(max_length=1000)] | None = None
    wallets: Annotated[list[Wallet], Meta(max_length=1000)] | None = None
    bands: Annotated[list[Band], Meta(max_length=1000)] | None = None
