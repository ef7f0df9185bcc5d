"""The guest list on the wire."""

import msgspec
import pytest

from crypto import envelope, guests
from crypto.errors import BadBundle
from crypto.guests import Guest, GuestList
from tests.crypto import samples

KEY = samples.verifier(samples.BUNDLE_KEY)
LIST = GuestList(
    version=3,
    tenant=samples.TENANT,
    issued_at_ms=5,
    guests=[Guest("1", "Jörg Weiß", b"venue:1", 2, 229, "press"), Guest("2", "Zoë")],
)


def test_a_list_reads_back() -> None:
    assert guests.read_untrusted(guests.sign(LIST, samples.BUNDLE_KEY), KEY) == LIST


def test_a_list_out_of_range_is_not_signed() -> None:
    wrong = msgspec.structs.replace(LIST, guests=[Guest("1", "A", birthday=1232)])
    with pytest.raises(ValueError, match="no gateway would take this guest list"):
        guests.sign(wrong, samples.BUNDLE_KEY)


def sealed(head: envelope.Head, body: bytes) -> bytes:
    return envelope.seal(guests.KIND, head, body, samples.BUNDLE_KEY)


def test_a_signed_body_that_is_no_list_is_refused() -> None:
    head = envelope.Head(3, samples.TENANT, 5)
    for body in (b"", b"\xc1", msgspec.msgpack.encode({"guests": 1}), b"\x91" * 5000):
        with pytest.raises(BadBundle, match="cannot be read"):
            guests.read_untrusted(sealed(head, body), KEY)


def test_a_head_that_says_another_version_is_refused() -> None:
    body = msgspec.msgpack.encode(LIST)
    with pytest.raises(BadBundle, match="disagree"):
        guests.read_untrusted(sealed(envelope.Head(4, samples.TENANT, 5), body), KEY)
