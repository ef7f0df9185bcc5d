"""Facts become rows: PostgreSQL's binary COPY format, packed without a stop per column.

Packing here instead of in the driver is what pays for verifying signatures: ingest stays near the
speed of a bare COPY (benchmarks/README.md). A fact that a row cannot hold (numbers beyond the
columns, a zero byte in a text) is no reason to refuse a signed block: it becomes a `Letter`.
"""

from __future__ import annotations

import struct
from collections.abc import Collection
from functools import lru_cache
from typing import Final, cast, get_args

import msgspec

from central.money_rows import storable
from crypto.block import Block
from crypto.entry import (
    AdmissionRefused,
    Admitted,
    Annulled,
    AnyFact,
    BundleApplied,
    ClockMeasured,
    ConflictFound,
    DeviceBack,
    DeviceLost,
    EpochBegun,
    ExitRecorded,
    KnownFact,
    OperatorSignedIn,
    Overridden,
    PassageCompleted,
    PassageLapsed,
    PassageUnknown,
    Started,
    UnknownFact,
    Use,
    decode_facts_untrusted,
    encode_fact,
    kind_of,
)
from crypto.errors import BadEntry
from crypto.money import KnownMoney

COPY_HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
COPY_TRAILER = struct.pack(">h", -1)
COLUMNS = (
    "tenant_id", "gateway", "epoch", "seq", "hlc", "kind", "day", "offset_min", "lane", "gate",
    "ticket", "product", "performance", "persons", "ticket_persons", "of_epoch", "of_seq", "code",
    "cause",
)  # fmt: skip
TICKET_BYTES_MAX = 96
CAUSE_CHARS_MAX = 200
WHOLE_BODY = 0
_NULL = b"\xff\xff\xff\xff"
_NO_CAUSE = _NULL * 2
_ASSUMED = _NULL + struct.pack(">i7s", 7, b"assumed")
_PAIR = struct.Struct(">iqiq")
_WHEN = struct.Struct(">ihiiih")
_WHAT = struct.Struct(">iiiqiqiq4s4sii4s")
_MONEY: Final = frozenset(get_args(KnownMoney))
_MORE: Final = _MONEY | {BundleApplied}
_INT = struct.Struct(">ii")
_LONG = struct.Struct(">iq")


class Letter(msgspec.Struct, frozen=True):
    """A fact that cannot become a row: kept as it came. Kind 0: the body of a whole block."""

    seq: int
    kind: int
    reason: str
    raw: bytes


class Rows(msgspec.Struct, frozen=True):
    """The rows of one block in COPY's binary format (no header), and what is left over."""

    packed: bytes
    count: int
    letters: list[Letter]
    #: Those of money and of bundles among them, (seq, fact): they have rows of their own as well.
    more: list[tuple[int, KnownMoney | BundleApplied]] = []


def rows_of(tenant: bytes, block: Block, without: Collection[int] = ()) -> Rows:
    """The rows of a verified block, leaving out the seqs in `without`.

    Cannot fail: what is not understood is a letter.
    """
    try:
        facts = decode_facts_untrusted(block.body)
    except BadEntry as error:
        return _whole(block, str(error))
    if len(facts) != block.count:
        return _whole(block, f"the header counts {block.count} facts, the body {len(facts)}")
    key = row_key(tenant, block.gateway, block.epoch)
    parts: list[bytes] = []
    letters: list[Letter] = []
    more: list[tuple[int, KnownMoney | BundleApplied]] = []
    for seq, fact in enumerate(facts, block.first_seq):
        if seq in without:
            continue
        try:
            parts.append(pack(key, seq, fact))
        except Unstorable as error:
            letters.append(Letter(seq, kind_of(fact), str(error), encode_fact(fact)))
            continue
        if type(fact) in _MORE:
            more.append((seq, cast("KnownMoney | BundleApplied", fact)))
    return Rows(b"".join(parts), len(parts), letters, more)


def row_key(tenant: bytes, gateway: bytes, epoch: int) -> bytes:
    """The first columns of every row of one log."""
    return b"".join(
        (
            struct.pack(">hi", len(COLUMNS), len(tenant)),
            tenant,
            struct.pack(">i", len(gateway)),
            gateway,
            _LONG.pack(8, epoch),
        )
    )


class Unstorable(Exception):
    """This fact has no row; the text says why."""


def pack(key: bytes, seq: int, fact: AnyFact) -> bytes:
    """A row: `key` as `row_key` made it, and the columns from `seq` on. Raises Unstorable."""
    try:
        if type(fact) is Admitted:
            return _admitted(key, seq, fact)
        if type(fact) is PassageCompleted or type(fact) is PassageLapsed:
            return _passed(key, seq, fact)
        if type(fact) is Overridden:
            return _overridden(key, seq, fact)
        if isinstance(fact, UnknownFact):
            raise Unstorable("a kind or shape this release does not know")
        if type(fact) in _MONEY and not storable(cast(KnownMoney, fact)):
            raise Unstorable("a text with a zero byte, or too long")
        when = _when(type(fact), fact.day, fact.offset_min)
        return b"".join((key, _PAIR.pack(8, seq, 8, fact.hlc), when, _other(fact)))
    except struct.error:
        raise Unstorable("a number beyond its column") from None


