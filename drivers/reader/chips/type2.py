"""What all our chips share: pages of 4 bytes, states, locks, protection, torn writes.

States are those of ISO/IEC 14443-3 and the data sheets: off, idle, active (and authenticated),
halt. A NAK sends a chip back to where it was woken from, so that it then hears nothing until
it is activated again; many readers stumble over that. Section names are of NTAG213_215_216
rev 3.2, chapter 10 ("NTAG commands").
"""

from __future__ import annotations

import enum
from collections.abc import Callable

from drivers.reader.band import Chip
from drivers.reader.chips.tear import TearPlan, Torn

ACK = b"\x0a"
NAK_ARGUMENT, NAK_CRC, NAK_LIMIT, NAK_EEPROM = b"\x00", b"\x01", b"\x04", b"\x05"

GET_VERSION, READ, FAST_READ, WRITE, COMPATIBILITY_WRITE = 0x60, 0x30, 0x3A, 0xA2, 0xA0
READ_CNT, INCR_CNT, PWD_AUTH, READ_SIG, HALT = 0x39, 0xA5, 0x1B, 0x3C, 0x50

COMPATIBLE_BYTES = 16  # the second half of COMPATIBILITY_WRITE; the first four count


class State(enum.Enum):
    """Where a chip is in ISO/IEC 14443-3 type A."""

    OFF = "off"
    IDLE = "idle"
    ACTIVE = "active"
    HALT = "halt"


