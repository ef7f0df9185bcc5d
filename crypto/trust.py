"""How a gateway is enrolled: its request, and the trust file that answers it (*Formats* 7).

Both are small JSON files which people carry (mail, USB stick), so white space and the order of
fields are free; everything else is exact: no unknown fields, keys and ids in lower-case hex.

The request proves that whoever made it holds the device key: Ed25519 over
``gatehouse-request-1\\0 ‖ 16 B gateway ‖ 32 B device key ‖ name``. The trust file is not signed as
a whole. Its device certificate is (X.509, by the authority inside), and whether that certificate
is over the reader's own key is for the reader to check: `Trust.device_public`.
"""

import binascii
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from crypto import authority
from crypto.errors import BadCertificate
from crypto.keys import REQUEST_DOMAIN, SigningKey, VerifyKey, key_id

FILE_BYTES_MAX: Final = 65536
GATEWAY_BYTES: Final = 16

Name = Annotated[str, Meta(pattern=r"\A[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")]
_Hex16 = Annotated[str, Meta(pattern=r"\A[0-9a-f]{32}\Z")]
_Hex32 = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
_Hex64 = Annotated[str, Meta(pattern=r"\A[0-9a-f]{128}\Z")]
_Pem = Annotated[str, Meta(max_length=authority.PEM_BYTES_MAX)]
_Url = Annotated[str, Meta(max_length=300, pattern=r"\A(https://[!-~]+)?\Z")]


class _Named(msgspec.Struct):
    """The one field that is always there: a file that does not say what it is, is not ours."""

    format: str


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A gateway asks to be enrolled. Ids and keys are hex, as in the file."""

    format: Literal["gatehouse-request-1"] = "gatehouse-request-1"
    name: Name
    gateway: _Hex16
    device_public: _Hex32
    proof: _Hex64

    @property
    def gateway_id(self) -> bytes:
        """The gateway's 16 bytes."""
        return bytes.fromhex(self.gateway)

    @property
    def public(self) -> bytes:
        """The device key's 32 bytes."""
        return bytes.fromhex(self.device_public)

    @property
    def fingerprint(self) -> str:
        """Key id of the device key in hex: what two people compare over the phone."""
        return key_id(self.public).hex()


class Trust(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an enrolled gateway knows of its tenant. Ids and keys are hex, as in the file."""

    format: Literal["gatehouse-trust-1"] = "gatehouse-trust-1"
    tenant: _Hex16
    gateway: _Hex16
    index: Annotated[int, Meta(ge=1, le=255)]
    name: Name
    device_pem: _Pem
    ca_pem: _Pem
    bundle_key: _Hex32
    receipt_key: _Hex32
    central_url: _Url = ""

    @property
    def tenant_id(self) -> bytes:
        """The tenant's 16 bytes."""
        return bytes.fromhex(self.tenant)

    @property
    def gateway_id(self) -> bytes:
        """The gateway's 16 bytes."""
        return bytes.fromhex(self.gateway)

    @property
    def device_public(self) -> bytes:
        """The key that `device_pem` certifies. Cannot fail on what `read_trust_untrusted` gave."""
        return authority.device_public_untrusted(self.device_pem)

    @property
    def bundle_verify(self) -> VerifyKey:
        """Checks bundles."""
        return VerifyKey(bytes.fromhex(self.bundle_key))


_NAMED: Final = msgspec.json.Decoder(_Named)
_REQUEST: Final = msgspec.json.Decoder(Request)
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_TRUST: Final = msgspec.json.Decoder(Trust)


def make_request(name: str, gateway: bytes, device_key: SigningKey) -> bytes:
    """The JSON of a request, signed by the device key.

    `gateway`: 16 random bytes, made once. Raises `ValueError` for a name out of range.
    """
    if len(gateway) != GATEWAY_BYTES:
        raise ValueError(f"a gateway's id has {GATEWAY_BYTES} bytes")
    proof = device_key.sign(REQUEST_DOMAIN, gateway + device_key.public + name.encode())
    request = Request(
        name=name, gateway=gateway.hex(), device_public=device_key.public.hex(), proof=proof.hex()
    )
    raw = _as_file(request)
    try:
        _REQUEST.decode(raw)
    except msgspec.ValidationError:
        raise ValueError(
            "a gateway's name has 1 to 63 of a-z, 0-9 and -, neither first nor last a -"
        ) from None
    return raw


def read_request_untrusted(raw: bytes) -> Request:
    """Read a request and check its proof. Raises `BadCertificate` for everything else."""
    if len(raw) > FILE_BYTES_MAX:
        raise BadCertificate("too long for a gateway's request")
    try:
        _NAMED.decode(raw)
        request = _REQUEST.decode(raw)
    except _UNREADABLE as error:
        raise BadCertificate(f"this is no gateway's request: {error}") from None
    message = request.gateway_id + request.public + request.name.encode()
    if not VerifyKey(request.public).verify(
        REQUEST_DOMAIN, message, binascii.unhexlify(request.proof)
    ):
        raise BadCertificate(
            "the request was altered, or its maker does not hold the device key;"
            " make a new one with edge init"
        )
    return request


def encode_trust(trust: Trust) -> bytes:
    """The JSON of a trust file. Raises `BadCertificate` for one that no gateway would accept."""
    raw = _as_file(trust)
    read_trust_untrusted(raw)
    return raw


def read_trust_untrusted(raw: bytes) -> Trust:
    """Read a trust file. Raises `BadCertificate` for everything else.

    Checks that the authority inside signed the device certificate and that this names the same
    tenant and gateway as the file; dates are left to TLS.
    """
    if len(raw) > FILE_BYTES_MAX:
        raise BadCertificate("too long for a trust file")
    try:
        _NAMED.decode(raw)
        trust = _TRUST.decode(raw)
    except _UNREADABLE as error:
        raise BadCertificate(f"this is no trust file: {error}") from None
    peer = authority.read_peer_pem_untrusted(trust.device_pem, trust.ca_pem)
    if (peer.tenant, peer.gateway) != (trust.tenant_id, trust.gateway_id):
        raise BadCertificate("the trust file and the certificate in it name different gateways")
    return trust


def _as_file(value: Request | Trust) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"
