"""MIFARE Ultralight C: NXP MF0ICU2 rev 3.3 (30 July 2019).

No GET_VERSION, no FAST_READ: an unknown command is refused, and the chip falls idle.

*Where it comes from*, read again in the data sheet: memory and delivery (7.5, table 13), lock
bytes, which are one-time, whole or not at all, and count from the next REQA or WUPA (7.5.2,
7.5.3), one CBC chain over all three messages (7.5.5), the key's order and that it counts from the
next activation (7.5.7, table 11), AUTH0 from 03h to 30h and bit 0 of AUTH1 (7.5.8), the counter
(7.5.11), NAKs and the fall to idle after each (8.3, table 15), addresses and the roll-over of
READ (9.2), WRITE up to 2Fh (9.3). Two authentications that others logged with real chips are
in the tests, byte by byte; libfreefare and nfcpy say the same of key and configuration pages.

*Unproven.* The bits of lock byte 3 are from figure 7, which we have in no second source. That
AUTH0 and AUTH1 count from the next activation, and not at once (the data sheet says it of the
key and of locks only). How a torn increment of the counter looks before the next reset.
"""

from __future__ import annotations

from collections.abc import Callable

from drivers.reader.band import Chip
from drivers.reader.chips.tear import Torn
from drivers.reader.chips.type2 import ACK, NAK_ARGUMENT, Type2
from drivers.reader.ciphers import PURE, Ciphers, turned

AUTHENTICATE = 0x1A
LOCK_PAGE, COUNTER_PAGE, AUTH0_PAGE, AUTH1_PAGE, KEY_PAGE = 0x28, 0x29, 0x2A, 0x2B, 0x2C
COUNTER_MAX = 0xFFFF
DELIVERY_KEY = b"BREAKMEIFYOUCAN!"  # as it stands in memory: pages 2C to 2F (table 13)

# Lock bytes 2 and 3 (section 7.5.3): bit -> pages, and block-locking bit -> the bits it holds.
LOCK_BITS = {
    1: range(16, 20),
    2: range(20, 24),
    3: range(24, 28),
    5: range(28, 32),
    6: range(32, 36),
    7: range(36, 40),
    12: range(COUNTER_PAGE, COUNTER_PAGE + 1),
    13: range(AUTH0_PAGE, AUTH0_PAGE + 1),
    14: range(AUTH1_PAGE, AUTH1_PAGE + 1),
    15: range(KEY_PAGE, KEY_PAGE + 4),
}
BLOCK_LOCKS = {0: (1, 2, 3), 4: (5, 6, 7), 8: (12,), 9: (13,), 10: (14,), 11: (15,)}


def key_to_memory(key: bytes) -> bytes:
    """How a 16-byte key stands in pages 2C to 2F (section 7.5.7, table 11)."""
    return key[7::-1] + key[:7:-1]


def key_from_memory(pages: bytes) -> bytes:
    """The inverse of `key_to_memory`, which is its own."""
    return key_to_memory(pages)


class UltralightC(Type2):
    """As delivered. `random(n)` gives the chip's random numbers."""

    chip = Chip.UL_C
    pages = 48
    readable = KEY_PAGE
    dynamic_page = LOCK_PAGE
    DYNAMIC_BYTES = 2

    def __init__(
        self,
        uid: bytes,
        *,
        changeable: bool = False,
        random: Callable[[int], bytes] = bytes,
        ciphers: Ciphers = PURE,
    ) -> None:
        super().__init__(uid, changeable=changeable)
        self._random, self._ciphers = random, ciphers
        self._key = b""
        self._pending = -1
        self.memory[9] = 0x48
        self.memory[4 * AUTH0_PAGE] = 0x30
        self.memory[4 * KEY_PAGE :] = DELIVERY_KEY
        self._commands[AUTHENTICATE] = (2, self._authenticate)

    def set_key(self, key: bytes) -> None:
        """Write a key as an issuer does; it counts from the next activation on."""
        self.memory[4 * KEY_PAGE :] = key_to_memory(key)

    def _load_configuration(self) -> None:
        self._auth0 = self.memory[4 * AUTH0_PAGE]
        self._protects_reads = not self.memory[4 * AUTH1_PAGE] & 1
        self._key = key_from_memory(bytes(self.memory[4 * KEY_PAGE :]))
        self.memory[:] = self._settled()
        self._pending = -1

    def _settled(self) -> bytes:
        # Section 7.5.11: an increment shows after the RF reset that has to follow it.
        memory, at = bytearray(self.memory), 4 * COUNTER_PAGE
        if self._pending >= 0:
            memory[at : at + 2] = self._pending.to_bytes(2, "little")
        return bytes(memory)

    def _lock_bytes(self) -> bytes:
        at = 4 * LOCK_PAGE
        return bytes(self.memory[10:12] + self.memory[at : at + 2])

    def _locked_pages(self) -> set[int]:
        at = 4 * LOCK_PAGE
        bits = int.from_bytes(self.memory[at : at + 2], "little")
        dynamic = {page for bit, pages in LOCK_BITS.items() if bits >> bit & 1 for page in pages}
        return super()._locked_pages() | dynamic

    def _dynamic_after(self, old: bytes, new: bytes) -> bytes:
        before, asked = (int.from_bytes(data[:2], "little") for data in (old, new))
        for bit, holds in BLOCK_LOCKS.items():
            if before >> bit & 1:
                for held in holds:
                    asked &= ~(1 << held)
        return (before | asked).to_bytes(2, "little") + old[2:]

    def _store(self, page: int, data: bytes) -> bytes | None:
        if page != COUNTER_PAGE:
            return super()._store(page, data)
        at = 4 * COUNTER_PAGE
        value = self._pending
        if value < 0:
            value = int.from_bytes(self.memory[at : at + 2], "little")
        after = value + (data[0] & 0x0F) if value else int.from_bytes(data[:2], "little")
        if after > COUNTER_MAX:
            return NAK_ARGUMENT
        plan = self._accident()
        if plan is None or plan.torn in (Torn.NEW, Torn.FADED):
            self._pending = after
        return ACK if plan is None else self._leave(plan)

    def _authenticate(self, command: bytes) -> bytes:
        """Section 7.5.5: one CBC chain over all three messages."""
        if command[1] != 0:
            return NAK_ARGUMENT
        ours = self._random(8)
        sealed = self._ciphers.des3_encrypt(self._key, bytes(8), ours)

        def rest(proof: bytes) -> bytes | None:
            if len(proof) != 17 or proof[0] != 0xAF:
                return NAK_ARGUMENT
            opened = self._ciphers.des3_decrypt(self._key, sealed, proof[1:])
            if opened[8:] != turned(ours):
                return NAK_ARGUMENT
            self.authenticated = True
            back = self._ciphers.des3_encrypt(self._key, proof[-8:], turned(opened[:8]))
            return b"\x00" + back

        self._second_half = rest
        return b"\xaf" + sealed
