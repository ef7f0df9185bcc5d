"""Facts of money become rows of `money` and `sale_lines`.

Pure. A fact whose words PostgreSQL cannot hold is `Unstorable`, as in `central.rows`.
"""

from __future__ import annotations

from typing import TypeAlias

from crypto.entry import kind_of
from crypto.money import (
    CardApproved,
    CardAuthorizationStarted,
    CardDeclined,
    CardReversed,
    CardUnknown,
    CashMoved,
    ClosingMade,
    CreditApplied,
    CreditVoided,
    DebitHeld,
    DebitPosted,
    DebitVoided,
    GoodsAnswered,
    KnownMoney,
    MediumBlocked,
    MediumIssued,
    MediumReissued,
    MoneyConflictFound,
    PromoGranted,
    ShiftClosed,
    ShiftOpened,
    Sold,
    ToppedUp,
)

MONEY_COLUMNS = (
    "tenant_id", "gateway", "epoch", "seq", "kind", "hlc", "day", "txid", "till", "operator",
    "shift", "marks", "medium", "band_epoch", "basket", "part", "movement", "debit_minor",
    "given_minor", "promo_minor", "vouchers", "cash_minor", "card_minor", "amount_minor",
    "base_seq", "band_seq", "debited_minor", "returned_minor", "txh", "credited_minor",
    "absorbed_minor", "reverses", "source", "receipt", "said", "replaces_epoch", "prices",
)  # fmt: skip
LINE_COLUMNS = (
    "tenant_id", "gateway", "epoch", "seq", "line", "kind", "article", "quantity", "unit_minor",
    "total_minor", "tax", "merchant", "article_group", "vouchers",
)  # fmt: skip
_FIRST = 12  # columns that every row has
#: Epochs of bands have 16 bits: from here on every one of them is refused.
EVERY_EPOCH = 1 << 16
#: Where a certificate says Cc (`crypto.medium_credit`).
ABSORBED_AT = 12

Row: TypeAlias = tuple[object, ...]
Place: TypeAlias = tuple[bytes, bytes, int, int]


def storable(fact: KnownMoney) -> bool:
    """Whether its words have no zero byte, which no text column takes."""
    words = (getattr(fact, name) for name in fact.__struct_fields__)
    if any(isinstance(word, str) and "\0" in word for word in words):
        return False
    totals = fact.totals if isinstance(fact, ClosingMade) else ()
    return not any("\0" in total.key for total in totals)


def money_row(place: Place, fact: KnownMoney) -> Row:
    """The row of `money` of the fact at (tenant, gateway, epoch, seq)."""
    if isinstance(fact, MoneyConflictFound):
        first: Row = (*place, kind_of(fact), fact.hlc, fact.day, fact.first, 0, 0, 0, 0)
        filled: dict[str, object] = {
            "medium": fact.medium or None, "source": fact.second, "said": fact.what,
            "amount_minor": fact.amount_minor,
        }  # fmt: skip
    else:
        who = (fact.txid, fact.till, fact.operator, fact.shift, fact.marks)
        first = (*place, kind_of(fact), fact.hlc, fact.day, *who)
        filled = _filled(fact)
    return (*first, *(filled.get(column) for column in MONEY_COLUMNS[_FIRST:]))


def line_rows(place: Place, fact: KnownMoney) -> list[Row]:
    """The rows of `sale_lines` of a sale."""
    if not isinstance(fact, DebitHeld | Sold):
        return []
    return [
        (
            *place, at, line.kind, line.article, line.quantity, line.unit_minor, line.total_minor,
            line.tax, line.merchant, line.group, line.vouchers,
        )
        for at, line in enumerate(fact.lines)
    ]  # fmt: skip


def _filled(fact: KnownMoney) -> dict[str, object]:
    """The columns after the first of everything but conflicts."""
    match fact:
        case DebitHeld():
            return _held(fact)
        case DebitPosted() | DebitVoided():
            at = {"medium": fact.medium, "band_epoch": fact.epoch, "basket": fact.basket}
            slot = fact.target
            return at | {
                "band_seq": slot.seq, "debited_minor": slot.debited,
                "returned_minor": slot.given, "txh": slot.txh, "said": fact.evidence,
                "receipt": getattr(fact, "receipt", 0) or None,
            }  # fmt: skip
        case Sold():
            return {
                "basket": fact.basket, "part": fact.part, "movement": fact.movement,
                "cash_minor": fact.cash_minor, "card_minor": fact.card_minor,
                "medium": fact.medium or None, "promo_minor": fact.promo_minor,
                "vouchers": fact.vouchers, "reverses": fact.reverses or None,
                "source": fact.card or None, "receipt": fact.receipt or None,
                "prices": fact.prices,
            }  # fmt: skip
        case GoodsAnswered():
            return {"basket": fact.basket, "said": "given" if fact.given else "not_given"}
        case MediumIssued() | MediumBlocked():
            return _medium(fact)
        case ToppedUp() | CreditApplied() | CreditVoided() | PromoGranted():
            return _credit(fact)
        case _:
            return _till_or_card(fact)


