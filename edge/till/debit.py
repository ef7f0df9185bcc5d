"""The way of a tap that takes money from a band, or gives some back.

Nothing between `look` and `hold` awaits, so two tills never see the same balance. From the hold on
the band is written under a shield: what was begun comes to its end, or is left for evidence.
"""

from collections.abc import Callable
from functools import partial
from typing import Final, TypeAlias

import trio

from drivers.reader import Sensed
from edge.core import wallet
from edge.core.till_rows import OPEN, POSTED
from edge.core.wallet import AlreadyPaid, Held, Look, Order, Refused, Tap
from edge.core.wallet_reasons import WalletReason
from edge.till.bands import read_again, read_band, write_band
from edge.till.tapping import claim, not_now, serve_taps
from edge.till.till import Till
from edge.till.tills import with_receipt
from edge.till.work import TAP_AGAIN, WORKING, Work

#: How often a band that shows nothing of our write is written again while it is held still.
WRITES_MAX: Final = 3
REPAIRS_MAX: Final = 3
#: Makes the order for a band that was looked at; None: the work has been told why not.
Plan: TypeAlias = Callable[[Till, Work, Look], Order | None]


async def by_band(till: Till, work: Work, plan: Plan) -> None:
    """Wait for the band and have it pay. Ends the work, or waits for another tap."""
    _resume(till, work)
    await serve_taps(till, work, partial(_pay, till, work, plan))


def _resume(till: Till, work: Work) -> None:
    """What a process that died has left open: nobody is told that nothing was paid before its band
    was seen."""
    for txid, deal in till.tills.book.of_basket(work.ask.id):
        if deal.part == work.ask.part and deal.status == OPEN:
            work.held, work.doubt_since = txid, trio.current_time()
            till.show(work, TAP_AGAIN, "not_sure")


async def _pay(till: Till, work: Work, plan: Plan, sensed: Sensed) -> None:
    look, tap, seq = await looked(till, work, sensed)
    if look is None or await _settled_before(till, work, look, seq):
        return
    while True:
        order = plan(till, work, look)
        if order is None:
            return
        held = wallet.hold(look, order)
        if not (isinstance(held, Refused) and _less_free(work, order, held)):
            break
    if isinstance(held, Refused) and work.ask.take_left:
        held = _what_is_left(work, look, order, held)
    if isinstance(held, AlreadyPaid):
        if held.posted is not None:  # the band is the only one that knew; it may fade
            await till.tills.must(held.posted)
        await till.tills.durable(seq)
        _already(till, work, held.txid, held.balance_minor)
        return
    if isinstance(held, Refused):
        work.limit_minor = held.amount_minor
        await _refused(till, work, look, held.reason, seq)
        return
    seq = till.tills.record(held.fact)
    work.held, work.txid, work.medium = held.txid, held.txid, held.medium
    work.doubt_since = trio.current_time()
    till.show(work, WORKING)
    await till.tills.durable(seq)
    await _write(till, work, held, tap)


async def looked(till: Till, work: Work, sensed: Sensed) -> tuple[Look | None, Tap, int]:
    """What the band says, with all that it settles recorded; None: the work was told why not.

    The last one is the seq of the newest fact that was made for it, 0 for none.
    """
    tills, reader = till.tills, till.reader
    assert reader is not None
    rules = tills.rules
    empty = Tap(sensed.uid, sensed.chip.name, b"")
    if rules is None or not rules.complete:
        till.refuse(work, WalletReason.NOT_CONFIGURED)
        return None, empty, 0
    if not claim(till, work, sensed.uid):
        return None, empty, 0
    tap = await read_band(reader, sensed, tills.secrets(sensed.uid))
    seq = 0
    attempt = 0
    while True:
        now_ms = tills.gateway.clock.now().ms
        found = wallet.look(
            tills.gateway.state.wallets, rules, tap, unheard=tills.unheard(now_ms), now_ms=now_ms
        )
        for outcome in found.resolutions:
            make = outcome.make(till.who(work.ask))
            if outcome.kind == "posted" and _ours(till, outcome.txid):
                make = with_receipt(make, till.next_receipt)
            seq = tills.record(make)
        attempt += 1
        if not found.repair or attempt == REPAIRS_MAX:
            break
        await tills.durable(seq)
        await write_band(reader, found.repair)
        tap = await read_again(reader, tap)
    work.medium = found.medium
    return found, tap, seq


def _ours(till: Till, txid: bytes) -> bool:
    """Whether a hold was made at this till and has no receipt yet."""
    deal = till.tills.book.deals.get(txid)
    key = (till.tills.gateway.identity, till.number)
    return deal is not None and (deal.gateway, deal.till) == key and not deal.receipt


