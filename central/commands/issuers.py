"""`issuer add-pretix | list`."""

from __future__ import annotations

from pathlib import Path

from central.commands.errors import NO_INPUT, USAGE, CommandFailed
from central.commands.session import Border, session, show
from central.sales.catalogue import NotFound
from central.sales.foreign import BadIssuer, parse_line
from central.sales.foreign import add_pretix as add
from central.store import sales, trust

KEY_FILE_BYTES_MAX = 8192


async def add_pretix(
    config_file: Path, border: Border, *, name: str, keys: tuple[str, ...],
    product: str | None, performance: str, rows: tuple[str, ...],
) -> int:  # fmt: skip
    """Admit the codes of a pretix shop."""
    try:
        lines = [parse_line(row, product, performance) for row in rows]
    except BadIssuer as error:
        raise CommandFailed(str(error), USAGE) from error
    if not lines:
        raise CommandFailed("give at least one --row item=…: it says what its codes are of", USAGE)
    async with session(config_file, border) as s:
        try:
            publics = await add(
                s.connection, s.tenant, name, [_text(key) for key in keys], lines, border.now_ms()
            )
        except (BadIssuer, NotFound) as error:
            raise CommandFailed(str(error)) from error
        version = await s.publish()
    show({"issuer": name, "keys": [one.hex() for one in publics], "bundle_version": version})
    return 0


def _text(key: str) -> str:
    """A key as typed, or the content of @FILE."""
    if not key.startswith("@"):
        return key
    try:
        with open(key[1:], encoding="ascii") as file:
            return file.read(KEY_FILE_BYTES_MAX)
    except (OSError, ValueError) as error:
        raise CommandFailed(f"cannot read the key from {key[1:]}: {error}", NO_INPUT) from error


async def list_all(config_file: Path, border: Border) -> int:
    """Every issuer with its keys and mapping."""
    async with session(config_file, border) as s:
        issuers = await trust.list_issuers(s.connection, s.tenant)
        keys = await trust.list_issuer_keys(s.connection, s.tenant)
        rows = await sales.list_foreign_rows(s.connection, s.tenant)
    show(
        {
            "issuers": [
                {
                    "issuer": one.issuer,
                    "name": one.name,
                    "scheme": one.scheme,
                    "keys": [k.public_key.hex() for k in keys if k.issuer == one.issuer],
                    "rows": [row for row in rows if row.issuer == one.issuer],
                }
                for one in issuers
            ]
        }
    )
    return 0
