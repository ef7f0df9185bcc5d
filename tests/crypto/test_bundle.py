"""Bundles: signed as a whole, readable by older gateways, never out of range."""

import hashlib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import bundle
from crypto.bundle import ForeignIssuer, ForeignRow, Issuer, IssuerKey
from crypto.errors import BadBundle
from crypto.keys import BUNDLE_DOMAIN
from tests.crypto import samples

KEY = samples.verifier(samples.BUNDLE_KEY)
RAW = bundle.sign(samples.make_bundle(), samples.BUNDLE_KEY)
PUBLIC = samples.ISSUER_KEY.public


def signed(body: bytes, **changes: Any) -> bytes:
    """Any body under a signature that is right."""
    made = samples.make_bundle()
    values = {
        "magic": b"GHU1", "format": 1, "version": made.version, "tenant": made.tenant,
        "issued_at_ms": made.issued_at_ms, "key": KEY.key_id, "size": len(body),
    } | changes  # fmt: skip
    raw = bundle._HEAD.pack(*values.values()) + body
    return raw + samples.BUNDLE_KEY.sign(BUNDLE_DOMAIN, hashlib.sha512(raw).digest())


def as_maps() -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.msgpack.decode(msgspec.msgpack.encode(samples.make_bundle()))
    return plain


def test_a_bundle_reads_back() -> None:
    assert bundle.read_untrusted(RAW, KEY) == samples.make_bundle()
    assert bundle.content_hash(RAW) == hashlib.sha256(RAW).digest()


def test_an_empty_bundle_reads_back() -> None:
    raw = bundle.sign(bundle.Bundle(), samples.BUNDLE_KEY)
    assert bundle.read_untrusted(raw, KEY) == bundle.Bundle()


def test_every_changed_bit_and_every_cut_is_refused() -> None:
    for changed in samples.flips(RAW) + [RAW[:size] for size in range(len(RAW))] + [RAW + b"\0"]:
        with pytest.raises(BadBundle):
            bundle.read_untrusted(changed, KEY)


def test_another_key_is_refused_even_with_the_same_id() -> None:
    stranger = samples.verifier(samples.OTHER_KEY)
    with pytest.raises(BadBundle, match=f"trusts {stranger.key_id.hex()}"):
        bundle.read_untrusted(RAW, stranger)
    stranger.key_id = KEY.key_id
    with pytest.raises(BadBundle, match="does not verify"):
        bundle.read_untrusted(RAW, stranger)


def test_fields_of_a_newer_centre_are_skipped() -> None:
    newer = as_maps() | {"wallets": [1, {"a": None}]}
    newer["products"][0]["colour"] = "green"
    raw = signed(msgspec.msgpack.encode(newer))
    assert bundle.read_untrusted(raw, KEY) == samples.make_bundle()


@pytest.mark.parametrize(
    ("body", "changes", "told"),
    [
        (b"", {}, "cannot be read"),
        (b"\xc1", {}, "cannot be read"),
        (b"\x90", {}, "cannot be read"),
        (b"\x81\xa1x" + b"\x91" * 100_000, {}, "cannot be read"),
        (b"\x81\xa8products\x91\x81\xa4name\xa1\xff", {}, "cannot be read"),
        (b"\x80", {}, "disagree"),
        (b"\x80", {"magic": b"GHB1"}, "no bundle"),
        (b"\x80", {"format": 2}, "newer Gatehouse"),
        (b"\x80", {"size": 2}, "add up"),
        (None, {"version": 5}, "disagree"),
        (None, {"tenant": bytes(16)}, "disagree"),
        (None, {"issued_at_ms": 0}, "disagree"),
    ],
)
def test_a_signature_does_not_excuse_nonsense(
    body: bytes | None, changes: dict[str, Any], told: str
) -> None:
    body = msgspec.msgpack.encode(samples.make_bundle()) if body is None else body
    with pytest.raises(BadBundle, match=told):
        bundle.read_untrusted(signed(body, **changes), KEY)


