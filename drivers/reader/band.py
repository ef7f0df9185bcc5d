"""The words of a reader: chips, what was sensed, the protocol `Reader`, what goes wrong.

Errors of the band are not errors of the device: `BandError` never closes a reader, while
`drivers.errors` (Lost, Silent, Protocol) say that the reader itself is away or wrong.
"""

from __future__ import annotations

import enum
from typing import NamedTuple, Protocol


class Chip(enum.Enum):
    """The chips we know, with the words that people read on the reel."""

    NTAG213 = "NTAG213"
    NTAG215 = "NTAG215"
    NTAG216 = "NTAG216"
    UL_EV1_48 = "Ultralight EV1 48"
    UL_EV1_128 = "Ultralight EV1 128"
    UL_C = "Ultralight C"
    UL_AES = "Ultralight AES"


class Sensed(NamedTuple):
    """A band in the field: its 7-byte UID and what it is."""

    uid: bytes
    chip: Chip


class BandError(Exception):
    """The band cannot serve now; the reader is well. The text says what to do."""


class BandGone(BandError):
    """The band left the field, or answers no more. A write under way may be done, not done
    or torn: read to know."""


class BandUnsure(BandGone):
    """The answer to an increment was lost: it may be done or not. Ask `counter`."""


class BandRefused(BandError):
    """The chip answered NAK: a locked or protected page, a wrong password, no such page.

    `code` is the 4-bit NAK: 0 argument or access, 1 CRC or parity, 4 limit of wrong
    passwords or counter overflow, 5 EEPROM (2 with Ultralight C). The chip is well; the next
    call works.
    """

    def __init__(self, text: str, code: int = 0) -> None:
        super().__init__(text)
        self.code = code


class BandUnknown(BandError):
    """Something is in the field that is none of our chips (a bank card, a phone)."""


class Reader(Protocol):
    """One reader. One call at a time; each call may be cancelled.

    All but `sense` speak of the band that was sensed last, and raise `BandGone` once it left
    (also when it is back: only `sense` begins a new tap). What was authenticated stays so,
    for the reader repeats it when the band has to be activated again. All raise
    `drivers.errors.Lost`, `Silent`, `Protocol` or `Fault` when the reader itself fails; that
    ends the tap as well.
    """

    async def sense(self) -> Sensed:
        """Wait, without limit, for a band and say what it is. Raises BandUnknown for
        others, and BandGone when it left before it was known."""

    async def read(self, first_page: int, last_page: int) -> bytes:
        """The bytes of these pages, both included, 4 each; repeated when an answer is lost.
        Raises BandRefused, BandGone."""

    async def write(self, page: int, four_bytes: bytes) -> None:
        """Write one page; repeated when an answer is lost. Raises BandRefused, BandGone.
        Not read back: that is the caller's."""

    async def password(self, pwd4: bytes) -> bytes:
        """PWD_AUTH (NTAG21x, Ultralight EV1): the 2 bytes PACK. Raises BandRefused, BandGone.

        Whoever listens to the air reads both; compare PACK, but prove nothing by it.
        """

    async def authenticate(self, key16: bytes) -> None:
        """Mutual authentication: 3DES for Ultralight C, AES-128 (data protection key) for
        Ultralight AES. Raises BandRefused when either side does not know the key, BandGone."""

    async def counter(self) -> int:
        """The one-way counter: NTAG21x the NFC counter, Ultralight EV1 and AES counter 0,
        Ultralight C page 29h. Raises BandRefused (switched off, protected), BandGone."""

    async def increment(self) -> None:
        """Add one to `counter`, once: never repeated. Raises BandRefused when surely not
        done, BandUnsure or BandGone when not known. Not for NTAG21x (ValueError)."""

    async def gone(self) -> None:
        """Wait until the sensed band has left the field. The tap is over with this call."""
