"""Hashes of staff PINs: Argon2id (RFC 9106) through libsodium, in the usual text form.

``$argon2id$v=19$m=KiB,t=passes,p=1$salt$hash``. A PIN is short, so the hash only slows down who
has stolen the configuration; who guesses at the gate is stopped by `edge.web.attempts`.
"""

import base64
import re
from typing import Final

from nacl import exceptions, pwhash

from crypto.errors import BadPinHash

HASH_BYTES: Final = 32
#: 19 MiB and 2 passes: 20 ms on a small gateway. Checked one at a time.
MEMORY_BYTES: Final = 19 << 20
PASSES: Final = 2
#: What a foreign hash may cost us.
MEMORY_KIB_MAX: Final = 64 << 10
PASSES_MAX: Final = 8
PIN_BYTES_MIN: Final = 6
PIN_BYTES_MAX: Final = 64
_FORM: Final = re.compile(
    r"\$argon2id\$v=19\$m=([1-9][0-9]{0,6}),t=([1-9][0-9]?),p=1"
    r"\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{22,86}"
)


def hash_pin(pin: str, salt: bytes) -> str:
    """The hash of `pin` to be written into a configuration; `salt`: 16 random bytes.

    Raises `BadPinHash` for a PIN of less than 6 or more than 64 bytes.
    """
    raw = pin.encode(errors="surrogatepass")
    if not PIN_BYTES_MIN <= len(raw) <= PIN_BYTES_MAX:
        raise BadPinHash(f"a PIN has {PIN_BYTES_MIN} to {PIN_BYTES_MAX} characters")
    digest = pwhash.argon2id.kdf(HASH_BYTES, raw, salt, opslimit=PASSES, memlimit=MEMORY_BYTES)
    head = f"$argon2id$v=19$m={MEMORY_BYTES >> 10},t={PASSES},p=1"
    return f"{head}${_unpadded(salt)}${_unpadded(digest)}"


def read_hash_untrusted(text: str) -> bytes:
    """`text` as `pin_matches` takes it. Raises `BadPinHash` if it is none, or costs too much."""
    match = _FORM.fullmatch(text)
    if match is None:
        raise BadPinHash("not a hash as `gatehouse edge staff hash` makes it")
    if int(match[1]) > MEMORY_KIB_MAX or int(match[2]) > PASSES_MAX:
        raise BadPinHash(f"costs more than {MEMORY_KIB_MAX} KiB or {PASSES_MAX} passes")
    return text.encode()


def pin_matches(pin_hash: bytes, pin: str) -> bool:
    """Whether `pin_hash` (from `read_hash_untrusted`) is of `pin`. Takes tens of milliseconds."""
    raw = pin.encode(errors="surrogatepass")
    if not 0 < len(raw) <= PIN_BYTES_MAX:
        return False
    try:
        return bool(pwhash.verify(pin_hash, raw))
    except exceptions.InvalidkeyError:
        return False


def _unpadded(raw: bytes) -> str:
    return base64.b64encode(raw).decode().rstrip("=")
