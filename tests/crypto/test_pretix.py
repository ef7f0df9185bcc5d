"""pretix sig1: real codes of a shop read as the shop meant them, everything else is refused."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import pretix
from crypto.errors import BadCode
from crypto.keys import VerifyKey
from tests.crypto import pretix_codes as shop
from tests.crypto import samples

CASES = samples.load("pretix-sig1.json")
REAL_KEY = VerifyKey(bytes.fromhex(CASES["public_key_hex"]))
SEED = b"\x09" * 32
KEY = VerifyKey(shop.public(SEED))
NAMES = {"validFromUnixTime": "valid_from", "validUntilUnixTime": "valid_until"}
PAYLOAD = shop.message("abcdefghi", item=5, variation=7, subevent=9, valid_from=0, valid_until=0)
INT64 = st.integers(-(2**63), 2**63 - 1)


def read(text: bytes, key: VerifyKey = KEY) -> pretix.Signed | None:
    try:
        signed = pretix.decode_untrusted(text)
    except BadCode:
        return None
    return signed if pretix.verify(signed, key) else None


@pytest.mark.parametrize("case", CASES["tickets"], ids=lambda case: case["seed"])
def test_real_tickets(case: dict[str, object]) -> None:
    signed = read(str(case["secret"]).encode(), REAL_KEY)
    assert signed is not None
    for name in ("seed", "item", "variation", "subevent", "valid_from", "valid_until"):
        assert getattr(signed.ticket, name) == case[name]


def test_real_tickets_have_identities_of_their_own() -> None:
    found = {pretix.decode_untrusted(c["secret"].encode()).identity for c in CASES["tickets"]}
    assert len(found) == len(CASES["tickets"]) == 100


@pytest.mark.parametrize("case", CASES["synthetic_valid"], ids=lambda case: case["name"])
def test_synthetic_tickets(case: dict[str, dict[str, object]]) -> None:
    signed = pretix.decode_untrusted(str(case["secret"]).encode())
    for name, value in case["fields"].items():
        assert getattr(signed.ticket, NAMES.get(name, name)) == value


@pytest.mark.parametrize("case", CASES["hostile"], ids=lambda case: case["name"])
def test_hostile_texts(case: dict[str, str]) -> None:
    signed = read(case["secret"].strip(" \t\r\n").encode(), REAL_KEY)
    if case["expect"] == "accept_same_identity":
        original = read(CASES["tickets"][0]["secret"].encode(), REAL_KEY)
        assert signed is not None and original is not None
        assert signed.identity == original.identity
    else:
        assert case["expect"] == "reject"
        assert signed is None


@pytest.mark.parametrize(
    "lies",
    [
        {"version": 0}, {"version": 2}, {"version": 255}, {"payload_length": 0xFFFF},
        {"payload_length": 0}, {"payload_length": len(PAYLOAD) - 1},
        {"payload_length": len(PAYLOAD) + 1}, {"signature_length": 0}, {"signature_length": 63},
        {"signature_length": 65}, {"signature_length": 0xFFFF}, {"trailing": b"\0"},
        {"trailing": b"\0\0"}, {"trailing": b"\0\0\0"}, {"trailing": bytes(64)},
    ],
    ids=str,
)  # fmt: skip
def test_a_lying_header_is_refused(lies: dict[str, int | bytes]) -> None:
    assert read(shop.code(SEED, PAYLOAD)) is not None
    with pytest.raises(BadCode):
        pretix.decode_untrusted(shop.code(SEED, PAYLOAD, **lies))


def test_a_scalar_above_the_order_is_refused() -> None:
    signature = shop.plus_order(shop.sign(SEED, PAYLOAD))
    assert read(shop.text(shop.blob(PAYLOAD, signature))) is None


def test_the_wrong_key_is_refused() -> None:
    assert read(shop.code(SEED, PAYLOAD), VerifyKey(shop.public(b"\x07" * 32))) is None


def of_size(size: int) -> bytes:
    """A payload of `size` bytes, at least 200: a field of a newer shop fills it up."""
    begun = shop.message("x" * 40, item=5)
    rest = size - len(begun) - 3
    return begun + shop.number(7 * 8 + 2) + shop.number(rest) + bytes(rest)


@pytest.mark.parametrize("size", [300, 1106, pretix.PAYLOAD_BYTES_MAX])
def test_long_payloads_are_read(size: int) -> None:
    payload = of_size(size)
    assert len(payload) == size
    signed = read(shop.code(SEED, payload))
    assert signed is not None
    assert signed.ticket.item == 5


def test_a_long_seed_is_read() -> None:
    signed = read(shop.code(SEED, shop.message("x" * pretix.SEED_BYTES_MAX)))
    assert signed is not None
    assert len(signed.ticket.seed) == pretix.SEED_BYTES_MAX


@pytest.mark.parametrize("size", [pretix.PAYLOAD_BYTES_MAX + 1, 60_000])
def test_too_long_payloads_are_refused(size: int) -> None:
    text = shop.code(SEED, of_size(size))
    too_long = len(text) > pretix.TEXT_BYTES_MAX
    with pytest.raises(BadCode, match="no pretix code" if too_long else "lengths"):
        pretix.decode_untrusted(text)


@pytest.mark.parametrize(
    ("written", "means"),
    [(2**63 - 1, 2**63 - 1), (-1, 0), (-(2**63), 0), (0, 0), (1, 1), (2**32, 2**32)],
)
def test_times_of_64_bits(written: int, means: int) -> None:
    payload = shop.message("s", item=1, valid_from=written, valid_until=written)
    signed = read(shop.code(SEED, payload))
    assert signed is not None
    assert (signed.ticket.valid_from, signed.ticket.valid_until) == (means, means)


@given(st.text(max_size=30), INT64, INT64, INT64)
def test_what_a_shop_writes_reads_back(seed: str, item: int, variation: int, subevent: int) -> None:
    payload = shop.message(seed, item=item, variation=variation, subevent=subevent)
    signed = read(shop.code(SEED, payload))
    assert signed is not None
    t = signed.ticket
    assert (t.seed, t.item, t.variation, t.subevent) == (seed, item, variation, subevent)


def test_no_other_byte_at_any_place_means_another_ticket() -> None:
    """Exhaustive: all 255 other bytes at each place, which holds every single-bit change."""
    for text in (CASES["tickets"][0]["secret"].encode(), CASES["tickets"][1]["secret"].encode()):
        for at in range(len(text)):
            for byte in range(256):
                if byte != text[at]:
                    changed = text[:at] + bytes([byte]) + text[at + 1 :]
                    assert read(changed, REAL_KEY) is None, (at, byte)


def test_no_character_more_or_less() -> None:
    text = CASES["tickets"][0]["secret"].encode()
    for at in range(len(text) + 1):
        assert at == len(text) or read(text[:at] + text[at + 1 :], REAL_KEY) is None
        for byte in b".- =_A\n\r\x00\xff":
            assert read(text[:at] + bytes([byte]) + text[at:], REAL_KEY) is None


UNKNOWN = shop.number(7 * 8) + b"\x01"


@pytest.mark.parametrize(
    "tail",
    [
        UNKNOWN,
        shop.number(9 * 8 + 1) + bytes(8),
        shop.number(9 * 8 + 5) + bytes(4),
        shop.number(9 * 8 + 2) + b"\x03abc",
        b"\x10\x80\x00",
    ],
    ids=["varint", "fixed64", "fixed32", "bytes", "long zero, last wins"],
)
def test_fields_of_newer_shops_are_skipped(tail: bytes) -> None:
    signed = read(shop.code(SEED, PAYLOAD + tail))
    assert signed is not None
    assert signed.ticket.variation == 7


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        (b"\x00\x01", "field number 0"),
        (b"\x08\x01", "seed is text"),
        (b"\x10", "mid-number"),
        (b"\x10\xff", "mid-number"),
        (b"\x10" + b"\xff" * 9 + b"\x02", "above 64"),
        (b"\x10" + b"\xff" * 10, "above 64"),
        (b"\x0a\x05abc", "overruns"),
        (b"\x0a\xff\xff\xff\xff\x0f", "overruns"),
        (b"\x12\x01a", "written as text"),
        (b"\x0a\x01\xff", "UTF-8"),
        (b"\x0b", "wire type 3"),
        (b"\x0c", "wire type 4"),
        (b"\x0f", "wire type 7"),
        (b"\x11" + bytes(8), "wrong type"),
        (b"\x49" + bytes(7), "wrong type"),
        (b"\x4d" + bytes(3), "wrong type"),
        (b"\x0a\xd1\x0f" + b"a" * 2001, "too long"),
    ],
)
def test_a_payload_that_is_no_message(payload: bytes, told: str) -> None:
    with pytest.raises(BadCode, match=told):
        pretix.decode_untrusted(shop.code(SEED, payload))


@given(st.one_of(st.binary(max_size=300), st.text(max_size=200).map(str.encode)))
def test_garbage_raises_one_error_only(raw: bytes) -> None:
    for text in (raw, base64.b64encode(raw)[::-1], shop.text(shop.blob(raw, bytes(64)))):
        try:
            pretix.decode_untrusted(text)
        except BadCode as error:
            assert error.reason == "invalid"


@given(st.binary(max_size=60))
def test_two_texts_never_share_a_blob(raw: bytes) -> None:
    blob = shop.blob(shop.message("s", item=1) + b"\x3a" + shop.number(len(raw)) + raw, bytes(64))
    text = shop.text(blob)
    pretix.decode_untrusted(text)
    for other in (text.lstrip(b"="), b"=" + text, text + b"=", text[:-1] + b"\n" + text[-1:]):
        if other != text:
            with pytest.raises(BadCode):
                pretix.decode_untrusted(other)
