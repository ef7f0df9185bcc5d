"""An X or Z report as rows."""

from __future__ import annotations

from collections.abc import Sequence

from edge.core.closing_report import ClosingReport, Sum, cash_taken_minor, difference_minor
from edge.printing.paper import Paper
from edge.printing.receipt_layout import lay_out_header, lay_out_taxes
from edge.printing.words import Words


def lay_out_closing(report: ClosingReport, words: Words, paper: Paper) -> None:
    """Put the report on the paper. It has no faults: see `closing_faults`."""
    lay_out_header(report.header, paper)
    if report.copy:
        paper.banner(words("copy"))
    paper.middle(words(report.closing, str(report.number)), bold=True, big=True)
    if report.closing == "X":
        paper.middle(words("x_note"))
    paper.blank()
    paper.pair(words("till"), report.till)
    if report.cashier:
        paper.pair(words("cashier"), report.cashier)
    paper.pair(words("business_day"), words.day(report.business_day))
    paper.pair(words("from"), words.moment(report.from_ms, report.offset_minutes))
    paper.pair(words("until"), words.moment(report.at_ms, report.offset_minutes))
    paper.pair(words("receipts"), str(report.receipt_count))
    if report.first_receipt or report.last_receipt:
        paper.pair(words("first_last"), f"{report.first_receipt} / {report.last_receipt}")
    _sums(words("by_kind"), report.kinds, report, words, paper)
    _sums(words("by_method"), report.methods, report, words, paper)
    _sums(words("top_ups"), report.top_ups, report, words, paper)
    if report.taxes:
        _title(words("by_tax"), paper)
        lay_out_taxes(report.taxes, report.exponent, words, paper)
    _sums(words("extras"), report.extras, report, words, paper)
    _sums(words("by_group"), report.groups, report, words, paper)
    _sums(words("by_merchant"), report.merchants, report, words, paper)
    apart = [(k, s) for k, s in _APART if getattr(report, s) is not None]
    if apart:
        paper.rule()
    for key, name in apart:
        _sum(words(key), getattr(report, name), report, words, paper)
    _drawer(report, words, paper)
    paper.rule("=")
    paper.pair(words("perpetual"), _amount(report.perpetual_minor, report, words), bold=True)
    if report.signature:
        paper.pair(words("fiscal_signature"), report.signature)
    if report.footer:
        paper.blank()
    for text in report.footer:
        paper.middle(text)
    if report.copy:
        paper.banner(words("copy"))


_APART = (("reversals", "reversals"), ("in_training", "training"))


def _amount(minor: int, report: ClosingReport, words: Words) -> str:
    return words.amount(minor, report.exponent, report.currency)


def _title(text: str, paper: Paper) -> None:
    paper.rule()
    paper.left(text, bold=True)


def _sums(
    title: str, sums: Sequence[Sum], report: ClosingReport, words: Words, paper: Paper
) -> None:
    if not sums:
        return
    _title(title, paper)
    for each in sums:
        # On a receipt the word for a sale is "receipt"; here it would say nothing.
        name = words("sales" if each.key == "sale" else each.key)
        _sum(each.label or name, each, report, words, paper)


def _sum(name: str, each: Sum, report: ClosingReport, words: Words, paper: Paper) -> None:
    paper.pair(f"{name} ({each.count})", _amount(each.amount_minor, report, words))


def _drawer(report: ClosingReport, words: Words, paper: Paper) -> None:
    _title(words("drawer"), paper)
    paper.pair(words("opening"), _amount(report.opening_minor, report, words))
    if report.expected_minor is not None:
        paper.pair(words("cash_taken"), _amount(cash_taken_minor(report), report, words))
    if report.moved_minor:
        paper.pair(words("moved"), _amount(report.moved_minor, report, words))
    if report.expected_minor is not None:
        paper.pair(words("expected"), _amount(report.expected_minor, report, words))
    counted = report.counted_minor
    told = words("not_counted") if counted is None else _amount(counted, report, words)
    paper.pair(words("counted"), told)
    difference = difference_minor(report)
    if difference is not None:
        paper.pair(words("difference"), _amount(difference, report, words), bold=True)
