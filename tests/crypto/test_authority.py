"""X.509: who a certificate names, checked against the tenant's authority; TLS takes them."""

import base64
import contextlib
import datetime as dt
import ssl
import warnings
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from crypto import authority
from crypto.authority import Peer, device_public_untrusted, read_peer_untrusted
from crypto.errors import BadCertificate
from tests.crypto import samples

ROOT = samples.make_authority()
PEM = samples.make_device_pem()
DER = x509.load_pem_x509_certificate(PEM.encode()).public_bytes(Encoding.DER)
PEER = Peer(samples.TENANT, samples.GATEWAY, samples.DEVICE_KEY.public)
NOBODY = authority.make_authority(b"\x56" * 32, samples.TENANT, samples.NOW_S, 1)


def pem_of(der: bytes) -> str:
    lines = base64.encodebytes(der).decode()
    return f"-----BEGIN CERTIFICATE-----\n{lines}-----END CERTIFICATE-----\n"


def test_a_device_certificate_names_its_gateway() -> None:
    assert read_peer_untrusted(DER, ROOT.pem) == PEER
    assert authority.read_peer_pem_untrusted(PEM, ROOT.pem) == PEER
    assert device_public_untrusted(PEM) == samples.DEVICE_KEY.public


def test_every_changed_bit_is_refused_or_names_the_same_gateway() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about serial numbers, from a library that reads on
        taken = 0
        for changed in samples.flips(DER) + [DER[:size] for size in range(0, len(DER), 7)]:
            try:
                assert read_peer_untrusted(changed, ROOT.pem) == PEER
                taken += 1
            except BadCertificate:
                pass
    # The count of unused bits in front of the signature is the one place nobody signs or reads.
    assert taken <= 2


def test_a_damaged_authority_raises_one_error_only() -> None:
    root = x509.load_pem_x509_certificate(ROOT.pem.encode()).public_bytes(Encoding.DER)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for changed in samples.flips(root):
            with contextlib.suppress(BadCertificate):
                assert read_peer_untrusted(DER, pem_of(changed)) == PEER


def test_a_damaged_certificate_of_ones_own_raises_one_error_only() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for changed in samples.flips(DER):
            with contextlib.suppress(BadCertificate):
                assert len(device_public_untrusted(pem_of(changed))) == 32


def test_another_authority_is_refused() -> None:
    with pytest.raises(BadCertificate, match="another authority"):
        read_peer_untrusted(DER, NOBODY.pem)
    with pytest.raises(BadCertificate, match="another authority"):
        authority.read_peer_pem_untrusted(PEM, PEM)


@pytest.mark.parametrize("pem", ["", "x", "\ud800", "A" * 20_000, PEM[:-40], pem_of(b"\x30")])
def test_what_is_no_certificate_is_refused(pem: str) -> None:
    with pytest.raises(BadCertificate):
        device_public_untrusted(pem)
    with pytest.raises(BadCertificate):
        read_peer_untrusted(DER, pem)


@given(st.binary(max_size=200))
def test_garbage_raises_one_error_only(raw: bytes) -> None:
    for each in (raw, DER[:100] + raw, b"\x30\x82\x01\x00" + raw):
        with pytest.raises(BadCertificate):
            read_peer_untrusted(each, ROOT.pem)
        with pytest.raises(BadCertificate):
            device_public_untrusted(pem_of(each))


def certificate(tenant: str, gateway: str) -> bytes:
    """A certificate that the authority signed over odd names."""
    root = x509.load_pem_x509_certificate(ROOT.pem.encode())
    key = samples.DEVICE_KEY.public
    builder = authority._builder(
        x509.Name(
            [
                x509.NameAttribute(oid, value)
                for oid, value in (
                    (NameOID.ORGANIZATION_NAME, tenant),
                    (NameOID.COMMON_NAME, gateway),
                )
                if value
            ]
        ),
        root.subject,
        authority.Ed25519PublicKey.from_public_bytes(key),
        samples.NOW_S,
        10,
        5,
    )
    signer = authority.Ed25519PrivateKey.from_private_bytes(ROOT.seed)
    return builder.sign(signer, None).public_bytes(Encoding.DER)


@pytest.mark.parametrize(
    ("tenant", "gateway"),
    [("00" * 16, "00" * 15), ("00" * 17, "00" * 16), ("tenant", "00" * 16), ("00" * 16, "")],
)
def test_a_certificate_that_names_no_gateway_is_refused(tenant: str, gateway: str) -> None:
    assert read_peer_untrusted(certificate("00" * 16, "00" * 16), ROOT.pem).gateway == bytes(16)
    with pytest.raises(BadCertificate, match="names no gateway"):
        read_peer_untrusted(certificate(tenant, gateway), ROOT.pem)


def test_the_centres_own_certificate_is_no_gateways() -> None:
    server = authority.make_server_certificate(
        ROOT, samples.TENANT, ["localhost"], samples.OTHER_KEY.public, samples.NOW_S, 3
    )
    with pytest.raises(BadCertificate, match="names no gateway"):
        authority.read_peer_pem_untrusted(server, ROOT.pem)


def test_a_key_of_another_kind_is_refused() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    start = dt.datetime.fromtimestamp(samples.NOW_S, dt.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).serial_number(1)
    builder = builder.public_key(key.public_key()).not_valid_before(start)
    made = builder.not_valid_after(start + dt.timedelta(days=1)).sign(key, hashes.SHA256())
    with pytest.raises(BadCertificate, match="not an Ed25519 key"):
        device_public_untrusted(made.public_bytes(Encoding.PEM).decode())


def context(folder: Path, side: int, leaf: str, root: authority.Authority) -> ssl.SSLContext:
    """TLS as both daemons use it: own certificate, the authority, and the other must show one."""
    (folder / "leaf.pem").write_text(leaf)
    (folder / "key.pem").write_text(authority.private_key_pem(b"\x22" * 32))
    made = ssl.SSLContext(side)
    made.verify_mode = ssl.CERT_REQUIRED
    # Python 3.13's default, which wants every extension that RFC 5280 wants.
    made.verify_flags |= ssl.VERIFY_X509_STRICT
    made.load_cert_chain(folder / "leaf.pem", folder / "key.pem")
    made.load_verify_locations(cadata=root.pem)
    return made


def test_tls_takes_the_certificates_on_both_sides(tmp_path: Path) -> None:
    now_s = int(dt.datetime.now(dt.UTC).timestamp())
    root = authority.make_authority(samples.AUTHORITY_SEED, samples.TENANT, now_s, 1)
    public = samples.DEVICE_KEY.public
    device = authority.make_device_certificate(
        root, samples.TENANT, samples.GATEWAY, public, now_s, 2
    )
    hosts = ["localhost", "127.0.0.1"]
    server = authority.make_server_certificate(root, samples.TENANT, hosts, public, now_s, 3)
    ends = [ssl.MemoryBIO() for _ in range(2)]
    one = context(tmp_path, ssl.PROTOCOL_TLS_CLIENT, device, root)
    two = context(tmp_path, ssl.PROTOCOL_TLS_SERVER, server, root)
    client = one.wrap_bio(ends[0], ends[1], server_hostname="localhost")
    waiter = two.wrap_bio(ends[1], ends[0], server_side=True)
    for _ in range(10):
        for end in (client, waiter):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    der = waiter.getpeercert(binary_form=True)
    assert der is not None
    assert read_peer_untrusted(der, root.pem) == PEER
