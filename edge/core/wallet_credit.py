"""Money onto a band: top-ups, and new bands for nothing or for a lost one. Pure.

Only who holds a credit key can make what is written here; a bar's gateway has none. The certificate
is in a durable fact before it goes onto the band, so that a torn one can be written again.
"""

from collections.abc import Callable
from typing import Final

from crypto.errors import BadMedium
from crypto.medium import CHIPS, PAGE_BYTES, SLOT_BYTES, layout, ndef, pages, seal_slot
from crypto.medium import FIRST_PAGE as FIRST
from crypto.medium_credit import (
    CERTIFICATE_BYTES,
    R_AUTHENTICATED,
    R_PLAIN,
    Certificate,
    seal,
)
from crypto.medium_protect import closing
from crypto.money import CreditApplied, CreditVoided, MediumIssued, MediumReissued, Slot, ToppedUp
from edge.core.moments import Moment
from edge.core.wallet_look import look
from edge.core.wallet_reasons import WalletReason
from edge.core.wallet_rows import OPEN, VOIDED, Account
from edge.core.wallet_rules import WalletRules
from edge.core.wallet_seen import Look
from edge.core.wallet_words import (
    Credit,
    Issue,
    Make,
    NewBand,
    Refused,
    Tap,
    TopUp,
    Verdict,
    Who,
    Writes,
)
from edge.core.wallets import Wallets

_EMPTY_NDEF: Final = b"\x03\x00\xfe".ljust(16, b"\0")


def top_up(look: Look, top: TopUp) -> Credit | Refused:
    """A new certificate with more on it, or why not. Money has been taken before (card, cash)."""
    refused = _top_up_refused(look, top)
    if refused is not None:
        return refused
    old = look.certificate
    assert old is not None and look.reading is not None, "a look without refusal has read both"
    wanted = Certificate(
        top.key_index, look.rules.event, look.epoch, old.wallet_class, old.r_class,
        look.credited + top.amount_minor, look.absorbed,
    )  # fmt: skip
    made = _sealed(look.rules, look.tap, wanted, top.sign)
    if isinstance(made, Refused):
        return made
    who, medium, before = top.who, look.medium, look.credited

    def fact(hlc: int, now: Moment) -> ToppedUp:
        return ToppedUp(
            hlc, now.day, now.offset_min, top.txid, who.till, who.operator, who.shift, who.marks,
            medium, made.epoch, top.key_index, top.method, top.amount_minor, before,
            made.credited, made.absorbed, top.source, made.raw,
        )  # fmt: skip

    return _credit(look, top.txid, top.amount_minor, made.raw, made.credited, who, fact)


def _top_up_refused(look: Look, top: TopUp) -> Refused | None:
    if look.refusal is not None:
        return Refused(look.refusal)
    if look.repair:
        return Refused(WalletReason.REPAIR)
    if not look.unfinished and look.unheard and _undoes(look, top):
        return Refused(WalletReason.CERTIFICATE)
    if look.unfinished:
        return Refused(WalletReason.UNFINISHED, look.account.credits[look.unfinished].amount)
    if top.txid in look.account.credits:
        return Refused(WalletReason.TXID_USED)
    kind, key = look.wallet_class, look.rules.credit_keys.get(top.key_index)
    assert kind is not None, "a look without refusal has a class"
    if top.amount_minor <= 0 or (top.source and len(top.source) < 16):
        return Refused(WalletReason.AMOUNT)
    after = look.balance_minor + top.amount_minor
    if kind.balance_max_minor and after > kind.balance_max_minor:
        return Refused(WalletReason.BALANCE_MAX, kind.balance_max_minor)
    if top.method in ("cash", "card") and top.amount_minor < kind.top_up_min_minor:
        return Refused(WalletReason.TOP_UP_MIN, kind.top_up_min_minor)
    if key is None or key.revoked:
        return Refused(WalletReason.CREDIT_KEY)
    used = look.wallets.credited.get(top.key_index, 0)
    if key.limit_minor and used + top.amount_minor > key.limit_minor:
        return Refused(WalletReason.CREDIT_LIMIT, max(0, key.limit_minor - used))
    if top.method == "voucher":
        worth = look.rules.codes.get(top.source)
        if worth is None:
            return Refused(WalletReason.CODE_UNKNOWN)
        if worth != top.amount_minor:
            return Refused(WalletReason.AMOUNT, worth)
    if top.source and _used(look.wallets, top.source):
        return Refused(WalletReason.CODE_USED)
    return None


