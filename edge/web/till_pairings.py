"""Which devices stand at which till: only they may sign somebody in by a band at its reader.

A supervisor pairs the device in hand, once; it keeps a long-lived cookie, of which the gateway
knows the digest alone. Without that, whoever asked first in the same network would get the session
of the next badge that is tapped.
"""

import contextlib
import hashlib
import logging
import os
import secrets
from pathlib import Path
from typing import Final

import msgspec
import trio

log = logging.getLogger(__name__)
COOKIE: Final = "gatehouse_till"
LASTS_S: Final = 400 * 86_400  # longer ones are cut by browsers
TOKEN_BYTES: Final = 32
#: At one till; a tablet whose cookies were wiped is paired anew, and the old one is removed.
PER_TILL_MAX: Final = 8
NAME_CHARS: Final = 8


class Paired(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A device: at which till, the digest of its token in hex, who paired it (an operator's
    number), and when (unix milliseconds)."""

    till: int
    digest: str
    operator: int
    at_ms: int

    @property
    def name(self) -> str:
        """What it is called where it is shown."""
        return self.digest[:NAME_CHARS]


class TooMany(Exception):
    """This till has as many devices as it may."""


class Pairings:
    """The paired devices, in `file` (None: in memory only). A file that cannot be read pairs
    nobody, and says so."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._writing = trio.Lock()
        self.devices: list[Paired] = []
        if file is not None and file.exists():
            try:
                self.devices = msgspec.json.decode(file.read_bytes(), type=list[Paired])
            except (OSError, msgspec.MsgspecError) as error:
                told = {"file": file.name, "why": str(error)}
                log.error("the devices of tills cannot be read: pair them anew", extra=told)

    def till_of(self, token: str) -> int:
        """The till at which the device of this token stands; 0: at none."""
        digest = _digest(token)
        return next((one.till for one in self.devices if one.digest == digest), 0)

    def is_of(self, device: Paired, token: str) -> bool:
        """Whether the token is that device's."""
        return device.digest == _digest(token)

    async def pair(self, till: int, operator: int, at_ms: int, old: str = "") -> str:
        """A token for a device at `till`, durable; it stands nowhere else any more (`old`: the
        token that it had). Raises `TooMany`, OSError."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        async with self._writing:
            kept = [one for one in self.devices if one.digest != _digest(old)]
            if sum(one.till == till for one in kept) >= PER_TILL_MAX:
                raise TooMany
            await self._keep([*kept, Paired(till, _digest(token), operator, at_ms)])
        return token

    async def forget(self, till: int, name: str) -> bool:
        """The device is paired no longer. Whether there was one of that name. Raises OSError."""
        async with self._writing:
            kept = [one for one in self.devices if (one.till, one.name) != (till, name)]
            there = len(kept) < len(self.devices)
            if there:
                await self._keep(kept)
        return there

    async def _keep(self, devices: list[Paired]) -> None:
        if self._file is not None:
            raw = msgspec.json.format(msgspec.json.encode(devices))
            await trio.to_thread.run_sync(_write, self._file, raw)
        self.devices = devices


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def _write(file: Path, raw: bytes) -> None:
    """Whole or not at all, and for nobody else on this machine."""
    fresh = file.with_suffix(".part")
    with contextlib.suppress(FileNotFoundError):
        fresh.unlink()
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as stream:
        stream.write(raw)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(fresh, file)
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
