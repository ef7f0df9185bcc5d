"""Facts: what happened, in the past tense, as one tagged union (*Formats* 4).

A fact is a MessagePack array whose first element is its kind. Kinds are only ever added; a kind
that this version does not know is carried as `UnknownFact` and never lost. The sequence number of
a fact is its place in the ledger and stands in the block's header.

Every fact has `hlc` (hybrid logical clock: 48 bits of unix ms, 16 bits of counter), the local
business day as YYYYMMDD and the UTC offset in minutes, so that a fold consults no clock and no
table of zones. `lane` and `gate` are the numbers that configuration and bundle give names to.
"""

from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta

from crypto.errors import BadEntry
from crypto.fact import (
    U16,
    U32,
    Code,
    Fact,
    Hash,
    Hlc,
    Id16,
    Milliseconds,
    Nonce,
    Persons,
    Seq,
    Ticket,
)
from crypto.money import KnownMoney

FACTS_PER_BLOCK_MAX: Final = 4096
FACTS_BYTES_MAX: Final = 4 << 20

MARK_NO_WINDOW: Final = 1
MARK_CHECK: Final = 2
MARK_ATTENTION: Final = 4
MARK_CLOCK_UNSURE: Final = 8
# What the ticket's product allows, so that a fold needs no bundle; neither bit: no re-entry.
MARK_REENTRY_AFTER_EXIT: Final = 16
MARK_REENTRY_UNLIMITED: Final = 32
# It counts each business day anew; it was used at a gate within the venue.
MARK_PER_DAY: Final = 64
MARK_INNER: Final = 128
# Lists or keys were older than policy likes; it happened before it was recorded; it was recorded
# although it would have been refused.
MARK_STALE: Final = 256
MARK_UPLOADED: Final = 512
MARK_FORCED: Final = 1024
# No exit is known, but a gateway with exits was not heard, and the venue admits then.
MARK_EXIT_UNHEARD: Final = 2048


class EpochBegun(Fact, frozen=True, tag=1):
    """First fact of every epoch: its key's certificate and where the log ended before.

    `because`: "first", "cut" (a torn tail that nobody could disprove), "set-aside", "key-lost".
    """

    certificate: Annotated[bytes, Meta(max_length=1024)]
    last_epoch: U32
    last_seq: Seq
    last_head: Hash
    because: Code


class Started(Fact, frozen=True, tag=2):
    """The daemon opened its ledger."""

    version: Code


class Stopped(Fact, frozen=True, tag=3):
    """The daemon stopped in order."""


class BundleApplied(Fact, frozen=True, tag=4):
    """From here on decisions follow this bundle."""

    version: Seq
    content_hash: Hash


class SnapshotTaken(Fact, frozen=True, tag=5):
    """A snapshot with this digest of the state exists; it covers this log through `through_seq`."""

    digest: Hash
    through_seq: Seq


class ClockStepped(Fact, frozen=True, tag=6):
    """The wall clock moved by `delta_ms` against the monotonic clock."""

    delta_ms: Milliseconds


class DeviceLost(Fact, frozen=True, tag=7):
    """A lane's device went away. `device`: "scanner", "turnstile"; `cause` is a code."""

    lane: U16
    device: Code
    cause: Code


class DeviceBack(Fact, frozen=True, tag=8):
    """A lane's device answers again."""

    lane: U16
    device: Code


class ClockMeasured(Fact, frozen=True, tag=9):
    """This gateway's clock was found beyond its limits against another's, or within them again.

    `sibling`: whose it was; 16 zero bytes stand for the centre.
    `lead_ms`: how far ours is ahead (negative: behind), known to half of `round_trip_ms`.
    """

    sibling: Id16
    lead_ms: Milliseconds
    round_trip_ms: U32
    beyond: bool


class Admitted(Fact, frozen=True, tag=10):
    """A right to pass was granted: a hold of `granted` persons, settled by the outcome facts.

    `marks` are the MARK_ bits; `issued_at` (unix s) of the code shown; `nonce` names the
    presentation, so that a retry gets the same answer and never actuates again.
    """

    lane: U16
    gate: U16
    ticket: Ticket
    issued_at: U32
    product: U16
    performance: U32
    granted: Persons
    persons: Persons
    nonce: Nonce
    marks: U16 = 0


class AdmissionRefused(Fact, frozen=True, tag=11):
    """A refusal: `reason` is its number, `count` how many this fact stands for.

    `ticket_hash`: first 8 bytes of SHA-256(identity), empty for texts that name no ticket.
    """

    lane: U16
    gate: U16
    reason: U16
    ticket_hash: Hash
    count: U32 = 1


class PassageCompleted(Fact, frozen=True, tag=12):
    """`passed` persons of the hold (epoch, seq) have gone through so far, cumulative."""

    lane: U16
    ticket: Ticket
    epoch: U32
    seq: Seq
    passed: Persons
    assumed: bool = False


class PassageLapsed(Fact, frozen=True, tag=13):
    """The hold is over: `passed` went through, the rest is given back."""

    lane: U16
    ticket: Ticket
    epoch: U32
    seq: Seq
    passed: Persons


class PassageUnknown(Fact, frozen=True, tag=14):
    """Nobody knows whether the guest went through; counts as used. `cause` is a code."""

    lane: U16
    ticket: Ticket
    epoch: U32
    seq: Seq
    passed: Persons
    cause: Code


