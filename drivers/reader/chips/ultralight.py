"""MIFARE Ultralight EV1, 48 and 128 bytes: NXP MF0ULX1 rev 3.3."""

from __future__ import annotations

from drivers.reader.band import Chip
from drivers.reader.chips.counting import CountingChip
from drivers.reader.chips.password import PasswordChip
from drivers.reader.chips.type2 import NAK_ARGUMENT, READ_CNT

CHECK_TEARING_EVENT, VCSL = 0x3E, 0x4B
VALID = b"\xbd"  # no increment of this counter was torn
PAGES = {Chip.UL_EV1_48: (20, 0x0B), Chip.UL_EV1_128: (41, 0x0E)}


class UltralightEv1(CountingChip, PasswordChip):
    """As delivered. Three one-way counters, which anybody may read and increase."""

    def __init__(
        self, uid: bytes, chip: Chip = Chip.UL_EV1_128, *, changeable: bool = False
    ) -> None:
        if chip not in PAGES:
            raise ValueError(f"{chip.value} is no Ultralight EV1")
        self.chip = chip
        self.pages, storage = PAGES[chip]
        self.readable = self.pages
        self.dynamic_page = self.pages - 5 if chip is Chip.UL_EV1_128 else 0
        self.version = bytes((0, 4, 3, 1, 1, 0, storage, 3))
        super().__init__(uid, changeable=changeable)
        self.memory[9] = 0x48
        at = 4 * (self.pages - 4)
        self.memory[at : at + 12] = bytes.fromhex("000000ff 00050000 ffffffff")
        if self.dynamic_page:
            self.memory[4 * self.dynamic_page + 3] = 0xBD
        self._commands |= {
            READ_CNT: (2, self._read_counter),
            CHECK_TEARING_EVENT: (2, self._check_tearing),
            VCSL: (21, self._virtual_card),
        }

    def _lock_bytes(self) -> bytes:
        at = 4 * self.dynamic_page
        return bytes(self.memory[10:12] + (self.memory[at : at + 3] if at else b""))

    def _locked_pages(self) -> set[int]:
        locked = super()._locked_pages()
        if self.dynamic_page:
            at = 4 * self.dynamic_page
            bits = int.from_bytes(self.memory[at : at + 2], "little")
            locked |= {page for page in range(16, 36) if bits >> (page - 16) // 2 & 1}
        return locked

    def _dynamic_after(self, old: bytes, new: bytes) -> bytes:
        held = sum(0b11 << 2 * bit for bit in range(5) if old[2] >> bit & 1)
        before, asked = (int.from_bytes(data[:2], "little") for data in (old, new))
        after = (before | asked & ~held) & 0x03FF
        return after.to_bytes(2, "little") + bytes((old[2] | new[2],))

    def _check_tearing(self, command: bytes) -> bytes:
        return VALID if command[1] < 3 else NAK_ARGUMENT

    def _virtual_card(self, command: bytes) -> bytes:
        at = 4 * (self.pages - 3) + 1
        return bytes(self.memory[at : at + 1])  # VCTID