class Type2:
    """One band. `memory` is the whole EEPROM, also what no command can read; counters that
    have no page are in `counters`. Both may be changed at will between two taps.

    `tear` plans the next accident. `away` tells that the band has left the field by itself.
    `changeable` is the clone from the market whose UID can be written.
    """

    chip: Chip
    pages: int  # all of them
    readable: int  # pages that READ may name
    dynamic_page: int  # of the dynamic lock bytes; 0 for none
    key_lock_page = 0
    DYNAMIC_BYTES = 3
    SIGNATURE_BYTES = 32
    version = b""  # of GET_VERSION; empty when the chip has no such command

    def __init__(self, uid: bytes, *, changeable: bool = False) -> None:
        if len(uid) != 7:
            raise ValueError(f"a UID has 7 bytes, not {len(uid)}")
        self.memory = bytearray(4 * self.pages)
        self.counters = [0, 0, 0]
        self.changeable = changeable
        self.signature = bytes(self.SIGNATURE_BYTES)
        self.wrong = 0  # wrong passwords or keys, where they are limited
        self.tear: TearPlan | None = None
        self.away = False
        self.authenticated = False
        self.set_uid(uid)
        self._state = State.OFF
        self._woken_from = State.IDLE
        self._second_half: Callable[[bytes], bytes | None] | None = None
        self._fading: dict[int, bytes] = {}
        self._locks = b""
        self._locked: frozenset[int] = frozenset()
        self._auth0, self._protects_reads = 0xFF, False
        self._commands: dict[int, tuple[int, Callable[[bytes], bytes | None]]] = {
            READ: (2, self._read),
            WRITE: (6, self._write),
            COMPATIBILITY_WRITE: (2, self._compatibility_write),
            HALT: (2, self._halt),
        }

    @property
    def uid(self) -> bytes:
        """The 7 bytes of pages 0 and 1."""
        return bytes(self.memory[0:3] + self.memory[4:8])

    @property
    def state(self) -> State:
        """Where the chip is now."""
        return self._state

    def set_uid(self, uid: bytes) -> None:
        """Write UID and check bytes as the factory does (ISO/IEC 14443-3, cascade level 2)."""
        self.memory[0:3], self.memory[4:8] = uid[:3], uid[3:]
        self.memory[3] = 0x88 ^ uid[0] ^ uid[1] ^ uid[2]
        self.memory[8] = uid[3] ^ uid[4] ^ uid[5] ^ uid[6]

    def lock_by_phone(self) -> None:
        """What "make read-only" of a phone's tag app leaves behind."""
        self.memory[10:12] = b"\xff\xff"
        if self.dynamic_page:
            at = 4 * self.dynamic_page
            self.memory[at : at + self.DYNAMIC_BYTES] = b"\xff" * self.DYNAMIC_BYTES

    def remembered(self) -> tuple[bytes, tuple[int, int, int], int, dict[int, bytes]]:
        """What the EEPROM holds: memory, counters, wrong attempts, fading pages."""
        first, second, third = self.counters
        return self._settled(), (first, second, third), self.wrong, dict(self._fading)

    def recall(
        self,
        memory: bytes,
        counters: tuple[int, int, int],
        wrong: int,
        fading: dict[int, bytes],
    ) -> None:
        """The inverse of `remembered`."""
        self.memory[:] = memory
        self.counters, self.wrong, self._fading = list(counters), wrong, dict(fading)

    def _settled(self) -> bytes:
        """Memory as the next reset will show it."""
        return bytes(self.memory)

    # The field

    def power_off(self) -> None:
        """The band has left the field, or the field is off."""
        self._state = State.OFF
        self.authenticated = False
        self._second_half = None

    def wake(self, *, halted_too: bool = True) -> bool:
        """REQA (`halted_too` False) or WUPA; whether the chip answers."""
        if self._state is State.OFF:
            self._power_on()
            self._state = State.IDLE
        if self._state is State.ACTIVE:  # hears what it does not expect here: no answer
            self._fall_back()
            return False
        return self._state is State.IDLE or halted_too

    def select(self) -> None:
        """Anticollision has come to an end: the chip is selected. Locks count from here on."""
        self._woken_from = State.HALT if self._state is State.HALT else State.IDLE
        self._state = State.ACTIVE
        self.authenticated = False
        self._second_half = None
        locks = self._lock_bytes()
        if locks != self._locks:
            self._locks, self._locked = locks, frozenset(self._locked_pages())
        self._load_configuration()

    def activate(self) -> bool:
        """Wake and select, as a reader does that finds the band; whether it answers."""
        if self._state is State.ACTIVE:
            self._fall_back()
        if not self.wake():
            return False
        self.select()
        return True

    def receive(self, command: bytes) -> bytes | None:
        """One frame without its CRC. The answer (one byte stands for a 4-bit ACK or NAK), or
        None for silence. Any bytes are allowed."""
        if self._state is not State.ACTIVE:
            return None
        if self._second_half is not None:
            half, self._second_half = self._second_half, None
            answer = half(command)
        else:
            known = self._commands.get(command[0]) if command else None
            if known is None or len(command) != known[0]:
                answer = NAK_ARGUMENT
            else:
                answer = known[1](command)
        if answer is not None and len(answer) == 1 and answer != ACK:
            self._fall_back()
        return answer

    def refuse(self, nak: bytes) -> bytes | None:
        """What a frame that came garbled is answered with (section 9.3); None when idle."""
        if self._state is not State.ACTIVE:
            return None
        self._fall_back()
        return nak

    def _fall_back(self) -> None:
        self._state = self._woken_from
        self.authenticated = False
        self._second_half = None

    # What chips differ in

    def _power_on(self) -> None:
        """The chip begins to live."""

    def _load_configuration(self) -> None:
        """Set `_auth0` and `_protects_reads` from memory."""

    def _lock_bytes(self) -> bytes:
        """All bytes that decide about locks."""
        return bytes(self.memory[10:12])

    def _locked_pages(self) -> set[int]:
        """Pages that are read-only by the static lock bytes (section 8.5.2)."""
        bits = self.memory[10] | self.memory[11] << 8
        return {page for page in range(3, 16) if bits >> page & 1}

    def _keep_locks(self, old: int, new: int) -> int:
        """The static lock bits that a write leaves: block-locking bits forbid some."""
        held = 0
        for bit, pages in ((0, 1 << 3), (1, 0b111111 << 4), (2, 0b111111 << 10)):
            if old >> bit & 1:
                held |= pages
        return old | (new & ~held)

    def _hidden(self, first: int, last: int, data: bytearray) -> None:
        """Blank what READ never shows."""

    def _wrote(self, page: int) -> None:
        """A page was written by command."""

    # Commands

    def _halt(self, command: bytes) -> bytes | None:
        if command[1] != 0:
            return NAK_ARGUMENT
        self._state = State.HALT
        self.authenticated = False
        return None

    def _bare(self, first: int, last: int) -> bytearray:
        data = self.memory[4 * first : 4 * last + 4]
        self._hidden(first, last, data)
        return data

    def _shown(self, first: int, last: int) -> bytearray:
        data = self._bare(first, last)
        for page in [page for page in self._fading if first <= page <= last]:
            self.memory[4 * page : 4 * page + 4] = self._fading.pop(page)
        return data

    def _end_of_reading(self) -> int:
        """The first page that may not be read now."""
        if self._protects_reads and not self.authenticated:
            return min(self._auth0, self.readable)
        return self.readable

    def _read(self, command: bytes) -> bytes:
        first, end = command[1], self._end_of_reading()
        if first >= end:
            return NAK_ARGUMENT
        if first + 4 <= end:
            return bytes(self._shown(first, first + 3))
        data = bytearray()
        while len(data) < 16:  # rolls over to page 0, before AUTH0 or at the end
            stop = min(end, first + 4 - len(data) // 4)
            data += self._shown(first, stop - 1)
            first = 0
        return bytes(data)

    def _fast_read(self, command: bytes) -> bytes:
        first, last = command[1], command[2]
        if first > last or last >= self._end_of_reading():
            return NAK_ARGUMENT
        return bytes(self._shown(first, last))

    def _compatibility_write(self, command: bytes) -> bytes:
        page = command[1]
        if not self._may_write(page):
            return NAK_ARGUMENT

        def rest(data: bytes) -> bytes | None:
            if len(data) != COMPATIBLE_BYTES:
                return NAK_CRC
            return self._store(page, data[:4])

        self._second_half = rest
        return ACK

    def _write(self, command: bytes) -> bytes | None:
        page = command[1]
        if not self._may_write(page):
            return NAK_ARGUMENT
        return self._store(page, command[2:])

    def _may_write(self, page: int) -> bool:
        if page >= self._auth0 and not self.authenticated:
            return False
        if self.changeable and page < 2:
            return True
        return 2 <= page < self.pages and page not in self._locked

    def _store(self, page: int, data: bytes) -> bytes | None:
        at = 4 * page
        if page == 2:
            kept = self._keep_locks(
                int.from_bytes(self.memory[10:12], "little"), data[2] | data[3] << 8
            )
            head = data[:2] if self.changeable else self.memory[8:10]
            data = bytes(head) + kept.to_bytes(2, "little")
        elif page == 3:  # one-time: bits are only ever set (section 8.5.5)
            data = bytes(old | new for old, new in zip(self.memory[12:16], data, strict=True))
        elif page == self.dynamic_page != 0:
            kept_dynamic = self._dynamic_after(bytes(self.memory[at : at + 3]), data[:3])
            data = kept_dynamic + bytes(self.memory[at + 3 : at + 4])
        return self._program(page, data)

    def _dynamic_after(self, old: bytes, new: bytes) -> bytes:
        return bytes(a | b for a, b in zip(old, new, strict=True))

    # EEPROM

    def _program(self, page: int, data: bytes) -> bytes | None:
        if self.tear is not None:
            return self._torn(page, data)
        self.memory[4 * page : 4 * page + 4] = data
        if self._fading:
            self._fading.pop(page, None)
        self._wrote(page)
        return ACK

    def _accident(self) -> TearPlan | None:
        """The plan that strikes at this write; it is used up. None for a good write."""
        plan = self.tear
        if plan is None:
            return None
        if plan.write > 0:
            plan.write -= 1
            return None
        self.tear = None
        return plan

    def _torn(self, page: int, data: bytes) -> bytes | None:
        waiting = self.tear
        plan = self._accident()
        if plan is None:
            self.tear = None
            answer = self._program(page, data)
            self.tear = waiting
            return answer
        torn = plan.torn
        if torn in (Torn.GARBAGE, Torn.FADED) and page in self._whole_pages():
            torn = Torn.OLD  # these pages have anti-tearing support: all or nothing
        if torn is Torn.GARBAGE:
            self.memory[4 * page : 4 * page + 4] = plan.bits(data)
        elif torn is not Torn.OLD:
            self._program(page, data)
        if torn is Torn.FADED:
            self._fading[page] = plan.bits(data)
        return self._leave(plan)

    def _whole_pages(self) -> tuple[int, ...]:
        return 2, 3, self.dynamic_page, self.key_lock_page

    def _leave(self, plan: TearPlan) -> bytes | None:
        if not plan.leaves:
            return ACK
        self.away = True
        self.power_off()
        return None
