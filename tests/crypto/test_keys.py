"""Signatures as RFC 8032 has them, domains that keep them apart, keys in all their spellings."""

import base64
import contextlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from crypto import keys
from crypto.errors import BadKey
from crypto.keys import SigningKey, VerifyKey, parse_public_untrusted
from tests.crypto import pretix_codes, samples

RFC = samples.load("rfc8032.json")["vectors"]
PUBLIC = samples.ISSUER_KEY.public


@pytest.mark.parametrize("vector", RFC, ids=lambda vector: vector["name"])
def test_rfc_8032_section_7_1(vector: dict[str, str]) -> None:
    message, signature = bytes.fromhex(vector["message"]), bytes.fromhex(vector["signature"])
    key = SigningKey(bytes.fromhex(vector["seed"]))
    assert key.public.hex() == vector["public"]
    assert key.sign(b"", message) == signature
    assert VerifyKey(key.public).verify(b"", message, signature)
    assert not VerifyKey(key.public).verify(b"", message + b"\0", signature)


def test_every_bit_of_a_signature_counts() -> None:
    signature = samples.ISSUER_KEY.sign(b"d\0", b"message")
    key = VerifyKey(PUBLIC)
    assert key.verify(b"d\0", b"message", signature)
    assert not any(key.verify(b"d\0", b"message", each) for each in samples.flips(signature))


def test_a_scalar_above_the_order_is_refused() -> None:
    signature = samples.ISSUER_KEY.sign(b"", b"message")
    assert not VerifyKey(PUBLIC).verify(b"", b"message", pretix_codes.plus_order(signature))


# RFC 8032's curve, points of order 1, 2, 4 and 8: a lax verifier takes R = A and S = 0 for them.
@pytest.mark.parametrize(
    "point",
    [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    ],
)
def test_a_public_key_of_small_order_verifies_nothing(point: str) -> None:
    key = VerifyKey(bytes.fromhex(point))
    for forged in (bytes.fromhex(point) + bytes(32), b"\x01" + bytes(63)):
        assert not any(key.verify(b"", bytes([i]), forged) for i in range(16))


@pytest.mark.parametrize("size", [0, 63, 65, 128])
def test_a_signature_has_64_bytes(size: int) -> None:
    assert not VerifyKey(PUBLIC).verify(b"", b"", bytes(size))


def test_a_signature_never_borrows_from_the_message() -> None:
    signature = samples.ISSUER_KEY.sign(b"", b"message")
    key = VerifyKey(PUBLIC)
    assert not key.verify(b"", b"essage", signature + b"m")
    assert not key.verify(b"", signature[63:] + b"message", signature[:63])


@pytest.mark.parametrize("size", [2048 - 65, 2048 - 64, 2048 - 63, 100_000])
def test_long_messages_verify_like_short_ones(size: int) -> None:
    message = bytes(size)
    signature = samples.ISSUER_KEY.sign(b"", message)
    assert VerifyKey(PUBLIC).verify(b"", message, signature)
    assert not VerifyKey(PUBLIC).verify(b"", message[:-1] + b"\1", signature)


def test_a_message_above_the_limit_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    signature = samples.ISSUER_KEY.sign(b"", b"message")
    monkeypatch.setattr(keys, "MESSAGE_BYTES_MAX", 70)
    assert not VerifyKey(PUBLIC).verify(b"", b"message", signature)


def test_domains_keep_signatures_apart() -> None:
    domains = [value for name, value in vars(keys).items() if name.endswith("_DOMAIN")]
    assert len(domains) == 7
    assert len(set(domains)) == len(domains)
    assert all(each.endswith(b"\0") and each.count(b"\0") == 1 for each in domains)
    signature = samples.ISSUER_KEY.sign(domains[0], b"m")
    took = [each for each in domains if VerifyKey(PUBLIC).verify(each, b"m", signature)]
    assert took == domains[:1]


def test_no_repr_shows_a_seed() -> None:
    seed = b"\x5a" * 32
    key = SigningKey(seed)
    assert repr(key) == f"<SigningKey {key.key_id.hex()}>"
    assert repr(VerifyKey(key.public)) == f"<VerifyKey {key.key_id.hex()}>"
    assert seed.hex() not in repr(key)


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_a_key_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(BadKey, match=f"has 32 bytes, this one has {size}"):
        SigningKey(bytes(size))
    with pytest.raises(BadKey, match=f"has 32 bytes, this one has {size}"):
        VerifyKey(bytes(size))


def spellings(public: bytes) -> dict[str, str | bytes]:
    key = Ed25519PublicKey.from_public_bytes(public)
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return {
        "hex": public.hex(),
        "HEX": public.hex().upper(),
        "bytes": public.hex().encode(),
        "pem": pem,
        "pem text": "\r\n" + pem.decode() + " ",
        "base64 of pem": base64.b64encode(pem).decode(),
        "base64 in lines": base64.encodebytes(pem).decode(),
        "base64 of der": base64.b64encode(der).decode(),
    }


@pytest.mark.parametrize("name", spellings(PUBLIC))
def test_a_public_key_is_read_in_every_spelling(name: str) -> None:
    assert parse_public_untrusted(spellings(PUBLIC)[name]) == PUBLIC


def test_the_key_as_pretix_shows_it() -> None:
    data = samples.load("pretix-sig1.json")
    shown = parse_public_untrusted(data["public_key_setting_b64pem"])
    assert shown.hex() == data["public_key_hex"]


def not_ed25519() -> list[str]:
    found = [ec.generate_private_key(ec.SECP256R1()), x25519.X25519PrivateKey.generate()]
    form = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return [each.public_key().public_bytes(*form).decode() for each in found]


@pytest.mark.parametrize(
    "text",
    [
        "", "  ", "zz", "é" * 32, "\ud800", "0" * 63, "0" * 65, "g" * 64, "A" * 5000, "=AAA",
        "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n", "-----BEGIN", *not_ed25519(),
    ],
)  # fmt: skip
def test_anything_else_is_no_public_key(text: str) -> None:
    with pytest.raises(BadKey):
        parse_public_untrusted(text)


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200)))
def test_a_foreign_key_raises_one_error_only(text: str | bytes) -> None:
    with contextlib.suppress(BadKey):
        assert len(parse_public_untrusted(text)) == 32


def test_a_damaged_key_text_raises_one_error_only() -> None:
    for name, text in spellings(PUBLIC).items():
        raw = text.encode() if isinstance(text, str) else text
        for changed in samples.flips(raw) + [raw[:i] for i in range(len(raw))]:
            with contextlib.suppress(BadKey):
                assert len(parse_public_untrusted(changed)) == 32, name
