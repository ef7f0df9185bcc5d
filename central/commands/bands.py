"""Which band people mean: its pseudonym, the first digits of it, or the UID of its chip."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from central.commands.cashless import keys_of
from central.commands.errors import BAD_DATA, CommandFailed
from central.store import bands, money
from central.store.bands import DIGITS_MIN, MEDIUM_BYTES

if TYPE_CHECKING:
    from central.cashless_keys import CashlessKeys
    from central.commands.session import Session

UID_BYTES: Final = (4, 7, 10)
TOLD_MAX: Final = 5
_HEX: Final = frozenset("0123456789abcdef")


def medium_of(s: Session, text: str) -> bytes:
    """A medium by its pseudonym (32 hex digits) or its UID (8, 14 or 20). Raises CommandFailed."""
    return medium_by(keys_of(s), text)


def medium_by(keys: CashlessKeys, text: str) -> bytes:
    """As `medium_of`, where many are asked for."""
    digits = _digits(text)
    if len(digits) == 2 * MEDIUM_BYTES:
        return bytes.fromhex(digits)
    if len(digits) in [2 * size for size in UID_BYTES]:
        return keys.medium(bytes.fromhex(digits))
    hint = "the UID of the band in hex (8, 14 or 20 digits), or 32 hex digits of the medium"
    raise CommandFailed(f"{text!r} names no band: say {hint}", BAD_DATA)


async def band_of(s: Session, text: str) -> bytes:
    """As `medium_of`, or by the first digits of the pseudonym, of which receipts show eight.

    Raises CommandFailed, with the bands that begin so when there are several. A UID is what has
    colons; 8, 14 or 20 digits without are first digits as well, of whatever band is known.
    """
    digits = _digits(text)
    if len(digits) == 2 * MEDIUM_BYTES:
        return bytes.fromhex(digits)
    found: list[bytes] = []
    if ":" not in text and DIGITS_MIN <= len(digits) < 2 * MEDIUM_BYTES:
        found = await bands.matching(s.connection, s.tenant, digits, TOLD_MAX + 1)
    if len(digits) in [2 * size for size in UID_BYTES]:
        medium = medium_of(s, text)
        known = await bands.matching(s.connection, s.tenant, medium.hex(), 1)
        if known or not found:
            found = sorted({*found, medium})
    if len(found) == 1:
        return found[0]
    if found:
        raise CommandFailed(await _several(s, text, found), BAD_DATA)
    if not DIGITS_MIN <= len(digits) < 2 * MEDIUM_BYTES:
        hint = f"say the UID of the band in hex, or {DIGITS_MIN} or more first hex digits"
        raise CommandFailed(f"{text!r} names no band: {hint} of the medium", BAD_DATA)
    hint = "see `gatehouse central wallet list`, or say the UID of the band with its colons"
    raise CommandFailed(f"no band begins with {text!r}: {hint}")


async def _several(s: Session, text: str, found: list[bytes]) -> str:
    """Which bands could be meant, with what tells them apart."""
    told = []
    for medium in found[:TOLD_MAX]:
        rows = await money.balances(s.connection, s.tenant, medium)
        worth = rows[0]["balance_minor"] if rows else 0
        told.append(f"{medium.hex()} (balance_minor {worth})")
    more = " and more" if len(found) > TOLD_MAX else ""
    return f"{text!r} names several bands: {', '.join(told)}{more}; say more digits"


def _digits(text: str) -> str:
    digits = text.strip().replace(":", "").lower()
    return digits if set(digits) <= _HEX else ""
