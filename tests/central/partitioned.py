"""The shipped schema, built with every distributed table partitioned by a hash of the tenant."""

from __future__ import annotations

import re

import asyncpg

from central.migrate import RECORD, shipped

PARTITIONS = 4
CREATE = re.compile(r"^CREATE TABLE (\w+) \((.*?)^\);$", re.MULTILINE | re.DOTALL)
# How a table is stored is said of each partition: the parent stores nothing.
STORED = re.compile(r"^ALTER TABLE (\w+) (SET \(.*?\));$", re.MULTILINE)
COMMENT = re.compile(r"^COMMENT ON TABLE (\w+) IS\s+'(\w+):", re.MULTILINE)


def partitioned(sql: str) -> str:
    """The same statements, distributed tables partitioned into `name_p0` … `name_p3`."""
    kinds = dict(COMMENT.findall(sql))

    def rewrite(match: re.Match[str]) -> str:
        name = match[1]
        if kinds[name] != "distributed":
            return match[0]
        parts = "".join(
            f"CREATE TABLE {name}_p{n} PARTITION OF {name} "
            f"FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {n});\n"
            for n in range(PARTITIONS)
        )
        return f"{match[0][:-1]} PARTITION BY HASH (tenant_id);\n{parts}"

    def each(match: re.Match[str]) -> str:
        return "\n".join(f"ALTER TABLE {match[1]}_p{n} {match[2]};" for n in range(PARTITIONS))

    return STORED.sub(each, CREATE.sub(rewrite, sql))


async def build(db: asyncpg.Connection) -> None:
    """Create it in an empty database."""
    await db.execute(RECORD)
    for one in shipped():
        await db.execute(partitioned(one.sql))
