"""What a band says when it is held to a reader, and what that proves. Pure.

The order of checks is the order of `wallet_reasons`. A look never writes and never decides about a
sale; it says what the band is worth, which open holds its slots settle, and what has to be mended
before it is used.
"""

from typing import Any, Final

from crypto.errors import BadMedium
from crypto.medium import FLAG_LOCKED, Reading, Written, pages, part, read_untrusted, seal_slot
from crypto.medium_credit import Certificate
from crypto.money import CreditApplied, DebitPosted, DebitVoided, Slot
from edge.core.moments import Moment
from edge.core.wallet_reasons import WalletReason
from edge.core.wallet_rows import POSTED, VOIDED, Account, Row, Topped, unpack
from edge.core.wallet_rules import WalletRules
from edge.core.wallet_seen import Look
from edge.core.wallet_words import Make, Outcome, Tap, Who, Writes
from edge.core.wallets import Wallets

_SEQ: Final = slice(0, 2)


def look(wallets: Wallets, rules: WalletRules, tap: Tap, *, unheard: bool, now_ms: int) -> Look:
    """What the band is worth and whether it may be used. Never raises, whatever the bytes.

    `unheard`: True unless every enrolled sibling or the centre is heard and folded.
    """
    medium = rules.medium(tap.uid)
    account = wallets.account(medium)
    seen = Look(wallets, rules, tap, unheard, now_ms, medium, account)
    known = max(account.issued.epoch, account.mark.epoch)
    try:
        reading = read_untrusted(tap.chip, tap.uid, tap.image, tap.counter, rules.seals, known)
    except BadMedium:
        seen.refusal = WalletReason.CHIP_UNKNOWN
        return seen
    seen.reading, seen.epoch = reading, reading.epoch
    _value(seen, reading)
    seen.refusal = _refusal(seen, reading, known)
    _settle(seen, reading)
    if seen.refusal is None:
        seen.refusal = _high_water(seen, reading)
    if seen.refusal is not None:
        seen.repair = ()
    balance = seen.credited + seen.absorbed - seen.base.debited + seen.base.given
    kind = seen.wallet_class
    seen.balance_minor = balance
    free = balance - rules.wallet(medium).hold_minor + (kind.postpaid_minor if kind else 0)
    seen.spendable_minor = max(0, free) if seen.refusal is None else 0
    _ledger(seen)
    return seen


def _value(seen: Look, reading: Reading) -> None:
    """Ct and Cc: the most that the band's certificate, a read-back one or the bundle says.

    Where no certificate on the band verifies, also one that was on its way to it, and the one of
    its issue.
    """
    rules, account, tap = seen.rules, seen.account, seen.tap
    best = reading.certificate
    credited = rules.counts(best, seen.medium) if best else 0
    absorbed = best.absorbed if best else 0
    cached = [
        one.certificate
        for one in account.credits.values()
        if one.epoch == reading.epoch
        and (one.after > credited or best is None)
        and (one.ended & POSTED or (reading.certificate is None and not one.ended))
    ]
    if best is None and account.issued.epoch == reading.epoch:
        cached.append(account.issued.certificate)
    for raw in cached:
        one = rules.seals.credit.open(reading.layout.code, tap.uid, raw)
        if one is not None and (one.event, one.epoch) == (rules.event, reading.epoch):
            credited = max(credited, rules.counts(one, seen.medium))
            absorbed = max(absorbed, one.absorbed)
            if best is None or one.order > best.order:
                best = one
    seen.certificate, seen.credited = best, credited
    seen.wallet_class = rules.classes.get(best.wallet_class) if best else None
    seen.absorbed = max(absorbed, rules.wallet(seen.medium).absorbed_minor) if best else 0
    if reading.current is not None:
        seen.current = reading.slots[reading.current]
    if seen.current is not None:
        seen.base = seen.current.slot
    elif account.mark.epoch == reading.epoch:  # what the desk needs when both slots are gone
        top = unpack(account.mark.top)
        seen.base = Slot(top.seq, account.mark.debited, account.mark.given, top.exposure, top.txh)


