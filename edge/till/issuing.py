"""Bands that begin, bands that are replaced, bands that are locked."""

from contextlib import suppress
from functools import partial

from crypto.medium import CHIPS
from crypto.medium_protect import sealing, without_keys
from crypto.money import MediumBlocked
from drivers.reader import Sensed
from edge.core import wallet
from edge.core.moments import Moment
from edge.core.till_reasons import TillReason
from edge.core.wallet import Issue, NewBand, Refused
from edge.core.wallet_reasons import WalletReason
from edge.core.wallet_words import Who
from edge.ledger.errors import LedgerFull
from edge.till.bands import read_band, write_band
from edge.till.debit import lock_band, looked
from edge.till.tapping import claim, serve_taps
from edge.till.till import Till
from edge.till.work import TAP_AGAIN, WORKING, Work


async def issue_band(till: Till, work: Work) -> None:
    """A blank band becomes a wallet, or takes the place of a lost one."""
    if till.reader is None:
        till.refuse(work, TillReason.NO_READER)
    elif till.training:
        till.refuse(work, TillReason.TRAINING)
    elif till.tills.sign is None:
        till.refuse(work, WalletReason.CREDIT_KEY)
    made: list[Issue] = []
    whole = False

    async def serve(sensed: Sensed) -> None:
        nonlocal whole
        if not made:
            found = await _make(till, work, sensed)
            made.extend([found] if found is not None else [])
        if made and sensed.uid != made[0].uid:
            till.show(work, TAP_AGAIN, "other_band")
        elif made:
            whole = whole or await _written(till, work, sensed, made[0])
            whole = whole and await _proved(till, work, made[0])

    if not work.over:
        await serve_taps(till, work, serve, rests=False)


async def _make(till: Till, work: Work, sensed: Sensed) -> Issue | None:
    """What this band shall be, recorded; None: the work has been told why not."""
    tills, reader, ask = till.tills, till.reader, work.ask
    assert reader is not None
    rules, sign, key_index = tills.rules, tills.sign, tills.key_index
    if rules is None or sign is None or key_index is None:  # another bundle came while we waited
        till.refuse(work, WalletReason.CREDIT_KEY)
        return None
    if not claim(till, work, sensed.uid):
        return None
    tap = await read_band(reader, sensed, tills.secrets(sensed.uid))
    now_ms = tills.gateway.clock.now().ms
    new = NewBand(ask.id, till.who(ask), ask.wallet_class, key_index, sign)
    wallets = tills.gateway.state.wallets
    if ask.kind == "reissue":
        made = wallet.reissue(wallets, rules, tap, new, old=ask.medium, now_ms=now_ms)
    else:
        made = wallet.issue(wallets, rules, tap, new, now_ms=now_ms)
    if isinstance(made, Refused):
        till.refuse(work, made.reason)
        return None
    seq = 0
    for make in made.facts:
        seq = tills.record(make)
    work.medium, work.txid, work.balance_minor = made.medium, ask.id, 0
    till.show(work, WORKING)
    await tills.durable(seq)
    return made


async def _written(till: Till, work: Work, sensed: Sensed, made: Issue) -> bool:
    """Write what was recorded, to its last page; of a band that left in the middle, all of it once
    more: that its image is whole says nothing of the protection, which is written last."""
    tills, reader = till.tills, till.reader
    assert reader is not None
    if not claim(till, work, sensed.uid):
        return False
    tap = await read_band(reader, sensed, tills.secrets(sensed.uid))  # opens what is closed already
    plan = CHIPS[tap.chip]
    till.show(work, WORKING)
    writes = without_keys(plan, made.writes) if tap.authenticated else made.writes
    await write_band(reader, writes)
    return True


async def _proved(till: Till, work: Work, made: Issue) -> bool:
    """The band says what it shall, and knows its key."""
    tills, reader = till.tills, till.reader
    assert reader is not None
    sensed = await reader.sense()  # keys and protection count from the next activation on
    tap = await read_band(reader, sensed, tills.secrets(sensed.uid))
    if not wallet.judge_issue(made, tap) or not tap.authenticated:
        till.show(work, TAP_AGAIN, "not_written")
        return False
    await write_band(reader, sealing(CHIPS[tap.chip]))
    till.good(work)
    return True


async def lock_a_band(till: Till, work: Work) -> None:
    """Block a medium for good: the one that is named, or the one that is tapped."""
    ask = work.ask
    if till.training:
        till.refuse(work, TillReason.TRAINING)
        return
    if ask.medium:
        account = till.tills.gateway.state.wallets.account(ask.medium)
        epoch = max(account.issued.epoch, account.mark.epoch)
        await _block(till, work, ask.medium, epoch)
        if not work.over:
            till.good(work)
        return
    await serve_taps(till, work, partial(_lock, till, work), rests=False)


async def _lock(till: Till, work: Work, sensed: Sensed) -> None:
    look, _, _ = await looked(till, work, sensed)
    if look is None:
        return
    await _block(till, work, look.medium, look.epoch)
    if not work.over:
        await _seal(till, work, sensed)
        till.good(work)


async def _seal(till: Till, work: Work, sensed: Sensed) -> None:
    """The lock on the band itself; without it, also for want of room, the deny list does."""
    with suppress(LedgerFull):
        look, _, _ = await looked(till, work, sensed)
        if look is not None and look.refusal is not None and look.refusal.locks:
            await lock_band(till, work, look)


async def _block(till: Till, work: Work, medium: bytes, epoch: int) -> None:
    make = partial(_blocked, till.who(work.ask), work.ask.id, medium, epoch + 1, work.ask.because)
    try:
        seq = till.tills.record(make)
    except LedgerFull:
        till.refuse(work, TillReason.NO_ROOM)
        return
    work.medium = medium
    await till.tills.durable(seq)


def _blocked(
    who: Who, txid: bytes, medium: bytes, min_epoch: int, because: str, hlc: int, now: Moment
) -> MediumBlocked:
    return MediumBlocked(
        hlc, now.day, now.offset_min, txid, who.till, who.operator, who.shift, who.marks, medium,
        min_epoch, because or "lost",
    )  # fmt: skip
