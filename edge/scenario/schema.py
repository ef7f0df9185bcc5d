"""The scenario file: a venue, its gateways, and steps (docs/scenarios.md)."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from config.bounds import Name, TimeOfDay
from edge.scenario import till_steps
from edge.scenario.happening import Expect as Expect
from edge.scenario.happening import Happens, NodeName
from edge.scenario.kinds import Number, Table, When
from edge.scenario.venue_table import Persons, Venue

Code = Annotated[str, Meta(min_length=1, max_length=64)]
Nonce = Annotated[str, Meta(min_length=1, max_length=32)]
#: With all its steps together a clock stays after 1970.
CLOCK_OFF_S_MAX: Final = 946_000_000
#: What becomes of a guest whom the barrier lets through.
Guest = Literal["walks", "turns_back", "hangs"]
#: How a code is shown: as printed, or not quite.
Shown = Literal["printed", "with_address", "lower_case", "altered", "with_more_behind"]


class Lane(Table, frozen=True, kw_only=True):
    """A lane; with `barrier` False a passage is assumed as soon as it is granted."""

    number: Number
    gate: Name
    direction: Literal["entry", "exit", "both"] = "both"
    barrier: bool = True
    hold_timeout_s: Annotated[int, Meta(ge=1, le=600)] = 30


class Till(Table, frozen=True, kw_only=True):
    """A till, with its reader: it tops bands up, has a drawer for cash, a terminal for cards."""

    number: Number
    can_top_up: bool = False
    drawer: bool = False
    terminal: bool = False
    only_bands: bool = False


class Gateway(Table, frozen=True, kw_only=True):
    """A gateway; without lanes it has two at every gate, for both directions.

    Without tills it has one that can do everything, where money is spoken of at all.
    """

    name: NodeName
    lanes: Annotated[list[Lane], Meta(max_length=200)] = []
    tills: Annotated[list[Till], Meta(max_length=100)] = []


class Shows(Happens, frozen=True, kw_only=True):
    """Somebody shows a ticket, a medium, or some text: exactly one of them.

    `choice`: the ticket that is meant, where a medium has several that fit.
    """

    gate: Name | None = None
    lane: Number | None = None
    ticket: Name | None = None
    medium: Name | None = None
    code: Annotated[str, Meta(max_length=8192)] | None = None
    shown: Shown = "printed"
    choice: Name | None = None
    #: How old the picture of a rotating code is.
    picture_age_s: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    nonce: Nonce | None = None


class Wants(Shows, frozen=True, kw_only=True):
    """Somebody who wants in: `count` persons, with what staff have asked and confirmed.

    `answers`: questions that were; `accept_unpaid`: somebody took the money.
    """

    count: Persons = 1
    answers: Annotated[list[Name], Meta(max_length=20)] = []
    accept_unpaid: bool = False


class Scan(Wants, tag="scan", frozen=True, kw_only=True):
    """A guest who wants in; of a group, `passed` walk."""

    guest: Guest = "walks"
    passed: Persons | None = None


class Force(Wants, tag="force", frozen=True, kw_only=True):
    """Staff let somebody in whatever stands in the way; what would have been refused is kept."""

    who: Code = "staff"
    why: Code = "goodwill"
    guest: Guest = "walks"
    passed: Persons | None = None


class Simulate(Wants, tag="simulate", frozen=True, kw_only=True):
    """What would be said, now or at `when`; nothing is recorded, and nothing moves."""

    way: Literal["entry", "exit"] = "entry"
    when: When | None = None


class Upload(Wants, tag="upload", frozen=True, kw_only=True):
    """A scan that happened at `then`, on a device that was alone, is handed in now."""

    way: Literal["entry", "exit"] = "entry"
    then: When


class Annul(Happens, tag="annul", frozen=True, kw_only=True):
    """Staff take a scan back, by the nonce of its presentation."""

    nonce: Nonce
    who: Code = "staff"
    why: Code = "did_not_turn"


class Find(Happens, tag="find", frozen=True, kw_only=True):
    """The help desk looks for a guest by name; `expect` has who is `found`."""

    name: Annotated[str, Meta(max_length=200)]


class Exit(Shows, tag="exit", frozen=True, kw_only=True):
    """A guest who goes out by a lane for exits or both."""

    guest: Guest = "walks"


class Walk(Happens, tag="walk", frozen=True, kw_only=True):
    """Who was hanging at a lane goes through. `expect` is about who was queued behind."""

    lane: Number
    passed: Persons | None = None


class TurnBack(Happens, tag="turn_back", frozen=True, kw_only=True):
    """Who was hanging at a lane does not go through: the barrier says so."""

    lane: Number


class Device(Happens, tag="device", frozen=True, kw_only=True):
    """The barrier of a lane goes out of service, or comes back."""

    lane: Number
    well: bool


class Wait(Happens, tag="wait", frozen=True, kw_only=True):
    """Time passes until then."""


class Clock(Happens, tag="clock", frozen=True, kw_only=True):
    """The gateway's clock is set by `by_s` seconds, or somebody confirms it or stops to."""

    by_s: Annotated[int, Meta(ge=-CLOCK_OFF_S_MAX, le=CLOCK_OFF_S_MAX)] = 0
    confirmed: bool | None = None


