"""`init`: a gateway's own keys and request, and the centre's answer to it (*Formats* 7).

DIR/device.key    32-byte seed in hex, mode 0600; never leaves this machine
DIR/request.json  for `central gateway approve`
DIR/device.pem    the certificate over the device key
DIR/trust.json    whom this gateway trusts
"""

import hashlib
import json
import os
import ssl
import stat
import sys
from pathlib import Path
from typing import Final

from crypto.errors import BadCertificate, BadKey
from crypto.keys import SigningKey
from crypto.trust import (
    FILE_BYTES_MAX,
    Trust,
    make_request,
    read_request_untrusted,
    read_trust_untrusted,
)
from edge.commands.errors import (
    BAD_DATA,
    CANNOT_CREATE,
    NO_INPUT,
    STORAGE_FAILED,
    USAGE,
    CommandFailed,
)
from edge.commands.ticket import read_file

DEVICE_KEY: Final = "device.key"
DEVICE_PEM: Final = "device.pem"
REQUEST: Final = "request.json"
TRUST: Final = "trust.json"


def init(folder: Path, name: str, *, seed: bytes, gateway: bytes) -> int:
    """Make the identity `name` in `folder` from fresh entropy (32 and 16 bytes); exit code 0.

    Raises `CommandFailed` where something of a gateway stands already: nothing is overwritten.
    """
    key = SigningKey(seed)
    try:
        request = make_request(name, gateway, key)
    except ValueError as error:
        raise CommandFailed(str(error), USAGE) from None
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _refuse_open_folder(folder)
        for existing in (DEVICE_KEY, REQUEST, TRUST):
            if (folder / existing).exists():
                raise FileExistsError(existing)
        # The key decides who was first: of two commands at once, one fails here.
        _create(folder / DEVICE_KEY, seed.hex().encode() + b"\n", 0o600)
        _create(folder / REQUEST, request, 0o644)
        _sync(folder)
    except FileExistsError:
        raise CommandFailed(
            f"{folder} holds a gateway's identity already; nothing was changed"
            " (choose another folder, or move this one away)",
            CANNOT_CREATE,
        ) from None
    except OSError as error:
        raise _storage_failed(folder, error) from None
    _print(
        name=name, gateway=gateway.hex(), device_key_id=key.key_id.hex(),
        request=str(folder / REQUEST),
    )  # fmt: skip
    return 0


def accept(folder: Path, answer: Path) -> int:
    """Check the centre's `answer` and take it into `folder`; exit code 0.

    Raises `CommandFailed` for an answer that is broken or meant for another gateway.
    """
    key = _own_key(folder)
    raw = read_file(answer, FILE_BYTES_MAX)
    try:
        trust = read_trust_untrusted(raw)
    except BadCertificate as error:
        raise CommandFailed(f"{answer}: {error}", BAD_DATA) from None
    if trust.device_public != key.public or trust.gateway_id != _requested(folder, trust):
        raise CommandFailed(
            f"{answer} is for another gateway ({trust.name}); {folder} has device key"
            f" {key.key_id.hex()}: take the answer to its own {REQUEST}",
            BAD_DATA,
        )
    _refuse_other_tenant(folder, trust)
    try:
        _replace(folder / DEVICE_PEM, trust.device_pem.encode())
        _replace(folder / TRUST, raw)
        _sync(folder)
    except OSError as error:
        raise _storage_failed(folder, error) from None
    authority = ssl.PEM_cert_to_DER_cert(trust.ca_pem.strip())
    _print(
        name=trust.name, gateway=trust.gateway, index=trust.index, tenant=trust.tenant,
        central_url=trust.central_url, authority_sha256=hashlib.sha256(authority).hexdigest(),
    )  # fmt: skip
    return 0


def _own_key(folder: Path) -> SigningKey:
    path = folder / DEVICE_KEY
    if not path.exists():
        hint = f"make it first: init {folder} --name NAME"
        raise CommandFailed(f"{folder} holds no {DEVICE_KEY}; {hint}", NO_INPUT)
    try:
        return SigningKey(bytes.fromhex(read_file(path, 4096).decode("ascii")))
    except (BadKey, ValueError):
        hint = "restore it from a backup, or make a new identity in another folder"
        raise CommandFailed(f"{path} is not 32 bytes in hex: {hint}", BAD_DATA) from None


def _requested(folder: Path, trust: Trust) -> bytes:
    """The gateway id this folder asked for; without a request, whatever the answer says."""
    path = folder / REQUEST
    if not path.exists():
        return trust.gateway_id
    try:
        return read_request_untrusted(read_file(path, FILE_BYTES_MAX)).gateway_id
    except BadCertificate as error:
        raise CommandFailed(f"{path}: {error}", BAD_DATA) from None


def _refuse_other_tenant(folder: Path, trust: Trust) -> None:
    """A renewed answer may replace an old one; another tenant's may not: the ledger is there."""
    path = folder / TRUST
    if not path.exists():
        return
    try:
        old = read_trust_untrusted(read_file(path, FILE_BYTES_MAX))
    except BadCertificate:
        return  # a broken file is what this command repairs
    if (old.tenant, old.gateway) != (trust.tenant, trust.gateway):
        problem = f"{folder} is enrolled with tenant {old.tenant} already; use a new folder"
        raise CommandFailed(problem, CANNOT_CREATE)


def _refuse_open_folder(folder: Path) -> None:
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o022:
        problem = f"others may write to {folder} (mode {mode:04o}); chmod 700 it first"
        raise CommandFailed(problem, CANNOT_CREATE)


def _create(path: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with open(descriptor, "wb") as stream:
        os.fchmod(descriptor, mode)
        stream.write(content)
        stream.flush()
        os.fsync(descriptor)


def _replace(path: Path, content: bytes) -> None:
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    _create(fresh, content, 0o644)
    os.replace(fresh, path)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _storage_failed(folder: Path, error: OSError) -> CommandFailed:
    reason = error.strerror or type(error).__name__
    code = CANNOT_CREATE if isinstance(error, PermissionError | NotADirectoryError) else None
    return CommandFailed(f"cannot write to {folder}: {reason}", code or STORAGE_FAILED)


def _print(**fields: object) -> None:
    json.dump(fields, sys.stdout, ensure_ascii=False)
    sys.stdout.write("\n")
