"""What a schema that may be distributed must not do, read from pg_catalog."""

from __future__ import annotations

import re

import asyncpg

GENERATED = re.compile(r"_(pkey|key|check|fkey|excl)\d*\Z")
MAY_UPDATE = {"watermarks"}
# Names of guests must be erasable.
MAY_DELETE = {"guests"}

TABLES = """
SELECT c.oid, c.relname AS name, obj_description(c.oid, 'pg_class') AS comment
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
ORDER BY c.relname
"""
CONSTRAINTS = """
SELECT conname AS name, contype::text AS kind, confrelid::regclass::text AS target,
       (SELECT array_agg(a.attname::text ORDER BY k.place) FROM unnest(conkey)
        WITH ORDINALITY AS k (num, place)
        JOIN pg_attribute AS a ON a.attrelid = conrelid AND a.attnum = k.num) AS columns
FROM pg_constraint WHERE conrelid = $1 AND contype <> 'n' AND conparentid = 0
"""
INDEXES = """
SELECT i.indexrelid::regclass::text AS name, i.indisunique AS is_unique,
       (SELECT a.attname FROM pg_attribute AS a
        WHERE a.attrelid = i.indrelid AND a.attnum = i.indkey[0]) AS first
FROM pg_index AS i WHERE i.indrelid = $1
"""


async def faults(db: asyncpg.Connection) -> list[str]:
    """Every breach of the rules, one sentence each."""
    found: list[str] = []
    comments = {}
    rows = await db.fetch(TABLES)
    for row in rows:
        comments[row["name"]] = (row["comment"] or "").partition(":")[0]
    for row in rows:
        found += await table_faults(db, row, comments)
    if await db.fetchval("SELECT count(*) FROM pg_class WHERE relkind = 'S'"):
        found.append("there is a sequence: ids are made by the client")
    triggers = await db.fetch("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")
    found += [f"trigger {row['tgname']}: privileges, not triggers" for row in triggers]
    return found


async def table_faults(
    db: asyncpg.Connection, row: asyncpg.Record, comments: dict[str, str]
) -> list[str]:
    name, kind = row["name"], comments[row["name"]]
    if kind not in ("distributed", "reference", "local"):
        return [f"{name}: its comment says neither distributed, reference nor local"]
    found = []
    constraints = await db.fetch(CONSTRAINTS, row["oid"])
    for one in constraints:
        if GENERATED.search(one["name"]):
            found.append(f"{name}: constraint {one['name']} has no name of ours")
    if not any(one["kind"] == "p" for one in constraints):
        found.append(f"{name}: no primary key")
    if kind == "distributed":
        found += await distributed_faults(db, row, constraints, comments)
    return found


async def distributed_faults(
    db: asyncpg.Connection,
    row: asyncpg.Record,
    constraints: list[asyncpg.Record],
    comments: dict[str, str],
) -> list[str]:
    name = row["name"]
    found = []
    for one in constraints:
        if one["kind"] in "puf" and (one["columns"] or [""])[0] != "tenant_id":
            target = comments.get(one["target"], "")
            if one["kind"] != "f" or target != "reference":
                found.append(f"{name}: key {one['name']} does not begin with tenant_id")
    for one in await db.fetch(INDEXES, row["oid"]):
        if one["first"] != "tenant_id":
            found.append(f"{name}: index {one['name']} does not begin with tenant_id")
    first = await db.fetchval(
        "SELECT attname FROM pg_attribute WHERE attrelid = $1 AND attnum = 1", row["oid"]
    )
    if first != "tenant_id":
        found.append(f"{name}: its first column is {first}")
    for privilege in ("UPDATE", "DELETE", "TRUNCATE"):
        check = "has_any_column_privilege" if privilege == "UPDATE" else "has_table_privilege"
        has = await db.fetchval(
            f"SELECT {check}('gatehouse_app', $1::oid, $2)", row["oid"], privilege
        )
        excused = {"UPDATE": MAY_UPDATE, "DELETE": MAY_DELETE}.get(privilege, set[str]())
        if has and name not in excused:
            found.append(f"{name}: the service may {privilege}")
    for privilege in ("SELECT", "INSERT"):
        has = await db.fetchval(
            "SELECT has_table_privilege('gatehouse_app', $1::oid, $2)", row["oid"], privilege
        )
        if not has:
            found.append(f"{name}: the service may not {privilege}")
    defaults = await db.fetch(
        "SELECT pg_get_expr(adbin, adrelid) AS text FROM pg_attrdef WHERE adrelid = $1", row["oid"]
    )
    found += [f"{name}: default {one['text']}: values come from the client" for one in defaults]
    return found
