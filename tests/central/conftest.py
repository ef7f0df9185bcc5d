"""One embedded PostgreSQL for the run, and a migrated, empty database for every test."""

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
from central.store import ROLE
from tests.central.clean import TEMPLATE, Databases
from tests.central.served import Centre, serving
from tests.central.world import OTHER, Ledger, enrol

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
        await connection.execute("CREATE DATABASE " + TEMPLATE)
        await connection.close()
        connection = await asyncpg.connect(embedded.dsn(TEMPLATE))
        await migrate(connection)
        await connection.close()

    asyncio.run(prepare())
    yield embedded
    asyncio.run(embedded.stop())
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def databases(server: Embedded) -> Databases:
    """The databases that tests take one after another."""
    return Databases(server)


@pytest_asyncio.fixture
async def dsn(databases: Databases) -> AsyncIterator[str]:
    """DSN of a database with the newest schema and nothing in it."""
    name = await databases.take()
    yield databases.server.dsn(name)
    await databases.give_back(name)


@pytest_asyncio.fixture
async def empty_dsn(databases: Databases) -> AsyncIterator[str]:
    """DSN of a database without any table."""
    name = f"test_empty_{next(_numbers)}"
    await databases.make(name, "template0")
    yield databases.server.dsn(name)
    await databases.drop(name)


@pytest_asyncio.fixture
async def connection(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the owner (not of the role the service works as)."""
    opened = await asyncpg.connect(dsn)
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def db(connection: asyncpg.Connection) -> AsyncIterator[asyncpg.Connection]:
    """A connection that works as the service does, with gateways 1 and 2 enrolled."""
    await enrol(connection, Ledger(), Ledger(OTHER, seed=2))
    await connection.execute(f"SET ROLE {ROLE}")
    yield connection


@pytest_asyncio.fixture
async def centre(dsn: str, tmp_path: Path) -> AsyncIterator[Centre]:
    """A serving centre; connections that linger at its end are cut."""
    async with serving(dsn, tmp_path) as running:
        yield running
