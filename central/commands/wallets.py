"""`wallet …`: what bands are worth, and what the centre says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from central import bookkeeping, replaced, wallets
from central.commands import places
from central.commands.bands import band_of
from central.commands.cashless import amount, current
from central.commands.errors import ANSWER_IS_NO, CommandFailed
from central.commands.replaced import told as told_of
from central.commands.session import Border, reason_of, session, show
from central.commands.unexplained import summed as summed_steps
from central.commands.unexplained import told as told_steps
from central.store import bands, conflicts, money
from central.store import wallets as stored
from central.store.wallets import EVERY_EPOCH
from crypto.cashless import Wallet

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
        hint = "see `gatehouse central wallet list`, and `gateway list` for who has not delivered"
        raise CommandFailed(f"nothing is known of medium {medium.hex()}: {hint}")
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
            hint = "`gatehouse central wallet doubts` lists those that something is held back of"
            raise CommandFailed(
                f"medium {medium.hex()} replaced no band and was not replaced: {hint}"
            )
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


def _hexed(row: dict[str, Any]) -> dict[str, Any]:
    return {k: v.hex() if isinstance(v, bytes) else v for k, v in row.items()}
