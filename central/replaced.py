"""What was held back of a band that was lost becomes credit of the new one, by itself.

Held back is what the old band could still buy where nobody knew that it is blocked. Once each
gateway follows a bundle that refuses it, by a fact of its own log that is held here with all that
stands before it, or was revoked, no debit of it can be on its way any more. What late debits took
meanwhile is deducted; the rest is credit, once, whoever asks and how often (*Money*).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from central.store import ISOLATION, logs, money, replaced, trust, wallets
from central.store.replaced import Reissue, Worth
from central.store.wallets import Credit
from central.wallets import credit_txid, day_of
from crypto import block as blocks_of
from crypto.cashless import Cashless
from crypto.entry import EpochBegun, decode_facts_untrusted

if TYPE_CHECKING:
    from central.store import Connection

HELD = "held"


class Remainder(msgspec.Struct, frozen=True):
    """`worth_minor`: what the old band was worth in its last epoch by what is booked.

    `kept_minor` of it stays where it is: debits in doubt, what a person or a declined card holds.
    `earlier_minor`, `later_minor`: what other bands got that two desks gave for the same one.
    """

    reissue: Reissue
    worth_minor: int
    kept_minor: int
    earlier_minor: int = 0
    later_minor: int = 0

    @property
    def left_minor(self) -> int:
        """What the new band has not got and may have."""
        others = self.earlier_minor + self.later_minor
        return max(0, self.worth_minor - self._gone - others - self.kept_minor)

    @property
    def lost_minor(self) -> int:
        """More went to the new band, and from the old one, than there was: a loss, told once."""
        over = self.earlier_minor - self.worth_minor
        return max(0, self._gone + over) - max(0, over)

    @property
    def _gone(self) -> int:
        return gone(self.reissue)


def gone(one: Reissue) -> int:
    """What went to a new band until now."""
    return one.carried_minor + (one.released_minor or 0)


def beside(one: Reissue, around: list[Reissue]) -> tuple[int, int]:
    """What went to other bands for the same lost one, before `one` and after it. Pure.

    Two desks that did not hear each other may have replaced it twice.
    """
    same = [each for each in around if (each.old, each.old_epoch) == (one.old, one.old_epoch)]
    at = [each.txid for each in same].index(one.txid)
    return sum(map(gone, same[:at])), sum(map(gone, same[at + 1 :]))


class Awaited(msgspec.Struct, frozen=True):
    """A gateway that may still bring debits of the old band, and why."""

    gateway: str
    why: str


class LetGo(msgspec.Struct, frozen=True):
    """What became credit of `medium`."""

    txid: bytes
    medium: bytes
    amount_minor: int


def worth_of(one: Reissue, booked: Worth, began: Reissue | None) -> int:
    """What the old band was worth in its last epoch. Pure.

    `began`: the re-issue by which it had come to be. Of a band that takes its own place the new
    certificate says how much of the centre's credit it has from the start.
    """
    given = one.absorbed_minor if one.medium == one.old else booked.given_minor
    before = began.absorbed_minor if began is not None else 0
    carried = began.carried_minor if began is not None else 0
    return carried + booked.topped_up_minor + given - before + min(0, booked.debits_minor)


def behind(
    since: tuple[int, bool] | None, gateways: list[trust.Gateway],
    applied: dict[bytes, tuple[int, int]],
) -> list[Awaited]:  # fmt: skip
    """Whose own log does not say that it refuses the old band. Pure.

    `since`: the first bundle that does, and whether all after it do.
    """
    found = []
    for one in gateways:
        if one.revoked_ms is not None:
            continue
        version, _ = applied.get(one.gateway, (0, 0))
        if since is None or not since[1]:
            found.append(Awaited(one.name, "no bundle refuses the old band"))
        elif not version:
            found.append(Awaited(one.name, f"it has followed no bundle yet, {since[0]} is needed"))
        elif version < since[0]:
            found.append(Awaited(one.name, f"it follows bundle {version}, {since[0]} is needed"))
    return found


async def gaps(
    connection: Connection, tenant: bytes, gateways: list[trust.Gateway]
) -> list[Awaited]:
    """Whose older epochs are not held to their ends, by what each next epoch began with."""
    posted = {
        (mark.gateway, mark.epoch): mark.posted_seq
        for mark in await logs.list_watermarks(connection, tenant)
    }
    names = {one.gateway: one.name for one in gateways if one.revoked_ms is None}
    found = []
    for gateway, _, raw in await logs.first_blocks(connection, tenant):
        if gateway not in names:
            continue
        begun = decode_facts_untrusted(blocks_of.read_untrusted(raw)[0].body)[0]
        if isinstance(begun, EpochBegun):
            held = posted.get((gateway, begun.last_epoch), 0)
            if begun.last_epoch and held < begun.last_seq:
                why = f"epoch {begun.last_epoch} is held to {held} of {begun.last_seq}"
                found.append(Awaited(names[gateway], why))
    return found


async def awaited(
    connection: Connection, tenant: bytes, txids: Iterable[bytes]
) -> dict[bytes, list[Awaited]]:
    """Per re-issue who may still bring debits of the band that it replaced."""
    wanted = list(txids)
    if not wanted:
        return {}
    since = await replaced.blocked_since(connection, tenant)
    gateways = await trust.list_gateways(connection, tenant)
    applied = await replaced.applied(connection, tenant)
    missing = await gaps(connection, tenant, gateways)
    return {txid: behind(since.get(txid), gateways, applied) + missing for txid in wanted}


async def ready(connection: Connection, tenant: bytes) -> list[bytes]:
    """Re-issues of which nobody is awaited any more and nothing was let go yet."""
    waiting = await replaced.waiting(connection, tenant)
    if not waiting:
        return []
    since = await replaced.blocked_since(connection, tenant)
    applied = await replaced.applied(connection, tenant)
    gateways = await trust.list_gateways(connection, tenant)
    found = [txid for txid in sorted(waiting) if not behind(since.get(txid), gateways, applied)]
    # Read only once all the rest is well: it takes a block of each epoch.
    return found if found and not await gaps(connection, tenant, gateways) else []


async def kept_back(connection: Connection, tenant: bytes) -> dict[bytes, int]:
    """Per medium what a person or a declined card holds back."""
    found = await wallets.late_declined(connection, tenant)
    for medium, word in (await wallets.words(connection, tenant)).items():
        found[medium] = found.get(medium, 0) + int(word["hold_minor"])
    return found


async def remainder(
    connection: Connection, tenant: bytes, one: Reissue, kept: dict[bytes, int]
) -> Remainder:
    """What is left of the band that `one` replaced, by what is booked now.

    `kept`: of `kept_back`.
    """
    booked = await replaced.worth(connection, tenant, one.old, one.old_epoch)
    around = await replaced.reissues(connection, tenant, one.old)
    began = (each for each in around if (each.medium, each.epoch) == (one.old, one.old_epoch))
    held = booked.doubt_minor + kept.get(one.old, 0)
    return Remainder(one, worth_of(one, booked, next(began, None)), held, *beside(one, around))


async def remainders(
    connection: Connection, tenant: bytes, medium: bytes | None = None
) -> list[Remainder]:
    """Of every replaced band, or of those around one medium."""
    found = await replaced.reissues(connection, tenant, medium)
    kept = await kept_back(connection, tenant) if found else {}
    return [await remainder(connection, tenant, one, kept) for one in found]


async def heir(connection: Connection, tenant: bytes, medium: bytes) -> bytes:
    """The band that has the place of `medium` now: a new one may be lost as well."""
    seen: set[bytes] = set()
    while medium not in seen:
        seen.add(medium)
        around = await replaced.reissues(connection, tenant, medium)
        later = [one.medium for one in around if one.old == medium and one.medium not in seen]
        medium = later[-1] if later else medium
    return medium


async def release(connection: Connection, tenant: bytes, now_ms: int) -> list[LetGo]:
    """Let go of all that nobody is awaited for. Idempotent, by several processes at once too."""
    if not await ready(connection, tenant):
        return []
    async with connection.transaction(isolation=ISOLATION):
        # Who books a late debit waits, or has booked it: it is deducted, or it is a loss.
        await money.one_at_a_time(connection, tenant)
        waiting = await replaced.waiting(connection, tenant)
        kept = await kept_back(connection, tenant)
        return [
            await _let_go(connection, tenant, txid, waiting[txid][0], kept, now_ms, "settled")
            for txid in await ready(connection, tenant)
        ]


async def release_now(
    connection: Connection, tenant: bytes, txid: bytes, now_ms: int, because: str
) -> LetGo | None:
    """Let go by a person's word, whoever is awaited; None if that was done already."""
    async with connection.transaction(isolation=ISOLATION):
        await money.one_at_a_time(connection, tenant)
        waiting = await replaced.waiting(connection, tenant)
        if txid not in waiting:
            return None
        kept = await kept_back(connection, tenant)
        return await _let_go(connection, tenant, txid, waiting[txid][0], kept, now_ms, because)


