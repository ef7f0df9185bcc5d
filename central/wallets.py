"""The bundle's part about tills, from the tables: prices, keys, credit, codes, blocked media."""

from __future__ import annotations

import datetime
import hashlib
from typing import TYPE_CHECKING

import msgspec

from central.cashless_keys import CashlessKeys
from central.keys import KeysMissing
from central.store import badges, money, wallets
from central.store.wallets import EVERY_EPOCH, Credit
from crypto.cashless import Cashless, Wallet

#: What a slot of a band counts to (*Formats* 3): no more credit could ever be spent.
BAND_MAX_MINOR = 0xFF_FFFF

if TYPE_CHECKING:
    from central.store import Connection


async def build(
    connection: Connection, tenant: bytes, keys: CashlessKeys | None
) -> Cashless | msgspec.UnsetType:
    """What tills decide by as it is now; unset before prices were ever set. Raises KeysMissing."""
    held = await wallets.newest_terms(connection, tenant)
    if held is None:
        return msgspec.UNSET
    if keys is None:
        raise KeysMissing("prices are set and the keys of wallets are gone: restore the backup")
    number, content = held
    points = await wallets.list_keys(connection, tenant)
    revoked = any(point.revoked for point in points)
    told = msgspec.msgpack.decode(content, type=Cashless)
    return msgspec.structs.replace(
        told,
        prices=number,
        merchants=[
            msgspec.structs.replace(one, commission_bp=0, commission_tax=0)
            for one in told.merchants
        ],
        pseudonym_key=keys.pseudonym_key,
        chip_key=keys.chip_key,
        debit_keys=keys.debit_keys,
        credit_keys=points,
        wallets=await known_wallets(connection, tenant, with_credit=revoked),
        codes=await wallets.open_codes(connection, tenant),
        badges=await badges.badges(connection, tenant),
    )


async def known_wallets(
    connection: Connection, tenant: bytes, *, with_credit: bool
) -> list[Wallet]:
    """Every medium that the centre has a word on, by pseudonym.

    `with_credit`: with the settled totals that certificates of a revoked key still count to.
    """
    absorbed: dict[bytes, int] = {}
    for credit in await wallets.list_credits(connection, tenant):
        if credit.medium is not None:
            absorbed[credit.medium] = absorbed.get(credit.medium, 0) + credit.amount_minor
    words = await wallets.words(connection, tenant)
    blocked = await wallets.blocked_by_gateways(connection, tenant)
    settled = await wallets.settled_credit(connection, tenant) if with_credit else {}
    declined = await wallets.late_declined(connection, tenant)
    return [
        _wallet(medium, absorbed, words, blocked, settled, declined.get(medium, 0))
        for medium in sorted({*absorbed, *words, *blocked, *settled, *declined})
    ]


def _wallet(
    medium: bytes, absorbed: dict[bytes, int], words: dict[bytes, dict[str, object]],
    blocked: dict[bytes, tuple[int, int, str]], settled: dict[bytes, int], declined_minor: int,
) -> Wallet:  # fmt: skip
    word = words.get(medium, {})
    least, why = int(str(word.get("min_epoch", 0))), str(word.get("because", ""))
    said_ms = int(str(word.get("changed_ms", 0)))
    epoch, blocked_ms, because = blocked.get(medium, (0, 0, ""))
    # Who lifts a block at the centre knew of it; a block that came later stands.
    if blocked_ms > said_ms and epoch > least:
        least, why = epoch, because
    return Wallet(
        medium, absorbed.get(medium, 0), settled.get(medium, 0),
        int(str(word.get("hold_minor", 0))) + declined_minor, min(least, EVERY_EPOCH), why[:64],
        int(str(word.get("promo_minor", 0))), int(str(word.get("vouchers", 0))),
        medium in absorbed,
    )  # fmt: skip


def credit_txid(credit: Credit) -> bytes:
    """The transaction id of credit from the centre: the same reference books once."""
    return hashlib.sha256(f"{credit.source}\0{credit.reference}".encode()).digest()[:16]


def day_of(now_ms: int) -> int:
    """The day of what the centre itself does, as YYYYMMDD of UTC."""
    return int(datetime.datetime.fromtimestamp(now_ms / 1000, datetime.UTC).strftime("%Y%m%d"))


async def book(connection: Connection, tenant: bytes, credit: list[Credit], day: int) -> None:
    """Book credit that has a medium on its wallet, each once."""
    booked = [(c.medium, credit_txid(c), c.amount_minor) for c in credit if c.medium is not None]
    await wallets.book_credits(connection, tenant, booked, day)


def too_much(known: list[Credit], new: list[Credit]) -> Credit | None:
    """The first of `new` that brings its band above what a band can hold. A bundle that says more
    would be read by nobody."""
    sums: dict[bytes, int] = {}
    for one in (*known, *new):
        if one.medium is not None:
            sums[one.medium] = sums.get(one.medium, 0) + one.amount_minor
    for one in new:
        most = one.amount_minor if one.medium is None else sums[one.medium]
        if most > BAND_MAX_MINOR:
            return one
    return None


def twice(redeemed: list[dict[str, object]]) -> list[dict[str, object]]:
    """Of the orders that were redeemed at tills, those that were credited once more."""
    seen: set[object] = set()
    found = []
    for row in redeemed:
        if row["bound"] is not None or row["reference"] in seen:
            found.append(row)
        seen.add(row["reference"])
    return found


async def accounts(connection: Connection, tenant: bytes) -> dict[str, object]:
    """Totals by kind of movement, and whether they add up to the sum of all balances."""
    by_kind = await money.totals(connection, tenant)
    balances = await money.balances(connection, tenant)
    total = sum(row["balance_minor"] for row in balances)
    moved = sum(one["amount_minor"] for one in by_kind.values())
    return {
        "movements": by_kind, "wallets": len(balances), "balances_minor": total,
        "agree": moved == total, "forks": len(await money.forks(connection, tenant)),
        "in_doubt": len(await money.in_doubt(connection, tenant, 10_000)),
        "presale_twice": len(twice(await wallets.redeemed_orders(connection, tenant))),
    }  # fmt: skip
