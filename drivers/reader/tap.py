"""What every reader does alike, on top of *activate* and *exchange*.

Own retries and own classification: with one lost answer in twenty, what libraries do by
themselves misidentified or failed 27 of 60 taps. The rules are

- an answer that was lost leaves the chip in an unknown state, so activate it again;
- a NAK leaves the chip idle, so activate it again before the next command;
- whatever was authenticated is authenticated again after either;
- reads and page writes may be repeated, increments never.

GET_VERSION comes first in classification: Ultralight AES answers `1A 00` like Ultralight C,
which has no GET_VERSION and falls idle after refusing it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from drivers.reader.band import (
    BandGone,
    BandRefused,
    BandUnknown,
    BandUnsure,
    Chip,
    Sensed,
)
from drivers.reader.ciphers import PURE, Ciphers, turned

TRIES = 4
PAGES_AT_ONCE = 60  # 240 bytes: what a PN532 takes in one frame, with its header
ACK = b"\x0a"
CRC_NAK = b"\x01"  # the chip heard nonsense: not done, so it may be repeated
EEPROM_NAKS = frozenset((b"\x05", b"\x02"))  # a write failed; 2 is Ultralight C's
REFUSALS = EEPROM_NAKS | {b"\x00", b"\x04"}  # all other short answers are garbled

VERSIONS = {
    bytes.fromhex("0004040201000f03"): Chip.NTAG213,
    bytes.fromhex("0004040201001103"): Chip.NTAG215,
    bytes.fromhex("0004040201001303"): Chip.NTAG216,
    bytes.fromhex("0004030101000b03"): Chip.UL_EV1_48,
    bytes.fromhex("0004030201000b03"): Chip.UL_EV1_48,  # 50 pF
    bytes.fromhex("0004030101000e03"): Chip.UL_EV1_128,
    bytes.fromhex("0004030201000e03"): Chip.UL_EV1_128,
    bytes.fromhex("0004030104000f03"): Chip.UL_AES,
    bytes.fromhex("0004030204000f03"): Chip.UL_AES,
}
NTAGS = frozenset({Chip.NTAG213, Chip.NTAG215, Chip.NTAG216})
WITH_PASSWORD = NTAGS | {Chip.UL_EV1_48, Chip.UL_EV1_128}
ULC_COUNTER_PAGE = 0x29


class NoAnswer(Exception):
    """The band did not answer one command, or its answer came garbled."""


class Air(Protocol):
    """What a reader has to bring: the two calls, for one band in the field."""

    async def activate(self) -> bytes | None:
        """Find a band and select it, whatever state it is in; its UID, or None for nobody.
        Raises `drivers.errors`."""

    async def exchange(self, command: bytes) -> bytes:
        """One command, one answer, both without CRC, and no retries at all. One byte is a
        4-bit ACK or NAK. Raises NoAnswer, `drivers.errors`."""


class Tap:
    """`Reader` over an `Air`, but for `gone` and the waiting in `sense`.

    `entropy(n)` gives n random bytes for authentication.
    """

    def __init__(
        self, air: Air, *, entropy: Callable[[int], bytes], ciphers: Ciphers = PURE
    ) -> None:
        self._air = air
        self._entropy = entropy
        self._ciphers = ciphers
        self._sensed: Sensed | None = None
        self._stale = False  # the chip has to be activated before the next command
        self._again: Callable[[], Awaitable[None]] | None = None

    @property
    def sensed(self) -> Sensed | None:
        """The band of this tap; None when it has gone."""
        return self._sensed

    def forget(self) -> None:
        """The tap is over."""
        self._sensed = self._again = None
        self._stale = False

    # Classification

    async def identify(self, uid: bytes) -> Sensed:
        """Say what the band is that was just activated. Raises BandGone, BandUnknown."""
        self.forget()
        found: bytes | None = uid
        for _ in range(TRIES):
            chip = None if found is None else await self._classify()
            if chip is not None:
                self._sensed = Sensed(uid, chip)
                return self._sensed
            found = await self._air.activate()
            if found not in (uid, None):
                break
        if found != uid:
            raise BandGone("the band left before it was known; hold it a little longer")
        raise BandUnknown("this is none of the event's bands; hold the band alone to the reader")

    async def _classify(self) -> Chip | None:
        """The chip; None when it is not clear yet. Leaves the band active and selected."""
        try:
            answer = await self._air.exchange(b"\x60")
        except NoAnswer:
            return None
        if len(answer) > 1:
            return VERSIONS.get(answer)
        if await self._air.activate() is None:
            return None
        try:
            answer = await self._air.exchange(b"\x1a\x00")
        except NoAnswer:
            return None
        if len(answer) != 9 or answer[0] != 0xAF:  # 17 bytes: Ultralight AES; ask again
            return None
        self._stale = True  # it waits for the second half of an authentication
        return Chip.UL_C

    # Commands

    async def _command(self, command: bytes, length: int, what: str) -> bytes:
        """Send until answered by `length` bytes. Raises BandRefused, BandGone."""
        for _ in range(TRIES):
            if self._stale:
                await self._resume()
            try:
                answer = await self._air.exchange(command)
            except NoAnswer:
                self._stale = True
                continue
            if len(answer) == length and (length > 1 or answer == ACK):
                return answer
            self._stale = True
            if answer in REFUSALS:
                raise BandRefused(f"the band refused {_of(what, command)}", answer[0])
        raise self._left(f"the band did not answer {_of(what, command)}; hold it still")

    async def _resume(self) -> None:
        """Activate the same band again, authenticated as before. Raises BandGone."""
        sensed = self._known()
        for _ in range(TRIES):
            uid = await self._air.activate()
            if uid is None:
                continue
            if uid != sensed.uid:
                raise self._left("another band came into the field; show one at a time")
            try:
                # Not yet proven again, a chip would refuse what it allowed a moment ago.
                if self._again is not None:
                    await self._again()
            except NoAnswer:
                continue
            self._stale = False
            return
        raise self._left("the band left the field; tap again")

    def _known(self) -> Sensed:
        if self._sensed is None:
            raise BandGone("no band is in the field; tap again")
        return self._sensed

    def _left(self, text: str) -> BandGone:
        self.forget()
        return BandGone(text)

    # The calls of `Reader`

    async def read(self, first_page: int, last_page: int) -> bytes:
        """See `Reader.read`."""
        chip, data = self._known().chip, b""
        if not 0 <= first_page <= last_page <= 0xFF:
            raise ValueError(f"no such pages: {first_page} to {last_page}")
        while (at := first_page + len(data) // 4) <= last_page:
            if chip is Chip.UL_C:
                answer = await self._command(bytes((0x30, at)), 16, "to show page")
                data += answer[: 4 * (last_page - at + 1)]
            else:
                end = min(last_page, at + PAGES_AT_ONCE - 1)
                ask = bytes((0x3A, at, end))
                data += await self._command(ask, 4 * (end - at + 1), "to show page")
        return data

    async def write(self, page: int, four_bytes: bytes) -> None:
        """See `Reader.write`."""
        self._known()
        if len(four_bytes) != 4 or not 0 <= page <= 0xFF:
            raise ValueError(f"a page has 4 bytes: {len(four_bytes)} for page {page}")
        command = bytes((0xA2, page)) + four_bytes
        await self._command(command, 1, "to write page")

    async def password(self, pwd4: bytes) -> bytes:
        """See `Reader.password`."""
        if self._known().chip not in WITH_PASSWORD or len(pwd4) != 4:
            raise ValueError("4 bytes, and a chip that has a password")
        self._again = None
        pack = await self._command(b"\x1b" + pwd4, 2, "the password")

        async def again() -> None:
            if len(answer := await self._air.exchange(b"\x1b" + pwd4)) != 2:
                if answer not in REFUSALS:
                    raise NoAnswer
                raise BandRefused("the band refused the password", answer[0])

        self._again = again
        return pack

    async def authenticate(self, key16: bytes) -> None:
        """See `Reader.authenticate`."""
        chip = self._known().chip
        if chip not in (Chip.UL_C, Chip.UL_AES) or len(key16) != 16:
            raise ValueError("16 bytes, and a chip that has a key")
        block = 8 if chip is Chip.UL_C else 16

        async def again() -> None:
            await self._prove(key16, block)

        self._again = None
        for _ in range(TRIES):
            if self._stale:
                await self._resume()
            try:
                await again()
            except NoAnswer:
                self._stale = True
                continue
            self._again = again
            return
        raise self._left("the band did not answer the authentication; hold it still")

    async def _prove(self, key: bytes, block: int) -> None:
        """MF0ICU2, section 7.5.5: one CBC chain; MF0AES(H)20: each message with IV zero."""
        is_3des = block == 8
        encrypt = self._ciphers.des3_encrypt if is_3des else self._ciphers.aes_encrypt
        decrypt = self._ciphers.des3_decrypt if is_3des else self._ciphers.aes_decrypt
        answer = await self._air.exchange(b"\x1a\x00")
        if len(answer) != block + 1 or answer[0] != 0xAF:
            raise self._unproven(answer)
        zero, sealed = bytes(block), answer[1:]
        theirs, ours = decrypt(key, zero, sealed), self._entropy(block)
        proof = encrypt(key, sealed if is_3des else zero, ours + turned(theirs))
        answer = await self._air.exchange(b"\xaf" + proof)
        if len(answer) != block + 1 or answer[0] != 0:
            raise self._unproven(answer)
        if decrypt(key, proof[-block:] if is_3des else zero, answer[1:]) != turned(ours):
            self._stale = True
            raise BandRefused("the band does not know its key: it may be a copy")

    def _unproven(self, answer: bytes) -> Exception:
        self._stale = True
        if answer not in REFUSALS:
            return NoAnswer()
        return BandRefused("the band refused the key", answer[0])

    async def counter(self) -> int:
        """See `Reader.counter`."""
        chip = self._known().chip
        if chip is Chip.UL_C:
            data = await self._command(bytes((0x30, ULC_COUNTER_PAGE)), 16, "to show its counter")
            return int.from_bytes(data[:2], "little")
        which = 2 if chip in NTAGS else 0
        data = await self._command(bytes((0x39, which)), 3, "to show its counter")
        return int.from_bytes(data, "little")

    async def increment(self) -> None:
        """See `Reader.increment`."""
        chip = self._known().chip
        if chip in NTAGS:
            raise ValueError(f"the counter of {chip.value} cannot be increased by command")
        is_c = chip is Chip.UL_C
        command = bytes((0xA2, ULC_COUNTER_PAGE, 1, 0, 0, 0) if is_c else (0xA5, 0, 1, 0, 0, 0))
        if self._stale:
            await self._resume()
        try:
            answer = await self._air.exchange(command)
        except NoAnswer:
            answer = b""
        # Ultralight C counts on for good, and shows it, only after it was activated again.
        self._stale = is_c or answer != ACK
        # An EEPROM that failed may have counted all the same.
        if answer == CRC_NAK or answer in REFUSALS - EEPROM_NAKS:
            raise BandRefused("the band refused to count", answer[0])
        if answer != ACK:
            raise BandUnsure("the band may have counted or not; read its counter")


def _of(what: str, command: bytes) -> str:
    return f"{what} {command[1]:02X}h" if what.endswith("page") else what
