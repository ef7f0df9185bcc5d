"""From a look and an order to a hold: what may be taken, and the slot that shall be written. Pure.

The first check that fails, in the order of `wallet_reasons`, is the reason. Always the losing slot
is written, with a seq above every one that anybody has aimed at.
"""

from typing import Final, Literal

from crypto.medium import (
    CHIPS,
    EXPOSURE_MAX,
    FLAG_LOCKED,
    SEQ_MAX,
    TOTAL_MAX,
    Reading,
    pages,
    part,
    seal_slot,
    txh,
)
from crypto.money import (
    AMOUNT_MAX,
    MARK_UNHEARD,
    DebitHeld,
    DebitPosted,
    DebitVoided,
    KnownMoney,
    Slot,
)
from edge.core.moments import Moment
from edge.core.wallet_reasons import WalletReason
from edge.core.wallet_rows import GIVES_BACK, POSTED, VOIDED, Row, Spent
from edge.core.wallet_seen import Look
from edge.core.wallet_words import (
    AlreadyPaid,
    Held,
    Make,
    Order,
    Refused,
    Tap,
    Verdict,
    Who,
)

EXPOSURE_UNIT: Final = 10
ID_BYTES: Final = 16


def hold(look: Look, order: Order) -> Held | Refused | AlreadyPaid:
    """The hold of a debit, give-back, reversal or cash-out, or why not.

    `AlreadyPaid` comes before every refusal: whoever has paid gets the goods.
    """
    assert len(order.txid) == len(order.basket) == ID_BYTES, "ids have 16 bytes"
    before = _before(look, order)
    if isinstance(before, AlreadyPaid):
        return before
    if look.refusal is not None:
        return Refused(look.refusal)
    if look.repair:
        return Refused(WalletReason.REPAIR)
    reading, current = look.reading, look.current
    assert reading is not None and current is not None, "a look without refusal has read a slot"
    refused = before or _amounts(look, order) or _undoing(look, order) or _limits(look, order)
    if refused is not None:
        return refused
    target = _target(look, order.txid, order.debit_minor, order.given_minor)
    return target if isinstance(target, Refused) else _held(look, reading, order, target, 0)


def _before(look: Look, order: Order) -> AlreadyPaid | Refused | None:
    """What became of earlier attempts to have this part of the basket paid, on whatever band."""
    ended = {one.txid: one.kind for one in look.resolutions}
    doubt = None
    for row in look.wallets.baskets.get(order.basket, ()):
        # Where only an outcome was heard of, nobody here knows of which part it is.
        if row.gateway and row.part != order.part:
            continue
        status = look.wallets.account(row.medium).status(row)
        if not row.gateway and row.txid not in order.attempts:
            doubt = Refused(WalletReason.IN_DOUBT) if status == POSTED else doubt
            continue
        if status == POSTED or ended.get(row.txid) == "posted":
            return AlreadyPaid(row.txid, look.balance_minor)
        if status != VOIDED and ended.get(row.txid) != "voided":
            doubt = Refused(WalletReason.IN_DOUBT)
    slots = look.reading.slots if look.reading and order.attempts else ()
    shown = {one.txh: one.slot for one in slots if one}
    for txid in order.attempts:
        if txid not in look.account.rows:  # made where we hear nothing of: the band alone may know
            slot = shown.get(txh(txid))
            if slot is not None:
                posted = _outcome(look, order._replace(txid=txid), slot, "posted", "in_slot")
                return AlreadyPaid(txid, look.balance_minor, posted)
            if look.unheard:
                doubt = Refused(WalletReason.IN_DOUBT)
    if doubt is None and order.txid in look.account.rows:
        return Refused(WalletReason.TXID_USED)
    return doubt


def _amounts(look: Look, order: Order) -> Refused | None:
    amounts = (order.debit_minor, order.given_minor, order.promo_minor, order.vouchers)
    takes = order.movement in ("sale", "cash_out")
    wrong = min(amounts) < 0 or max(amounts) > AMOUNT_MAX or not any(amounts)
    if wrong or (order.movement == "cash_out" and (order.given_minor or any(amounts[2:]))):
        return Refused(WalletReason.AMOUNT)
    if order.reverses and takes:
        return Refused(WalletReason.AMOUNT)
    return None


