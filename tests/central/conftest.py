"""One embedded PostgreSQL for the run, and a migrated database of its own for every test."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from central.migrate import migrate
from central.postgres import Embedded

_numbers = itertools.count(1)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that an unprivileged account may enter (pytest's own are closed to others)."""
    folder = Path(tempfile.mkdtemp(prefix="gatehouse-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def server() -> Iterator[Embedded]:
    """A running server whose database `template_gatehouse` holds the newest schema."""
    folder = Path(tempfile.mkdtemp(prefix="gatehouse-test-"))
    folder.chmod(0o755)
    # Tests of crashes start servers of their own; here nothing has to outlive the run.
    embedded = Embedded(folder / "pg", entropy=os.urandom, settings={"fsync": "off"})

    async def prepare() -> None:
        await embedded.start()
        connection = await asyncpg.connect(embedded.dsn("postgres"))
        await connection.execute("CREATE DATABASE template_gatehouse")
        await connection.close()
        connection = await asyncpg.connect(embedded.dsn("template_gatehouse"))
        await migrate(connection)
        await connection.close()

    asyncio.run(prepare())
    yield embedded
    asyncio.run(embedded.stop())
    shutil.rmtree(folder, ignore_errors=True)


async def _create(server: Embedded, name: str, template: str) -> None:
    connection = await asyncpg.connect(server.dsn("postgres"))
    try:
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    finally:
        await connection.close()


async def _drop(server: Embedded, name: str) -> None:
    connection = await asyncpg.connect(server.dsn("postgres"))
    try:
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await connection.close()


@pytest_asyncio.fixture
async def dsn(server: Embedded) -> AsyncIterator[str]:
    """DSN of a fresh database with the newest schema."""
    name = f"test_{next(_numbers)}"
    await _create(server, name, "template_gatehouse")
    yield server.dsn(name)
    await _drop(server, name)


@pytest_asyncio.fixture
async def empty_dsn(server: Embedded) -> AsyncIterator[str]:
    """DSN of a database with nothing in it."""
    name = f"test_{next(_numbers)}"
    await _create(server, name, "template0")
    yield server.dsn(name)
    await _drop(server, name)


@pytest_asyncio.fixture
async def connection(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the owner (not of the role the service works as)."""
    opened = await asyncpg.connect(dsn)
    yield opened
    await opened.close()
