"""An X or Z report as data: what a till, or a gateway, took in since its last Z.

Amounts are integers in minor units. X may be made any time and changes nothing; Z is numbered,
made once, and the day it closes stays closed. Whoever sums the facts fills this in.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from edge.core.receipt import (
    Currency,
    Exponent,
    Moment,
    Offset,
    Signed,
    TaxTotal,
    Text,
    Total,
    tax_faults,
)

Key = Literal[
    "sale", "top_up", "refund", "reversal", "deposit_return", "cash_out", "tip", "deposit_out",
    "deposit_back", "voucher", "promo", "discount", "wallet", "cash", "card", "presale", "group",
    "merchant", "other",
]  # fmt: skip
Counted = Annotated[int, Meta(ge=0, le=2**53)]


class Sum(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often, and how much in all. `label` names a group of articles or a merchant."""

    key: Key
    label: Text = ""
    count: Counted
    amount_minor: Total


class ClosingReport(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="paper",
    tag="closing",
):  # fmt: skip
    """`expected_minor` None: not shown, as before a blind count (then leave the rows of cash out,
    too, or it can be worked out). `counted_minor` None: not counted.

    `top_ups` are told by method. `moved_minor` is what was put into or taken out of the drawer
    without a guest. `perpetual_minor` is never reset. `training` is in no other sum.
    """

    closing: Literal["X", "Z"]
    number: Counted
    till: Text
    business_day: Annotated[int, Meta(ge=20000101, le=99991231)]
    from_ms: Moment
    at_ms: Moment
    offset_minutes: Offset
    currency: Currency
    exponent: Exponent = 2
    header: tuple[Text, ...] = ()
    cashier: Text = ""
    first_receipt: Text = ""
    last_receipt: Text = ""
    receipt_count: Counted = 0
    taxes: tuple[TaxTotal, ...] = ()
    kinds: tuple[Sum, ...] = ()
    methods: tuple[Sum, ...] = ()
    top_ups: tuple[Sum, ...] = ()
    extras: tuple[Sum, ...] = ()
    groups: tuple[Sum, ...] = ()
    merchants: tuple[Sum, ...] = ()
    reversals: Sum | None = None
    training: Sum | None = None
    opening_minor: Signed = 0
    moved_minor: Signed = 0
    expected_minor: Signed | None = None
    counted_minor: Signed | None = None
    perpetual_minor: Total = 0
    signature: Text = ""
    footer: tuple[Text, ...] = ()
    copy: bool = False


def cash_taken_minor(report: ClosingReport) -> int:
    """What guests put into the drawer, less what they got out of it."""
    rows = (*report.methods, *report.top_ups)
    return sum(each.amount_minor for each in rows if each.key == "cash")


def difference_minor(report: ClosingReport) -> int | None:
    """Over (positive) or short; None before the count."""
    if report.expected_minor is None or report.counted_minor is None:
        return None
    return report.counted_minor - report.expected_minor


def closing_faults(report: ClosingReport) -> list[str]:
    """Everything in a report that contradicts something else in it."""
    found = tax_faults(report.taxes)
    for name in ("kinds", "methods", "top_ups", "extras", "groups", "merchants"):
        keys = [each.label or each.key for each in getattr(report, name)]
        found += [f"{name}: {key} stands twice" for key in sorted(set(keys)) if keys.count(key) > 1]
    if report.at_ms < report.from_ms:
        found.append("it ends before it begins")
    cash = cash_taken_minor(report)
    drawer = report.opening_minor + cash + report.moved_minor
    if report.expected_minor is not None and report.expected_minor != drawer:
        found.append(
            f"float {report.opening_minor}, cash {cash} and moved {report.moved_minor} are not "
            f"the expected {report.expected_minor}"
        )
    if report.closing == "Z" and report.counted_minor is None:
        found.append("a Z report needs the counted cash")
    return found