async def _settled_before(till: Till, work: Work, look: Look, seq: int) -> bool:
    """Whether an earlier attempt of this work decides what happens now."""
    open_on = b""
    for txid, deal in till.tills.book.of_basket(work.ask.id):
        if deal.part != work.ask.part or deal.movement == "top_up":
            continue
        if deal.status == POSTED:
            await till.tills.durable(seq)
            _already(till, work, txid, look.balance_minor)
            return True
        if deal.status == OPEN:
            open_on = deal.medium
    if open_on and open_on != look.medium:
        till.show(work, TAP_AGAIN, "other_band")
        return True
    if not open_on:
        work.held, work.doubt_since = b"", None
    return False


def _already(till: Till, work: Work, txid: bytes, balance_minor: int) -> None:
    deal = till.tills.book.deals.get(txid)
    work.already, work.txid, work.held = True, txid, b""
    work.balance_minor = balance_minor
    if deal is not None and deal.hlc:  # of a hold that was never heard of the outcome says little
        work.receipt, work.amount_minor = deal.receipt, deal.net_minor
        work.left_minor, work.lines = deal.otherwise_minor, deal.lines
        till.note_sold(deal.medium, deal.net_minor)
    till.good(work)


def _less_free(work: Work, order: Order, refused: Refused) -> bool:
    """While nobody is heard, less is free than the ledger has: the rest is paid, not refused."""
    most = refused.amount_minor
    if refused.reason is WalletReason.PROMO and most < order.promo_minor:
        work.promo_most = most
    elif refused.reason is WalletReason.VOUCHERS and most < order.vouchers:
        work.vouchers_most = most
    else:
        return False
    return order.movement == "sale"


def _what_is_left(
    work: Work, look: Look, order: Order, refused: Refused
) -> Held | Refused | AlreadyPaid:
    """Take what the band has; the rest is paid otherwise."""
    if refused.reason not in (WalletReason.BALANCE, WalletReason.EXPOSURE):
        return refused
    taken = min(refused.amount_minor, look.spendable_minor, order.debit_minor)
    if taken <= 0 or order.given_minor:
        return refused
    rest = order.debit_minor - taken
    work.amount_minor, work.left_minor = taken, rest + order.otherwise_minor
    return wallet.hold(
        look, order._replace(debit_minor=taken, otherwise_minor=order.otherwise_minor + rest)
    )


async def _refused(till: Till, work: Work, look: Look, reason: WalletReason, seq: int) -> None:
    work.balance_minor = look.balance_minor
    if reason.locks:
        await lock_band(till, work, look)
    if work.held or reason in (WalletReason.IN_DOUBT,) or reason.retryable:
        till.show(work, TAP_AGAIN, reason)
    else:
        not_now(till, work, reason)


async def lock_band(till: Till, work: Work, look: Look) -> None:
    """Write the lock that a denied band gets; it is refused with and without."""
    assert till.reader is not None
    held = wallet.lock(look, till.tills.new_id(), till.who(work.ask))
    if held is None:
        return
    await till.tills.durable(till.tills.record(held.fact))
    await write_band(till.reader, held.writes)


async def _write(till: Till, work: Work, held: Held, tap: Tap) -> None:
    """Write, read back, judge. Raises `BandGone` and others with the hold left open."""
    reader, tills = till.reader, till.tills
    assert reader is not None
    for _ in range(WRITES_MAX):
        await write_band(reader, held.writes)
        tap = await read_again(reader, tap)
        if held.increments:
            if not wallet.written(held, tap):
                continue
            await reader.increment()  # once: what became of it is read, never repeated
            tap = await read_again(reader, tap)
            break
        if wallet.judge(held, tap) != "base":
            break
    if wallet.judge(held, tap) == "posted":
        receipt = 0

        def number() -> int:
            nonlocal receipt
            receipt = till.next_receipt()
            return receipt

        recorded = await tills.must(with_receipt(held.posted, number))
        _paid(till, work, held, receipt if recorded else 0)
    else:
        till.show(work, TAP_AGAIN, "not_sure")


def _paid(till: Till, work: Work, held: Held, receipt: int) -> None:
    """`receipt` 0: the fact waits for room, and gets its number then."""
    base, target = held.base, held.target
    work.held, work.doubt_since = b"", None
    work.balance_minor, work.receipt = held.balance_minor, receipt
    till.note_sold(held.medium, target.debited - base.debited - target.given + base.given)
    till.good(work)