def _undoes(look: Look, top: TopUp) -> bool:
    """Whether a total from before may be built on: the band shows no certificate, and another
    point, which is not heard, may have loaded it since."""
    keys = look.rules.credit_keys
    own = keys[top.key_index].gateway if top.key_index in keys else b""
    others = {key.gateway for key in keys.values()} - {own, bytes(len(own))}
    bare = look.reading is not None and look.reading.certificate is None
    return bare and bool(others)


def _used(wallets: Wallets, source: bytes) -> bool:
    for medium, txid in wallets.sources.get(source, ()):
        topped = wallets.account(medium).credits.get(txid)
        if topped is None or topped.ended != VOIDED:
            return True
    return False


def _sealed(
    rules: WalletRules, tap: Tap, wanted: Certificate, sign: Callable[[bytes], bytes]
) -> Certificate | Refused:
    """Signed, and opened again as every bar will: a wrong key shows before money is taken."""
    plan = layout(tap.chip)
    try:
        made = seal(wanted, plan.code, tap.uid, sign)
    except BadMedium:
        return Refused(WalletReason.WORN_OUT)
    if rules.seals.credit.open(plan.code, tap.uid, made.raw) is None:
        return Refused(WalletReason.CREDIT_KEY)
    return made


def _credit(
    look: Look, txid: bytes, amount: int, raw: bytes, after: int, who: Who, fact: Make | None
) -> Credit:
    page, before = _copy(look)
    medium = look.medium

    def applied(hlc: int, now: Moment) -> CreditApplied:
        return CreditApplied(
            hlc, now.day, now.offset_min, txid, who.till, who.operator, who.shift, who.marks,
            medium, after,
        )  # fmt: skip

    writes: Writes = pages(page, raw) if page else ()
    balance = look.balance_minor + (after - look.credited)
    return Credit(
        txid, medium, amount, fact, writes, balance, applied,
        (look.tap.chip, page, raw, before), look.tap.uid,
    )  # fmt: skip


def _copy(look: Look) -> tuple[int, bytes]:
    """Page and bytes of the copy to write over: never the newest one while there is another."""
    reading = look.reading
    assert reading is not None, "a look without refusal has read"
    best = None
    for page, one in zip(reading.layout.certificate_pages, reading.certificates, strict=True):
        order = one.order if one is not None else (-1, 0, 0)
        if best is None or order < best[1]:
            best = (page, order)
    if best is None:
        return 0, b""
    at = PAGE_BYTES * (best[0] - FIRST)
    return best[0], look.tap.image[at : at + CERTIFICATE_BYTES]


def finish(look: Look, who: Who) -> Credit | None:
    """The same certificate once more, for a top-up that is paid and not on the band."""
    topped = look.account.credits.get(look.unfinished)
    if topped is None or look.refusal is not None or look.repair or look.reading is None:
        return None
    plan = look.reading.layout
    made = look.rules.seals.credit.open(plan.code, look.tap.uid, topped.certificate)
    on_band = look.reading.certificate
    if on_band is not None and on_band.credited != topped.before:
        return None  # another point has gone on from there: this one can only be given back
    if made is None or (made.event, made.epoch) != (look.rules.event, look.epoch):
        return None
    counted = max(look.credited, look.rules.counts(made, look.medium))
    return _credit(look, topped.txid, topped.amount, made.raw, counted, who, None)


def give_back(look: Look, who: Who) -> Make | None:
    """CreditVoided for `look.unfinished`, when the money goes back: only where the band shows a
    certificate that verifies and does not stand on it, and nothing of it has been spent."""
    topped = look.account.credits.get(look.unfinished)
    on_band = look.reading.certificate if look.reading is not None else None
    if topped is None or on_band is None or look.refusal is not None or look.repair:
        return None
    if look.balance_minor < 0:
        return None

    def voided(hlc: int, now: Moment) -> CreditVoided:
        return CreditVoided(
            hlc, now.day, now.offset_min, topped.txid, who.till, who.operator, who.shift,
            who.marks, topped.medium, topped.after, "old_certificate",
        )  # fmt: skip

    return voided


