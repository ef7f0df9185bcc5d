"""A process's database: its role, its schema, how it begins and ends."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import asyncpg
import pytest

from central import database
from central.binaries import PostgresUnavailable
from central.database import PASSING, Database, opened
from central.migrate import SchemaRefused, shipped
from config.central import Central
from config.central import Database as Given

pytestmark = pytest.mark.asyncio


def configured(folder: Path, dsn: str | None) -> Central:
    return Central(tenant="Open Air", data_dir=str(folder), database=Given(dsn=dsn))


async def test_everything_works_as_the_role_that_can_only_append(dsn: str, tmp_path: Path) -> None:
    async with opened(configured(tmp_path, dsn), entropy=os.urandom) as one:
        assert one.embedded is None and one.applied == []
        for _ in range(2):  # a connection that goes back and comes again is the role's still
            async with one.connection() as connection:
                assert await connection.fetchval("SELECT current_user") == "gatehouse_app"
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute("DELETE FROM facts")


async def test_migrations_are_applied_only_when_asked(empty_dsn: str, tmp_path: Path) -> None:
    config = configured(tmp_path, empty_dsn)
    with pytest.raises(SchemaRefused, match="0001.*central migrate"):
        async with opened(config, entropy=os.urandom):
            pass
    async with opened(config, entropy=os.urandom, migrating=True) as one:
        assert one.applied == [f"{m.number:04}_{m.name}" for m in shipped()]
    async with opened(config, entropy=os.urandom, migrating=True) as one:
        assert one.applied == []


@pytest.mark.parametrize("dsn", ["postgresql://nobody@127.0.0.1:1/nothing", "no address at all"])
async def test_a_database_that_cannot_be_had_is_named(tmp_path: Path, dsn: str) -> None:
    with pytest.raises(PostgresUnavailable, match=r"cannot connect to database\.dsn"):
        async with opened(configured(tmp_path, dsn), entropy=os.urandom):
            pass


async def test_closed_is_closed_also_after_an_error(dsn: str, tmp_path: Path) -> None:
    config = configured(tmp_path, dsn)
    with pytest.raises(KeyError):
        async with opened(config, entropy=os.urandom) as one:
            raise KeyError("ours")
    with pytest.raises(AssertionError, match="not open"):
        async with one.connection():
            pass
    await one.close()  # twice does no harm


async def test_a_pool_that_is_not_given_back_is_cut(
    dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Database(configured(tmp_path, dsn), entropy=os.urandom, pool_max=1)
    await one.open()
    real = asyncio.wait_for
    monkeypatch.setattr(asyncio, "wait_for", lambda work, _s: real(work, 0.01))
    held = one.connection()
    connection = await held.__aenter__()
    await one.close()
    with pytest.raises(PASSING):
        await connection.fetchval("SELECT 1")


class Server:
    """An embedded server that dies and is started again, or refuses to."""

    def __init__(self, refuses: int) -> None:
        self.running, self.refuses, self.starts = False, refuses, 0

    def alive(self) -> bool:
        return self.running

    async def start(self) -> None:
        self.starts += 1
        if self.starts <= self.refuses:
            raise PostgresUnavailable("not now") if self.starts % 2 else OSError(28, "full")
        self.running = True


async def test_a_dead_server_is_started_until_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    server = Server(refuses=7)

    async def no_wait(seconds: float) -> None:
        waits.append(seconds)
        if server.running and len(waits) > 10:
            raise asyncio.CancelledError

    monkeypatch.setattr(database.asyncio, "sleep", no_wait)
    one = Database(configured(tmp_path, None), entropy=os.urandom)
    one.embedded = server  # type: ignore[assignment]
    with pytest.raises(asyncio.CancelledError):
        await one.tend()
    assert server.starts == 8
    assert waits[:3] == [0.5, 1.0, 2.0] and max(waits) == 10.0 and waits[-1] == 0.5


async def test_a_given_database_is_nobodys_to_tend(dsn: str, tmp_path: Path) -> None:
    await Database(configured(tmp_path, dsn), entropy=os.urandom).tend()
