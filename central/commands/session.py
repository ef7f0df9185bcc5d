"""One command's configuration, keys and database, and its answer on standard output."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from central import cashless_keys
from central import keys as keyring
from central.binaries import PostgresUnavailable
from central.commands.errors import CANNOT_CREATE, UNAVAILABLE, USAGE, CommandFailed
from central.database import PASSING, opened
from central.keys import Keys, KeysMissing
from central.migrate import SchemaRefused
from central.publish import publish
from central.store import ISOLATION, money, trust
from config.central import Central
from config.load import load

if TYPE_CHECKING:
    from central.store import Connection


REASON_CHARS_MAX = 64


class Border(msgspec.Struct, frozen=True):
    """Clock and entropy, read in `central.cli` only."""

    now_ms: Callable[[], int]
    entropy: Callable[[int], bytes]


class Session(msgspec.Struct, frozen=True):
    """What a command works with."""

    config: Central
    keys: Keys
    connection: Connection
    border: Border

    @property
    def tenant(self) -> bytes:
        """The tenant's 16 bytes."""
        return self.keys.tenant

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """One transaction in which nobody else of the tenant books money or says a word on it:
        what was read in it still holds when it is written. Publish after it."""
        async with self.connection.transaction(isolation=ISOLATION):
            await money.one_at_a_time(self.connection, self.tenant)
            yield

    @asynccontextmanager
    async def still(self) -> AsyncIterator[None]:
        """One moment of the tables: sums that are compared must be of the same facts, also while
        gateways deliver. Reads only."""
        async with self.connection.transaction(isolation="repeatable_read", readonly=True):
            yield

    async def publish(self) -> int:
        """Publish what has changed; the newest bundle version."""
        keys = self.keys
        try:
            version, _ = await publish(
                self.connection, keys.tenant, keys.bundle, self.border.now_ms(),
                cashless_keys.held(keys.folder),
            )  # fmt: skip
        except (ValueError, RuntimeError) as error:
            hint = "what was said is kept, and no gateway hears of it before that is mended"
            raise CommandFailed(f"the bundle cannot be published: {error}; {hint}") from error
        return version


@asynccontextmanager
async def session(config_file: Path, border: Border) -> AsyncIterator[Session]:
    """Open everything for one command. Raises CommandFailed or ConfigInvalid."""
    config = load(config_file, Central)
    try:
        keys = keyring.load(Path(config.data_dir))
        async with (
            opened(config, entropy=border.entropy) as database,
            database.connection() as connection,
        ):
            if await trust.tenant_name(connection, keys.tenant) is None:
                raise CommandFailed(
                    "the database does not know this tenant: run `gatehouse central init`"
                )
            yield Session(config, keys, connection, border)
    except KeysMissing as error:
        raise CommandFailed(str(error)) from error
    except (PostgresUnavailable, SchemaRefused) as error:
        raise CommandFailed(str(error), UNAVAILABLE) from error
    except PASSING as error:
        raise CommandFailed(_away(error), UNAVAILABLE) from error


def _away(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "the database did not answer in time: see what keeps it busy, and try again"
    why = (str(error).splitlines() or [type(error).__name__])[0]
    return f"the database went away: {why}; see whether it was done, and try again"


def show(value: object) -> None:
    """Print `value` as JSON on standard output."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")


def reason_of(text: str, least: int = 0) -> str:
    """A reason that people give. Raises CommandFailed for one that no row holds."""
    if not least <= len(text) <= REASON_CHARS_MAX or not text.isprintable():
        hint = f"say why in {least or 'at most'}{' to' if least else ''} {REASON_CHARS_MAX}"
        raise CommandFailed(f"--reason: {hint} printable characters", USAGE)
    return text


def may_be_written(out: Path, what: str, force: bool) -> None:
    """Said before anything is recorded: codes that no file took, or that another file's codes
    made room for, would be gone. Raises CommandFailed."""
    if out.is_dir():
        raise CommandFailed(f"cannot write to {out}: it is a folder", CANNOT_CREATE)
    if not out.parent.is_dir():
        raise CommandFailed(f"cannot write to {out}: no folder {out.parent}", CANNOT_CREATE)
    if not os.access(out.parent, os.W_OK):
        raise CommandFailed(f"cannot write to {out}: {out.parent} is closed to us", CANNOT_CREATE)
    if out.exists() and not force:
        hint = f"{what} in it would be gone; name another file, or say --force"
        raise CommandFailed(f"{out} is there already: {hint}", CANNOT_CREATE)


def write_out(out: Path, raw: bytes, what: str, mode: int = 0o644) -> None:
    """Write a file whole or not at all. Raises CommandFailed."""
    part = out.with_name(out.name + ".part")
    try:
        part.unlink(missing_ok=True)
        part.touch(mode=mode)
        part.write_bytes(raw)
        part.rename(out)
    except OSError as error:
        raise CommandFailed(
            f"cannot write {what} to {out}: {error.strerror}", CANNOT_CREATE
        ) from error