def _undoing(look: Look, order: Order) -> Refused | None:
    """Whether what shall be undone was done, was not undone, and was as much."""
    if order.movement == "reversal" or order.reverses:
        original = look.account.rows.get(order.reverses)
        if original is None or look.account.status(original) != POSTED:
            return Refused(WalletReason.ORIGINAL_UNKNOWN)
        undone = look.wallets.undone.get(order.reverses, ())
        others = [one for one in undone if isinstance(one, Row) and not _void(look, one)]
        given = sum(one.given for one in others)
        # What was undone in cash is undone whole.
        whole = any(isinstance(one, Spent) for one in undone)
        whole |= any(one.movement == "reversal" for one in others)
        if whole or (others and (order.movement == "reversal" or given >= original.debit)):
            return Refused(WalletReason.ALREADY_REVERSED)
        if (
            given + order.given_minor > original.debit
            or order.debit_minor > original.given
            or sum(one.promo for one in others) + order.promo_minor > original.promo
            or sum(one.vouchers for one in others) + order.vouchers > original.vouchers
        ):
            return Refused(WalletReason.GIVEN_TOO_MUCH, original.debit - given)
    elif order.movement in GIVES_BACK and (order.promo_minor or order.vouchers):
        return Refused(WalletReason.ORIGINAL_UNKNOWN)
    base = look.base
    room = base.debited + order.debit_minor - base.given
    if order.given_minor > room:
        return Refused(WalletReason.GIVEN_TOO_MUCH, room)
    return None


def _void(look: Look, row: Row) -> bool:
    return look.wallets.account(row.medium).status(row) == VOIDED


def _limits(look: Look, order: Order) -> Refused | None:
    kind, rules = look.wallet_class, look.rules.cashless
    assert kind is not None, "a look without refusal has a class"
    net = order.debit_minor - order.given_minor
    if order.movement == "cash_out":
        plain = look.reading is not None and not look.reading.layout.authenticates
        most = 0 if plain and look.unheard else rules.cash_out_unheard_max_minor
        if not rules.cash_out or (look.unheard and net > most):
            return Refused(WalletReason.CASH_OUT, most if rules.cash_out else 0)
    if order.movement == "sale":
        if kind.single_max_minor and order.debit_minor > kind.single_max_minor:
            return Refused(WalletReason.SINGLE_MAX, kind.single_max_minor)
        if kind.velocity_count and _recent(look, kind.velocity_s) >= kind.velocity_count:
            return Refused(WalletReason.VELOCITY)
    free = look.spendable_minor
    if order.movement == "cash_out":  # no overdraft is ever paid out
        free = max(0, look.balance_minor - look.rules.wallet(look.medium).hold_minor)
    if net > 0 and net > free:
        return Refused(WalletReason.BALANCE, free)
    if order.movement not in GIVES_BACK:
        used_promo, used_vouchers = _unheard(look) if look.unheard else (0, 0)
        promo, vouchers = look.promo_minor, look.vouchers
        if look.unheard:
            promo = max(0, min(promo, rules.promo_unheard_minor - used_promo))
            vouchers = max(0, min(vouchers, rules.vouchers_unheard - used_vouchers))
        if order.promo_minor > promo:
            return Refused(WalletReason.PROMO, promo)
        if order.vouchers > vouchers:
            return Refused(WalletReason.VOUCHERS, vouchers)
    if look.unheard and order.debit_minor:
        left = look.exposure_max_minor - EXPOSURE_UNIT * look.base.exposure
        if EXPOSURE_UNIT * _units(order.debit_minor) > left:
            return Refused(WalletReason.EXPOSURE, max(0, left))
    after = look.balance_minor - net
    tops = net < 0 and order.movement != "reversal" and kind.balance_max_minor
    if tops and after > kind.balance_max_minor:
        return Refused(WalletReason.BALANCE_MAX, kind.balance_max_minor)
    return None


