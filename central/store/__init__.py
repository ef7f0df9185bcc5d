"""All SQL of the centre, one file per group of tables. Nobody else writes a statement.

`trust` tenants, gateways, issuers · `logs` watermarks, blocks, epoch keys · `facts` rows of facts
and admissions · `trouble` dead letters, forks, quarantines · `sales` products, performances,
gates, denials · `versions` and `names` changes of them · `tickets` codes issued · `bundles` what
was published · `entry` terms and guests · `money` what it books on wallets · `wallets` what the
centre says of them · `bands` by the digits that people type · `replaced` lost bands · `merchants` ·
`badges` · `unexplained` what holds read from bands · `conflicts` that gateways have found.

Statements are module constants in capitals whose first parameter is the tenant, so that a test
can hold each against a database partitioned by tenant. Functions take an open connection; who
calls them decides where a transaction begins and ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    import asyncpg
    from asyncpg.pool import PoolConnectionProxy

    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]

#: Of whatever writes and may have waited for its turn: it must see what the others wrote meanwhile,
#: whatever the database defaults to.
ISOLATION: Final[Literal["read_committed"]] = "read_committed"
#: So long may a statement take that reads every row of money; all others have a minute.
HEAVY_S: Final = 900.0
#: The role the service works as; it may append and read, not change or delete.
ROLE = "gatehouse_app"
