"""NTAG213, NTAG215, NTAG216: NXP NTAG213_215_216 rev 3.2.

The dialect (version, fast read, password, signature) is also Ultralight EV1's, see
`password.py`; here are the sizes, the dynamic locks and the NFC counter.
"""

from __future__ import annotations

from typing import NamedTuple

from drivers.reader.band import Chip
from drivers.reader.chips.password import PasswordChip
from drivers.reader.chips.type2 import NAK_ARGUMENT

NFC_COUNTER = 2
COUNTER_MAX = 0xFFFFFF


class _Size(NamedTuple):
    pages: int
    storage: int  # byte 6 of the version
    container: bytes  # page 3 as delivered
    per_bit: int  # pages under one dynamic lock bit
    per_block_bit: int  # pages under one dynamic block-locking bit
    empty: bytes  # pages 4 and 5 as delivered: an empty NDEF message


_LOCK_CONTROL = bytes.fromhex("0103a00c340300fe")
SIZES = {
    Chip.NTAG213: _Size(45, 0x0F, b"\xe1\x10\x12\x00", 2, 4, _LOCK_CONTROL),
    Chip.NTAG215: _Size(135, 0x11, b"\xe1\x10\x3e\x00", 16, 32, b"\x03\x00\xfe\x00"),
    Chip.NTAG216: _Size(231, 0x13, b"\xe1\x10\x6d\x00", 16, 32, b"\x03\x00\xfe\x00"),
}


class Ntag21x(PasswordChip):
    """An NTAG213 (or `chip`), as delivered."""

    def __init__(self, uid: bytes, chip: Chip = Chip.NTAG213, *, changeable: bool = False) -> None:
        if chip not in SIZES:
            raise ValueError(f"{chip.value} is no NTAG21x")
        self._size = size = SIZES[chip]
        self.chip = chip
        self.pages = self.readable = size.pages
        self.dynamic_page = size.pages - 5
        self.version = bytes((0, 4, 4, 2, 1, 0, size.storage, 3))
        super().__init__(uid, changeable=changeable)
        self.memory[9] = 0x48
        self.memory[12:16] = size.container
        self.memory[16 : 16 + len(size.empty)] = size.empty
        at = 4 * self.dynamic_page
        self.memory[at + 3] = 0xBD
        self.memory[at + 4 : at + 16] = bytes.fromhex("040000ff 00050000 ffffffff")
        self._counted = False

    def _lock_bytes(self) -> bytes:
        at = 4 * self.dynamic_page
        return bytes(self.memory[10:12] + self.memory[at : at + 3])

    def _locked_pages(self) -> set[int]:
        at, end = 4 * self.dynamic_page, self.dynamic_page
        bits = int.from_bytes(self.memory[at : at + 2], "little")
        step = self._size.per_bit
        return super()._locked_pages() | {
            page for page in range(16, end) if bits >> (page - 16) // step & 1
        }

    def _dynamic_after(self, old: bytes, new: bytes) -> bytes:
        size = self._size
        bits_per_block = size.per_block_bit // size.per_bit
        held = sum(
            ((1 << bits_per_block) - 1) << bit * bits_per_block
            for bit in range(8)
            if old[2] >> bit & 1
        )
        before, asked = (int.from_bytes(data[:2], "little") for data in (old, new))
        after = (before | asked & ~held) & 0xFFFF
        return after.to_bytes(2, "little") + bytes((old[2] | new[2],))

    def _power_on(self) -> None:
        super()._power_on()
        self._counted = False

    def _read(self, command: bytes) -> bytes:
        self._count()
        return super()._read(command)

    def _fast_read(self, command: bytes) -> bytes:
        self._count()
        return super()._fast_read(command)

    def _count(self) -> None:
        # Section 8.7: once per stay in the field, by the first READ or FAST_READ.
        if not self._counted:
            self._counted = True
            if self.access & 0x10:
                self.counters[NFC_COUNTER] = min(self.counters[NFC_COUNTER] + 1, COUNTER_MAX)

    def _read_counter(self, command: bytes) -> bytes:
        closed = self.access & 0x08 and not self.authenticated
        if command[1] != NFC_COUNTER or not self.access & 0x10 or closed:
            return NAK_ARGUMENT
        return self.counters[NFC_COUNTER].to_bytes(3, "little")