def _refusal(seen: Look, reading: Reading, known: int) -> WalletReason | None:
    rules, best = seen.rules, seen.certificate
    if not rules.complete:
        return WalletReason.NOT_CONFIGURED
    if best is None and not known and seen.current is None:
        return WalletReason.NOT_OURS
    if reading.layout.authenticates and not seen.tap.authenticated:
        return WalletReason.NOT_GENUINE
    if best is None:
        return WalletReason.CERTIFICATE
    if reading.epoch < max(seen.account.min_epoch, rules.wallet(seen.medium).min_epoch):
        return WalletReason.BLOCKED
    if reading.epoch < known:
        return WalletReason.EPOCH
    if seen.current is not None and seen.current.flags & FLAG_LOCKED:
        return WalletReason.LOCKED
    kind = seen.wallet_class
    if kind is None:
        return WalletReason.CLASS_UNKNOWN
    if kind.expires_ms and seen.now_ms >= kind.expires_ms:
        return WalletReason.EXPIRED
    return None


def _settle(seen: Look, reading: Reading) -> None:
    """The open holds and top-ups that this band's slots and certificate prove."""
    found = list[Outcome]()
    if seen.account.unposted:
        _settle_holds(seen, reading, found)
    _settle_credits(seen, reading, found)
    seen.resolutions = tuple(found)


def _settle_holds(seen: Look, reading: Reading, found: list[Outcome]) -> None:
    account = seen.account
    shown = [one.packed for one in reading.slots if one is not None]
    now = seen.current.packed if seen.current is not None else b""
    # What a band says that has been turned back proves nothing but what is on it.
    turned = _behind(seen, now) if now else True
    doubt, repair = list[bytes](), seen.repair
    for row in sorted(account.unposted.values(), key=lambda row: row.place):
        if row.epoch != reading.epoch or not row.gateway:
            continue
        if row.target in shown:
            found.append(_outcome(row, POSTED, "in_slot"))
            if row.target == now and reading.current is not None and seen.current is not None:
                repair = _once_more(reading, reading.current, seen.current.raw)
            continue
        if row.ended:
            continue
        status = account.status(row)
        if status:
            found.append(_outcome(row, status, "successor"))
        elif row.base == now and not turned:
            found.append(_outcome(row, VOIDED, "base_current"))
            repair = repair or _erase(seen, reading)
        elif row.base in shown and not turned:
            # Whoever wrote the current slot kept our base beside it: it was still current then.
            found.append(_outcome(row, VOIDED, "successor"))
        else:
            doubt.append(row.txid)
    seen.repair, seen.in_doubt = repair, tuple(doubt)


def _once_more(reading: Reading, at: int, raw: bytes) -> Writes:
    """A slot that may have been written weakly, before anything is built on it.

    First beside it, then itself: however this is torn, one of both is whole. Were it written in
    its place alone, a band could lose both slots, or whoever has not heard of this step would go
    on from the one below.
    """
    slots = reading.layout.slot_pages
    return pages(slots[1 - at], raw) + pages(slots[at], raw)


def _erase(seen: Look, reading: Reading) -> Writes:
    """Half a slot that was given up must not become whole later: weak cells can."""
    if reading.current is None or reading.slots[1 - reading.current] is not None:
        return ()
    page = reading.layout.slot_pages[1 - reading.current]
    torn = part(reading.layout, seen.tap.image, page)
    return pages(page, bytes(len(torn))) if any(torn) else ()


def settled_by_others(account: Account, row: Row) -> Outcome | None:
    """How a hold ended, where other holds prove it and no fact says so. No band is needed."""
    status = account.status(row)
    if not status or row.ended & status:
        return None
    return _outcome(row, status, "successor")


def _settle_credits(seen: Look, reading: Reading, found: list[Outcome]) -> None:
    """Top-ups that are on the band, or below what is on it; and the newest one that is not.

    Two points that did not hear each other may have begun from one Ct: then only one of them is
    below a later certificate, and a higher Ct alone proves nothing.
    """
    on_band, waiting = reading.certificate, list[Topped]()
    open_ = [
        one
        for one in seen.account.credits.values()
        if not one.ended & POSTED and one.gateway and one.epoch == reading.epoch
    ]
    if not open_:
        return
    below, down_to = _chain(seen.account, on_band, seen.unheard)
    for topped in open_:
        if topped.txid in below:
            found.append(Outcome(topped.txid, "applied", "on_band", _applier(topped)))
        elif not topped.ended and (on_band is None or topped.before >= down_to):
            waiting.append(topped)
    if waiting:
        seen.unfinished = max(waiting, key=lambda one: (one.after, one.txid)).txid


