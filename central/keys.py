"""The centre's private keys: a folder that `central init` makes and nobody else writes.

    tenant.json      tenant id and name, our issuer's name
    authority.key    signs gateways' and our own certificates (authority.pem)
    bundle.key       signs bundles        receipt.key   signs receipts
    issuer.key       signs ticket codes   server.pem, server-key.pem   TLS, made at every start

Seeds are 32 bytes in hex, mode 0600, folder 0700. The database holds public keys only.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Final

import msgspec

from crypto.authority import Authority, make_authority, make_server_certificate, private_key_pem
from crypto.keys import SEED_BYTES, SigningKey

FOLDER: Final = "keys"
SEEDS: Final = ("authority", "bundle", "receipt", "issuer")


class KeysMissing(Exception):
    """The folder of keys is absent, broken or open to others; says what to do."""


class Tenant(msgspec.Struct, frozen=True):
    """Who we are; `tenant` is 16 bytes in hex, `issuer` the first part of ticket identities."""

    tenant: str
    name: str
    issuer: str


class Keys(msgspec.Struct, frozen=True):
    """Everything that is signed at the centre is signed with these."""

    tenant: bytes
    name: str
    issuer_name: str
    authority: Authority
    bundle: SigningKey
    receipt: SigningKey
    issuer: SigningKey
    folder: Path


def issuer_name(tenant_name: str) -> str:
    """A short ASCII name made of the tenant's, for ticket identities."""
    short = re.sub(r"[^a-z0-9]+", "-", tenant_name.lower()).strip("-")[:32].strip("-")
    return short or "house"


def create(data_dir: Path, name: str, tenant: bytes, seeds: list[bytes], now_s: int) -> Keys:
    """Make the folder from 4 seeds of 32 bytes; whole or not at all. Raises FileExistsError."""
    assert len(seeds) == len(SEEDS) and len(tenant) == 16
    folder, making = data_dir / FOLDER, data_dir / f"{FOLDER}.new"
    if folder.exists():
        raise FileExistsError(str(folder))
    # Other accounts must be able to pass through to the database's folder, and see nothing.
    data_dir.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700)
    authority = make_authority(seeds[0], tenant, now_s, int.from_bytes(tenant[:8], "big") | 1)
    for label, seed in zip(SEEDS, seeds, strict=True):
        write_secret(making / f"{label}.key", seed.hex() + "\n")
    write_secret(making / "authority.pem", authority.pem)
    told = Tenant(tenant.hex(), name, issuer_name(name))
    write_secret(making / "tenant.json", msgspec.json.encode(told).decode() + "\n")
    descriptor = os.open(making, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
    making.rename(folder)
    return load(data_dir)


def load(data_dir: Path) -> Keys:
    """Read the folder. Raises KeysMissing."""
    folder = data_dir / FOLDER
    if not folder.is_dir():
        raise KeysMissing(f"{folder} does not exist: run `gatehouse central init` first")
    try:
        seeds = {label: read_seed(folder / f"{label}.key") for label in SEEDS}
        told = msgspec.json.decode((folder / "tenant.json").read_bytes(), type=Tenant)
        pem = (folder / "authority.pem").read_text()
        tenant = bytes.fromhex(told.tenant)
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        raise KeysMissing(
            f"{folder} cannot be used: {error}; restore it from the backup"
        ) from error
    return Keys(
        tenant=tenant,
        name=told.name,
        issuer_name=told.issuer,
        authority=Authority(seeds["authority"], pem),
        bundle=SigningKey(seeds["bundle"]),
        receipt=SigningKey(seeds["receipt"]),
        issuer=SigningKey(seeds["issuer"]),
        folder=folder,
    )


def read_seed(path: Path) -> bytes:
    """32 bytes in hex from a file that only its owner can read. Raises ValueError, OSError."""
    if path.stat().st_mode & 0o077:
        raise ValueError(f"{path} is open to other accounts: chmod 600 {path}")
    seed = bytes.fromhex(path.read_text().strip())
    if len(seed) != SEED_BYTES:
        raise ValueError(f"{path} does not hold {SEED_BYTES} bytes in hex")
    return seed


def write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner can read, durably and whole."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)


def write_server_certificate(
    keys: Keys, hosts: list[str], seed: bytes, now_s: int, serial: int
) -> tuple[Path, Path]:
    """A fresh TLS key and certificate for `hosts`: (certificate, key) files."""
    public = SigningKey(seed).public
    pem = make_server_certificate(keys.authority, keys.tenant, hosts, public, now_s, serial)
    certificate, key = keys.folder / "server.pem", keys.folder / "server-key.pem"
    write_secret(certificate, pem)
    write_secret(key, private_key_pem(seed))
    return certificate, key