async def _let_go(
    connection: Connection, tenant: bytes, txid: bytes, old: bytes, kept: dict[bytes, int],
    now_ms: int, because: str,
) -> LetGo:  # fmt: skip
    around = await replaced.reissues(connection, tenant, old)
    one = next(each for each in around if each.txid == txid)
    amount = (await remainder(connection, tenant, one, kept)).left_minor
    medium = await heir(connection, tenant, one.medium)
    await replaced.let_go(connection, tenant, txid, medium, amount, now_ms, because)
    if amount:
        credit = Credit(HELD, txid.hex(), medium, amount)
        await wallets.add_credits(connection, tenant, [credit], now_ms)
        booked, day = credit_txid(credit), day_of(now_ms)
        await replaced.move(connection, tenant, booked, old, medium, amount, day)
    return LetGo(txid, medium, amount)


async def note_version(
    connection: Connection, tenant: bytes, version: int, told: Cashless | msgspec.UnsetType
) -> None:
    """Keep from which bundle on replaced bands are refused; `told`: what bundle `version` says."""
    waiting = await replaced.waiting(connection, tenant)
    if not waiting:
        return
    listed = [] if isinstance(told, msgspec.UnsetType) else told.wallets
    least = {one.medium: one.min_epoch for one in listed}
    known = await replaced.blocked_since(connection, tenant)
    changed = {}
    for txid, (old, epoch) in waiting.items():
        blocks = least.get(old, 0) > epoch
        if known.get(txid, (0, False))[1] != blocks:
            changed[txid] = blocks
    await replaced.note_version(connection, tenant, version, changed)