def _chain(
    account: Account, on_band: Certificate | None, unheard: bool
) -> tuple[set[bytes], int]:  # fmt: skip
    """Top-ups that the certificate on the band stands on, and down to which Ct that is known.

    Steps are found by their Ct. While somebody is not heard, another one may have made that step;
    and what a gateway had not seen on the band when it loaded it again was not there.
    """
    below = set[bytes]()
    if on_band is None:
        return below, 0
    rows = [one for one in account.credits.values() if one.epoch == on_band.epoch]
    step = [one for one in rows if one.certificate == on_band.raw]
    down_to = on_band.credited
    while len(step) == 1 and step[0].txid not in below:
        below.add(step[0].txid)
        down_to = step[0].before
        upper = step[0]
        step = [one for one in rows if one.after == down_to and one.ended != VOIDED]
        # Of several with one Ct, it is the one that was read back.
        read = [one for one in step if one.ended & POSTED]
        missed = [one for one in step if one.gateway != upper.gateway or one.place > upper.place]
        step = read or ([] if unheard else missed)
    return below, down_to


def _behind(seen: Look, now: bytes) -> WalletReason | None:
    """Whether the slot `now` is older than what is known, or another one of the same seq."""
    mark, base = seen.account.mark, seen.base
    if mark.epoch != seen.epoch:
        return None
    if now[_SEQ] == mark.top[_SEQ] and now != mark.top:
        return WalletReason.CLONED
    # A copy may be pumped with many small debits: seq alone is not enough.
    lower = base.debited < mark.debited or base.given < mark.given
    return WalletReason.BEHIND if now[_SEQ] < mark.top[_SEQ] or lower else None


def _high_water(seen: Look, reading: Reading) -> WalletReason | None:
    """Whether the band has been turned back; one faded step is put right instead."""
    forked = seen.wallets.forked.get(seen.medium, 0) == reading.epoch
    written = [one for one in reading.slots if one is not None]
    if seen.current is not None:
        reason = _behind(seen, seen.current.packed)
        if reason is None:
            return WalletReason.CLONED if forked else None
    else:
        reason = WalletReason.SLOTS
    if len(written) != 1 or forked or not _restore(seen, reading, written[0]):
        return reason
    return None


def _restore(seen: Look, reading: Reading, left: Written) -> bool:
    """A band exactly one posted step behind whose other slot is broken: write that slot again."""
    account, mark = seen.account, seen.account.mark
    before, top = left.packed, unpack(mark.top)
    if (mark.epoch, mark.debited, mark.given) != (reading.epoch, top.debited, top.given):
        return False
    for row in account.rows.values():
        step = (row.epoch, row.base, row.target) == (reading.epoch, before, mark.top)
        if step and account.status(row) == POSTED:
            at = 1 - reading.slots.index(left)
            seen.base = top
            raw = seal_slot(
                seen.base, uid=seen.tap.uid, epoch=reading.epoch, counter=reading.counter,
                seals=seen.rules.seals, version=seen.rules.keys.newest,
                flags=FLAG_LOCKED if row.movement == "adjustment" else 0,
            )  # fmt: skip
            seen.repair = pages(reading.layout.slot_pages[at], raw)
            return True
    return False


def _ledger(seen: Look) -> None:
    account, told = seen.account, seen.rules.wallet(seen.medium)
    promo, vouchers = account.promo() if account.grants or account.uses_promo else (0, 0)
    seen.promo_minor = max(0, promo + told.promo_minor)
    seen.vouchers = max(0, vouchers + told.vouchers)


def _outcome(row: Row, status: int, evidence: str) -> Outcome:
    kind: Any = DebitPosted if status == POSTED else DebitVoided

    def by(who: Who) -> Make:
        def make(hlc: int, now: Moment) -> Any:
            return kind(
                hlc, now.day, now.offset_min, row.txid, who.till, who.operator, who.shift,
                who.marks, row.medium, row.epoch, row.basket, unpack(row.target), evidence,
            )  # fmt: skip

        return make

    return Outcome(row.txid, "posted" if status == POSTED else "voided", evidence, by)


def _applier(topped: Topped) -> Any:
    def by(who: Who) -> Make:
        def make(hlc: int, now: Moment) -> CreditApplied:
            return CreditApplied(
                hlc, now.day, now.offset_min, topped.txid, who.till, who.operator, who.shift,
                who.marks, topped.medium, topped.after,
            )  # fmt: skip

        return make

    return by
