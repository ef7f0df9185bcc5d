"""DNS service discovery in the bytes of multicast DNS: RFC 1035, section 4; RFC 6762; RFC 6763.

As much of it as one service type needs: ``_gatehouse._tcp.local``. Its instances are called by the
hex id of a gateway, so two of them never want the same name. Pure. Names are written without
compression and read with it. What comes from the network proves nothing: an address that was found
is only dialled, and mutual TLS says who is there.
"""

import socket
import struct
from typing import Final, TypeAlias

import msgspec

from crypto.errors import Bad

SERVICE: Final = ("_gatehouse", "_tcp", "local")
GROUP: Final = "224.0.0.251"
PORT: Final = 5353
#: RFC 6762, section 17.
PACKET_BYTES_MAX: Final = 9000
RECORDS_MAX: Final = 256
NAME_BYTES_MAX: Final = 255
LABEL_BYTES_MAX: Final = 63
#: Of names of hosts, and of all else (RFC 6762, section 10).
HOST_TTL_S: Final = 120
TTL_S: Final = 4500
A, PTR, TXT, AAAA, SRV, ANY = 1, 12, 16, 28, 33, 255
IN: Final = 1
#: In the class of a record: forget what others said of this name (RFC 6762, section 10.2).
UNIQUE: Final = 0x8000
_RESPONSE, _AUTHORITATIVE = 0x8000, 0x0400
#: All but the answer's "authoritative" and "more follows" must be zero (RFC 6762, section 18).
_OTHER_FLAGS: Final = 0x780F
_HEAD: Final = struct.Struct(">HHHHHH")
_QUESTION: Final = struct.Struct(">HH")
_RECORD: Final = struct.Struct(">HHIH")
_SRV: Final = struct.Struct(">HHH")

Name: TypeAlias = tuple[str, ...]


class BadPacket(Bad):
    """Bytes that are no message of multicast DNS; they are dropped."""


class Question(msgspec.Struct, frozen=True):
    """Who has records of this type (or `ANY`) of this name? Names are lower case."""

    name: Name
    type: int = PTR


class Record(msgspec.Struct, frozen=True):
    """`data`: of `PTR` a name, of `SRV` (port, name), of `A` and `AAAA` an address, else bytes.

    `ttl_s` 0: it is no longer so.
    """

    name: Name
    type: int
    data: Name | tuple[int, Name] | str | bytes
    ttl_s: int = HOST_TTL_S
    unique: bool = True


class Packet(msgspec.Struct, frozen=True):
    """One datagram. `answers` of a question: what the asker knows already."""

    response: bool = False
    questions: tuple[Question, ...] = ()
    answers: tuple[Record, ...] = ()
    more: tuple[Record, ...] = ()


def lower(name: Name) -> Name:
    """As names are compared: ASCII letters alike (RFC 6762, section 16)."""
    return tuple(label.translate(_LOWER) for label in name)


_LOWER: Final = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def encode(packet: Packet) -> bytes:
    """The datagram. Raises `ValueError` for what would be too long."""
    flags = _RESPONSE | _AUTHORITATIVE if packet.response else 0
    counts = (len(packet.questions), len(packet.answers), 0, len(packet.more))
    parts = [_HEAD.pack(0, flags, *counts)]
    for question in packet.questions:
        parts += [_name(question.name), _QUESTION.pack(question.type, IN)]
    for record in (*packet.answers, *packet.more):
        data = _data(record)
        kind = IN | (UNIQUE if record.unique else 0)
        parts += [
            _name(record.name),
            _RECORD.pack(record.type, kind, record.ttl_s, len(data)),
            data,
        ]
    raw = b"".join(parts)
    if len(raw) > PACKET_BYTES_MAX:
        raise ValueError(f"a packet of {len(raw)} bytes")
    return raw


def _name(name: Name) -> bytes:
    labels = [label.encode() for label in name]
    if any(not 1 <= len(label) <= LABEL_BYTES_MAX for label in labels):
        raise ValueError("a label has 1 to 63 bytes")
    raw = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    if len(raw) > NAME_BYTES_MAX:
        raise ValueError("a name has at most 255 bytes")
    return raw


def _data(record: Record) -> bytes:
    data = record.data
    if record.type == PTR and isinstance(data, tuple):
        return _name(data)  # type: ignore[arg-type]
    if record.type == SRV and isinstance(data, tuple):
        port, target = data
        assert isinstance(port, int) and isinstance(target, tuple)
        return _SRV.pack(0, 0, port) + _name(target)
    if record.type in (A, AAAA) and isinstance(data, str):
        return socket.inet_pton(_FAMILY[record.type], data)
    assert isinstance(data, bytes)
    return data


_FAMILY: Final = {A: socket.AF_INET, AAAA: socket.AF_INET6}
_ADDRESS_BYTES: Final = {A: 4, AAAA: 16}


