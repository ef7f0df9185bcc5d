"""Facts: what happened, in the past tense, as one tagged union (*Formats* 4).

A fact is a MessagePack array whose first element is its kind. Kinds are only ever added; a kind
that this version does not know is carried as `UnknownFact` and never lost. The sequence number of
a fact is its place in the ledger and stands in the block's header.

Every fact has `hlc` (hybrid logical clock: 48 bits of unix ms, 16 bits of counter), the local
business day as YYYYMMDD and the UTC offset in minutes, so that a fold consults no clock and no
table of zones. `lane` and `gate` are the numbers that configuration and bundle give names to.
"""

from typing import Any, Final, TypeAlias

import msgspec

from crypto.errors import BadEntry

FACTS_PER_BLOCK_MAX: Final = 4096
FACTS_BYTES_MAX: Final = 4 << 20
NONCE_BYTES_MAX: Final = 32
HLC_COUNTER_BITS: Final = 16
HLC_MAX: Final = (1 << 64) - 1

MARK_NO_WINDOW: Final = 1
MARK_CHECK: Final = 2
MARK_ATTENTION: Final = 4
MARK_CLOCK_UNSURE: Final = 8


class Fact(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What every fact says first."""

    hlc: int
    day: int
    offset_min: int

    @property
    def wall_ms(self) -> int:
        """Unix milliseconds of the fact's clock."""
        return self.hlc >> HLC_COUNTER_BITS


class EpochBegun(Fact, frozen=True, tag=1):
    """First fact of every epoch: its key's certificate and where the log ended before.

    `because`: "first", "cut" (a torn tail that nobody could disprove), "set-aside", "foreign".
    """

    certificate: bytes
    last_epoch: int
    last_seq: int
    last_head: bytes
    because: str


class Started(Fact, frozen=True, tag=2):
    """The daemon opened its ledger."""

    version: str


class Stopped(Fact, frozen=True, tag=3):
    """The daemon stopped in order."""


class BundleApplied(Fact, frozen=True, tag=4):
    """From here on decisions follow this bundle."""

    version: int
    content_hash: bytes


class SnapshotTaken(Fact, frozen=True, tag=5):
    """A snapshot with this digest of the state exists; it covers this log through `through_seq`."""

    digest: bytes
    through_seq: int


class ClockStepped(Fact, frozen=True, tag=6):
    """The wall clock moved by `delta_ms` against the monotonic clock."""

    delta_ms: int


class DeviceLost(Fact, frozen=True, tag=7):
    """A lane's device went away. `device`: "scanner", "turnstile"; `cause` is a code."""

    lane: int
    device: str
    cause: str


class DeviceBack(Fact, frozen=True, tag=8):
    """A lane's device answers again."""

    lane: int
    device: str


class Admitted(Fact, frozen=True, tag=10):
    """A right to pass was granted: a hold of `granted` persons, settled by the outcome facts.

    `marks` are the MARK_ bits; `issued_at` (unix s) of the code shown; `nonce` names the
    presentation, so that a retry gets the same answer and never actuates again.
    """

    lane: int
    gate: int
    ticket: bytes
    issued_at: int
    product: int
    performance: int
    granted: int
    persons: int
    nonce: bytes
    marks: int = 0


class AdmissionRefused(Fact, frozen=True, tag=11):
    """A refusal: `reason` is its number, `count` how many this fact stands for.

    `ticket_hash`: first 8 bytes of SHA-256(identity), empty for texts that name no ticket.
    """

    lane: int
    gate: int
    reason: int
    ticket_hash: bytes
    count: int = 1


class PassageCompleted(Fact, frozen=True, tag=12):
    """`passed` persons of the hold (epoch, seq) have gone through so far, cumulative."""

    lane: int
    ticket: bytes
    epoch: int
    seq: int
    passed: int
    assumed: bool = False


class PassageLapsed(Fact, frozen=True, tag=13):
    """The hold is over: `passed` went through, the rest is given back."""

    lane: int
    ticket: bytes
    epoch: int
    seq: int
    passed: int


class PassageUnknown(Fact, frozen=True, tag=14):
    """Nobody knows whether the guest went through; counts as used. `cause` is a code."""

    lane: int
    ticket: bytes
    epoch: int
    seq: int
    passed: int
    cause: str


class ExitRecorded(Fact, frozen=True, tag=15):
    """A guest was let out: a hold of one person, settled like an entry."""

    lane: int
    gate: int
    ticket: bytes
    nonce: bytes


KnownFact: TypeAlias = (
    EpochBegun
    | Started
    | Stopped
    | BundleApplied
    | SnapshotTaken
    | ClockStepped
    | DeviceLost
    | DeviceBack
    | Admitted
    | AdmissionRefused
    | PassageCompleted
    | PassageLapsed
    | PassageUnknown
    | ExitRecorded
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
_PLAIN: Final = msgspec.msgpack.Decoder(list[Any])


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


def decode_facts_untrusted(body: bytes) -> list[AnyFact]:
    """The facts of a body, in order. Raises `BadEntry` unless it is an array of kinded arrays."""
    if len(body) > FACTS_BYTES_MAX:
        raise BadEntry(f"a body of facts holds at most {FACTS_BYTES_MAX} bytes")
    try:
        return list(_ALL.decode(body))
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass  # a newer kind among them, or garbage: look at each
    try:
        raws = _EACH.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadEntry(f"the body is no array of facts: {error}") from None
    return [_decode_one(bytes(raw)) for raw in raws]


def _decode_one(raw: bytes) -> AnyFact:
    try:
        fact: KnownFact = _ONE.decode(raw)
        return fact
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    try:
        array = _PLAIN.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise BadEntry(f"a fact is no array: {error}") from None
    if not array or type(array[0]) is not int or not 0 < array[0] < 1 << 16:
        raise BadEntry("a fact does not begin with its kind")
    return UnknownFact(array[0], raw)
