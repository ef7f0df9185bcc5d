"""The schema can be distributed by tenant, and the service can only append to it."""

from __future__ import annotations

import asyncpg
import pytest

from central.store import ROLE
from tests.central.catalog import faults
from tests.central.world import GATEWAY, NOW_MS, TENANT, Ledger, enrol

pytestmark = pytest.mark.asyncio


async def test_the_shipped_schema_has_no_fault(connection: asyncpg.Connection) -> None:
    assert await faults(connection) == []


PLANTED = [
    ("CREATE TABLE t (tenant_id bytea, CONSTRAINT t_pk PRIMARY KEY (tenant_id))", "comment says"),
    ("ALTER TABLE products ADD UNIQUE (tenant_id, reentry)", "no name of ours"),
    ("ALTER TABLE products ADD CHECK (product < 9)", "no name of ours"),
    ("ALTER TABLE products ADD CONSTRAINT x UNIQUE (name)", "does not begin with tenant_id"),
    ("CREATE INDEX x ON facts (seq)", "index x does not begin"),
    ("ALTER TABLE products ADD COLUMN n serial", "sequence"),
    ("ALTER TABLE products ADD COLUMN n int DEFAULT 5", "values come from the client"),
    ("GRANT UPDATE ON facts TO gatehouse_app", "may UPDATE"),
    ("GRANT UPDATE (day) ON facts TO gatehouse_app", "may UPDATE"),
    ("GRANT DELETE ON blocks TO gatehouse_app", "may DELETE"),
    ("GRANT TRUNCATE ON facts TO gatehouse_app", "may TRUNCATE"),
    ("REVOKE INSERT ON facts FROM gatehouse_app", "may not INSERT"),
    ("ALTER TABLE facts DROP CONSTRAINT facts_pk", "no primary key"),
    (
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
        "CREATE TRIGGER tr BEFORE INSERT ON facts FOR EACH ROW EXECUTE FUNCTION f()",
        "trigger tr",
    ),
    (
        "CREATE TABLE t (n int, tenant_id bytea, CONSTRAINT t_pk PRIMARY KEY (tenant_id, n));"
        "COMMENT ON TABLE t IS 'distributed: x'",
        "first column is n",
    ),
]


@pytest.mark.parametrize(("sql", "expected"), PLANTED)
async def test_a_planted_fault_is_found(
    connection: asyncpg.Connection, sql: str, expected: str
) -> None:
    await connection.execute(sql)
    found = await faults(connection)
    assert any(expected in one for one in found), found


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE facts SET day = 1",
        "DELETE FROM facts",
        "DELETE FROM blocks",
        "TRUNCATE blocks",
        "DELETE FROM watermarks",
        "UPDATE watermarks SET tenant_id = tenant_id",
        "UPDATE gateways SET name = 'x'",
        "DELETE FROM bundles",
        "UPDATE migrations SET checksum = checksum",
        "DROP TABLE facts",
        "CREATE TABLE mine (n int)",
    ],
)
async def test_the_service_can_only_append(connection: asyncpg.Connection, sql: str) -> None:
    await connection.execute(f"SET ROLE {ROLE}")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(sql)


async def test_constraints_say_their_rule(connection: asyncpg.Connection) -> None:
    await enrol(connection, Ledger())
    with pytest.raises(asyncpg.CheckViolationError) as caught:
        await connection.execute(
            "INSERT INTO watermarks VALUES ($1, $2, 1, 3, $3, 4, 0, 0)",
            TENANT, GATEWAY, bytes(32),
        )  # fmt: skip
    assert caught.value.constraint_name == "watermarks_posts_what_is_held"
    with pytest.raises(asyncpg.ForeignKeyViolationError) as foreign:
        await connection.execute(
            "INSERT INTO gateway_revocations VALUES ($1, $2, $3, '')", TENANT, b"?" * 16, NOW_MS
        )
    assert foreign.value.constraint_name == "gateway_revocations_gateway_is_ours"


async def test_every_known_kind_of_fact_has_its_name(connection: asyncpg.Connection) -> None:
    import typing

    from crypto import entry

    kinds = {kind.__struct_config__.tag: kind.__name__ for kind in typing.get_args(entry.KnownFact)}
    rows = await connection.fetch("SELECT kind, name FROM fact_kinds")
    assert {row["kind"]: row["name"] for row in rows} == kinds