def judge_credit(credit: Credit, tap: Tap) -> Verdict:
    """What a reading after the write says of the top-up; "unknown" is for the next look."""
    chip, page, raw, before = credit.place
    plan = CHIPS[chip]
    if (tap.uid, tap.chip, len(tap.image)) != (credit.uid, chip, plan.image_bytes):
        return "unknown"
    if not page:  # no room for a certificate: the fact is where it is kept
        return "posted"
    at = PAGE_BYTES * (page - FIRST)
    found = tap.image[at : at + CERTIFICATE_BYTES]
    return "posted" if found == raw else "base" if found == before else "unknown"


def issue(
    wallets: Wallets, rules: WalletRules, tap: Tap, new: NewBand, *, now_ms: int
) -> Issue | Refused:
    """A blank band becomes a wallet with nothing on it. A band whose issue was torn, too."""
    plain = _new(wallets, rules, tap, new, now_ms)
    if isinstance(plain, Refused):
        return plain
    medium, epoch = plain
    who = new.who
    made = _blank(rules, tap, new, epoch, 0, 0, Slot())
    if isinstance(made, Refused):
        return made
    certificate, image, writes = made

    def fact(hlc: int, now: Moment) -> MediumIssued:
        return MediumIssued(
            hlc, now.day, now.offset_min, new.txid, who.till, who.operator, who.shift, who.marks,
            medium, tap.chip, epoch, new.wallet_class, certificate.raw,
        )  # fmt: skip

    return Issue(medium, (fact,), writes, image, tap.uid)


def _new(
    wallets: Wallets, rules: WalletRules, tap: Tap, new: NewBand, now_ms: int, own: bytes = b""
) -> tuple[bytes, int] | Refused:
    """Medium and epoch of a new wallet. `own`: its medium, where it replaces itself."""
    if tap.chip not in CHIPS or len(tap.uid) != 7:
        return Refused(WalletReason.CHIP_UNKNOWN)
    medium = rules.medium(tap.uid)
    account, told = wallets.account(medium), rules.wallet(medium)
    if new.wallet_class not in rules.classes:
        return Refused(WalletReason.CLASS_UNKNOWN)
    key = rules.credit_keys.get(new.key_index)
    if key is None or key.revoked:
        return Refused(WalletReason.CREDIT_KEY)
    if medium != own:
        seen = look(wallets, rules, tap, unheard=False, now_ms=now_ms)
        used = account.rows or account.credits or told.credited_minor
        # A band that is whole but open was torn while its protection was written.
        whole = seen.refusal is None and tap.authenticated
        if used or whole or _issued_with(rules, account):
            return Refused(WalletReason.ALREADY_ISSUED)
    if not rules.complete:
        return Refused(WalletReason.NOT_CONFIGURED)
    below = max(account.min_epoch, told.min_epoch) - 1
    epoch = max(account.issued.epoch, account.mark.epoch, below) + 1
    return (medium, epoch) if epoch <= 0xFFFF else Refused(WalletReason.WORN_OUT)


def _issued_with(rules: WalletRules, account: Account) -> int:
    """Ct of the certificate of issue, where the gateway that issued holds the key it names."""
    raw, key = account.issued.certificate, None
    if len(raw) == CERTIFICATE_BYTES:
        key = rules.credit_keys.get(raw[1])
    if key is None or key.gateway != account.issued.gateway or key.revoked:
        return 0
    return int.from_bytes(raw[8:12], "big")


