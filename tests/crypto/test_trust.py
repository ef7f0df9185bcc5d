"""Enrolment: a request proves possession, a trust file hangs together."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import authority, trust
from crypto.errors import BadCertificate
from crypto.keys import REQUEST_DOMAIN, VerifyKey, key_id
from tests.crypto import samples

REQUEST = trust.make_request("gate-a", samples.GATEWAY, samples.DEVICE_KEY)
TRUST = trust.encode_trust(samples.make_trust())


def changed(raw: bytes, **changes: Any) -> bytes:
    return json.dumps(json.loads(raw) | changes).encode()


def without(raw: bytes, name: str) -> bytes:
    return json.dumps({k: v for k, v in json.loads(raw).items() if k != name}).encode()


def test_a_request_reads_back() -> None:
    read = trust.read_request_untrusted(REQUEST)
    assert (read.name, read.gateway_id, read.public) == (
        "gate-a", samples.GATEWAY, samples.DEVICE_KEY.public,
    )  # fmt: skip
    assert read.fingerprint == key_id(samples.DEVICE_KEY.public).hex()
    assert json.loads(REQUEST)["format"] == "gatehouse-request-1"


def test_a_request_survives_mail_programs_and_editors() -> None:
    read = trust.read_request_untrusted(REQUEST)
    for spelling in (REQUEST.strip(), REQUEST.replace(b"\n", b"\r\n"), changed(REQUEST)):
        assert trust.read_request_untrusted(spelling) == read


def test_every_changed_bit_is_refused_or_says_the_same() -> None:
    read = trust.read_request_untrusted(REQUEST)
    for each in samples.flips(REQUEST) + [REQUEST[:size] for size in range(len(REQUEST) - 2)]:
        try:
            found = trust.read_request_untrusted(each)
        except BadCertificate:
            continue
        assert found == read


def test_the_proof_is_over_name_gateway_and_key() -> None:
    message = samples.GATEWAY + samples.DEVICE_KEY.public + b"gate-a"
    proof = bytes.fromhex(json.loads(REQUEST)["proof"])
    assert VerifyKey(samples.DEVICE_KEY.public).verify(REQUEST_DOMAIN, message, proof)
    for changes in (
        {"name": "gate-b"},
        {"gateway": "00" * 16},
        {"device_public": samples.OTHER_KEY.public.hex()},
        {"proof": "00" * 64},
    ):
        with pytest.raises(BadCertificate, match="does not hold the device key"):
            trust.read_request_untrusted(changed(REQUEST, **changes))


@pytest.mark.parametrize("name", ["", "-a", "a-", "Gate", "a b", "ä", "a" * 64, "a\n"])
def test_a_gateways_name_is_what_configurations_take(name: str) -> None:
    with pytest.raises(ValueError, match="1 to 63"):
        trust.make_request(name, samples.GATEWAY, samples.DEVICE_KEY)


@pytest.mark.parametrize("size", [0, 15, 17])
def test_a_gateways_id_has_16_bytes(size: int) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        trust.make_request("gate-a", bytes(size), samples.DEVICE_KEY)


NONSENSE: list[bytes] = [
    b"", b"\x00", b"{}", b"[]", b"null", b"{", b"[" * 100_000, b'{"x":' + b"[" * 60_000,
    b'{"format": "\xff"}', b" " * (trust.FILE_BYTES_MAX + 1), b'{"format": 1}',
]  # fmt: skip


@pytest.mark.parametrize(
    "raw",
    [
        *NONSENSE,
        TRUST,
        changed(REQUEST, format="gatehouse-request-2"),
        changed(REQUEST, extra=1),
        changed(REQUEST, gateway="GG" * 16),
        changed(REQUEST, gateway=samples.GATEWAY.hex().upper()),
        changed(REQUEST, gateway=samples.GATEWAY.hex() + "\n"),
        changed(REQUEST, device_public=5),
        without(REQUEST, "proof"),
        without(REQUEST, "format"),
    ],
    ids=lambda raw: repr(raw[:50]),
)
def test_what_is_no_request_is_refused(raw: bytes) -> None:
    with pytest.raises(BadCertificate):
        trust.read_request_untrusted(raw)


def test_a_trust_file_reads_back() -> None:
    made = samples.make_trust()
    read = trust.read_trust_untrusted(TRUST)
    assert read == made
    assert (read.tenant_id, read.gateway_id) == (samples.TENANT, samples.GATEWAY)
    assert read.device_public == samples.DEVICE_KEY.public
    assert read.bundle_verify.public == samples.BUNDLE_KEY.public
    assert trust.read_trust_untrusted(without(TRUST, "central_url")).central_url == ""


STRANGER = authority.make_authority(b"\x56" * 32, samples.TENANT, samples.NOW_S, 1)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"ca_pem": STRANGER.pem}, "another authority"),
        ({"ca_pem": "x"}, "no certificate"),
        ({"device_pem": "x"}, "no certificate"),
        ({"device_pem": samples.make_authority().pem}, "names no gateway"),
        ({"device_pem": samples.make_device_pem(bytes(16))}, "different gateways"),
        ({"gateway": "00" * 16}, "different gateways"),
        ({"tenant": "00" * 16}, "different gateways"),
        ({"format": "gatehouse-trust-2"}, "no trust file"),
        ({"format": None}, "no trust file"),
        ({"index": 0}, "no trust file"),
        ({"index": 256}, "no trust file"),
        ({"name": "Gate"}, "no trust file"),
        ({"bundle_key": "00"}, "no trust file"),
        ({"central_url": "http://x"}, "no trust file"),
        ({"central_url": "https://x y"}, "no trust file"),
        ({"extra": 1}, "no trust file"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_trust_file_hangs_together(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(BadCertificate, match=told):
        trust.read_trust_untrusted(changed(TRUST, **changes))


@pytest.mark.parametrize(
    "raw", [*NONSENSE, REQUEST, without(TRUST, "format")], ids=lambda raw: repr(raw[:50])
)
def test_what_is_no_trust_file_is_refused(raw: bytes) -> None:
    with pytest.raises(BadCertificate):
        trust.read_trust_untrusted(raw)


def test_no_trust_file_is_written_that_no_gateway_takes() -> None:
    with pytest.raises(BadCertificate, match="another authority"):
        trust.encode_trust(samples.make_trust(ca_pem=STRANGER.pem))


@given(st.binary(max_size=200))
def test_garbage_raises_one_error_only(raw: bytes) -> None:
    for read in (trust.read_request_untrusted, trust.read_trust_untrusted):
        for each in (raw, REQUEST[:60] + raw, TRUST[:500] + raw):
            with pytest.raises(BadCertificate):
                read(each)


def test_a_damaged_trust_file_raises_one_error_only() -> None:
    for i in range(0, len(TRUST) * 8, 3):
        each = bytearray(TRUST)
        each[i // 8] ^= 1 << (i % 8)
        try:
            trust.read_trust_untrusted(bytes(each))
        except BadCertificate:
            continue
