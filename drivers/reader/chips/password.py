"""The dialect of NTAG21x and Ultralight EV1: version, fast read, password, signature.

NTAG213_215_216 rev 3.2, sections 8.5.7 (configuration pages), 8.8 (password verification),
10 (commands); MF0ULX1 rev 3.3 says the same with other page numbers: the last four pages
are CFG0 (.. .. .. AUTH0), CFG1 (ACCESS VCTID ...), PWD, PACK.

*Unproven.* At the limit of wrong passwords (AUTHLIM) a chip refuses with NAK 4 whatever comes;
sources differ whether the last wrong one, or the next, is refused so first. Our bands have no
limit. Some readers hear nothing, and not a NAK, after a wrong password.
"""

from __future__ import annotations

from drivers.reader.chips.type2 import (
    FAST_READ,
    GET_VERSION,
    NAK_ARGUMENT,
    NAK_LIMIT,
    PWD_AUTH,
    READ_CNT,
    READ_SIG,
    Type2,
)

PROT, CFGLCK, AUTHLIM = 0x80, 0x40, 0x07


class PasswordChip(Type2):
    """A chip whose protection is a password that travels in clear.

    The data sheets do not say when a new AUTH0 or PROT counts. NXP's support does: when the chip
    is powered again, but PWD and PACK at once; users saw AUTH0 close the pages behind it at once;
    nfcpy could not issue a chip that did. Whoever issues bands should work either way: `at_once`
    makes it count with the write, else it is the next activation.
    """

    at_once = False

    def __init__(self, uid: bytes, *, changeable: bool = False) -> None:
        super().__init__(uid, changeable=changeable)
        self._configuration_locked = False
        self._config_page = self.pages - 4
        self._config_at = 4 * self._config_page
        self._commands |= {
            GET_VERSION: (1, self._get_version),
            FAST_READ: (3, self._fast_read),
            READ_CNT: (2, self._read_counter),
            PWD_AUTH: (5, self._password),
            READ_SIG: (2, self._read_signature),
        }

    @property
    def access(self) -> int:
        """The byte ACCESS of CFG1."""
        return self.memory[self._config_at + 4]

    def _power_on(self) -> None:
        # Section 8.5.7: CFGLCK counts from the next power-up on.
        self._configuration_locked = bool(self.access & CFGLCK)

    def _load_configuration(self) -> None:
        at = self._config_at
        self._auth0 = self.memory[at + 3]
        self._protects_reads = bool(self.memory[at + 4] & PROT)

    def _wrote(self, page: int) -> None:
        if self.at_once and page >= self._config_page:
            self._load_configuration()

    def _may_write(self, page: int) -> bool:
        if self._configuration_locked and 0 <= page - self._config_page < 2:
            return False
        return super()._may_write(page)

    def _hidden(self, first: int, last: int, data: bytearray) -> None:
        secret = self._config_page + 2
        if last >= secret:
            at = 4 * (max(first, secret) - first)
            data[at:] = bytes(len(data) - at)

    def _get_version(self, command: bytes) -> bytes:
        return self.version

    def _read_counter(self, command: bytes) -> bytes:
        return NAK_ARGUMENT

    def _read_signature(self, command: bytes) -> bytes:
        return self.signature if command[1] == 0 else NAK_ARGUMENT

    def _password(self, command: bytes) -> bytes:
        at, limit = self._config_at + 8, self.access & AUTHLIM
        if limit and self.wrong >= limit:
            return NAK_LIMIT
        if command[1:] != self.memory[at : at + 4]:
            if limit:
                self.wrong += 1
            return NAK_ARGUMENT
        self.wrong = 0
        self.authenticated = True
        return bytes(self.memory[at + 4 : at + 6])
