"""A top-up that was paid for and never reached its band: may the money go back? Pure.

Only what the band itself shows is evidence: it has a certificate that verifies, and not this one.
As long as the certificate is there, may be half there, or could still be written by another point,
nothing goes back, and the guest is told what helps instead.
"""

from typing import cast

from crypto.medium import FIRST_PAGE, PAGE_BYTES, pages
from crypto.medium_credit import CERTIFICATE_BYTES
from crypto.money import CreditVoided, Method
from edge.core import wallet
from edge.core.moments import Moment
from edge.core.till_reasons import TillReason
from edge.core.wallet import Look, Make, WalletReason, Who, Writes
from edge.core.wallet_rows import Topped


def to_give_back(look: Look, who: Who, gateway: bytes) -> Topped | TillReason | WalletReason:
    """The top-up whose money may go back now at `gateway`, or why it may not."""
    if look.refusal is not None:
        return look.refusal
    topped = look.account.credits.get(look.unfinished)
    if topped is None:
        return TillReason.LOADED_SINCE if _covered(look) else TillReason.TOP_UP_ARRIVED
    if look.reading is None or look.reading.certificate is None or half_written(look):
        return TillReason.MAY_BE_THERE
    if wallet.give_back(look, who) is None:
        return TillReason.TOP_UP_SPENT
    if look.unheard and _others_load(look, gateway) and wallet.finish(look, who) is not None:
        return TillReason.MAY_STILL_LOAD
    if look.unheard and topped.gateway != gateway:  # who took it may be giving it back just now
        return TillReason.LOADED_SINCE
    return topped


def overtaken(look: Look, who: Who) -> bool:
    """Whether the top-up that waits can no longer be written: another point has gone on from there.
    Only its money can go back."""
    on_band = look.reading.certificate if look.reading is not None else None
    topped = look.account.credits.get(look.unfinished)
    known = topped is not None and on_band is not None and look.refusal is None and not look.repair
    return known and wallet.finish(look, who) is None


def half_written(look: Look) -> Writes:
    """What wipes the copies of a certificate that are neither whole nor blank: weak cells could
    make them whole after their money went back. Only where another copy is whole."""
    reading = look.reading
    if reading is None or reading.certificate is None:
        return ()
    wiped: Writes = ()
    for page, one in zip(reading.layout.certificate_pages, reading.certificates, strict=True):
        at = PAGE_BYTES * (page - FIRST_PAGE)
        if one is None and any(look.tap.image[at : at + CERTIFICATE_BYTES]):
            wiped += pages(page, bytes(CERTIFICATE_BYTES))
    return wiped


def voided(who: Who, topped: Topped, back: bytes) -> Make:
    """The fact: it went back by the transaction `back`, the way it had come."""
    return lambda hlc, now: _fact(who, topped, back, hlc, now)


def _fact(who: Who, topped: Topped, back: bytes, hlc: int, now: Moment) -> CreditVoided:
    return CreditVoided(
        hlc, now.day, now.offset_min, topped.txid, who.till, who.operator, who.shift, who.marks,
        topped.medium, topped.after, "old_certificate", back, topped.amount,
        cast(Method, topped.method),
    )  # fmt: skip


def _covered(look: Look) -> bool:
    """Whether the band shows a certificate that nobody here can tell what it stands on."""
    return any(
        not one.ended and one.gateway and one.epoch == look.epoch
        for one in look.account.credits.values()
    )


def _others_load(look: Look, gateway: bytes) -> bool:
    """Whether another one holds a credit key; that of the centre (all zero) writes no bands."""
    keys = look.rules.credit_keys.values()
    return bool({key.gateway for key in keys if not key.revoked} - {gateway, bytes(len(gateway))})
