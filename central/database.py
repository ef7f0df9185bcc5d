"""The database a process works with: a given DSN, or the embedded server, joined or started.

Everything but migrations works as the role `gatehouse_app`, which can append and read only.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

from central import migrate
from central.binaries import PostgresUnavailable
from central.postgres import LINGER_S, Embedded
from central.store import ROLE

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    from config.central import Central

log = logging.getLogger("gatehouse.database")
CONNECT_TIMEOUT_S = 10.0
COMMAND_TIMEOUT_S = 60.0
TEND_S = 0.5
TEND_MAX_S = 10.0

#: Errors that say "not now": full disk, shutdown, recovery, lost connection, too many of us.
PASSING = (
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresConnectionError,
    asyncpg.PostgresSystemError,
    asyncpg.TransactionRollbackError,
    asyncpg.InterfaceError,
    # What the driver makes of a server that says goodbye between two statements.
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)


class Database:
    """A pool of connections; `embedded` when the server is ours to tend."""

    def __init__(
        self, config: Central, *, entropy: Callable[[int], bytes], pool_max: int | None = None,
        linger_s: float = 1.0,
    ) -> None:  # fmt: skip
        self.config = config
        self.embedded: Embedded | None = None
        if config.database.embedded:
            home = Path(config.embedded_dir)
            self.embedded = Embedded(home, entropy=entropy, linger_s=linger_s)
        self.applied: list[str] = []
        self._pool_max = config.database.pool_max if pool_max is None else pool_max
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None

    def dsn(self) -> str:
        """Where to connect; holds a password."""
        return self.embedded.dsn() if self.embedded else self.config.database.resolved_dsn()

    async def open(self, *, migrating: bool = False) -> None:
        """Start or join the server and open the pool; `applied` names the migrations of now.

        Raises PostgresUnavailable, or SchemaRefused when database and program do not fit.
        """
        if self.embedded is not None:
            await self.embedded.start()
        self.applied = await self._schema(migrating)
        self._pool = await asyncpg.create_pool(
            connect=self._connect, min_size=1, max_size=self._pool_max, init=_work_as_role
        )

    async def _connect(
        self, *_args: object, **_kwargs: object
    ) -> asyncpg.Connection[asyncpg.Record]:
        # The folder of the socket may change when the server is started again: ask each time.
        return await asyncpg.connect(
            self.dsn(),
            timeout=CONNECT_TIMEOUT_S,
            command_timeout=COMMAND_TIMEOUT_S,
            statement_cache_size=self.config.database.statement_cache_max,
        )

    async def _schema(self, migrating: bool) -> list[str]:
        try:
            connection = await self._connect()
        except (*PASSING, asyncpg.PostgresError, ValueError) as error:
            where = "its own PostgreSQL" if self.embedded else "database.dsn"
            raise PostgresUnavailable(f"cannot connect to {where}: {error}") from error
        try:
            if migrating:
                return [f"{one.number:04}_{one.name}" for one in await migrate.migrate(connection)]
            missing = await migrate.missing(connection)
            if missing:
                raise migrate.SchemaRefused(
                    f"the database lacks migration {missing[0].number:04} ({missing[0].name}): "
                    "run `gatehouse central migrate`"
                )
            return []
        finally:
            await connection.close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[PoolConnectionProxy[asyncpg.Record]]:
        """One connection of the pool. Waits at most CONNECT_TIMEOUT_S for it."""
        assert self._pool is not None, "the database is not open"
        async with self._pool.acquire(timeout=CONNECT_TIMEOUT_S) as connection:
            yield connection

    async def tend(self) -> None:
        """Start the embedded server again whenever it is gone, ours or the one we had joined."""
        if self.embedded is None:
            return
        wait_s = TEND_S
        while True:
            await asyncio.sleep(wait_s)
            if self.embedded.alive():
                wait_s = TEND_S
                continue
            log.warning("PostgreSQL is gone; starting it again")
            try:
                await self.embedded.start()
                log.warning("PostgreSQL is back")
            except (PostgresUnavailable, *PASSING) as error:
                log.error("PostgreSQL does not start", extra={"why": str(error)})
                wait_s = min(2 * wait_s, TEND_MAX_S)

    async def close(self) -> None:
        """Close the pool and stop the server if it is ours."""
        if self._pool is not None:
            try:
                await asyncio.wait_for(self._pool.close(), 3)
            except (TimeoutError, *PASSING):
                self._pool.terminate()
            self._pool = None
        if self.embedded is not None:
            await self.embedded.stop()


async def _work_as_role(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    await connection.execute(f"SET ROLE {ROLE}")


@asynccontextmanager
async def opened(
    config: Central, *, entropy: Callable[[int], bytes], migrating: bool = False
) -> AsyncIterator[Database]:
    """A database for one command: opened, and closed whatever happens."""
    database = Database(config, entropy=entropy, pool_max=2, linger_s=LINGER_S)
    try:
        await database.open(migrating=migrating)
        yield database
    finally:
        await database.close()
