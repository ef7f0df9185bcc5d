"""Migrations: in order, once, frozen, and never under an older program."""

from __future__ import annotations

import asyncio
import hashlib

import asyncpg
import pytest

from central.migrate import Migration, SchemaRefused, compared, migrate, missing, shipped

pytestmark = pytest.mark.asyncio


def migration(number: int, sql: str) -> Migration:
    return Migration(number, f"step_{number}", sql, hashlib.sha256(sql.encode()).digest())


ONE = migration(1, "CREATE TABLE one (n int)")
TWO = migration(2, "CREATE TABLE two (n int)")


async def connect(dsn: str) -> asyncpg.Connection:
    return await asyncpg.connect(dsn)


async def test_files_are_numbered_without_a_hole() -> None:
    numbers = [one.number for one in shipped()]
    assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) >= 3


async def test_what_is_missing_is_applied_once_in_order(empty_dsn: str) -> None:
    db = await connect(empty_dsn)
    assert await missing(db) == shipped()
    assert await migrate(db, [ONE]) == [ONE]
    assert await migrate(db, [ONE, TWO]) == [TWO]
    assert await migrate(db, [ONE, TWO]) == []
    assert await compared(db, [ONE, TWO]) == {1, 2}
    await db.close()


async def test_the_shipped_schema_is_complete(dsn: str) -> None:
    db = await connect(dsn)
    assert await missing(db) == []
    await db.close()


async def test_a_changed_file_is_refused(empty_dsn: str) -> None:
    db = await connect(empty_dsn)
    await migrate(db, [ONE])
    changed = migration(1, "CREATE TABLE one (n bigint)")
    with pytest.raises(SchemaRefused, match="0001 .* was changed"):
        await migrate(db, [changed, TWO])
    assert await db.fetchval("SELECT to_regclass('two')") is None
    await db.close()


async def test_a_newer_database_is_refused(empty_dsn: str) -> None:
    db = await connect(empty_dsn)
    await migrate(db, [ONE, TWO])
    with pytest.raises(SchemaRefused, match="older than the database"):
        await migrate(db, [ONE])
    await db.close()


async def test_a_failing_migration_leaves_nothing_of_itself(empty_dsn: str) -> None:
    db = await connect(empty_dsn)
    broken = migration(2, "CREATE TABLE half (n int); SELECT 1 / 0")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(db, [ONE, broken])
    assert await compared(db, [ONE, broken]) == {1}
    assert await db.fetchval("SELECT to_regclass('half')") is None
    await db.close()


async def test_many_processes_migrate_at_once(empty_dsn: str) -> None:
    several = [await connect(empty_dsn) for _ in range(4)]
    applied = await asyncio.gather(*(migrate(db, [ONE, TWO]) for db in several))
    assert sorted(one.number for found in applied for one in found) == [1, 2]
    for db in several:
        await db.close()


async def test_checksums_are_of_the_bytes() -> None:
    for one in shipped():
        assert one.checksum == hashlib.sha256(one.sql.encode()).digest()
