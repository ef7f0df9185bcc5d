"""The frozen bytes: today's code writes them, reads them, and other libraries agree."""

import base64
import hashlib
import struct
import zlib

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from crypto import authority, block, bundle, certificate, entry, receipt, ticket, trust
from crypto.keys import SigningKey
from tests.crypto import samples
from tests.crypto.make_vectors import vectors

FROZEN = samples.load("gatehouse.json")


def public(key: SigningKey) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(key.public)


@pytest.mark.parametrize("name", FROZEN)
def test_todays_code_writes_the_frozen_bytes(name: str) -> None:
    assert vectors()[name] == FROZEN[name]


def test_every_vector_that_can_be_made_is_frozen() -> None:
    assert list(vectors()) == list(FROZEN)


@pytest.mark.parametrize("name", ["ticket", "ticket_prefixed", "ticket_season", "ticket_rotating"])
def test_a_code_is_what_its_layout_says(name: str) -> None:
    body = FROZEN[name].partition("GH1")[2].partition(".")[0]
    raw = base64.b32decode(body + "=" * (-len(body) % 8))
    assert len(raw) == 97
    public(samples.ISSUER_KEY).verify(raw[33:], b"gatehouse-ticket-1\0" + raw[:33])
    fields = struct.unpack(">B4sI8sHIIBBI", raw[:33])
    read = ticket.decode_untrusted(FROZEN[name].encode()).ticket
    assert fields == (1, *msgspec.structs.astuple(read))


def test_a_key_id_is_a_cut_hash() -> None:
    code = ticket.decode_untrusted(FROZEN["ticket"].encode()).ticket
    digest = hashlib.blake2b(samples.ISSUER_KEY.public, digest_size=32).digest()
    assert code.key_id == digest[:4]


def test_the_block_is_what_its_layout_says() -> None:
    raw = bytes.fromhex(FROZEN["block"])
    head = struct.unpack(">4sBBHIIQqQ16s4s32sI", raw[:96])
    body = raw[96:-96]
    assert head[:6] == (b"GHB1", 1, 0, 14, samples.NOW_S, len(body))
    assert head[12] == zlib.crc32(raw[:92])
    digest = hashlib.sha256(raw[:-96]).digest()
    assert raw[-96:-64] == digest
    public(samples.EPOCH_KEY).verify(raw[-64:], b"gatehouse-block-1\0" + digest)
    read, used = block.read_untrusted(raw)
    assert used == len(raw)
    assert entry.decode_facts_untrusted(read.body, read.count) == samples.make_facts()


def test_signatures_of_the_small_formats_are_plain_ed25519() -> None:
    for name, key, domain in (
        ("epoch_certificate", samples.DEVICE_KEY, b"gatehouse-epoch-1\0"),
        ("receipt", samples.RECEIPT_KEY, b"gatehouse-receipt-1\0"),
    ):
        raw = bytes.fromhex(FROZEN[name])
        public(key).verify(raw[-64:], domain + raw[:-64])
    raw = bytes.fromhex(FROZEN["bundle"])
    digest = hashlib.sha512(raw[:-64]).digest()
    public(samples.BUNDLE_KEY).verify(raw[-64:], b"gatehouse-bundle-1\0" + digest)


def test_the_frozen_bytes_read_back() -> None:
    read_bundle = bundle.read_untrusted(
        bytes.fromhex(FROZEN["bundle"]), samples.verifier(samples.BUNDLE_KEY)
    )
    assert read_bundle == samples.make_bundle()
    read_receipt = receipt.read_untrusted(
        bytes.fromhex(FROZEN["receipt"]), samples.verifier(samples.RECEIPT_KEY)
    )
    assert read_receipt == samples.make_receipt()
    read_certificate = certificate.read_untrusted(
        bytes.fromhex(FROZEN["epoch_certificate"]), samples.verifier(samples.DEVICE_KEY)
    )
    assert read_certificate.public == samples.EPOCH_KEY.public
    assert trust.read_trust_untrusted(FROZEN["trust"].encode()) == samples.make_trust()
    assert trust.read_request_untrusted(FROZEN["request"].encode()).gateway_id == samples.GATEWAY


def test_the_frozen_certificates_chain() -> None:
    root = x509.load_pem_x509_certificate(FROZEN["authority_pem"].encode())
    for name in ("device_pem", "server_pem"):
        leaf = x509.load_pem_x509_certificate(FROZEN[name].encode())
        leaf.verify_directly_issued_by(root)
    device = authority.device_public_untrusted(FROZEN["device_pem"])
    assert device == samples.DEVICE_KEY.public
