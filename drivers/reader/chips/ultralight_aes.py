"""MIFARE Ultralight AES: NXP MF0AES(H)20 rev 1.1, sections 8.5 to 8.9, and AN13452.

Three keys: data protection (pages 30 to 33), UID retrieval (34 to 37), originality (in no
page). Keys stand in memory with their last byte first.

*Where it comes from.* Nobody here held this chip; other people did, and what they published
agrees with the data sheet as we have it:

- version, key pages and their order, RID_ACT, SEC_MSG_ACT, PROT, CFGLCK, the bits of counter 2,
  AUTH_LIM (page 2Ah, bytes 2 and 3, ten bits) and the locks of keys (page 2Dh: bit 7 UID
  retrieval, bit 6 data protection, bit 5 locks both bits): libpretixnfc, the production sheet
  of StuStaPay, which went onto many thousand bands, and Unleashed's firmware, which was
  compared bit by bit with a chip by its authors;
- as delivered (29h 00 00 00 3C, 2Ah 8C 05 00 00, keys of zeros): that comparison;
- the messages of an authentication, to the byte: the example of the data sheet (section 8.6.4),
  the one of AN13452, and one exchange with a real chip, all in libpretixnfc's tests and in ours;
- READ_SIG with 48 bytes (secp192r1): the keys of AN13452 in Proxmark3, and Unleashed;
- a chip in a secure session is mute to a command without its MAC: Unleashed, on a chip;
- AUTH_LIM: a failure counts one, a success takes 16 back, and at the limit nothing helps any
  more: section 8.6.5, as cited by Unleashed.

*Unproven.* Which NAK a chip at its limit gives, and whether it takes a right key once more when
the limit is reached and not passed. Whether counters 0 and 1 are closed without authentication
(Unleashed's emulation leaves them open to readers; we take the stricter, and no reader of ours
asks without). That a mute chip is idle. Not here: RID_ACT (a random UID).
"""

from __future__ import annotations

from collections.abc import Callable

from drivers.reader.band import Chip
from drivers.reader.chips.counting import CountingChip
from drivers.reader.chips.secure_messaging import Session, session_key
from drivers.reader.chips.type2 import (
    ACK,
    FAST_READ,
    GET_VERSION,
    NAK_ARGUMENT,
    NAK_LIMIT,
    READ_SIG,
    State,
)
from drivers.reader.ciphers import PURE, Ciphers, turned

AUTHENTICATE = 0x1A
LOCK_PAGE, CFG0_PAGE, CFG1_PAGE, KEY_LOCK_PAGE, KEY_PAGE = 0x28, 0x29, 0x2A, 0x2D, 0x30
DATA_PROTECTION, UID_RETRIEVAL, ORIGINALITY = 0, 1, 2
SEC_MSG_ACT = 0x02
LOCK_UID_RETRIEVAL, LOCK_DATA_PROTECTION, LOCK_KEY_LOCKS = 0x80, 0x40, 0x20
FORGIVEN = 16  # failures that one right key takes back
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
    key_lock_page = KEY_LOCK_PAGE
    SIGNATURE_BYTES = 48
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
        self._session: Session | None = None
        self.memory[9] = 0x48
        self.memory[4 * CFG0_PAGE : 4 * CFG0_PAGE + 8] = bytes.fromhex("0000003c 8c050000")
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

    def receive(self, command: bytes) -> bytes | None:
        """See `Type2.receive`; in a secure session, with MACs."""
        session = self._session
        if session is None or self.state is not State.ACTIVE:
            return super().receive(command)
        opened = session.opened(command)
        if opened is None:
            self._fall_back()
            return None
        answer = super().receive(opened)
        if answer is None or (len(answer) == 1 and answer != ACK):
            return answer
        return session.sealed(b"" if answer == ACK else answer)

    def select(self) -> None:
        """See `Type2.select`."""
        self._session = None
        super().select()

    def _fall_back(self) -> None:
        self._session = None
        super()._fall_back()

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
        locks, which = self.memory[4 * KEY_LOCK_PAGE], (page - KEY_PAGE) // 4
        if which == DATA_PROTECTION and locks & LOCK_DATA_PROTECTION:
            return False
        if which == UID_RETRIEVAL and locks & LOCK_UID_RETRIEVAL:
            return False
        return super()._may_write(page)

    def _store(self, page: int, data: bytes) -> bytes | None:
        if page == KEY_LOCK_PAGE:  # one-time, as every lock
            old = self.memory[4 * page]
            held = LOCK_UID_RETRIEVAL | LOCK_DATA_PROTECTION if old & LOCK_KEY_LOCKS else 0
            data = bytes((old | data[0] & ~held,)) + data[1:]
        return super()._store(page, data)

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
        if limit and self.wrong >= limit:
            return NAK_LIMIT
        key, zero, ours = self._keys[which], bytes(16), self._random(16)

        def rest(proof: bytes) -> bytes | None:
            if len(proof) != 33 or proof[0] != 0xAF:
                return NAK_ARGUMENT
            opened = self._ciphers.aes_decrypt(key, zero, proof[1:])
            theirs = opened[:16]
            if opened[16:] != turned(ours):
                if limit:
                    self.wrong += 1
                return NAK_ARGUMENT
            self.wrong = max(0, self.wrong - FORGIVEN)
            self.authenticated = which == DATA_PROTECTION
            if self.memory[4 * CFG0_PAGE] & SEC_MSG_ACT:
                made = session_key(self._ciphers, key, theirs, ours)
                self._session = Session(self._ciphers, made)
            return b"\x00" + self._ciphers.aes_encrypt(key, zero, turned(theirs))

        self._second_half = rest
        return b"\xaf" + self._ciphers.aes_encrypt(key, zero, ours)
