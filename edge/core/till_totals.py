"""What X and Z add up: one row per method, kind, tax, group and merchant.

Keys: "kind:sale", "method:band|cash|card|promo|voucher", "tax:1", "group:2", "merchant:3",
"deposit:out|back", "tip", "top_up:cash" and so on, "top_up_back:cash" and so on,
"drawer" (all cash that went in or out).
"""

from typing import Final

from crypto.money import Total
from edge.core.till_rows import Deal, Totals

#: So that a closing fits one page of the ledger.
ROWS_MAX: Final = 90
#: Money that changes its form, and is no turnover.
LOADS: Final = frozenset({"top_up", "top_up_back", "cash_out"})
_UNDOING: Final = frozenset({"reversal", "refund"})


def add(totals: Totals, key: str, count: int, amount_minor: int) -> None:
    """Add to a row; rows of nothing do not stay."""
    row = totals.get(key)
    if row is None:
        row = totals[key] = [0, 0]
    row[0] += count
    row[1] += amount_minor
    if not row[0] and not row[1]:
        del totals[key]


def add_deal(totals: Totals, deal: Deal, times: int) -> None:
    """Count a movement (`times` = 1), or count it no longer (-1)."""
    if deal.movement in ("top_up", "top_up_back"):
        amount = deal.cash_minor + deal.card_minor + deal.otherwise_minor
        add(totals, f"{deal.movement}:{deal.method}", times, times * amount)
        if deal.cash_minor:
            add(totals, "drawer", times, times * deal.cash_minor)
        return
    add(totals, f"kind:{deal.movement}", times, times * deal.net_minor)
    if deal.movement == "cash_out":
        add(totals, "drawer", times, -times * deal.band_minor)
        return
    if deal.band_minor:
        add(totals, "method:band", times, times * deal.band_minor)
    if deal.card_minor:
        add(totals, "method:card", times, times * deal.card_minor)
    if deal.cash_minor:
        add(totals, "method:cash", times, times * deal.cash_minor)
        add(totals, "drawer", times, times * deal.cash_minor)
    if deal.promo_minor:
        sign = -times if deal.movement in _UNDOING else times
        add(totals, "method:promo", sign, sign * deal.promo_minor)
    if deal.packed:
        _add_lines(totals, deal, times)


def _add_lines(totals: Totals, deal: Deal, times: int) -> None:
    for line in deal.lines:
        amount = times * line.total_minor
        if line.kind == "tip":
            add(totals, "tip", times, amount)
            continue
        if line.kind == "deposit":
            way = "deposit:back" if line.quantity < 0 else "deposit:out"
            add(totals, way, times * abs(line.quantity), amount)
            continue
        if line.kind == "voucher":
            add(totals, "method:voucher", times * line.vouchers, -amount)
        pieces = times * line.quantity if line.kind == "article" else 0
        add(totals, f"tax:{line.tax}", pieces, amount)
        if line.group:
            add(totals, f"group:{line.group}", pieces, amount)
        if line.merchant:
            add(totals, f"merchant:{line.merchant}", pieces, amount)


def rows(totals: Totals, training: Totals) -> list[Total]:
    """The rows of a closing, in order. With too many, the smallest ones are told together."""
    told = {**totals, **{f"training:{key}": row for key, row in training.items()}}
    kept = sorted(told, key=lambda key: (key.startswith(("group:", "merchant:")), key))
    if len(kept) > ROWS_MAX:
        kept, rest = kept[: ROWS_MAX - 1], kept[ROWS_MAX - 1 :]
        told["other"] = [sum(told[key][i] for key in rest) for i in (0, 1)]
        kept.append("other")
    return [Total(key, max(0, told[key][0]), told[key][1]) for key in kept]
