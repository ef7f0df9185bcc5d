"""The way of a tap that loads a band: the certificate is on disk before it is written.

By card the guest taps twice: first to see whether the band can be loaded at all, and again once
the card has paid, unless the band is still lying there.
"""

from functools import partial

import trio

from crypto.money import Method
from drivers.errors import DeviceError
from drivers.reader import BandError, Sensed
from edge.core import wallet
from edge.core.money_back import overtaken
from edge.core.till_reasons import TillReason
from edge.core.till_rows import OPEN, VOIDED
from edge.core.wallet import Credit, Look, Refused, Tap, TopUp
from edge.core.wallet_reasons import WalletReason
from edge.ledger.errors import LedgerFull
from edge.till.bands import read_again, write_band
from edge.till.booked import unbooked
from edge.till.cards import by_card
from edge.till.debit import looked
from edge.till.money_back import close_returned
from edge.till.tapping import Tapping, not_now, one_tap
from edge.till.till import Till
from edge.till.tills import with_receipt
from edge.till.work import TAP_AGAIN, WORKING, Work
from edge.till.work import code_hash as code_hash


async def top_up(till: Till, work: Work) -> None:
    """Serve a top-up to its end. Its id is its transaction."""
    reason = _wrong(till, work)
    if reason is not None:
        till.refuse(work, reason)
        return
    _resume(till, work)
    while not work.over:
        sensed = await till.field.next_band(work)
        if work.ask.method == "card" and not work.paid and not _began(till, work):
            if not await _could(till, work, sensed):
                continue
            if not await by_card(till, work, "top_up", work.amount_minor):
                return
            till.show(work, TAP_AGAIN, "tap_for_credit")
            sensed = await till.field.next_band(work)
        await one_tap(till, work, sensed, partial(_load, till, work))


def _resume(till: Till, work: Work) -> None:
    """What a process that died has left: a certificate to be written, or a card that has paid."""
    deal = till.tills.book.deals.get(work.ask.id)
    if deal is not None and deal.status == OPEN:
        work.held, work.doubt_since = work.ask.id, trio.current_time()
        till.show(work, TAP_AGAIN, "not_sure")
    for txid, card in unbooked(till.tills, work.ask.id):
        if card.status == "approved":
            work.paid = txid


def _wrong(till: Till, work: Work) -> TillReason | WalletReason | None:
    ask, place, tills = work.ask, till.place, till.tills
    if till.shift is None:
        return TillReason.SHIFT_CLOSED
    if till.training:
        return TillReason.TRAINING
    if not place.can_top_up:
        return TillReason.NO_TOP_UP_HERE
    if tills.rules is None or till.reader is None:
        return TillReason.NO_READER if till.reader is None else WalletReason.NOT_CONFIGURED
    if tills.sign is None:
        return WalletReason.CREDIT_KEY
    deal = tills.book.deals.get(ask.id)
    if deal is not None and deal.status == VOIDED:
        return TillReason.WENT_BACK
    if ask.method == "cash" and not place.drawer:
        return TillReason.NO_DRAWER
    if ask.method == "card" and till.terminal is None:
        return TillReason.NO_TERMINAL
    if ask.method == "voucher":
        amount = tills.rules.codes.get(code_hash(ask.code))
        if amount is None:
            return TillReason.CODE_UNKNOWN
        work.amount_minor = amount
    else:
        work.amount_minor = ask.amount_minor or 0
    return None if work.amount_minor > 0 else TillReason.NOTHING_TO_PAY


def _began(till: Till, work: Work) -> bool:
    """Whether the money was taken and the certificate made, maybe by a process that died."""
    return work.ask.id in till.tills.book.deals or work.ask.id in till.tills.book.done


async def _could(till: Till, work: Work, sensed: Sensed) -> bool:
    """Whether this band could be loaded: asked before the card is."""
    try:
        with Tapping(till, work, sensed.uid):
            look, _, _ = await looked(till, work, sensed)
            if look is None:
                return False
            found = _topped(till, work, look, b"")
            if isinstance(found, Refused):
                work.limit_minor = found.amount_minor
                till.refuse(work, found.reason)
                return False
            return True
    except (BandError, DeviceError):
        till.show(work, TAP_AGAIN, "band_gone")
    except LedgerFull:
        till.refuse(work, TillReason.NO_ROOM)
    return False


