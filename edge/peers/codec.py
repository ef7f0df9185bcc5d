"""The messages between siblings: ``u32 length | MessagePack array``, the first element its kind.

Both sides say `Hello` first, with what they hold of every log. Then each sends the blocks that the
other lacks, in runs of sealed blocks as they stand in the ledger (*Formats* 4), and goes on with
each block that becomes durable. `Held` tells what is durable at the receiver, so it is the
acknowledgement as well as the news about other logs. `Want` asks again after a gap; on a
connection that only asks (`Hello.streams` False, a gateway before it opens) it is the request.

Kind and version come first in every version of `Hello`. Whoever speaks another one is refused with
both numbers, whatever else is in it: half an understanding would look like a fault on the line.
"""

import struct
from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta

from crypto.block import BLOCK_BYTES_MAX
from crypto.fact import HLC_MAX, SEQ_MAX, U32, Id16
from edge.peers.errors import BadFrame, OtherVersion

#: Raised with every message that is added or changed. 2: `Hello.guests`, kinds 10 and 11.
VERSION: Final = 2
LOGS_MAX: Final = 2048
#: So many are told at first: what is said later has room beside them.
HELLO_LOGS_MAX: Final = 1024
GATEWAYS_MAX: Final = 255
#: A run is cut after so many bytes, but one block is always sent whole.
RUN_BYTES: Final = 256 << 10
PART_BYTES_MAX: Final = 256 << 10
RUN_BYTES_MAX: Final = max(RUN_BYTES, BLOCK_BYTES_MAX)
FRAME_BYTES_MAX: Final = RUN_BYTES_MAX + 64
#: Before the sibling has said who it is.
HELLO_BYTES_MAX: Final = 256 << 10
_LENGTH: Final = struct.Struct(">I")

Seq = Annotated[int, Meta(ge=0, le=SEQ_MAX)]
WallMs = Annotated[int, Meta(ge=0, le=HLC_MAX)]
Hash = Annotated[bytes, Meta(min_length=32, max_length=32)]
Code = Annotated[str, Meta(max_length=64)]
Text = Annotated[str, Meta(max_length=200)]


class LogHead(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The log `epoch` of `gateway` is held through `seq`, in the block with this hash."""

    gateway: Id16
    epoch: U32
    seq: Seq
    hash: Hash


class Heard(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The sender talks to `gateway` itself, and last heard it `age_ms` ago."""

    gateway: Id16
    age_ms: U32


Heads = Annotated[list[LogHead], Meta(max_length=LOGS_MAX)]


class _Message(msgspec.Struct, frozen=True, array_like=True, gc=False):
    pass


class Hello(_Message, frozen=True, tag=1):
    """Who speaks, by which bundle it decides, and all that it holds durably.

    `guests`: the version of its guest list.
    """

    version: Annotated[int, Meta(ge=1, le=0xFFFF)]
    gateway: Id16
    bundle: Seq
    streams: bool
    heads: Heads
    guests: Seq = 0


class Refused(_Message, frozen=True, tag=2):
    """The connection ends, because of `code`."""

    code: Code
    detail: Text = ""


class Blocks(_Message, frozen=True, tag=3):
    """Sealed blocks without padding, of one log, in order."""

    run: Annotated[bytes, Meta(max_length=RUN_BYTES_MAX)]


class Held(_Message, frozen=True, tag=4):
    """What became durable here since the last time."""

    heads: Heads


class Want(_Message, frozen=True, tag=5):
    """Send the log (again) from the block that holds `seq`."""

    gateway: Id16
    epoch: U32
    seq: Seq


class Hears(_Message, frozen=True, tag=6):
    """With whom else the sender is connected."""

    siblings: Annotated[list[Heard], Meta(max_length=GATEWAYS_MAX)]


class Ping(_Message, frozen=True, tag=7):
    """Are you there? `token` comes back."""

    token: U32


class Pong(_Message, frozen=True, tag=8):
    """Yes, and my clock says `wall_ms`; `sure`: somebody has confirmed it."""

    token: U32
    wall_ms: WallMs
    sure: bool


class BundlePart(_Message, frozen=True, tag=9):
    """Bytes `at` and after of a newer bundle of the centre, of `total_bytes`."""

    version: Seq
    total_bytes: U32
    at: U32
    part: Annotated[bytes, Meta(max_length=PART_BYTES_MAX)]


class GuestsPart(_Message, frozen=True, tag=10):
    """The same of a newer guest list: it replaces the one before, also what was erased there."""

    version: Seq
    total_bytes: U32
    at: U32
    part: Annotated[bytes, Meta(max_length=PART_BYTES_MAX)]


class StateAt(_Message, frozen=True, tag=11):
    """With the facts `vector` folded, the sender's state is `state` (`edge.digests`)."""

    vector: Hash
    state: Hash


class _AnyHello(_Message, frozen=True, tag=1):
    """What a `Hello` of every version begins with."""

    version: Annotated[int, Meta(ge=1, le=0xFFFF)]


Part: TypeAlias = BundlePart | GuestsPart
Message: TypeAlias = (
    Hello | Refused | Blocks | Held | Want | Hears | Ping | Pong | BundlePart | GuestsPart | StateAt
)  # fmt: skip
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Message)
_HELLOS: Final = msgspec.msgpack.Decoder(_AnyHello)
_KIND_AT: Final = 1


def encode(message: Message) -> bytes:
    """The frame of a message."""
    body = _ENCODER.encode(message)
    assert len(body) <= FRAME_BYTES_MAX
    return _LENGTH.pack(len(body)) + body


def decode_untrusted(
    buffer: bytes | bytearray, most_bytes: int = FRAME_BYTES_MAX
) -> tuple[Message | None, int]:
    """The first message in `buffer` and its length; (None, 0) while it is not whole.

    Raises `BadFrame` for a frame longer than `most_bytes`, before anything is kept for it, and for
    one that is no message, or not written as we write it; `OtherVersion` for a `Hello` of another.
    """
    if len(buffer) < _LENGTH.size:
        return None, 0
    (size,) = _LENGTH.unpack_from(buffer)
    if size > most_bytes:
        raise BadFrame(f"a frame of {size} bytes; at most {most_bytes} are taken here")
    end = _LENGTH.size + size
    if len(buffer) < end:
        return None, 0
    body = bytes(buffer[_LENGTH.size : end])
    if body[_KIND_AT : _KIND_AT + 1] == b"\x01":
        _refuse_other_version(body)
    try:
        message: Message = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadFrame(f"this is no message: {error}") from None
    if _ENCODER.encode(message) != body:
        raise BadFrame("the message is not written as it should be")
    return message, end


def _refuse_other_version(body: bytes) -> None:
    try:
        version = _HELLOS.decode(body).version
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return  # no `Hello` at all: what follows says so
    if version != VERSION:
        raise OtherVersion(version, VERSION)
