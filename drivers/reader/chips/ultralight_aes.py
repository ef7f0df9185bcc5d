"""MIFARE Ultralight AES: NXP MF0AES(H)20 rev 1.1, without its CMAC secure messaging.

A band that is configured for secure messaging (SEC_MSG_ACT) refuses authentication here.
Three keys: data protection (pages 30 to 33), UID retrieval (34 to 37), originality (in no
page). Keys stand in memory with their last byte first.
"""

from __future__ import annotations

from collections.abc import Callable

from drivers.reader.band import Chip
from drivers.reader.chips.counting import CountingChip
from drivers.reader.chips.type2 import (
    FAST_READ,
    GET_VERSION,
    NAK_ARGUMENT,
    NAK_LIMIT,
    READ_SIG,
)
from drivers.reader.ciphers import PURE, Ciphers, turned

AUTHENTICATE = 0x1A
LOCK_PAGE, CFG0_PAGE, CFG1_PAGE, KEY_LOCK_PAGE, KEY_PAGE = 0x28, 0x29, 0x2A, 0x2D, 0x30
DATA_PROTECTION, UID_RETRIEVAL, ORIGINALITY = 0, 1, 2
SEC_MSG_ACT = 0x02
PROT, CFGLCK, CNT_INC_EN, CNT_RD_EN = 0x80, 0x40, 0x08, 0x04
OPEN_COUNTER = 2  # the one whose access has bits of its own


class UltralightAes(CountingChip):
    """As delivered. `random(n)` gives the chip's random numbers.

    Counters 0 and 1 ask for authentication once AUTH0 names a page of the chip.
    """

    chip = Chip.UL_AES
    pages = 60
    readable = 60
    dynamic_page = LOCK_PAGE
    version = bytes.fromhex("0004030104000f03")

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
        self._configuration_locked = False
        self._keys: tuple[bytes, bytes] = (b"", b"")
        self.memory[9] = 0x48
        self.memory[4 * CFG0_PAGE : 4 * CFG0_PAGE + 8] = bytes.fromhex("0000003c 00050000")
        self._commands |= {
            GET_VERSION: (1, lambda _: self.version),
            FAST_READ: (3, self._fast_read),
            READ_SIG: (2, lambda command: NAK_ARGUMENT if command[1] else self.signature),
            AUTHENTICATE: (2, self._authenticate),
        }

    @property
    def access(self) -> int:
        """The byte ACCESS of CFG1."""
        return self.memory[4 * CFG1_PAGE]

    def set_key(self, key: bytes, which: int = DATA_PROTECTION) -> None:
        """Write a key as an issuer does; it counts from the next activation on."""
        at = 4 * (KEY_PAGE + 4 * which)
        self.memory[at : at + 16] = key[::-1]

    def _power_on(self) -> None:
        self._configuration_locked = bool(self.access & CFGLCK)

    def _load_configuration(self) -> None:
        self._auth0 = self.memory[4 * CFG0_PAGE + 3]
        self._protects_reads = bool(self.access & PROT)
        at = 4 * KEY_PAGE
        first, second = self.memory[at : at + 16], self.memory[at + 16 : at + 32]
        self._keys = bytes(first[::-1]), bytes(second[::-1])

    def _hidden(self, first: int, last: int, data: bytearray) -> None:
        if last >= KEY_PAGE:
            begin = max(first, KEY_PAGE) - first
            end = min(last, KEY_PAGE + 7) - first + 1
            if end > begin:
                data[4 * begin : 4 * end] = bytes(4 * (end - begin))

    def _may_write(self, page: int) -> bool:
        if self._configuration_locked and page in (CFG0_PAGE, CFG1_PAGE):
            return False
        key_locks = self.memory[4 * KEY_LOCK_PAGE]
        for which in (DATA_PROTECTION, UID_RETRIEVAL):
            if key_locks >> which & 1 and (page - KEY_PAGE) // 4 == which:
                return False
        return super()._may_write(page)

    def _lock_bytes(self) -> bytes:
        at = 4 * LOCK_PAGE
        return bytes(self.memory[10:12] + self.memory[at : at + 3])

    def _locked_pages(self) -> set[int]:
        at = 4 * LOCK_PAGE
        bits = int.from_bytes(self.memory[at : at + 2], "little")
        dynamic = {page for page in range(16, 40) if bits >> (page - 16) // 2 & 1}
        return super()._locked_pages() | dynamic

    def _dynamic_after(self, old: bytes, new: bytes) -> bytes:
        held = sum(0b11 << 2 * bit for bit in range(6) if old[2] >> bit & 1)
        before, asked = (int.from_bytes(data[:2], "little") for data in (old, new))
        after = (before | asked & ~held) & 0x0FFF
        return after.to_bytes(2, "little") + bytes((old[2] | new[2],))

    def _may_count(self, which: int) -> bool:
        return super()._may_count(which) and self._counter_open(which, CNT_INC_EN)

    def _may_show(self, which: int) -> bool:
        return super()._may_show(which) and self._counter_open(which, CNT_RD_EN)

    def _counter_open(self, which: int, bit: int) -> bool:
        if self.authenticated or self._auth0 >= self.pages:
            return True
        return which == OPEN_COUNTER and bool(self.access & bit)

    def _authenticate(self, command: bytes) -> bytes:
        which = command[1]
        limit = int.from_bytes(self.memory[4 * CFG1_PAGE + 2 : 4 * CFG1_PAGE + 4], "little") & 0x3FF
        if which not in (DATA_PROTECTION, UID_RETRIEVAL):
            return NAK_ARGUMENT
        if self.memory[4 * CFG0_PAGE] & SEC_MSG_ACT:
            return NAK_ARGUMENT
        if limit and self.wrong >= limit:
            return NAK_LIMIT
        key, zero, ours = self._keys[which], bytes(16), self._random(16)

        def rest(proof: bytes) -> bytes | None:
            if len(proof) != 33 or proof[0] != 0xAF:
                return NAK_ARGUMENT
            opened = self._ciphers.aes_decrypt(key, zero, proof[1:])
            if opened[16:] != turned(ours):
                if limit:
                    self.wrong += 1
                return NAK_ARGUMENT
            self.authenticated = which == DATA_PROTECTION
            return b"\x00" + self._ciphers.aes_encrypt(key, zero, turned(opened[:16]))

        self._second_half = rest
        return b"\xaf" + self._ciphers.aes_encrypt(key, zero, ours)
