"""X.509 for mutual TLS between gateways and centre (*Formats* 7, RFC 5280, RFC 8410).

The tenant's authority signs one Ed25519 certificate per gateway and one for the centre's server.
Common name of a gateway's certificate: its 16-byte id in hex; organisation: the tenant's id in
hex. Serials and times are arguments, keys are made from seeds: nothing here reads entropy.
"""

import datetime as dt
import ipaddress
from typing import Final

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from crypto.errors import BadCertificate

ROOT_DAYS: Final = 3650
LEAF_DAYS: Final = 825
PEM_BYTES_MAX: Final = 16384
# Clocks of gateways may be behind when the certificate is made.
_EARLIER: Final = dt.timedelta(days=1)
# The library reads many parts only when asked for them, and then raises any of these.
_UNREADABLE: Final = (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion)


class Authority(msgspec.Struct, frozen=True):
    """The tenant's authority: its seed (32 bytes) and its own certificate in PEM."""

    seed: bytes
    pem: str


class Peer(msgspec.Struct, frozen=True):
    """Who a client certificate says it is."""

    tenant: bytes
    gateway: bytes
    device_public: bytes


def make_authority(seed: bytes, tenant: bytes, now_s: int, serial: int) -> Authority:
    """A new authority for `tenant` (16 bytes), valid ten years from `now_s` (unix s)."""
    key = Ed25519PrivateKey.from_private_bytes(seed)
    name = _name("Gatehouse authority", tenant)
    builder = _builder(name, name, key.public_key(), now_s, ROOT_DAYS, serial)
    builder = builder.add_extension(x509.BasicConstraints(True, 0), critical=True)
    builder = builder.add_extension(_usage(signs=True), critical=True)
    return Authority(seed, _pem(builder.sign(key, None)))


def make_device_certificate(
    authority: Authority, tenant: bytes, gateway: bytes, public: bytes, now_s: int, serial: int
) -> str:
    """PEM of a gateway's certificate over its device key `public` (32 bytes)."""
    builder = _leaf(authority, _name(gateway.hex(), tenant), public, now_s, serial)
    purposes = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
    usage = x509.ExtendedKeyUsage(purposes)
    names = x509.SubjectAlternativeName([x509.DNSName(f"{gateway.hex()}.gateway.gatehouse")])
    builder = builder.add_extension(usage, critical=False).add_extension(names, critical=False)
    return _pem(builder.sign(Ed25519PrivateKey.from_private_bytes(authority.seed), None))


def make_server_certificate(
    authority: Authority, tenant: bytes, hosts: list[str], public: bytes, now_s: int, serial: int
) -> str:
    """PEM of the centre's certificate for `hosts` (DNS names and addresses)."""
    builder = _leaf(authority, _name("Gatehouse centre", tenant), public, now_s, serial)
    names = x509.SubjectAlternativeName([_general_name(host) for host in hosts])
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    builder = builder.add_extension(usage, critical=False).add_extension(names, critical=False)
    return _pem(builder.sign(Ed25519PrivateKey.from_private_bytes(authority.seed), None))


def private_key_pem(seed: bytes) -> str:
    """PKCS #8 PEM of the Ed25519 key made from `seed`, as TLS libraries want it on disk."""
    key = Ed25519PrivateKey.from_private_bytes(seed)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def device_public_untrusted(pem: str) -> bytes:
    """The 32-byte Ed25519 key that a PEM certificate certifies. Raises `BadCertificate`."""
    return _public(_load_pem(pem))


def read_peer_untrusted(certificate_der: bytes, authority_pem: str) -> Peer:
    """Who a client certificate (DER) names, checked against the authority.

    TLS has checked dates and chain already; the signature is checked once more here because a
    misconfigured listener must not turn into an open door. Raises `BadCertificate`.
    """
    try:
        leaf = x509.load_der_x509_certificate(certificate_der)
    except _UNREADABLE as error:
        raise BadCertificate("the client certificate cannot be read") from error
    return _peer(leaf, _load_pem(authority_pem))


def read_peer_pem_untrusted(certificate_pem: str, authority_pem: str) -> Peer:
    """As `read_peer_untrusted`, for a certificate in PEM. Raises `BadCertificate`."""
    return _peer(_load_pem(certificate_pem), _load_pem(authority_pem))


def _peer(leaf: x509.Certificate, root: x509.Certificate) -> Peer:
    try:
        leaf.verify_directly_issued_by(root)
    except (*_UNREADABLE, InvalidSignature) as error:
        raise BadCertificate("the certificate is of another authority") from error
    return Peer(
        tenant=_hex_attribute(leaf, NameOID.ORGANIZATION_NAME),
        gateway=_hex_attribute(leaf, NameOID.COMMON_NAME),
        device_public=_public(leaf),
    )


def _load_pem(pem: str) -> x509.Certificate:
    if len(pem) > PEM_BYTES_MAX:
        raise BadCertificate("too long for a certificate")
    try:
        return x509.load_pem_x509_certificate(pem.encode())
    except _UNREADABLE as error:
        raise BadCertificate("this is no certificate in PEM") from error


def _public(certificate: x509.Certificate) -> bytes:
    try:
        public = certificate.public_key()
    except _UNREADABLE as error:
        raise BadCertificate("the certificate's key cannot be read") from error
    if not isinstance(public, Ed25519PublicKey):
        raise BadCertificate("the certificate's key is not an Ed25519 key")
    return public.public_bytes_raw()


def _hex_attribute(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> bytes:
    try:
        raw = bytes.fromhex(str(certificate.subject.get_attributes_for_oid(oid)[0].value))
    except (IndexError, *_UNREADABLE) as error:
        raise BadCertificate("the certificate names no gateway") from error
    if len(raw) != 16:
        raise BadCertificate("the certificate names no gateway")
    return raw


def _leaf(
    authority: Authority, subject: x509.Name, public: bytes, now_s: int, serial: int
) -> x509.CertificateBuilder:
    root = _load_pem(authority.pem)
    key = Ed25519PublicKey.from_public_bytes(public)
    builder = _builder(subject, root.subject, key, now_s, LEAF_DAYS, serial)
    # RFC 5280, 4.2.1.1: strict verifiers (Python 3.13's default) demand the authority's key id.
    root_id = x509.SubjectKeyIdentifier.from_public_key(root.public_key())
    link = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(root_id)
    builder = builder.add_extension(link, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(False, None), critical=True)
    return builder.add_extension(_usage(signs=False), critical=True)


def _builder(
    subject: x509.Name, issuer: x509.Name, public: Ed25519PublicKey,
    now_s: int, days: int, serial: int,
) -> x509.CertificateBuilder:  # fmt: skip
    start = dt.datetime.fromtimestamp(now_s, dt.UTC)
    own_id = x509.SubjectKeyIdentifier.from_public_key(public)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(serial)
        .not_valid_before(start - _EARLIER)
        .not_valid_after(start + dt.timedelta(days=days))
        .add_extension(own_id, critical=False)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs, key_cert_sign=signs, crl_sign=signs,
        content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _name(common: str, tenant: bytes) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, tenant.hex()),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