class ExitRecorded(Fact, frozen=True, tag=15):
    """A guest was let out: a hold of one person, settled like an entry."""

    lane: U16
    gate: U16
    ticket: Ticket
    nonce: Nonce


class Overridden(Admitted, frozen=True, tag=16):
    """An admission in spite of a refusal, by staff with the right to it.

    `who` and `why` are codes: who did it, and the reason given; `reason`: the refusal's number,
    0 where there was none: staff found the guest by name, and there is no code.
    """

    who: Code = ""
    why: Code = ""
    reason: U16 = 0


class Annulled(Fact, frozen=True, tag=17):
    """The hold (epoch, seq) of this gateway did not happen: "the turnstile did not turn"."""

    lane: U16
    ticket: Ticket
    epoch: U32
    seq: Seq
    who: Code
    why: Code


class Use(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An admission as a conflict names it: where its fact stands, when and where it happened."""

    gateway: Id16
    epoch: U32
    seq: Seq
    hlc: Hlc
    offset_min: Annotated[int, Meta(ge=-1440, le=1440)]
    gate: U16
    lane: U16


class ConflictFound(Fact, frozen=True, tag=18):
    """A ticket was used beyond its right by gateways that did not know of each other.

    `later` is the admission that was one too many in the order of facts, `earlier` one of another
    gateway that it would have been refused for. `id`: first 16 bytes of SHA-256 over the places
    (gateway, epoch, seq) of both, the smaller first.
    """

    id: Id16
    ticket: Ticket
    earlier: Use
    later: Use


class OperatorSignedIn(Fact, frozen=True, tag=19):
    """Somebody of the staff signed in; `operator` is their number in the configuration."""

    operator: U16


KnownFact: TypeAlias = (
    EpochBegun
    | Started
    | Stopped
    | BundleApplied
    | SnapshotTaken
    | ClockStepped
    | DeviceLost
    | DeviceBack
    | ClockMeasured
    | Admitted
    | AdmissionRefused
    | PassageCompleted
    | PassageLapsed
    | PassageUnknown
    | ExitRecorded
    | Overridden
    | Annulled
    | ConflictFound
    | OperatorSignedIn
    | KnownMoney
)


class UnknownFact(msgspec.Struct, frozen=True):
    """A fact of a newer kind or a shape unknown here: carried, not understood."""

    kind: int
    raw: bytes


AnyFact: TypeAlias = KnownFact | UnknownFact

_ENCODER: Final = msgspec.msgpack.Encoder()
_ALL: Final = msgspec.msgpack.Decoder(list[KnownFact])
_EACH: Final = msgspec.msgpack.Decoder(list[msgspec.Raw])
_ONE: Final = msgspec.msgpack.Decoder(KnownFact)
_KIND: Final = msgspec.msgpack.Decoder(Annotated[int, Meta(ge=1, le=0xFFFF)])
# RecursionError: arrays in arrays, ten thousand deep; msgspec gives up without harm.
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def kind_of(fact: AnyFact) -> int:
    """The number that stands first in the fact's array."""
    if isinstance(fact, UnknownFact):
        return fact.kind
    tag = fact.__struct_config__.tag
    assert isinstance(tag, int)
    return tag


def encode_facts(facts: list[KnownFact]) -> bytes:
    """The body of a block."""
    return _ENCODER.encode(facts)


def encode_fact(fact: AnyFact) -> bytes:
    """One fact alone, for example to measure it or to keep it as a dead letter."""
    return fact.raw if isinstance(fact, UnknownFact) else _ENCODER.encode(fact)


def decode_facts_untrusted(body: bytes, count: int | None = None) -> list[AnyFact]:
    """The facts of a body, in order. Raises `BadEntry` unless it is an array of kinded arrays.

    `count` is what the block's header promises: a fact more or less would shift the sequence
    numbers of all that follow.
    """
    if len(body) > FACTS_BYTES_MAX:
        raise BadEntry(f"a body of facts holds at most {FACTS_BYTES_MAX} bytes")
    facts = _decode_all(body)
    if len(facts) != count and (count is not None or len(facts) > FACTS_PER_BLOCK_MAX):
        raise BadEntry(f"the body holds {len(facts)} facts, not {count or FACTS_PER_BLOCK_MAX}")
    return facts


def _decode_all(body: bytes) -> list[AnyFact]:
    try:
        return list(_ALL.decode(body))
    except _UNREADABLE:
        pass  # a newer kind among them, or garbage: look at each
    try:
        raws = _EACH.decode(body)
    except _UNREADABLE as error:
        raise BadEntry(f"the body is no array of facts: {error}") from None
    # Counted before each is looked at: four million empty facts would take half a minute.
    if len(raws) > FACTS_PER_BLOCK_MAX:
        raise BadEntry(f"a body holds at most {FACTS_PER_BLOCK_MAX} facts")
    return [_decode_one(bytes(raw)) for raw in raws]


def _decode_one(raw: bytes) -> AnyFact:
    try:
        fact: KnownFact = _ONE.decode(raw)
        return fact
    except _UNREADABLE:
        pass
    try:
        # Only the kind is read: what a newer Gatehouse wrote behind it is none of our business.
        kind = _KIND.decode(_EACH.decode(raw)[0])
    except (*_UNREADABLE, IndexError):
        raise BadEntry("a fact does not begin with its kind") from None
    return UnknownFact(kind, raw)
