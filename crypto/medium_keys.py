"""Keys of one band, diversified from the event's, and the MAC of its slots (*Formats* 3).

::

    Kt        AES-CMAC(K_debit of a version, 01 | UID 7 B | "gh-debit" | version u8)
    password  AES-CMAC(K_chip, 01 | UID 7 B | "gh-passw")   4 B PWD, 2 B PACK
    chip key  AES-CMAC(K_chip, 01 | UID 7 B | "gh-chipk")   16 B, 3DES or AES
    K_chip    first 16 B of SHA-256("gatehouse-chip-1\\0" | the bundle's chip_key)

The shape is that of NXP AN10922 (a constant, the UID, who asks); AES-CMAC is RFC 4493.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, TypeAlias

from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

UID_BYTES: Final = 7
MAC_BYTES: Final = 8
VERSION_MAX: Final = 15
#: Bands whose keys are kept: some 2 KiB each.
CACHED_MAX: Final = 16_384

CHIP_DOMAIN: Final = b"gatehouse-chip-1\0"
_DEBIT: Final = b"gh-debit"
_PASSWORD: Final = b"gh-passw"
_CHIP: Final = b"gh-chipk"
#: Gives the 8 bytes of a message.
Mac: TypeAlias = Callable[[bytes], bytes]


def cmac(key: bytes, message: bytes) -> bytes:
    """AES-CMAC (RFC 4493) of 16 bytes; the key has 16."""
    mac = CMAC(AES(key))
    mac.update(message)
    return mac.finalize()


class ChipSecrets(NamedTuple):
    """What the reader needs for one band: password, its answer, the key. Never logged."""

    password: bytes
    pack: bytes
    key: bytes

    def __repr__(self) -> str:
        return "<ChipSecrets>"


class KeyRing:
    """The event's debit keys by version, and the key of its chips."""

    __slots__ = ("_cache", "_chip", "_debit", "newest", "versions")

    def __init__(self, debit: Mapping[int, bytes], chip_key: bytes) -> None:
        self._debit = dict(debit)
        self._chip = hashlib.sha256(CHIP_DOMAIN + chip_key).digest()[:16]
        self._cache: OrderedDict[tuple[bytes, int], Mac] = OrderedDict()
        self.versions = frozenset(debit)
        self.newest = max(debit, default=0)

    def mac(self, uid: bytes, version: int) -> Mac | None:
        """What gives the 8-byte MAC of a band's messages; None for a version we have not."""
        place = (uid, version)
        found = self._cache.get(place)
        if found is not None:
            self._cache.move_to_end(place)
            return found
        key = self._debit.get(version)
        if key is None or len(uid) != UID_BYTES:
            return None
        prepared = CMAC(AES(cmac(key, b"\x01" + uid + _DEBIT + bytes((version,)))))

        def mac(message: bytes) -> bytes:
            one = prepared.copy()  # a fourth of the price of a new one
            one.update(message)
            return one.finalize()[:MAC_BYTES]

        self._cache[place] = mac
        if len(self._cache) > CACHED_MAX:
            self._cache.popitem(last=False)
        return mac

    def chip(self, uid: bytes) -> ChipSecrets:
        """Password and key of the chip with this UID (7 bytes)."""
        words = cmac(self._chip, b"\x01" + uid + _PASSWORD)
        return ChipSecrets(words[:4], words[4:6], cmac(self._chip, b"\x01" + uid + _CHIP))

    def __repr__(self) -> str:
        return f"<KeyRing {sorted(self.versions)}>"