def _units(amount_minor: int) -> int:
    """Tens of minor units, rounded up."""
    return -(-amount_minor // EXPOSURE_UNIT)


def _recent(look: Look, seconds: int) -> int:
    since = look.now_ms - 1000 * seconds
    return sum(
        1
        for row in look.account.rows.since(max(0, since) << 16)
        if row.movement == "sale" and row.hlc >> 16 >= since and look.account.status(row) != VOIDED
    )


def _unheard(look: Look) -> tuple[int, int]:
    """Promo and vouchers that this medium has taken since somebody was last heard."""
    promo = vouchers = 0
    for used in sorted(look.account.counting(), key=lambda one: one.place, reverse=True):
        if not used.marks & MARK_UNHEARD:
            break
        if used.movement not in GIVES_BACK:
            promo, vouchers = promo + used.promo, vouchers + used.vouchers
    return promo, vouchers


def _target(look: Look, txid: bytes, debit: int, given: int) -> Slot | Refused:
    base, mark = look.base, look.account.mark
    exposure = base.exposure + _units(debit) if look.unheard else 0
    ahead = mark.ahead if mark.epoch == look.epoch else 0
    slot = Slot(
        max(base.seq, ahead) + 1, base.debited + debit, base.given + given, exposure, txh(txid)
    )
    full = max(slot.debited, slot.given) > TOTAL_MAX or exposure > EXPOSURE_MAX
    reading = look.reading
    if reading is not None and reading.layout.counts:
        full |= reading.counter >= reading.layout.counter_max
    return Refused(WalletReason.WORN_OUT) if full or slot.seq > SEQ_MAX else slot


def _held(look: Look, reading: Reading, order: Order, target: Slot, flags: int) -> Held:
    assert look.current is not None and reading.current is not None, "a slot was read"
    counts, tap = reading.layout.counts, look.tap
    counter = reading.counter + 1 if counts else 0
    raw = seal_slot(
        target, uid=tap.uid, epoch=look.epoch, counter=counter, seals=look.rules.seals,
        version=look.rules.keys.newest, gateway_index=order.who.gateway_index, flags=flags,
    )  # fmt: skip
    page = reading.layout.slot_pages[1 - reading.current]
    posted = _outcome(look, order, target, "posted", "read_back")
    voided = _outcome(look, order, target, "voided", "base_current")
    return Held(
        order.txid, look.medium, look.base, target, _fact(look, order, target),
        pages(page, raw), counts,
        look.balance_minor - order.debit_minor + order.given_minor, posted, voided,
        (tap.chip, page, raw, look.current.raw, counter), tap.uid,
    )  # fmt: skip


def _fact(look: Look, order: Order, target: Slot) -> Make:
    medium, epoch, base = look.medium, look.epoch, look.base
    credited, absorbed = look.credited, look.absorbed
    who = _marked(look, order.who)

    def make(hlc: int, now: Moment) -> KnownMoney:
        return DebitHeld(
            hlc, now.day, now.offset_min, order.txid, who.till, who.operator, who.shift,
            who.marks, medium, epoch, order.basket, order.part, order.movement,
            order.debit_minor, order.given_minor, order.promo_minor, order.vouchers,
            order.otherwise_minor, base, target, credited, absorbed, order.reverses,
            order.prices, list(order.lines),
        )  # fmt: skip

    return make


def _marked(look: Look, who: Who) -> Who:
    return who._replace(marks=who.marks | MARK_UNHEARD) if look.unheard else who


def _outcome(
    look: Look, order: Order, target: Slot, how: Literal["posted", "voided"], evidence: str
) -> Make:
    medium, epoch = look.medium, look.epoch
    kind = DebitPosted if how == "posted" else DebitVoided
    who = _marked(look, order.who)

    def make(hlc: int, now: Moment) -> KnownMoney:
        return kind(
            hlc, now.day, now.offset_min, order.txid, who.till, who.operator, who.shift,
            who.marks, medium, epoch, order.basket, target, evidence,
        )  # fmt: skip

    return make


def written(held: Held, tap: Tap) -> bool:
    """Whether the slot's bytes are on the band: then a counter may be increased, not before."""
    chip, page, raw, _, _ = held.place
    plan = CHIPS[chip]
    return len(tap.image) == plan.image_bytes and part(plan, tap.image, page) == raw


def judge(held: Held, tap: Tap) -> Verdict:
    """What a reading after the write says of the hold.

    "posted": it is on the band. "base": the band is as it was, the same may be written again.
    "unknown": neither; the next look at this band decides.
    """
    chip, page, raw, before, counter = held.place
    plan = CHIPS[chip]
    if (tap.uid, tap.chip, len(tap.image)) != (held.uid, chip, plan.image_bytes):
        return "unknown"
    a, b = plan.slot_pages
    other = a if page == b else b
    if part(plan, tap.image, page) == raw and (not counter or tap.counter == counter):
        return "posted"
    if part(plan, tap.image, other) == before and (not counter or tap.counter == counter - 1):
        return "base"
    return "unknown"


def lock(look: Look, txid: bytes, who: Who) -> Held | None:
    """The write that locks a band which `Look.refusal.locks`; None if there is nothing to seal.

    A hold like any other, of nothing: seq and totals stay in one line with all other writes.
    """
    reading, current = look.reading, look.current
    if look.refusal is None or not look.refusal.locks or reading is None or current is None:
        return None
    target = _target(look, txid, 0, 0)
    if isinstance(target, Refused) or current.flags & FLAG_LOCKED:
        return None
    order = Order(txid, txid, who, movement="adjustment")
    return _held(look, reading, order, target, FLAG_LOCKED)