def _blank(
    rules: WalletRules, tap: Tap, new: NewBand, epoch: int, credited: int, absorbed: int, slot: Slot
) -> tuple[Certificate, bytes, Writes] | Refused:
    plan = layout(tap.chip)
    r_class = R_AUTHENTICATED if plan.authenticates else R_PLAIN
    wanted = Certificate(
        new.key_index, rules.event, epoch, new.wallet_class, r_class, credited, absorbed
    )
    made = _sealed(rules, tap, wanted, new.sign)
    if isinstance(made, Refused):
        return made
    try:
        link = ndef(rules.cashless.link) if rules.cashless.link else _EMPTY_NDEF
        raw = seal_slot(
            slot, uid=tap.uid, epoch=epoch, counter=tap.counter if plan.counts else 0,
            seals=rules.seals, version=rules.keys.newest,
        )  # fmt: skip
    except BadMedium:
        return Refused(WalletReason.NOT_CONFIGURED)
    image = bytearray(plan.image_bytes)
    parts = [(plan.slot_pages[0], raw), (plan.slot_pages[1], bytes(SLOT_BYTES))]
    if plan.url_page is not None:
        parts.append((plan.url_page, link))
    for page, copy in zip(
        plan.certificate_pages, (made.raw, bytes(CERTIFICATE_BYTES)), strict=False
    ):
        parts.append((page, copy))
    for page, data in parts:
        at = PAGE_BYTES * (page - FIRST)
        image[at : at + len(data)] = data
    written = pages(FIRST, bytes(image)) + closing(plan, rules.keys.chip(tap.uid))
    return made, bytes(image), written


def owed(wallets: Wallets, rules: WalletRules, medium: bytes) -> int:
    """What a lost band is worth by what is known here: never more than was credited by gateways
    that hold the key they name, less what was or may have been taken."""
    account, told = wallets.account(medium), rules.wallet(medium)
    epoch = max(account.issued.epoch, account.mark.epoch)
    credited = max(_issued_with(rules, account), told.credited_minor)
    for one in account.credits.values():
        key = rules.credit_keys.get(one.key_index)
        if key is None or key.gateway != one.gateway or one.ended == VOIDED:
            continue
        if one.epoch == epoch and not key.revoked:
            credited = max(credited, one.after)
    mark = account.mark
    doubt = sum(
        row.debit
        for row in account.unposted.values()
        if row.epoch == epoch and account.status(row) == OPEN
    )
    spent = mark.debited - mark.given if mark.epoch == epoch else 0
    return max(0, credited + told.absorbed_minor - spent - doubt - told.hold_minor)


def reissue(
    wallets: Wallets, rules: WalletRules, tap: Tap, new: NewBand, *, old: bytes, now_ms: int
) -> Issue | Refused:
    """A band for the lost one whose medium is `old`, or for itself when its slots are gone.

    What the old one could still spend where its blocking is not known is held back; the rest goes
    onto the new band, once. Of a band that replaces itself the totals go on, with a D that fits.
    """
    lost = wallets.account(old)
    before = max(lost.issued.epoch, lost.mark.epoch)
    if not before:
        return Refused(WalletReason.ORIGINAL_UNKNOWN)
    if before <= lost.replaced:
        return Refused(WalletReason.REPLACED)
    plain = _new(wallets, rules, tap, new, now_ms, old)
    if isinstance(plain, Refused):
        return plain
    medium, epoch = plain
    worth, kind = owed(wallets, rules, old), rules.classes[new.wallet_class]
    chip = CHIPS.get(lost.issued.chip)
    proven = chip is None or chip.authenticates
    most = kind.exposure_authenticated_minor if proven else kind.exposure_plain_minor
    held = min(most, worth)
    carried, slot, absorbed = worth - held, Slot(), 0
    credited = carried
    if medium == old:
        absorbed = rules.wallet(old).absorbed_minor
        credited = max(carried, absorbed)
        # Seq 0 is a band's that nothing was taken from.
        slot = Slot(1, credited + absorbed - carried)
    made = _blank(rules, tap, new, epoch, credited, absorbed, slot)
    if isinstance(made, Refused):
        return made
    certificate, image, writes = made
    who = new.who

    def fact(hlc: int, now: Moment) -> MediumReissued:
        return MediumReissued(
            hlc, now.day, now.offset_min, new.txid, who.till, who.operator, who.shift, who.marks,
            medium, tap.chip, epoch, new.wallet_class, certificate.raw, old, before, carried,
            held,
        )  # fmt: skip

    return Issue(medium, (fact,), writes, image, tap.uid)


def judge_issue(issue: Issue, tap: Tap) -> bool:
    """Whether the band now says what it shall; else issue it again."""
    return tap.uid == issue.uid and tap.image == issue.image
