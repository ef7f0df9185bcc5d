"""What a scenario file says of the venue: everything is named, and numbers itself if need be.

Lists that are left out are empty; in a step `bundle` they stay as they are. Numbers, which rules
use, count from 1 in the order of the file unless they are given.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta

from config.bounds import Name
from crypto.bundle import IssuerName
from edge.scenario.cashless_table import Cashless
from edge.scenario.kinds import Number, Table, When

Seconds = Annotated[int, Meta(ge=0, le=31_622_400)]
Persons = Annotated[int, Meta(ge=1, le=255)]
Count = Annotated[int, Meta(ge=0, le=1_000_000)]
Int64 = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Day = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$(?!\n)", description="a day as 2026-12-31")]
Quarter = Annotated[
    str,
    Meta(
        pattern=r"^([01][0-9]|2[0-3]):(00|15|30|45)$(?!\n)",
        description="a time of day at a quarter of an hour, as 04:00",
    ),
]
#: Where a time of day may be the end of the day too.
Until = Annotated[
    str,
    Meta(
        pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$(?!\n)",
        description="a time of day as 06:00, or 24:00",
    ),
]
Text = Annotated[str, Meta(min_length=1, max_length=4096)]


class Issuer(Table, frozen=True, kw_only=True):
    """Who signs tickets. `known` False: the bundle does not name its key."""

    name: IssuerName
    accepted: bool = True
    known: bool = True
    not_before: When | None = None
    not_after: When | None = None


class ShopRow(Table, frozen=True, kw_only=True):
    """Which numbers of a foreign shop are which product; what is left out fits any."""

    item: Int64
    product: Name
    performance: Name | None = None
    variation: Int64 | None = None
    subevent: Int64 | None = None


class Shop(Table, frozen=True, kw_only=True):
    """A pretix shop whose tickets are let in."""

    name: IssuerName
    rows: Annotated[list[ShopRow], Meta(max_length=1000)] = []


class Window(Table, frozen=True, kw_only=True):
    """When and where entry is possible; all that is said must hold. 1 = Monday."""

    first_day: Day | None = None
    last_day: Day | None = None
    weekdays: Annotated[list[Annotated[int, Meta(ge=1, le=7)]], Meta(max_length=7)] = []
    from_time: Until = "00:00"
    until_time: Until = "24:00"
    zones: Annotated[list[Name], Meta(max_length=100)] = []


class Limit(Table, frozen=True, kw_only=True):
    """At most `count` entries of each person: in all, each business day, each zone, or both."""

    count: Annotated[int, Meta(ge=1, le=65535)]
    per_day: bool = False
    per_zone: bool = False


class Product(Table, frozen=True, kw_only=True):
    """What a ticket is of, and what it allows."""

    name: Name
    number: Number | None = None
    reentry: Literal["none", "after_exit", "unlimited"] = "none"
    reentry_after_s: Seconds = 0
    windows: Annotated[list[Window], Meta(max_length=100)] = []
    limits: Annotated[list[Limit], Meta(max_length=20)] = []
    same_day: bool = False
    passback_s: Seconds = 0
    questions: Annotated[list[Name], Meta(max_length=20)] = []


class Performance(Table, frozen=True, kw_only=True):
    """The concert. Entry is possible from `admission_from` until `ends_at`."""

    name: Name
    number: Number | None = None
    starts_at: When | None = None
    ends_at: When | None = None
    admission_from: When | None = None


class Zone(Table, frozen=True, kw_only=True):
    """A part of the venue with its own count of persons."""

    name: Name
    number: Number | None = None
    capacity: Count = 0
    warn_at: Count = 0


class Gate(Table, frozen=True, kw_only=True):
    """A group of lanes. No products or no performances: all of them."""

    name: Name
    number: Number | None = None
    products: Annotated[list[Name], Meta(max_length=1000)] = []
    performances: Annotated[list[Name], Meta(max_length=1000)] = []
    zones: Annotated[list[Name], Meta(max_length=100)] = []
    inner: bool = False
    no_questions: bool = False
    accepts_unpaid: bool = False


class Ticket(Table, frozen=True, kw_only=True):
    """A right that somebody has bought, with its signed code. `name` is how steps call it.

    `shop`: a pretix ticket of that shop, with the shop's `item`, `variation` and `subevent`;
    else a ticket of `issuer` (the first one) for a `product`. `replaces`: the same right as that
    ticket, in a code that was issued later. `attention` and `check` are what staff are told.
    """

    name: Name
    issuer: IssuerName | None = None
    shop: IssuerName | None = None
    product: Name | None = None
    performance: Name | None = None
    item: Int64 = 0
    variation: Int64 = 0
    subevent: Int64 = 0
    valid_from: When | None = None
    valid_until: When | None = None
    persons: Persons = 1
    attention: bool = False
    check: bool = False
    rotating: bool = False
    issued_at: When | None = None
    replaces: Name | None = None


class Revoked(Table, frozen=True, kw_only=True):
    """Codes of `ticket` that were issued before are replaced."""

    ticket: Name
    issued_before: When


class Rule(Table, frozen=True, kw_only=True):
    """A rule as JSON logic, as a table or as text; for one gate or product, or for each."""

    logic: Any
    gate: Name | None = None
    product: Name | None = None


class Medium(Table, frozen=True, kw_only=True):
    """A band or card by what is read off it, and the tickets that are linked to it."""

    name: Name
    code: Annotated[str, Meta(min_length=1, max_length=128)]
    tickets: Annotated[list[Name], Meta(max_length=100)] = []
    blocked: bool = False


class Colour(Table, frozen=True, kw_only=True):
    """The colour of the day."""

    day: Day
    name: Name


class Guest(Table, frozen=True, kw_only=True):
    """A line of the guest list: a name, with a ticket or without; `birthday` as 12-31."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    ticket: Name | None = None
    birthday: (
        Annotated[str, Meta(pattern=r"^\d{2}-\d{2}$(?!\n)", description="as 12-31")] | None
    ) = None
    note: Annotated[str, Meta(max_length=200)] = ""


