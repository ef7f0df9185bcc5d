"""Databases that are emptied and used again: making one takes 150 ms, emptying it 2 ms."""

from __future__ import annotations

import itertools

import asyncpg

from central.postgres import Embedded

TEMPLATE = "template_gatehouse"
# Facts that come with the migrations, not with a test.
KEPT = {"migrations", "fact_kinds"}
TABLES = """
SELECT c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind = 'r'
"""
# Everything a test may have planted: tables, columns, rights, constraints, triggers, functions.
SHAPE = """
SELECT string_agg(one, ' ' ORDER BY one COLLATE "C") FROM (
    SELECT c.relname || c.relkind::text || COALESCE(c.relacl::text, '') || c.relnatts AS one
    FROM pg_class AS c WHERE c.relnamespace = 'public'::regnamespace
    UNION ALL
    SELECT a.attrelid::regclass || a.attname || COALESCE(a.attacl::text, '') || a.atthasdef
    FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0
    UNION ALL
    SELECT conrelid::regclass || conname || pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
    UNION ALL
    SELECT tgrelid::regclass || tgname FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL
    SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL
    SELECT number::text FROM migrations
) AS everything
"""
_numbers = itertools.count(1)


class Databases:
    """Migrated databases of one server. What a test changed beyond rows is thrown away."""

    def __init__(self, server: Embedded) -> None:
        self.server = server
        self.free: list[str] = []
        self.shape = ""

    async def take(self) -> str:
        """The name of an empty database with the newest schema."""
        if self.free:
            return self.free.pop()
        name = f"test_{next(_numbers)}"
        await self.make(name, TEMPLATE)
        return name

    async def give_back(self, name: str) -> None:
        """Empty it for the next test, or drop it when its schema is no longer as shipped."""
        db = await asyncpg.connect(self.server.dsn(name))
        try:
            clean = await db.fetchval(SHAPE) == await self._shipped()
            if clean:
                tables = [row[0] for row in await db.fetch(TABLES) if row[0] not in KEPT]
                # No keys between tables, no locks that wait for a connection left behind.
                await db.execute("SET session_replication_role = replica; SET lock_timeout = 5000")
                await db.execute("; ".join(f"DELETE FROM {table}" for table in tables))
        finally:
            await db.close()
        if clean:
            self.free.append(name)
        else:
            await self.drop(name)

    async def _shipped(self) -> str:
        if not self.shape:
            db = await asyncpg.connect(self.server.dsn(TEMPLATE))
            self.shape = await db.fetchval(SHAPE)
            await db.close()
        return self.shape

    async def make(self, name: str, template: str) -> None:
        db = await asyncpg.connect(self.server.dsn("postgres"))
        await db.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        await db.close()

    async def drop(self, name: str) -> None:
        db = await asyncpg.connect(self.server.dsn("postgres"))
        await db.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await db.close()
