"""`wallet …` and `presale …`: what bands are worth, and credit that was paid before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from central import bookkeeping, replaced, wallets
from central.commands import places
from central.commands.bands import band_of, medium_of
from central.commands.cashless import amount, current, hash_code, reason_of
from central.commands.entry import read_text
from central.commands.errors import ANSWER_IS_NO, BAD_DATA, CommandFailed
from central.commands.replaced import told as told_of
from central.commands.session import Border, Session, session, show
from central.commands.tables import csv_rows
from central.commands.unexplained import summed as summed_steps
from central.commands.unexplained import told as told_steps
from central.sheets import decimal
from central.store import bands, conflicts, money
from central.store import wallets as stored
from central.store.wallets import EVERY_EPOCH, Credit
from crypto.cashless import Wallet

COLUMNS = ("order", "amount", "band", "medium", "code")
CSV_HINT = "columns are order, amount and, where known, band (its UID) or medium, code"
CODE_CHARS_MIN = 8
PRESALE = "presale"
DOUBTS_MAX = 10_000
DIFFERENCES_MAX = 20


async def list_all(config_file: Path, border: Border) -> int:
    """Balance of every wallet by what is booked."""
    async with session(config_file, border) as s:
        rows = await money.balances(s.connection, s.tenant)
        total = sum(row["balance_minor"] for row in rows)
    show({"wallets": [_hexed(row) for row in rows], "balances_minor": total})
    return 0


async def show_one(config_file: Path, border: Border, text: str) -> int:
    """Balance, word and every fact of one medium."""
    async with session(config_file, border) as s, s.still():
        medium = await band_of(s, text)
        called = await places.names(s)
        found = await money.balances(s.connection, s.tenant, medium)
        facts = await money.history(s.connection, s.tenant, medium)
        given = await bands.credits_of(s.connection, s.tenant, medium)
        known = await wallets.known_wallets(s.connection, s.tenant, with_credit=False)
        moved = await told_of(s, medium)
        steps = await told_steps(s, medium)
    said = next((one for one in known if one.medium == medium), Wallet(medium))
    if not found and not facts and said == Wallet(medium):
        raise CommandFailed(f"nothing is known of medium {medium.hex()}")
    balance = _hexed(found[0]) if found else {"medium": medium.hex(), "balance_minor": 0}
    word = {"min_epoch": said.min_epoch, "because": said.because, "hold_minor": said.hold_minor}
    word |= {"replaced": moved, "unexplained": steps, "credits": given}
    show({**balance, **word, "history": [places.told(fact, called) for fact in facts]})
    return 0


async def block(config_file: Path, border: Border, text: str, reason: str) -> int:
    """Refuse the band wherever the next bundle comes; its money stays where it is."""
    return await _say(config_file, border, text, min_epoch=EVERY_EPOCH, because=reason_of(reason))


async def unblock(config_file: Path, border: Border, text: str) -> int:
    """Lift a block. A band that a gateway has locked needs the help desk all the same."""
    return await _say(config_file, border, text, min_epoch=0, because="")


async def hold(config_file: Path, border: Border, text: str, held: str) -> int:
    """Keep part of the balance from being spent, 0 to let it go."""
    return await _say(config_file, border, text, hold=held)


async def _say(
    config_file: Path, border: Border, text: str, *, hold: str | None = None, **changes: Any
) -> int:
    async with session(config_file, border) as s:
        told = await current(s)
        if hold is not None:
            changes["hold_minor"] = amount(hold, told.exponent)
        medium = await band_of(s, text)
        async with s.alone():
            said = (await stored.words(s.connection, s.tenant)).get(medium, {})
            kept = {name: said[name] for name in Wallet.__struct_fields__ if name in said}
            word = Wallet(**{"medium": medium, **kept, **changes})
            await stored.say(s.connection, s.tenant, word, border.now_ms())
        version = await s.publish()
    show(
        {
            "medium": medium.hex(), "min_epoch": word.min_epoch, "hold_minor": word.hold_minor,
            "bundle_version": version,
        }
    )  # fmt: skip
    return 0


async def release(config_file: Path, border: Border, text: str, reason: str) -> int:
    """Let go of what was held back of a band, whoever is awaited; BAND is the old or the new."""
    reason_of(reason, 1)
    async with session(config_file, border) as s:
        medium = await band_of(s, text)
        around = await replaced.remainders(s.connection, s.tenant, medium)
        if not around:
            raise CommandFailed(f"medium {medium.hex()} replaced no band and was not replaced")
        done = []
        for one in around:
            let_go = await replaced.release_now(
                s.connection, s.tenant, one.reissue.txid, border.now_ms(), reason
            )
            if let_go is not None:
                done.append({"medium": let_go.medium.hex(), "amount_minor": let_go.amount_minor})
        if not done:
            raise CommandFailed(f"nothing is held back of medium {medium.hex()} any more")
        version = await s.publish()
    show({"released": done, "bundle_version": version})
    return 0


async def totals(config_file: Path, border: Border) -> int:
    """What is booked on all wallets and accounts; exit 1 when it does not add up."""
    async with session(config_file, border) as s, s.still():
        sums = await wallets.accounts(s.connection, s.tenant)
        moved = await replaced.remainders(s.connection, s.tenant)
        sums["lost_minor"] = sum(one.lost_minor for one in moved)
        books = await bookkeeping.books(s.connection, s.tenant)
        wrong = await bookkeeping.differences(s.connection, s.tenant, books)
        sums["unexplained"], explained = await summed_steps(s)
    splits = books.open_splits()
    sums |= {"accounts": books.accounts(), "differences": wrong[:DIFFERENCES_MAX]}
    sums |= {"split_open": len(splits), "split_open_minor": sum(splits.values())}
    sums["agree"] = sums["agree"] and not wrong and explained
    show(sums)
    return 0 if sums["agree"] else ANSWER_IS_NO


async def forks(config_file: Path, border: Border) -> int:
    """Proven clones with the places of both facts; exit 1 when there are some."""
    async with session(config_file, border) as s, s.still():
        found = await money.forks(s.connection, s.tenant)
        called = await places.names(s)
    for fork in found:
        fork["proof"] = [places.told(place, called) for place in fork["proof"]]
    show({"forks": [_hexed(fork) for fork in found]})
    return ANSWER_IS_NO if found else 0


async def doubts(config_file: Path, border: Border) -> int:
    """Debits that nobody knows the end of, oldest first, lost bands that are not settled, and
    what bands show that no fact explains."""
    async with session(config_file, border) as s, s.still():
        rows = await money.in_doubt(s.connection, s.tenant, DOUBTS_MAX)
        clashes = await conflicts.conflicts(s.connection, s.tenant)
        moved = await told_of(s)
        steps = await told_steps(s)
        called = await places.names(s)
    show(
        {
            "in_doubt": [places.told(row, called) for row in rows],
            "conflicts": [places.told(row, called) for row in clashes if row["what"] != "fork"],
            "replaced": moved,
            "unexplained": steps,
        }
    )
    return 0


async def import_presale(config_file: Path, border: Border, file: Path) -> int:
    """Credit from a shop's orders; the same file again changes nothing, another amount is named."""
    rows = list(csv_rows(read_text(file), COLUMNS, ("order", "amount"), CSV_HINT))
    async with session(config_file, border) as s:
        told = await current(s)
        found: dict[str, Credit] = {}
        codes: list[tuple[str, bytes]] = []
        for line, row in rows:
            credit = _credit(s, line, row, told.exponent)
            if row.get("code"):
                codes.append((credit.reference, _code(line, row["code"])))
            if found.setdefault(credit.reference, credit) != credit:
                raise CommandFailed(f"line {line}: order {credit.reference!r} twice", BAD_DATA)
        async with s.alone():
            given = await stored.list_credits(s.connection, s.tenant)
            known = {c.reference: c for c in given if c.source == PRESALE}
            secrets = await stored.presale_codes(s.connection, s.tenant)
            for reference, credit in found.items():
                _same(credit, known.get(reference))
            for reference, code in codes:
                if secrets.get(reference, code) != code:
                    raise CommandFailed(f"order {reference!r}: another code than before", BAD_DATA)
            new = [credit for reference, credit in found.items() if reference not in known]
            _fits(given, new, told.exponent)
            await stored.add_credits(s.connection, s.tenant, new, border.now_ms())
            try:
                await stored.add_presale_codes(s.connection, s.tenant, codes)
            except asyncpg.UniqueViolationError as error:
                raise CommandFailed("two orders have the same code", BAD_DATA) from error
            await wallets.book(s.connection, s.tenant, new, wallets.day_of(border.now_ms()))
        version = await s.publish()
    unbound = sum(credit.medium is None for credit in found.values())
    show({"read": len(rows), "new": len(new), "unbound": unbound, "bundle_version": version})
    return 0