class Policy(Table, frozen=True, kw_only=True):
    """What concerns the whole venue.

    exits_at      gateways at which guests walk out
    when_unheard  of re-entry, while one of them is not heard and no exit is known
    """

    capacity: Count = 0
    warn_at: Count = 0
    exit_all_at: Quarter | None = None
    stale_after_s: Seconds = 0
    medium_prefixes: Annotated[list[Text], Meta(max_length=100)] = []
    exits_at: Annotated[list[Name], Meta(max_length=16)] = []
    when_unheard: Literal["refuse", "staff", "mark"] = "refuse"
    colours: Annotated[list[Colour], Meta(max_length=1000)] = []


class Venue(Table, frozen=True, kw_only=True):
    """Everything the centre decides, and the tickets that are sold."""

    products: Annotated[list[Product], Meta(max_length=1000)] | None = None
    performances: Annotated[list[Performance], Meta(max_length=1000)] | None = None
    zones: Annotated[list[Zone], Meta(max_length=1000)] | None = None
    gates: Annotated[list[Gate], Meta(max_length=1000)] | None = None
    issuers: Annotated[list[Issuer], Meta(max_length=100)] | None = None
    shops: Annotated[list[Shop], Meta(max_length=100)] | None = None
    tickets: Annotated[list[Ticket], Meta(max_length=10_000)] | None = None
    media: Annotated[list[Medium], Meta(max_length=10_000)] | None = None
    rules: Annotated[list[Rule], Meta(max_length=1000)] | None = None
    revoked: Annotated[list[Revoked], Meta(max_length=10_000)] | None = None
    canceled: Annotated[list[Name], Meta(max_length=10_000)] | None = None
    blocked: Annotated[list[Name], Meta(max_length=10_000)] | None = None
    unapproved: Annotated[list[Name], Meta(max_length=10_000)] | None = None
    unpaid: Annotated[list[Name], Meta(max_length=10_000)] | None = None
    guests: Annotated[list[Guest], Meta(max_length=10_000)] | None = None
    policy: Policy | None = None
    cashless: Cashless | None = None
