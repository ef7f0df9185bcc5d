"""`ticket verify`: codes on standard input, one JSON line each on standard output.

Whatever the input holds, memory stays bounded and no line goes without an answer: a line above
`LINE_BYTES_MAX` is answered as soon as it is too long, and the rest of it is skipped.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from crypto import pretix, ticket
from crypto.bundle import Bundle, ForeignIssuer, Issuer, IssuerKey
from crypto.bundle import read_untrusted as read_bundle_untrusted
from crypto.claim import Claim, Keyring, show_identity
from crypto.errors import Bad, BadBundle, BadCode, BadKey
from crypto.keys import VerifyKey, parse_public_untrusted
from crypto.trust import read_trust_untrusted
from edge.commands.errors import BAD_DATA, NO_INPUT, STORAGE_FAILED, USAGE, CommandFailed

LINE_BYTES_MAX: Final = 8192
CHUNK_BYTES: Final = 65536
KEYS_BYTES_MAX: Final = 65 << 20
PRETIX_ISSUER: Final = "pretix"
BUNDLE_MAGIC: Final = b"GHU1"
_REFUSAL: Final[dict[str, Any]] = {
    "ok": False, "scheme": None, "identity": None, "product": None, "item": None,
    "variation": None, "performance": None, "subevent": None, "valid_from": None,
    "valid_until": None, "persons": None, "reason": "invalid",
}  # fmt: skip


class _PlainIssuer(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    keys: list[str]


class _PlainKeys(msgspec.Struct, forbid_unknown_fields=True):
    """What a technician writes by hand when there is no bundle."""

    issuers: list[_PlainIssuer]


def verify(keys: Path | None, bundle_key: str | None, pretix_keys: tuple[str, ...]) -> int:
    """Answer every line of standard input. Exit code 0 when all were read.

    Raises `CommandFailed` for keys that cannot be used, or when input or output break.
    """
    keyring = Keyring(_gather(keys, bundle_key, pretix_keys))
    if keys is None and not pretix_keys:
        hint = "give --keys BUNDLE or --pretix-key KEY"
        print(f"gatehouse-edge: no keys: every code will be refused; {hint}", file=sys.stderr)
    out = sys.stdout.buffer
    try:
        for lines in read_lines(lambda size: os.read(0, size)):
            # One write for all lines that arrived together: an interactive line is answered at
            # once, and a file of a million lines is not a million system calls.
            out.write(b"".join(answer(keyring, line, int(time.time())) for line in lines))
            out.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CommandFailed(f"reading codes failed: {error.strerror}", STORAGE_FAILED) from None
    return 0


def read_lines(read: Callable[[int], bytes]) -> Iterator[list[bytes | None]]:
    """The lines of a stream, in batches as they arrive; None for a line that is too long."""
    held, skipping = b"", False
    while chunk := read(CHUNK_BYTES):
        *whole, rest = chunk.split(b"\n")
        batch: list[bytes | None] = []
        for part in whole:
            if not skipping:
                batch.append(_bounded(held + part))
            held, skipping = b"", False
        if not skipping:
            held += rest
            if len(held) > LINE_BYTES_MAX:
                batch.append(None)
                held, skipping = b"", True
        if batch:
            yield batch
    if held:
        yield [held]


def answer(keyring: Keyring, line: bytes | None, now_s: int) -> bytes:
    """The JSON line for one scanned text. The text itself is never repeated: it is a secret."""
    if line is None:
        fields = _REFUSAL | {"message": f"the line is longer than {LINE_BYTES_MAX} bytes"}
    else:
        try:
            fields = _show(keyring.read_untrusted(line, now_s))
        except BadCode as error:
            scheme = _scheme(line.strip(b" \t\r\n"))
            fields = _REFUSAL | {"scheme": scheme, "reason": error.reason, "message": str(error)}
    return msgspec.json.encode(fields) + b"\n"


def _show(claim: Claim) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "ok": True,
        "scheme": claim.scheme,
        "identity": show_identity(claim.identity),
    }
    if claim.foreign is None:
        fields |= {"product": claim.product, "performance": claim.performance}
    else:
        shop = claim.foreign
        fields |= {"item": shop.item, "variation": shop.variation, "subevent": shop.subevent}
    fields |= {
        "valid_from": claim.valid_from,
        "valid_until": claim.valid_until,
        "persons": claim.persons,
        "reason": None,
    }
    return fields


def _scheme(text: bytes) -> str | None:
    """Of which scheme a refused text is, where it can be read at all."""
    for name, decode in (
        ("GH1", ticket.decode_untrusted),
        ("pretix_sig1", pretix.decode_untrusted),
    ):
        try:
            decode(text)
        except BadCode:
            continue
        return name
    return None


def _bounded(line: bytes) -> bytes | None:
    return line if len(line) <= LINE_BYTES_MAX else None


def _gather(keys: Path | None, bundle_key: str | None, pretix_keys: tuple[str, ...]) -> Bundle:
    if bundle_key is not None and keys is None:
        raise CommandFailed("--bundle-key says who signed --keys: give both", USAGE)
    bundle = Bundle() if keys is None else read_keys(keys, bundle_key)
    if not pretix_keys:
        return bundle
    publics = [_public(text, "--pretix-key") for text in pretix_keys]
    shop = ForeignIssuer(PRETIX_ISSUER, publics, [])
    return msgspec.structs.replace(bundle, foreign_issuers=[*bundle.foreign_issuers, shop])


def read_keys(path: Path, bundle_key: str | None) -> Bundle:
    """The bundle in `path`, verified, or a list of keys written by hand. Raises `CommandFailed`."""
    raw = read_file(path, KEYS_BYTES_MAX)
    if not raw.startswith(BUNDLE_MAGIC):
        if bundle_key is not None:
            raise CommandFailed(f"{path} is no signed bundle; leave out --bundle-key", BAD_DATA)
        return _plain(path, raw)
    key = _bundle_verify(path) if bundle_key is None else _public(bundle_key, "--bundle-key")
    try:
        return read_bundle_untrusted(raw, VerifyKey(key))
    except BadBundle as error:
        raise CommandFailed(f"{path}: {error}", BAD_DATA) from None


def _bundle_verify(path: Path) -> bytes:
    for folder in (path.absolute().parent, path.absolute().parent.parent):
        trust = folder / "trust.json"
        if trust.exists():
            try:
                return read_trust_untrusted(read_file(trust, KEYS_BYTES_MAX)).bundle_verify.public
            except Bad as error:
                raise CommandFailed(f"{trust}: {error}", BAD_DATA) from None
    raise CommandFailed(
        f"nobody says who may sign {path}: give --bundle-key KEY, or put trust.json beside it",
        USAGE,
    )


def _plain(path: Path, raw: bytes) -> Bundle:
    shape = '{"issuers": [{"name": "...", "keys": ["hex", ...]}]}'
    try:
        plain = msgspec.json.decode(raw, type=_PlainKeys)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        problem = f"{path} is neither a bundle nor JSON of the form {shape}"
        raise CommandFailed(problem, BAD_DATA) from None
    issuers = []
    for issuer in plain.issuers:
        if not issuer.name.isascii() or not issuer.name or ":" in issuer.name:
            problem = f"{path}: issuer {issuer.name!r}: a name is ASCII without a colon"
            raise CommandFailed(problem, BAD_DATA)
        where = f"{path}: issuer {issuer.name}"
        publics = [IssuerKey(_public(text, where)) for text in issuer.keys]
        issuers.append(Issuer(issuer.name, publics))
    return Bundle(issuers=issuers)


def _public(text: str, where: str) -> bytes:
    try:
        if text.startswith("@"):
            return parse_public_untrusted(read_file(Path(text[1:]), CHUNK_BYTES))
        return parse_public_untrusted(text)
    except BadKey as error:
        code = USAGE if where.startswith("--") else BAD_DATA
        raise CommandFailed(f"{where}: {error}", code) from None


def read_file(path: Path, bytes_max: int) -> bytes:
    """The content of a file a person named. Raises `CommandFailed`."""
    try:
        with open(path, "rb") as stream:
            raw = stream.read(bytes_max + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CommandFailed(f"cannot read {path}: {reason}", NO_INPUT) from None
    if len(raw) > bytes_max:
        raise CommandFailed(f"{path} is longer than {bytes_max} bytes", BAD_DATA)
    return raw
