"""The guest list: names, so that somebody without a phone can be found at the help desk.

Apart from the bundle, because names must be erasable: bundles are kept for ever, of guest lists
each party keeps the newest only. An envelope (`crypto.envelope`) with magic ``GHL1`` and domain
``gatehouse-guests-1\\0``, signed by the bundle key. Versions only rise.
"""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from crypto import envelope
from crypto.errors import BadBundle
from crypto.fact import SEQ_MAX, U16, U32, Ticket
from crypto.keys import SigningKey, VerifyKey

KIND: Final = envelope.Kind(b"GHL1", b"gatehouse-guests-1\0", "a guest list")


class Guest(msgspec.Struct, frozen=True, omit_defaults=True):
    """`key` names the row across imports; `ticket` empty: on the list without a ticket.

    `birthday` as MMDD, 0 = unknown: the year is nobody's business. From `performance` on: what
    the ticket's code says, for guests who cannot show it.
    """

    key: Annotated[str, Meta(min_length=1, max_length=64)]
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    ticket: Ticket = b""
    product: U16 = 0
    birthday: Annotated[int, Meta(ge=0, le=1231)] = 0
    note: Annotated[str, Meta(max_length=200)] = ""
    performance: U32 = 0
    valid_from: Annotated[int, Meta(ge=0, le=SEQ_MAX)] = 0
    valid_until: Annotated[int, Meta(ge=0, le=SEQ_MAX)] = 0
    persons: Annotated[int, Meta(ge=1, le=255)] = 1


class GuestList(msgspec.Struct, frozen=True, kw_only=True):
    """The content. `version`, `tenant` and `issued_at_ms` stand in the signed head, too."""

    version: Annotated[int, Meta(ge=0, le=SEQ_MAX)] = 0
    tenant: Annotated[bytes, Meta(min_length=16, max_length=16)] = bytes(16)
    issued_at_ms: Annotated[int, Meta(ge=0, le=SEQ_MAX)] = 0
    guests: list[Guest] = []


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(GuestList)


def _head(guests: GuestList) -> envelope.Head:
    return envelope.Head(guests.version, guests.tenant, guests.issued_at_ms)


def sign(guests: GuestList, key: SigningKey) -> bytes:
    """The bytes of `guests`. Raises `ValueError` for a list that gateways would refuse."""
    body = _ENCODER.encode(guests)
    try:
        _DECODER.decode(body)
    except msgspec.ValidationError as error:
        raise ValueError(f"no gateway would take this guest list: {error}") from None
    return envelope.seal(KIND, _head(guests), body, key)


def read_untrusted(raw: bytes, key: VerifyKey) -> GuestList:
    """Check and read a list signed by `key`. Raises `BadBundle` for everything else."""
    head, body = envelope.open_untrusted(KIND, raw, key)
    try:
        guests = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadBundle(f"the guest list cannot be read: {error}") from None
    if _head(guests) != head:
        raise BadBundle("the guest list's head and content disagree")
    return guests