class Crash(Happens, tag="crash", frozen=True, kw_only=True):
    """The gateway's process dies; who was between scan and passage is not heard of."""


class Restart(Happens, tag="restart", frozen=True, kw_only=True):
    """The process is started on what its log holds; it stops in order first if it is alive."""


class _Link(Happens, frozen=True, kw_only=True):
    """Between two of the gateways and `centre`; without `between`, between all gateways."""

    between: Annotated[list[NodeName], Meta(min_length=2, max_length=2)] | None = None


class Cut(_Link, tag="cut", frozen=True, kw_only=True):
    """They do not hear each other any more."""


class Heal(_Link, tag="heal", frozen=True, kw_only=True):
    """They hear each other again, and exchange what they have."""


class Sync(_Link, tag="sync", frozen=True, kw_only=True):
    """They exchange what they have this once, also over a link that is cut."""


class Publish(Happens, tag="bundle", frozen=True, kw_only=True):
    """The centre publishes a newer bundle, in which these lists replace the ones before."""

    bundle: Venue


Step = (
    Scan | Exit | Force | Simulate | Upload | Annul | Find | Walk | TurnBack | Device | Wait
    | Clock | Crash | Restart | Cut | Heal | Sync | Publish
    | till_steps.TopUp | till_steps.Sale | till_steps.Tap | till_steps.Refund
    | till_steps.Reverse | till_steps.CashOut | till_steps.Issue | till_steps.Reissue
    | till_steps.Lock | till_steps.Clone | till_steps.LateDecline
)  # fmt: skip


class Scenario(Table, frozen=True, kw_only=True):
    """A scenario file. `timezone` as Europe/Berlin; `language` of the texts for staff.

    `clock_confirmed` False: nobody has confirmed the gateways' clocks when it begins.
    """

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    timezone: str
    bundle: Venue
    steps: Annotated[list[Step], Meta(min_length=1, max_length=2000)]
    about: Annotated[str, Meta(max_length=4000)] = ""
    business_day_cutover: TimeOfDay = "06:00"
    language: Literal["de", "en", "fr"] = "en"
    help_desk: Annotated[str, Meta(max_length=64)] = ""
    clock_confirmed: bool = True
    gateways: Annotated[list[Gateway], Meta(max_length=16)] = []


def kind_of(step: msgspec.Struct) -> str:
    """What a step is called in a file, as `scan`."""
    return str(step.__struct_config__.tag)


def way_of(step: Shows) -> Literal["entry", "exit"]:
    """Which way somebody wants to go."""
    if isinstance(step, Simulate | Upload):
        return step.way
    return "exit" if isinstance(step, Exit) else "entry"
