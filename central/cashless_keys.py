"""Secrets of the event's wallets: one file in the centre's folder of keys, handed down in bundles.

    cashless.json   pseudonym key, chip key, debit keys by version; mode 0600

Destroying the pseudonym key after retention makes the facts anonymous (ARCHITECTURE.md, Formats).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from central.keys import KeysMissing, write_secret
from crypto.cashless import DebitKey

FILE: Final = "cashless.json"
VERSIONS_MAX: Final = 16
MEDIUM_BYTES: Final = 16

Hex32 = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
Hex16 = Annotated[str, Meta(pattern=r"\A[0-9a-f]{32}\Z")]


class _Version(msgspec.Struct, frozen=True):
    version: Annotated[int, Meta(ge=0, le=VERSIONS_MAX - 1)]
    key: Hex16


class _File(msgspec.Struct, frozen=True):
    pseudonym_key: Hex32
    chip_key: Hex32
    debit_keys: Annotated[list[_Version], Meta(min_length=1, max_length=VERSIONS_MAX)]


class CashlessKeys(msgspec.Struct, frozen=True):
    """What gateways need to read and write bands; `debit_keys` oldest version first."""

    pseudonym_key: bytes
    chip_key: bytes
    debit_keys: list[DebitKey]

    def medium(self, uid: bytes) -> bytes:
        """The pseudonym of the band with this UID: 16 bytes, the same at each gateway."""
        return hmac.digest(self.pseudonym_key, uid, hashlib.sha256)[:MEDIUM_BYTES]

    def __repr__(self) -> str:
        """Never the keys: this may stand in a trace."""
        return f"CashlessKeys({len(self.debit_keys)} debit keys)"


def load_or_make(folder: Path, entropy: Callable[[int], bytes]) -> CashlessKeys:
    """The keys of the event; made the first time. Raises KeysMissing."""
    path = folder / FILE
    if not path.exists():
        first = [DebitKey(1, entropy(16))]
        _write(path, CashlessKeys(entropy(32), entropy(32), first))
    return load(folder)


def held(folder: Path) -> CashlessKeys | None:
    """The keys of the event, None before they were made. Raises KeysMissing."""
    return load(folder) if (folder / FILE).exists() else None


def load(folder: Path) -> CashlessKeys:
    """The keys of the event. Raises KeysMissing."""
    path = folder / FILE
    try:
        if path.stat().st_mode & 0o077:
            raise ValueError(f"it is open to other accounts: chmod 600 {path}")
        told = msgspec.json.decode(path.read_bytes(), type=_File)
    except FileNotFoundError:
        hint = "run `gatehouse central cashless set FILE` first"
        raise KeysMissing(f"{path} does not exist: {hint}") from None
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        raise KeysMissing(f"{path} cannot be used: {error}; restore it from the backup") from error
    debit = [DebitKey(one.version, bytes.fromhex(one.key)) for one in told.debit_keys]
    return CashlessKeys(bytes.fromhex(told.pseudonym_key), bytes.fromhex(told.chip_key), debit)


def rotate(folder: Path, entropy: Callable[[int], bytes]) -> CashlessKeys:
    """Add a debit key: gateways write with it from the next bundle on, and read the old ones.

    Raises KeysMissing, and ValueError when all versions are used.
    """
    keys = load(folder)
    version = keys.debit_keys[-1].version + 1
    if version >= VERSIONS_MAX:
        raise ValueError("all versions of the debit key are used: begin a new event")
    debit = [*keys.debit_keys, DebitKey(version, entropy(16))]
    _write(folder / FILE, CashlessKeys(keys.pseudonym_key, keys.chip_key, debit))
    return load(folder)


def _write(path: Path, keys: CashlessKeys) -> None:
    told = _File(
        keys.pseudonym_key.hex(), keys.chip_key.hex(),
        [_Version(one.version, one.key.hex()) for one in keys.debit_keys],
    )  # fmt: skip
    write_secret(path, msgspec.json.encode(told).decode() + "\n")