def _held(fact: DebitHeld) -> dict[str, object]:
    target = fact.target
    return {
        "medium": fact.medium, "band_epoch": fact.epoch, "basket": fact.basket, "part": fact.part,
        "movement": fact.movement, "debit_minor": fact.debit_minor,
        "given_minor": fact.given_minor, "promo_minor": fact.promo_minor,
        "vouchers": fact.vouchers, "amount_minor": fact.otherwise_minor,
        "base_seq": fact.base.seq, "band_seq": target.seq, "debited_minor": target.debited,
        "returned_minor": target.given, "txh": target.txh, "credited_minor": fact.credited,
        "absorbed_minor": fact.absorbed, "reverses": fact.reverses or None, "prices": fact.prices,
    }  # fmt: skip


def _medium(fact: MediumIssued | MediumBlocked) -> dict[str, object]:
    if isinstance(fact, MediumBlocked):
        least = min(fact.min_epoch, EVERY_EPOCH)
        return {"medium": fact.medium, "band_epoch": least, "said": fact.because}
    filled: dict[str, object] = {"medium": fact.medium, "band_epoch": fact.epoch, "said": fact.chip}
    if isinstance(fact, MediumReissued):
        filled |= {"source": fact.replaces, "given_minor": fact.held_minor}
        filled |= {"debit_minor": 0, "amount_minor": fact.carried_minor}
        filled |= {"replaces_epoch": fact.replaces_epoch, "absorbed_minor": _absorbed(fact)}
    return filled


def _absorbed(fact: MediumReissued) -> int:
    """Cc on the certificate of the new band, so much of which it has from the start."""
    return int.from_bytes(fact.certificate[ABSORBED_AT : ABSORBED_AT + 4], "big")


def _credit(fact: ToppedUp | CreditApplied | CreditVoided | PromoGranted) -> dict[str, object]:
    filled: dict[str, object] = {"medium": fact.medium}
    match fact:
        case ToppedUp():
            filled |= {
                "band_epoch": fact.epoch, "amount_minor": fact.amount_minor, "said": fact.method,
                "credited_minor": fact.to_credited, "absorbed_minor": fact.absorbed,
                "source": fact.source or None, "receipt": fact.receipt or None,
            }  # fmt: skip
        case CreditVoided():
            filled |= {
                "credited_minor": fact.to_credited, "said": fact.evidence,
                "source": fact.back or None, "amount_minor": fact.amount_minor or None,
                "receipt": fact.receipt or None,
            }  # fmt: skip
        case CreditApplied():
            filled["credited_minor"] = fact.to_credited
        case PromoGranted():
            filled |= {"promo_minor": fact.promo_minor, "vouchers": fact.vouchers}
            filled["source"] = fact.source
    return filled


def _till_or_card(fact: KnownMoney) -> dict[str, object]:
    match fact:
        case CardAuthorizationStarted():
            told = {"medium": fact.medium or None, "basket": fact.basket or None}
            return told | {"amount_minor": fact.amount_minor, "said": fact.purpose}
        case CardApproved() | CardDeclined() | CardUnknown() | CardReversed():
            return {"amount_minor": fact.amount_minor, "said": fact.reference}
        case ShiftOpened():
            return {"amount_minor": fact.float_minor}
        case CashMoved():
            return {"amount_minor": fact.amount_minor, "said": fact.because}
        case ShiftClosed():
            return {"amount_minor": fact.counted_minor, "cash_minor": fact.expected_minor}
        case ClosingMade():
            said = f"{fact.closing} {fact.number}"
            return {"amount_minor": fact.perpetual_minor, "said": said}
        case _:
            raise AssertionError(f"a kind of money without a row: {type(fact).__name__}")
