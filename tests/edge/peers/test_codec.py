"""Messages between siblings: they round trip, chunks do not matter, nothing else gets in."""

import hashlib
import struct

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.peers import codec
from edge.peers.codec import decode_untrusted, encode
from edge.peers.errors import BadFrame, OtherVersion
from tests.crypto.samples import flips

ID = bytes(range(16))
HEAD = codec.LogHead(ID, 7, 99, bytes(32))
MESSAGES: list[codec.Message] = [
    codec.Hello(
        codec.VERSION, ID, 4, True, [HEAD, codec.LogHead(bytes(16), 8, 1, b"\xff" * 32)], 3
    ),
    codec.Refused("revoked", "by the centre"),
    codec.Blocks(b"blocks"),
    codec.Held([HEAD]),
    codec.Want(ID, 7, 12),
    codec.Hears([codec.Heard(ID, 250)]),
    codec.Ping(5),
    codec.Pong(5, 1_770_000_000_000, True),
    codec.BundlePart(4, 10, 5, b"12345"),
    codec.GuestsPart(2, 10, 5, b"12345"),
    codec.StateAt(bytes(32), b"\x01" * 32),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda m: type(m).__name__)
def test_every_message_reads_back(message: codec.Message) -> None:
    raw = encode(message)
    assert decode_untrusted(raw) == (message, len(raw))
    assert decode_untrusted(raw + b"next") == (message, len(raw))
    for cut in range(len(raw)):
        assert decode_untrusted(raw[:cut]) == (None, 0)


def test_there_is_a_sample_of_every_message_with_a_number_of_its_own() -> None:
    assert {type(message) for message in MESSAGES} == set(codec.Message.__args__)
    assert [m.__struct_config__.tag for m in MESSAGES] == list(range(1, len(MESSAGES) + 1))


def test_the_frame_is_what_it_says() -> None:
    assert encode(codec.Ping(5)) == bytes.fromhex("00000003 92 07 05")
    assert encode(codec.Want(ID, 7, 12)) == bytes.fromhex(f"00000016 94 05 c410{ID.hex()} 07 0c")


@pytest.mark.parametrize(
    "rest",
    [
        [ID, 4, True, []],  # as version 1 began
        [ID, 4, True, [], 3],
        [ID, 4, True, [], 3, "what we do not know yet", {}],
        ["another", "beginning"],
        [],
    ],
)
@pytest.mark.parametrize("version", (1, codec.VERSION + 1))
def test_another_version_is_told_whatever_else_its_hello_says(
    version: int, rest: list[object]
) -> None:
    with pytest.raises(OtherVersion, match=f"version {version} and we speak version 2: bring"):
        decode_untrusted(framed(msgspec.msgpack.encode([1, version, *rest])))


def test_the_version_rises_with_every_message_that_is_added_or_changed() -> None:
    """When this fails: raise `VERSION`, and only then write down here what the messages are."""
    shapes = [(m.__name__, *m.__struct_fields__) for m in codec.Message.__args__]
    told = hashlib.sha256(repr(shapes).encode()).hexdigest()[:16]
    assert (codec.VERSION, told) == (2, "0b3772b348dd7e27")


@given(st.lists(st.sampled_from(MESSAGES), max_size=5), st.integers(1, 40))
def test_chunks_do_not_matter(messages: list[codec.Message], size: int) -> None:
    raw = b"".join(map(encode, messages))
    buffer, read = bytearray(), []
    for at in range(0, len(raw), size):
        buffer += raw[at : at + size]
        while (found := decode_untrusted(buffer))[0] is not None:
            read.append(found[0])
            del buffer[: found[1]]
    assert (read, bytes(buffer)) == (messages, b"")


def framed(body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + body


pack = msgspec.msgpack.encode


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\xc0", b"\x90", b"\x91\x00", pack([99]), pack([7]), pack([7, -1]), pack([7, "5"]),
        pack([7, 5, 6]), b"\x92\x07\xcc\x05", b"\x92\x07\x05\x00", pack([3, b"x" * (5 << 20)]),
        pack([5, bytes(15), 7, 1]), pack([1, 1, ID, 1, True, [[ID, 1, 1, bytes(31)]]]),
        pack([4, [[ID, 7, 9, bytes(32)]] * 2049]), b"\x91" * 5000,
    ],
    ids=lambda body: body[:8].hex(),
)  # fmt: skip
def test_what_is_no_message_is_refused(body: bytes) -> None:
    with pytest.raises(BadFrame):
        decode_untrusted(framed(body))


def test_a_frame_that_is_too_long_is_refused_before_it_has_come() -> None:
    with pytest.raises(BadFrame, match="at most 262144"):
        decode_untrusted(struct.pack(">I", 262_145), codec.HELLO_BYTES_MAX)
    with pytest.raises(BadFrame):
        decode_untrusted(struct.pack(">I", codec.FRAME_BYTES_MAX + 1))
    assert decode_untrusted(struct.pack(">I", codec.FRAME_BYTES_MAX)) == (None, 0)


@given(st.binary(max_size=200))
def test_garbage_raises_one_error_only(raw: bytes) -> None:
    for data in (raw, framed(raw)):
        try:
            decode_untrusted(data)
        except BadFrame:
            continue


def test_a_damaged_message_raises_one_error_only() -> None:
    for message in MESSAGES:
        for changed in flips(encode(message)):
            try:
                found, _ = decode_untrusted(changed)
            except BadFrame:
                continue
            assert found != message


def test_the_largest_vector_fits_the_first_message() -> None:
    full = codec.LogHead(ID, 2**32 - 1, 2**63 - 1, b"\xff" * 32)
    raw = encode(codec.Hello(codec.VERSION, ID, 2**63 - 1, True, [full] * codec.LOGS_MAX))
    assert len(raw) <= codec.HELLO_BYTES_MAX
    assert decode_untrusted(raw, codec.HELLO_BYTES_MAX)[1] == len(raw)