async def bind(config_file: Path, border: Border, order: str, text: str) -> int:
    """Give the credit of an order to a band."""
    async with session(config_file, border) as s:
        exponent = (await current(s)).exponent
        medium = medium_of(s, text)
        async with s.alone():
            credit = await _bind(s, order, medium, exponent)
        version = await s.publish()
    told = {"order": order, "medium": medium.hex(), "amount_minor": credit.amount_minor}
    show({**told, "bundle_version": version})
    return 0


async def _bind(s: Session, order: str, medium: bytes, exponent: int) -> Credit:
    """The credit of an order, from now on this medium's. Raises CommandFailed."""
    given = await stored.list_credits(s.connection, s.tenant)
    mine = (one for one in given if (one.source, one.reference) == (PRESALE, order))
    credit = next(mine, None)
    if credit is None:
        raise CommandFailed(f"no order {order!r}: run `gatehouse central presale import` first")
    redeemed = await stored.redeemed_orders(s.connection, s.tenant)
    if any(row["reference"] == order for row in redeemed):
        raise CommandFailed(f"order {order!r} was redeemed at a till already")
    if credit.medium is not None:
        raise CommandFailed(f"order {order!r} is bound to medium {credit.medium.hex()} already")
    bound = msgspec.structs.replace(credit, medium=medium)
    _fits(given, [bound], exponent)
    now_ms = s.border.now_ms()
    await stored.bind_credit(s.connection, s.tenant, credit, medium, now_ms)
    await wallets.book(s.connection, s.tenant, [bound], wallets.day_of(now_ms))
    return credit