def _admitted(key: bytes, seq: int, f: Admitted) -> bytes:
    ticket = f.ticket
    place = _admitted_at(f.day, f.offset_min, f.lane, f.gate, len(ticket))
    what = _what(f.product, f.performance, f.granted, f.persons, f.marks)
    return b"".join((key, _PAIR.pack(8, seq, 8, f.hlc), place, ticket, what))


def _overridden(key: bytes, seq: int, f: Overridden) -> bytes:
    place = _when(Overridden, f.day, f.offset_min) + _int(f.lane) + _int(f.gate)
    what = _what(f.product, f.performance, f.granted, f.persons, f.marks).removesuffix(_NULL)
    # Who was found by name, and nothing stood in their way: there was no refusal.
    refusal = f" (refusal {f.reason})" if f.reason else ""
    cause = _text(f"{f.who}: {f.why}{refusal}")
    head = (key, _PAIR.pack(8, seq, 8, f.hlc), place)
    return b"".join((*head, _bytes(f.ticket), what, cause))


def _passed(key: bytes, seq: int, f: PassageCompleted | PassageLapsed) -> bytes:
    ticket = f.ticket
    place = _passed_at(type(f), f.day, f.offset_min, f.lane, len(ticket))
    assumed = type(f) is PassageCompleted and f.assumed
    hold = _PAIR.pack(8, f.epoch, 8, f.seq)
    cause = _ASSUMED if assumed else _NO_CAUSE
    return b"".join(
        (key, _PAIR.pack(8, seq, 8, f.hlc), place, ticket, _passed_count(f.passed), hold, cause)
    )


# The same few values stand in row after row: packed once, found again in a fraction of the time.
@lru_cache(4096)
def _when(kind: type[KnownFact], day: int, offset_min: int) -> bytes:
    return _WHEN.pack(2, kind.__struct_config__.tag, 4, day, 2, offset_min)


@lru_cache(4096)
def _admitted_at(day: int, offset_min: int, lane: int, gate: int, ticket_bytes: int) -> bytes:
    return _when(Admitted, day, offset_min) + _int(lane) + _int(gate) + _length(ticket_bytes)


@lru_cache(4096)
def _passed_at(
    kind: type[KnownFact], day: int, offset_min: int, lane: int, ticket_bytes: int
) -> bytes:
    return _when(kind, day, offset_min) + _int(lane) + _NULL + _length(ticket_bytes)


@lru_cache(4096)
def _what(product: int, performance: int, granted: int, persons: int, marks: int) -> bytes:
    return _WHAT.pack(
        4, product, 8, performance, 8, granted, 8, persons, _NULL, _NULL, 4, marks, _NULL
    )


@lru_cache(4096)
def _passed_count(passed: int) -> bytes:
    return _NULL * 2 + _LONG.pack(8, passed) + _NULL


def _length(ticket_bytes: int) -> bytes:
    if ticket_bytes > TICKET_BYTES_MAX:
        raise Unstorable("a ticket identity too long")
    return ticket_bytes.to_bytes(4, "big")


def _other(fact: AnyFact) -> bytes:
    lane: int | None = getattr(fact, "lane", None)
    gate: int | None = getattr(fact, "gate", None)
    ticket: bytes | None = getattr(fact, "ticket", None)
    code: int | None = None
    persons = of_epoch = of_seq = None
    cause: str | None = None
    match fact:
        case AdmissionRefused():
            persons, code, ticket = fact.count, fact.reason, fact.ticket_hash or None
        case PassageUnknown():
            persons, of_epoch, of_seq, cause = fact.passed, fact.epoch, fact.seq, fact.cause
        case Annulled():
            persons, of_epoch, of_seq = 0, fact.epoch, fact.seq
            cause = f"{fact.who}: {fact.why}"
        case ExitRecorded():
            persons = 1
        case DeviceLost():
            cause = f"{fact.device}: {fact.cause}"
        case DeviceBack():
            cause = fact.device
        case ConflictFound():
            of_epoch, of_seq = fact.later.epoch, fact.later.seq
            cause = f"{_place(fact.earlier)} {_place(fact.later)}"
        case ClockMeasured():
            state = "beyond" if fact.beyond else "within"
            cause = f"{fact.sibling.hex()}: {fact.lead_ms} ms ahead, {state} limits"
        case OperatorSignedIn():
            code = fact.operator
        case Started():
            cause = fact.version
        case EpochBegun():
            cause = fact.because
        case _:
            pass
    return b"".join(
        (
            _int(lane), _int(gate), _bytes(ticket), _NULL, _NULL, _long(persons),
            _NULL, _long(of_epoch), _long(of_seq), _int(code), _text(cause),
        )
    )  # fmt: skip


def _place(use: Use) -> str:
    return f"{use.gateway.hex()}:{use.epoch}:{use.seq}"


@lru_cache(4096)
def _int(value: int | None) -> bytes:
    return _NULL if value is None else _INT.pack(4, value)


def _long(value: int | None) -> bytes:
    return _NULL if value is None else _LONG.pack(8, value)


def _bytes(value: bytes | None) -> bytes:
    return _NULL if value is None else _length(len(value)) + value


def _text(value: str | None) -> bytes:
    if value is None:
        return _NULL
    if "\0" in value or len(value) > CAUSE_CHARS_MAX:
        raise Unstorable("a text with a zero byte, or too long")
    raw = value.encode()
    return len(raw).to_bytes(4, "big") + raw


def _whole(block: Block, reason: str) -> Rows:
    return Rows(b"", 0, [Letter(block.first_seq, WHOLE_BODY, reason, block.body)])
