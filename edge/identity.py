"""Who this gateway is: the folder that `edge init` made, read at start (*Formats* 7)."""

import os
import ssl
from pathlib import Path

import msgspec

from config.faults import ConfigInvalid, Fault
from crypto.authority import private_key_pem
from crypto.errors import Bad
from crypto.keys import SEED_BYTES, SigningKey, VerifyKey
from crypto.trust import FILE_BYTES_MAX, Trust, read_trust_untrusted


class Identity(msgspec.Struct, frozen=True):
    """The gateway's device key and what it knows of its tenant."""

    folder: Path
    trust: Trust
    seed: bytes
    device_key: SigningKey

    @property
    def gateway(self) -> bytes:
        """16 bytes."""
        return self.trust.gateway_id

    @property
    def tenant(self) -> bytes:
        """16 bytes."""
        return self.trust.tenant_id

    @property
    def bundle_key(self) -> VerifyKey:
        """The centre's key for bundles."""
        return VerifyKey(bytes.fromhex(self.trust.bundle_key))

    @property
    def receipt_key(self) -> VerifyKey:
        """The centre's key for receipts."""
        return VerifyKey(bytes.fromhex(self.trust.receipt_key))


def load_identity(folder: Path, seed: bytes | None = None) -> Identity:
    """Read the identity in `folder`; `seed` replaces its device.key (a credential).

    Raises `ConfigInvalid` that says which command makes what is missing.
    """
    try:
        if seed is None:
            seed = _read_seed(folder / "device.key")
        raw = (folder / "trust.json").read_bytes()[: FILE_BYTES_MAX + 1]
        trust = read_trust_untrusted(raw)
        key = SigningKey(seed)
    except FileNotFoundError as error:
        missing = Path(error.filename).name
        hint = f"run `gatehouse edge init {folder} --accept FILE` with the centre's answer"
        if missing == "device.key":
            hint = f"run `gatehouse edge init {folder} --name NAME`"
        raise _invalid(folder, f"{missing} is missing", hint) from None
    except (OSError, Bad, ValueError) as error:
        raise _invalid(folder, str(error), "is this the folder that `edge init` made?") from None
    if trust.device_public != key.public:
        hint = f"run `gatehouse edge init {folder} --accept FILE` with the answer to its request"
        raise _invalid(folder, "trust.json is for another device key", hint)
    return Identity(folder, trust, seed, key)


def _read_seed(path: Path) -> bytes:
    if path.stat().st_mode & 0o077:
        raise ValueError(f"{path.name} can be read by others: chmod 600 {path}")
    try:
        seed = bytes.fromhex(path.read_text("ascii").strip())
    except ValueError:
        seed = b""
    if len(seed) != SEED_BYTES:
        raise ValueError(f"{path.name} holds no 32-byte key in hex")
    return seed


def _invalid(folder: Path, problem: str, hint: str) -> ConfigInvalid:
    return ConfigInvalid([Fault(str(folder), "", problem, hint)])


def tls_context(identity: Identity) -> ssl.SSLContext:
    """Trust the tenant's authority alone, and show this gateway's certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(cadata=identity.trust.ca_pem)
    load_own_certificate(context, identity)
    return context


def load_own_certificate(context: ssl.SSLContext, identity: Identity) -> None:
    """Show this gateway's certificate on the connections of `context`.

    OpenSSL reads key and certificate from files; they are handed over in memory, so that the
    device key stands in one place on disk only.
    """
    memory = os.memfd_create("device", os.MFD_CLOEXEC)
    try:
        os.write(memory, (private_key_pem(identity.seed) + identity.trust.device_pem).encode())
        context.load_cert_chain(f"/proc/self/fd/{memory}")
    finally:
        os.close(memory)