def _credit(s: Session, line: int, row: dict[str, str], exponent: int) -> Credit:
    order, band = row["order"], row.get("band") or row.get("medium") or ""
    if row.get("band") and row.get("medium"):
        raise CommandFailed(f"line {line}: a band and a medium: one of them is enough", BAD_DATA)
    if not 1 <= len(order) <= 64 or not order.isprintable():
        raise CommandFailed(f"line {line}: an order has 1 to 64 characters", BAD_DATA)
    try:
        minor = amount(row["amount"].replace(",", "."), exponent)
        medium = medium_of(s, band) if band else None
    except CommandFailed as error:
        raise CommandFailed(f"line {line}: {error}", BAD_DATA) from error
    if minor < 1:
        raise CommandFailed(f"line {line}: the amount is nothing", BAD_DATA)
    return Credit(PRESALE, order, medium, minor)


def _fits(given: list[Credit], new: list[Credit], exponent: int) -> None:
    """Raises CommandFailed for credit that its band could never hold."""
    credit = wallets.too_much(given, new)
    if credit is not None:
        most = decimal(wallets.BAND_MAX_MINOR, exponent)
        told = f"order {credit.reference!r}: its band would get more than {most} in all"
        raise CommandFailed(f"{told}, which none can hold: correct the file", BAD_DATA)


def _code(line: int, text: str) -> bytes:
    """Hash of an order's secret. Raises CommandFailed for one that could be guessed."""
    if sum(letter.isalnum() for letter in text) < CODE_CHARS_MIN:
        least = f"at least {CODE_CHARS_MIN} letters and digits"
        raise CommandFailed(f"line {line}: this code could be guessed: {least}", BAD_DATA)
    return hash_code(text)


def _same(credit: Credit, known: Credit | None) -> None:
    """The same order with another content is a mistake that must be named, never a correction."""
    if known is None:
        return
    order = credit.reference
    if known.amount_minor != credit.amount_minor:
        was = f"{known.amount_minor} before, {credit.amount_minor} now"
        raise CommandFailed(f"order {order!r}: another amount_minor ({was})", BAD_DATA)
    if credit.medium is not None and known.medium != credit.medium:
        hint = "bind it with `gatehouse central presale bind`" if known.medium is None else ""
        raise CommandFailed(f"order {order!r}: another medium than before. {hint}", BAD_DATA)


def _hexed(row: dict[str, Any]) -> dict[str, Any]:
    return {k: v.hex() if isinstance(v, bytes) else v for k, v in row.items()}
