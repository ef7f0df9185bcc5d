"""Codes of other shops: a pretix issuer with its keys and the mapping of its numbers to ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg
import msgspec

from central.sales.catalogue import find_performance, find_product
from central.store import sales, trust
from crypto.errors import BadKey
from crypto.keys import key_id, parse_public_untrusted

if TYPE_CHECKING:
    from central.store import Connection

FIELDS = ("item", "variation", "subevent", "product", "performance")
NUMBER_MAX = (1 << 63) - 1


class BadIssuer(Exception):
    """The issuer cannot be recorded as described; says what to change."""


class Line(msgspec.Struct, frozen=True):
    """One `--row`; product and performance as typed, None where the shop's number may be any."""

    item: int
    variation: int | None
    subevent: int | None
    product: str
    performance: str


def parse_line(text: str, product: str | None, performance: str) -> Line:
    """Read `item=1,variation=*,subevent=7,product=2,performance=3`. Raises BadIssuer.

    `product` and `performance` fill in what the line leaves out.
    """
    given: dict[str, str] = {}
    for part in text.split(","):
        name, equals, value = part.strip().partition("=")
        if not equals or name not in FIELDS or name in given:
            raise BadIssuer(f"--row {text!r}: {part.strip()!r} is not one of {', '.join(FIELDS)}=…")
        given[name] = value.strip()
    if "item" not in given:
        raise BadIssuer(f"--row {text!r}: item=… is missing")
    chosen = given.get("product", product)
    if chosen is None:
        raise BadIssuer(f"--row {text!r}: product=… is missing, and no --product is given")
    return Line(
        item=_number(text, given["item"]),
        variation=_number_or_any(text, given.get("variation", "*")),
        subevent=_number_or_any(text, given.get("subevent", "*")),
        product=chosen,
        performance=given.get("performance", performance),
    )


def _number_or_any(line: str, text: str) -> int | None:
    return None if text == "*" else _number(line, text)


def _number(line: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or int(text) > NUMBER_MAX:
        raise BadIssuer(f"--row {line!r}: {text!r} is no number")
    return int(text)


async def add_pretix(
    connection: Connection, tenant: bytes, name: str, keys: list[str], lines: list[Line],
    now_ms: int,
) -> list[bytes]:  # fmt: skip
    """Record issuer, keys and mapping, whole or not at all; the keys as 32 bytes each.

    Raises BadIssuer, or NotFound for a product or performance.
    """
    publics = []
    for text in keys:
        try:
            publics.append(parse_public_untrusted(text))
        except BadKey as error:
            raise BadIssuer(f"--key: {error}") from error
    try:
        async with connection.transaction():
            issuer = trust.IssuerRow(name, name, "pretix_sig1")
            await trust.add_issuer(connection, tenant, issuer, now_ms)
            for public in publics:
                key = trust.IssuerKeyRow(name, key_id(public), public, 0, 0)
                await trust.add_issuer_key(connection, tenant, key, now_ms)
            for line in lines:
                await sales.add_foreign_row(
                    connection, tenant, await _resolved(connection, tenant, name, line)
                )
    except asyncpg.UniqueViolationError as error:
        raise BadIssuer(_said(error, name)) from error
    except asyncpg.CheckViolationError as error:
        raise BadIssuer(
            "--name: an issuer is called by 1 to 32 of a-z, 0-9, '.', '_' and '-'"
        ) from error
    return publics


async def _resolved(
    connection: Connection, tenant: bytes, issuer: str, line: Line
) -> sales.ForeignRowRow:
    return sales.ForeignRowRow(
        issuer=issuer,
        item=line.item,
        variation=sales.ANY if line.variation is None else line.variation,
        subevent=sales.ANY if line.subevent is None else line.subevent,
        product=await find_product(connection, tenant, line.product),
        performance=await find_performance(connection, tenant, line.performance),
    )


def _said(error: asyncpg.UniqueViolationError, name: str) -> str:
    match error.constraint_name:
        case "issuers_pk":
            return f"an issuer named {name} exists"
        case "issuer_keys_pk":
            return "this key (or another with the same 4-byte id) is recorded already"
        case _:
            return "two rows say something for the same item, variation and subevent"