def decode_untrusted(raw: bytes) -> Packet:
    """What a datagram says. Raises `BadPacket`. Records of classes and types unknown to us are left
    out; the order of the sections that hold records is kept, authorities are skipped."""
    if not _HEAD.size <= len(raw) <= PACKET_BYTES_MAX:
        raise BadPacket(f"a packet of {len(raw)} bytes")
    _, flags, *counts = _HEAD.unpack_from(raw)
    if flags & _OTHER_FLAGS:
        raise BadPacket("another operation, or an error, is not for multicast")
    if sum(counts) > RECORDS_MAX:
        raise BadPacket("too many records")
    at, questions = _HEAD.size, []
    for _ in range(counts[0]):
        name, at = _name_at(raw, at)
        kind, group = _unpack(_QUESTION, raw, at)
        at += _QUESTION.size
        if group & ~UNIQUE in (IN, ANY):  # the high bit: the answer may come to the asker alone
            questions.append(Question(name, kind))
    sections: list[tuple[Record, ...]] = []
    for count in counts[1:]:
        records, at = _records_at(raw, at, count)
        sections.append(records)
    return Packet(bool(flags & _RESPONSE), tuple(questions), sections[0], sections[2])


def _unpack(layout: struct.Struct, raw: bytes, at: int) -> tuple[int, ...]:
    if at + layout.size > len(raw):
        raise BadPacket("the packet ends in the middle")
    return layout.unpack_from(raw, at)


def _records_at(raw: bytes, at: int, count: int) -> tuple[tuple[Record, ...], int]:
    found = []
    for _ in range(count):
        name, at = _name_at(raw, at)
        kind, group, ttl_s, size = _unpack(_RECORD, raw, at)
        at += _RECORD.size
        end = at + size
        if end > len(raw):
            raise BadPacket("a record ends behind its packet")
        if group & ~UNIQUE == IN and kind in (A, AAAA, PTR, SRV, TXT):
            data = _data_at(raw, kind, at, end)
            found.append(Record(name, kind, data, min(ttl_s, 1 << 31), bool(group & UNIQUE)))
        at = end
    return tuple(found), at


def _data_at(raw: bytes, kind: int, at: int, end: int) -> Name | tuple[int, Name] | str | bytes:
    if kind in _FAMILY:
        if end - at != _ADDRESS_BYTES[kind]:
            raise BadPacket("an address of another length")
        return socket.inet_ntop(_FAMILY[kind], raw[at:end])
    if kind == TXT:
        return raw[at:end]
    port = 0
    if kind == SRV:
        _, _, port = _unpack(_SRV, raw[:end], at)
        at += _SRV.size
    target, after = _name_at(raw[:end], at)
    if after != end:
        raise BadPacket("a name is followed by something else")
    return (port, target) if kind == SRV else target


def _name_at(raw: bytes, at: int) -> tuple[Name, int]:
    """The name at `at`, in lower case, and where the next thing begins.

    A pointer leads back only, so that no name goes round in circles.
    """
    labels: list[str] = []
    size, after, least = 1, 0, at
    while True:
        if at >= len(raw):
            raise BadPacket("a name without an end")
        length = raw[at]
        if length == 0:
            return lower(tuple(labels)), after or at + 1
        if length & 0xC0 == 0xC0:
            (pointer,) = _unpack(_POINTER, raw, at)
            after, at = after or at + 2, pointer & 0x3FFF
            if at >= least:
                raise BadPacket("a name that points ahead")
            least = at
            continue
        size += length + 1
        if length & 0xC0 or size > NAME_BYTES_MAX or at + 1 + length > len(raw):
            raise BadPacket("a label that is no label")
        try:
            labels.append(raw[at + 1 : at + 1 + length].decode())
        except UnicodeDecodeError:
            raise BadPacket("a label that is no text") from None
        at += 1 + length


_POINTER: Final = struct.Struct(">H")


def announced(gateway: bytes, port: int, addresses: list[str], ttl_s: int = TTL_S) -> Packet:
    """What the gateway `gateway` tells of itself; `ttl_s` 0: it goes away."""
    instance = (gateway.hex(), *SERVICE)
    host = (f"gatehouse-{gateway.hex()}", "local")
    host_ttl_s = min(ttl_s, HOST_TTL_S)
    kinds = {address: AAAA if ":" in address else A for address in addresses}
    return Packet(
        response=True,
        answers=(Record(SERVICE, PTR, instance, ttl_s, unique=False),),
        more=(
            Record(instance, SRV, (port, host), host_ttl_s),
            Record(instance, TXT, b"\x09txtvers=1", ttl_s),
            *(Record(host, kind, address, host_ttl_s) for address, kind in kinds.items()),
        ),
    )
