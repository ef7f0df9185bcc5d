"""Every statement of `store/` touches one partition of a database partitioned by tenant."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
from collections.abc import AsyncIterator
from types import ModuleType

import asyncpg
import pytest
import pytest_asyncio

import central.store
from central.ingest import deliver
from central.postgres import Embedded
from central.store import ROLE, facts
from tests.central.catalog import faults
from tests.central.partitioned import PARTITIONS, build
from tests.central.world import NOW_MS, TENANT, Ledger, enrol, packed

pytestmark = pytest.mark.asyncio
VERB = re.compile(r"\s*(SELECT|INSERT|UPDATE|WITH|DELETE)\b")
LITERALS = {
    "bytea": "'\\x000102030405060708090a0b0c0d0e0f'::bytea",
    "text": "'blocked'::text",
    "boolean": "true",
    "int2": "1::smallint",
    "int4": "1",
    "int8": "1::bigint",
    "bool": "true",
    "int4[]": "'{1}'::integer[]",
    "int8[]": "'{1}'::bigint[]",
    "bytea[]": "ARRAY['\\x00'::bytea]",
}


def modules() -> list[ModuleType]:
    names = [one.name for one in pkgutil.iter_modules(central.store.__path__)]
    return [importlib.import_module(f"central.store.{name}") for name in names]


STATEMENTS = [
    pytest.param(value, id=f"{module.__name__.rpartition('.')[2]}.{name}")
    for module in modules()
    for name, value in vars(module).items()
    if name.isupper() and isinstance(value, str) and VERB.match(value)
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def built(server: Embedded) -> AsyncIterator[str]:
    """DSN of a partitioned database; made once, for plans change nothing in it."""
    root = await asyncpg.connect(server.dsn("postgres"))
    await root.execute("CREATE DATABASE test_partitioned TEMPLATE template0")
    db = await asyncpg.connect(server.dsn("test_partitioned"))
    await build(db)
    await db.close()
    yield server.dsn("test_partitioned")
    await root.execute("DROP DATABASE test_partitioned WITH (FORCE)")
    await root.close()


@pytest_asyncio.fixture
async def parted(built: str) -> AsyncIterator[asyncpg.Connection]:
    db = await asyncpg.connect(built)
    yield db
    await db.close()


async def partitions_touched(db: asyncpg.Connection, sql: str) -> set[str]:
    """The numbers of the partitions that the plan of `sql`, with literals, may touch."""
    # Of literals that a CHECK rules out the plan would say nothing; pruning goes on without.
    await db.execute("SET constraint_exclusion = off")
    statement = await db.prepare(sql)
    kinds = [one.name for one in statement.get_parameters()]

    def literal(match: re.Match[str]) -> str:
        return LITERALS[kinds[int(match[1]) - 1]]

    plan = await db.fetchval("EXPLAIN (FORMAT JSON) " + re.sub(r"\$(\d+)", literal, sql))
    return set(re.findall(r'"Relation Name": "\w+_p(\d)"', json.dumps(json.loads(plan))))


@pytest.mark.parametrize("sql", STATEMENTS)
async def test_a_statement_touches_one_partition(parted: asyncpg.Connection, sql: str) -> None:
    touched = await partitions_touched(parted, sql)
    if VERB.match(sql)[1] == "INSERT" and "SELECT" not in sql:  # type: ignore[index]
        # The plan of a plain insert names no partition: the row goes where its tenant says.
        assert re.search(r"\(\s*tenant_id\b", sql) and re.search(r"VALUES\s*\(\$1\b", sql)
        assert len(touched) <= 1
    else:
        assert len(touched) == 1, touched


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT name FROM products WHERE name = $1",
        "SELECT f.seq FROM facts AS f JOIN products AS p ON p.product = f.product "
        "WHERE f.tenant_id = $1",
        "UPDATE watermarks SET wall_ms = 0 WHERE gateway = $1",
    ],
)
async def test_a_statement_without_its_tenant_is_found(
    parted: asyncpg.Connection, sql: str
) -> None:
    assert len(await partitions_touched(parted, sql)) == PARTITIONS


async def test_there_are_statements_and_no_other_file_writes_any() -> None:
    from pathlib import Path

    assert len(STATEMENTS) > 40
    allowed = {"migrate.py", "postgres.py", "database.py"}
    root = Path(central.store.__path__[0]).parent
    for file in root.rglob("*.py"):
        if file.parent.name == "store" or file.name in allowed:
            continue
        found = re.search(r'"\s*(SELECT|INSERT INTO|UPDATE \w+ SET|DELETE FROM) ', file.read_text())
        assert found is None, f"{file.name} writes SQL"


async def test_the_partitioned_schema_serves_and_has_no_fault(parted: asyncpg.Connection) -> None:
    assert [one for one in await faults(parted) if "_p" not in one] == []
    ledger = Ledger().fill(3)
    await enrol(parted, ledger)
    for part in range(PARTITIONS):  # a router needs no rights of its own on the parts
        await parted.execute(f"GRANT SELECT ON facts_p{part} TO {ROLE}")
    await parted.execute(f"SET ROLE {ROLE}")
    await deliver(parted, ledger.log(), 1, packed(ledger.blocks), NOW_MS)
    assert len(await facts.list_admissions(parted, TENANT)) == 12
    await parted.execute("RESET ROLE")
    counts = [
        await parted.fetchval(f"SELECT count(*) FROM facts_p{part}") for part in range(PARTITIONS)
    ]
    assert sorted(counts) == [0, 0, 0, 13]