def test_a_bundle_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadBundle, match="too long"):
        bundle.read_untrusted(bytes(bundle.BODY_BYTES_MAX + 4097), KEY)
    monkeypatch.setattr(bundle, "BODY_BYTES_MAX", 100)
    with pytest.raises(ValueError, match="at most 100 bytes"):
        bundle.sign(samples.make_bundle(), samples.BUNDLE_KEY)


GATEWAY = bundle.GatewayCard(bytes(16), 1, "a", PUBLIC)
OUT_OF_RANGE: list[dict[str, Any]] = [
    {"version": -1},
    {"version": 2**63},
    {"tenant": bytes(15)},
    {"issuers": [Issuer("", [])]},
    {"issuers": [Issuer("a:b", [])]},
    {"issuers": [Issuer("a b", [])]},
    {"issuers": [Issuer("ä", [])]},
    {"issuers": [Issuer("a\n", [])]},
    {"issuers": [Issuer("a" * 65, [])]},
    {"issuers": [Issuer("a", [IssuerKey(bytes(31))])]},
    {"issuers": [Issuer("a", [IssuerKey(PUBLIC, -1)])]},
    {"foreign_issuers": [ForeignIssuer("a:b", [], [])]},
    {"foreign_issuers": [ForeignIssuer("a", [bytes(33)], [])]},
    {"foreign_issuers": [ForeignIssuer("a", [], [ForeignRow(1, 65536)])]},
    {"foreign_issuers": [ForeignIssuer("a", [], [ForeignRow(2**63, 1)])]},
    {"products": [bundle.Product(0, "a")]},
    {"products": [bundle.Product(65536, "a")]},
    {"products": [bundle.Product(1, "")]},
    {"products": [bundle.Product(1, "a" * 201)]},
    {"performances": [bundle.Performance(0, "a")]},
    {"performances": [bundle.Performance(2**32, "a")]},
    {"performances": [bundle.Performance(1, "a", -1)]},
    {"gates": [bundle.Gate(0, "a")]},
    {"gates": [bundle.Gate(1, "a", [65536])]},
    {"revoked": [bundle.Revocation(bytes(129), 0)]},
    {"revoked": [bundle.Revocation(b"a", 2**32)]},
    {"canceled": [bytes(129)]},
    {"holder_keys": [bundle.HolderKey(b"a", bytes(15))]},
    {"gateways": [msgspec.structs.replace(GATEWAY, gateway=bytes(15))]},
    {"gateways": [msgspec.structs.replace(GATEWAY, index=0)]},
    {"gateways": [msgspec.structs.replace(GATEWAY, device_public=bytes(31))]},
]


@pytest.mark.parametrize("changes", OUT_OF_RANGE, ids=lambda changes: str(changes)[:60])
def test_what_gateways_would_refuse_is_not_signed(changes: dict[str, Any]) -> None:
    made = samples.make_bundle(**changes)
    with pytest.raises(ValueError, match="no gateway would take this bundle"):
        bundle.sign(made, samples.BUNDLE_KEY)


@pytest.mark.parametrize("changes", OUT_OF_RANGE[2:], ids=lambda changes: str(changes)[:60])
def test_what_is_out_of_range_is_refused_although_signed(changes: dict[str, Any]) -> None:
    made = samples.make_bundle(**changes)
    with pytest.raises(BadBundle, match="cannot be read"):
        bundle.read_untrusted(signed(msgspec.msgpack.encode(made)), KEY)


def test_two_issuer_keys_with_one_id_are_not_published() -> None:
    twice = [Issuer("a", [IssuerKey(PUBLIC)]), Issuer("b", [IssuerKey(PUBLIC)])]
    with pytest.raises(ValueError, match="same key id"):
        bundle.sign(samples.make_bundle(issuers=twice), samples.BUNDLE_KEY)


@given(st.binary(max_size=300))
def test_garbage_raises_one_error_only(raw: bytes) -> None:
    for each in (raw, b"GHU1" + raw, RAW[:60] + raw, signed(raw)):
        with pytest.raises(BadBundle):
            bundle.read_untrusted(each, KEY)