def _topped(till: Till, work: Work, look: Look, source: bytes) -> Credit | Refused:
    ask, tills = work.ask, till.tills
    if tills.sign is None or tills.key_index is None:  # another bundle has come since
        return Refused(WalletReason.CREDIT_KEY)
    method: Method = ask.method if ask.method != "band" else "cash"
    if method == "voucher":
        source = code_hash(ask.code)
    who = till.who(ask)
    top = TopUp(ask.id, who, work.amount_minor, method, tills.key_index, tills.sign, source)
    return wallet.top_up(look, top)


async def _load(till: Till, work: Work, sensed: Sensed) -> None:
    first = _first_band(till, work)
    look, tap, _ = await looked(till, work, sensed)
    if look is None:
        return
    if first and first != look.medium:
        work.medium = first
        till.show(work, TAP_AGAIN, "other_band")
        return
    if _loaded(till, work):
        work.already, work.balance_minor = True, look.balance_minor
        till.good(work)
        return
    if look.unfinished and not await _finish(till, work, look, tap):
        return
    if look.unfinished:
        if look.unfinished != work.ask.id:  # another top-up was in the way; now for this one
            till.show(work, TAP_AGAIN, "tap_for_credit")
        return
    found = _topped(till, work, look, work.paid)
    if isinstance(found, Refused):
        work.limit_minor = found.amount_minor
        not_now(till, work, found.reason)
        return
    assert found.fact is not None, "a new top-up is a new fact"
    seq = till.tills.record(with_receipt(found.fact, till.next_receipt))
    work.held = work.txid = found.txid
    work.doubt_since = trio.current_time()
    till.show(work, WORKING)
    await till.tills.durable(seq)
    await _write(till, work, found, tap)


def _first_band(till: Till, work: Work) -> bytes:
    """The only band that this money may go onto; empty while it may be any."""
    deal = till.tills.book.deals.get(work.ask.id)
    if deal is not None and deal.status == OPEN:
        return deal.medium
    return work.medium if work.paid else b""


def _loaded(till: Till, work: Work) -> bool:
    book = till.tills.book
    deal = book.deals.get(work.ask.id)
    if deal is not None and deal.status > VOIDED:
        work.txid, work.receipt = work.ask.id, deal.receipt
    return work.ask.id in book.done or (deal is not None and deal.status > VOIDED)


async def _finish(till: Till, work: Work, look: Look, tap: Tap) -> bool:
    """Write a certificate that was paid for and is not on the band."""
    if await close_returned(till, work, look):
        not_now(till, work, TillReason.WENT_BACK)
        return False
    credit = wallet.finish(look, till.who(work.ask))
    if credit is None:
        work.limit_minor = look.account.credits[look.unfinished].amount
        if look.refusal is not None:
            not_now(till, work, look.refusal)
        elif overtaken(look, till.who(work.ask)):
            till.refuse(work, TillReason.OVERTAKEN)
        else:
            till.show(work, TAP_AGAIN, "not_sure")
        return False
    till.show(work, WORKING)
    return await _write(till, work, credit, tap, ours=credit.txid == work.ask.id)


async def _write(till: Till, work: Work, credit: Credit, tap: Tap, ours: bool = True) -> bool:
    reader = till.reader
    assert reader is not None
    await write_band(reader, credit.writes)
    verdict = wallet.judge_credit(credit, await read_again(reader, tap))
    if verdict != "posted":
        till.show(work, TAP_AGAIN, "not_sure" if verdict == "unknown" else "not_written")
        return False
    await till.tills.must(credit.applied)
    if ours:
        deal = till.tills.book.deals.get(credit.txid)
        work.held, work.doubt_since = b"", None
        work.txid, work.receipt = credit.txid, deal.receipt if deal is not None else 0
        work.balance_minor = credit.balance_minor
        till.good(work)
    return True
