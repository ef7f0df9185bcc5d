"""Numbered migrations: `schema/NNNN_name.sql`, applied in order, each in one transaction.

A file that was applied is frozen: its SHA-256 is recorded and compared at every start. A database
that knows more migrations than this program is refused, so that an old program never writes into a
schema it does not understand. Several processes may migrate at once; they take turns.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files

import asyncpg

FOLDER = "schema"
NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql\Z")
LOCK = 0x6761746568  # any number of our own; "gateh"

RECORD = """
CREATE TABLE IF NOT EXISTS migrations (
    number integer NOT NULL,
    name text NOT NULL,
    checksum bytea NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT migrations_pk PRIMARY KEY (number),
    CONSTRAINT migrations_checksum_is_sha256 CHECK (octet_length(checksum) = 32)
)
"""


class SchemaRefused(Exception):
    """The database and this program do not belong together; the text says which is wrong."""


@dataclass(frozen=True)
class Migration:
    """One file: number, name, text and the SHA-256 of its bytes."""

    number: int
    name: str
    sql: str
    checksum: bytes


def shipped() -> list[Migration]:
    """The migrations of this program, in order; numbers are 1, 2, 3, … without a hole."""
    found = []
    for item in (files("central") / FOLDER).iterdir():
        match = NAME.match(item.name)
        if match:
            raw = item.read_bytes()
            checksum = hashlib.sha256(raw).digest()
            found.append(Migration(int(match[1]), match[2], raw.decode(), checksum))
    found.sort(key=lambda one: one.number)
    assert [one.number for one in found] == list(range(1, len(found) + 1)), "a number is missing"
    return found


async def migrate(
    connection: asyncpg.Connection, migrations: list[Migration] | None = None
) -> list[Migration]:
    """Apply what is missing and return it. Raises SchemaRefused and then changes nothing."""
    wanted = shipped() if migrations is None else migrations
    applied_now = []
    for migration in wanted:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
            await connection.execute(RECORD)
            if migration.number in await compared(connection, wanted):
                continue
            try:
                await connection.execute(migration.sql)
            except asyncpg.InsufficientPrivilegeError as error:
                raise SchemaRefused(
                    f"migration {migration.number:04} ({migration.name}): {error}; "
                    "the account of the DSN must own the database and may create roles"
                ) from error
            await connection.execute(
                "INSERT INTO migrations (number, name, checksum) VALUES ($1, $2, $3)",
                migration.number,
                migration.name,
                migration.checksum,
            )
        applied_now.append(migration)
    return applied_now


async def compared(
    connection: asyncpg.Connection, migrations: list[Migration] | None = None
) -> set[int]:
    """The numbers this database has, after comparing them with the files of this program."""
    wanted = {one.number: one for one in (shipped() if migrations is None else migrations)}
    rows = await connection.fetch("SELECT number, name, checksum FROM migrations ORDER BY number")
    for row in rows:
        known = wanted.get(row["number"])
        if known is None:
            raise SchemaRefused(
                f"the database has migration {row['number']:04} ({row['name']}), which this "
                "program does not know: it is older than the database; install the newer release"
            )
        if known.checksum != row["checksum"]:
            raise SchemaRefused(
                f"migration {known.number:04} ({known.name}) was changed after it was applied: "
                "restore the file and put the change into a new migration"
            )
    return {row["number"] for row in rows}


async def missing(connection: asyncpg.Connection) -> list[Migration]:
    """What `migrate` would apply; empty when the database is ready for this program."""
    if await connection.fetchval("SELECT to_regclass('migrations')") is None:
        return shipped()
    have = await compared(connection)
    return [one for one in shipped() if one.number not in have]
