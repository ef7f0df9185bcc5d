"""Who may go in, when, where and how often, beyond the plain once: a part of the bundle.

Everything here is optional, and a bundle without it has the bytes it always had. Times of day are
minutes after local midnight in the venue's zone, dates are YYYYMMDD, 0 = open.
"""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from crypto.fact import SEQ_MAX, U16, U32, Persons, Ticket

RULE_CHARS_MAX: Final = 65536
MEDIUM_BYTES_MAX: Final = 128

Number = Annotated[int, Meta(ge=1, le=0xFFFF)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Time = Annotated[int, Meta(ge=0, le=SEQ_MAX)]
Date = Annotated[int, Meta(ge=0, le=2999_12_31)]
Minute = Annotated[int, Meta(ge=0, le=1439)]
Weekday = Annotated[int, Meta(ge=1, le=7)]
Count = Annotated[int, Meta(ge=1, le=65535)]
MediumCode = Annotated[bytes, Meta(min_length=1, max_length=MEDIUM_BYTES_MAX)]
#: A guest who may have left unheard of: refuse as used, leave it to staff, or admit and mark.
Then = Literal["refuse", "staff", "mark"]
#: A time of day at which days of 23 and of 25 hours can be counted in quarters.
Quarter = Annotated[int, Meta(ge=0, le=1425, multiple_of=15)]


class Window(msgspec.Struct, frozen=True, omit_defaults=True):
    """When and where entry is possible; all that is said must hold, what is left out is open.

    `first_day` and `last_day` are both included; `weekdays` 1 = Monday. A window whose
    `until_min` is not after `from_min` goes past midnight, and those hours belong to the day on
    which it began. `zones`: of a gate's zones one must be among them.
    """

    first_day: Date = 0
    last_day: Date = 0
    weekdays: list[Weekday] = []
    from_min: Minute = 0
    until_min: Annotated[int, Meta(ge=1, le=1440)] = 1440
    zones: list[U16] = []


class Limit(msgspec.Struct, frozen=True, omit_defaults=True):
    """At most `count` entries of each person: in all, or each business day, each zone, or both."""

    count: Count
    per_day: bool = False
    per_zone: bool = False


class EntryPolicy(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a product allows beyond its `reentry`.

    windows       one of them must hold; none: any time
    limits        all of them must hold; they replace the *once* of a product without re-entry
    same_day      nobody comes in again on another business day than the first
    passback_s    least seconds between two entries into the same zone
    questions     what staff must ask and confirm, as words: "age", "student card"
    """

    product: Number
    windows: list[Window] = []
    limits: list[Limit] = []
    same_day: bool = False
    passback_s: U32 = 0
    questions: list[Name] = []


class Zone(msgspec.Struct, frozen=True, omit_defaults=True):
    """A part of the venue with its own count. `capacity` persons, warned of from `warn_at` on."""

    number: Number
    name: Name
    capacity: U32 = 0
    warn_at: U32 = 0


class GatePolicy(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a gate leads. A gate that is not named leads into the venue and no zone.

    zones           those one is in behind it, and was not before
    inner           people come to it from inside the venue: the venue's count stays
    no_questions    nobody stands there who could ask
    accepts_unpaid  staff there may admit somebody who has not paid
    """

    gate: Number
    zones: list[Number] = []
    inner: bool = False
    no_questions: bool = False
    accepts_unpaid: bool = False


class RuleText(msgspec.Struct, frozen=True, omit_defaults=True):
    """A rule as JSON logic, for a gate and a product; 0 = each."""

    logic: Annotated[str, Meta(max_length=RULE_CHARS_MAX)]
    gate: U16 = 0
    product: U16 = 0


class MediumTicket(msgspec.Struct, frozen=True, omit_defaults=True):
    """A ticket on a medium: what its code would say. That code may be replaced; the link stays."""

    ticket: Ticket
    product: U16
    performance: U32 = 0
    valid_from: Time = 0
    valid_until: Time = 0
    persons: Annotated[int, Meta(ge=1, le=255)] = 1
    flags: Persons = 0


class Medium(msgspec.Struct, frozen=True, omit_defaults=True):
    """A band or card by the text that is read off it, and the tickets linked to it."""

    code: MediumCode
    tickets: list[MediumTicket] = []
    blocked: bool = False


class Note(msgspec.Struct, frozen=True, omit_defaults=True):
    """What staff must heed of a ticket. Names stand in the guest list, which can be erased."""

    ticket: Ticket
    attention: bool = False
    check: bool = False


class Colour(msgspec.Struct, frozen=True):
    """The colour of the day, by which staff see a band of another day."""

    day: Date
    name: Name


class Unheard(msgspec.Struct, frozen=True, omit_defaults=True):
    """What becomes of it while one of `exits_at`, gateways by name, is not heard."""

    then: Then
    exits_at: Annotated[list[Name], Meta(min_length=1)]


class Terms(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """All of it. Each list empty: as if it were not there.

    unapproved, unpaid   tickets whose order waits for approval, for money
    medium_prefixes      a text that begins so is a medium, also one that nobody knows
    exit_all_at          time of day at which nobody is taken to be inside any more
    stale_after_s        age of lists and keys from which on admissions are marked, 0 = never
    when_unheard         of re-entry after an exit; a word alone: each other gateway has exits
    """

    policies: list[EntryPolicy] = []
    zones: list[Zone] = []
    capacity: U32 = 0
    warn_at: U32 = 0
    gates: list[GatePolicy] = []
    rules: list[RuleText] = []
    media: list[Medium] = []
    medium_prefixes: list[MediumCode] = []
    unapproved: list[Ticket] = []
    unpaid: list[Ticket] = []
    notes: list[Note] = []
    colours: list[Colour] = []
    exit_all_at: Quarter | None = None
    stale_after_s: U32 = 0
    when_unheard: Then | Unheard = "refuse"
