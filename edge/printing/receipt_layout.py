"""A receipt as rows: who, what, how much, how paid, what is left, what the tax office wants."""

from __future__ import annotations

from collections.abc import Sequence

from edge.core.receipt import Fiscal, Line, Payment, Receipt, TaxTotal, total_minor
from edge.printing.paper import Paper
from edge.printing.words import Words


def lay_out_receipt(receipt: Receipt, words: Words, paper: Paper) -> None:
    """Put the receipt on the paper. It has no faults: see `edge.core.receipt.faults`."""
    tax_id = (f"{words('tax_id')} {receipt.tax_id}",) if receipt.tax_id else ()
    lay_out_header(receipt.header + tax_id, paper)
    _marks(receipt, words, paper)
    paper.middle(words(receipt.kind), bold=True, big=True)
    if receipt.reverses:
        paper.middle(words("reverses", receipt.reverses), bold=True)
    paper.blank()
    paper.pair(words("number"), receipt.number)
    paper.pair(words("date"), words.moment(receipt.at_ms, receipt.offset_minutes))
    paper.pair(words("till"), receipt.till)
    if receipt.cashier:
        paper.pair(words("cashier"), receipt.cashier)
    if receipt.merchant is not None:
        paper.rule()
        paper.left(f"{words('sold_by')} {receipt.merchant.name}", bold=True)
        if receipt.merchant.address:
            paper.left(receipt.merchant.address)
        if receipt.merchant.tax_id:
            paper.left(f"{words('tax_id')} {receipt.merchant.tax_id}")
    paper.rule()
    for line in receipt.lines:
        _line(line, receipt.exponent, words, paper)
    paper.rule("=")
    total = words.amount(total_minor(receipt), receipt.exponent, receipt.currency)
    paper.pair(words("total"), total, bold=True, big=True)
    for payment in receipt.payments:
        _payment(payment, receipt, words, paper)
    if receipt.taxes:
        paper.rule()
        lay_out_taxes(receipt.taxes, receipt.exponent, words, paper)
    _balance(receipt, words, paper)
    if receipt.fiscal is not None:
        _fiscal(receipt.fiscal, receipt, words, paper)
    _footer(receipt, words, paper)


def lay_out_header(header: Sequence[str], paper: Paper) -> None:
    """The operator's lines, the first of them bold."""
    for at, text in enumerate(header):
        paper.middle(text, bold=at == 0)
    if header:
        paper.blank()


def lay_out_taxes(taxes: Sequence[TaxTotal], exponent: int, words: Words, paper: Paper) -> None:
    """Rate, net, tax and gross, a row each."""
    rows = [[words("tax_head"), words("net"), words("tax"), words("gross")]]
    for each in taxes:
        amounts = (each.net_minor, each.tax_minor, each.gross_minor)
        told = [words.number(amount, exponent) for amount in amounts]
        rows.append([f"{each.letter} {words.percent(each.rate_bp)}", *told])
    paper.table(rows)


def _marks(receipt: Receipt, words: Words, paper: Paper) -> None:
    if receipt.training:
        paper.banner(words("training"))
    if receipt.copy:
        paper.banner(words("copy"))


def _line(line: Line, exponent: int, words: Words, paper: Paper) -> None:
    # The letter has a column of its own, so that amounts stand below each other.
    amount = f"{words.number(line.total_minor, exponent)} {line.tax or ' '}"
    text = line.text or words(line.kind)
    if line.text and line.kind in ("voucher", "promo"):
        text = f"{words(line.kind)}, {line.text}"
    if line.quantity == 1:
        paper.pair(text, amount)
        return
    paper.left(text)
    unit = words.number(line.unit_minor, exponent)
    paper.pair(f"{line.quantity} x {unit}", amount, indent=2)


def _payment(payment: Payment, receipt: Receipt, words: Words, paper: Paper) -> None:
    card = payment.card
    name = words(payment.method)
    if payment.medium:
        name = f"{name}, {words('band', payment.medium)}"
    if card is not None:
        name = " ".join(filter(None, (name, card.scheme, card.last4 and f"****{card.last4}")))
    paper.pair(name, words.amount(payment.amount_minor, receipt.exponent, receipt.currency))
    if card is not None:
        told = [words("terminal", card.terminal) if card.terminal else ""]
        told += [words("trace", card.trace) if card.trace else ""]
        told += [words("authorization", card.authorization_code) if card.authorization_code else ""]
        for row in _packed([each for each in told if each], paper.columns - 2):
            paper.left(row, indent=2)
        if card.stored_offline:
            paper.left(words("stored_offline"), indent=2)
    if payment.given_minor:
        change = payment.given_minor - payment.amount_minor
        for key, minor in (("given", payment.given_minor), ("change", change)):
            paper.pair(
                words(key), words.amount(minor, receipt.exponent, receipt.currency), indent=2
            )


def _packed(parts: list[str], width: int) -> list[str]:
    rows: list[str] = []
    for part in parts:
        if rows and len(rows[-1]) + 2 + len(part) <= width:
            rows[-1] += f", {part}"
        else:
            rows.append(part)
    return rows


def _balance(receipt: Receipt, words: Words, paper: Paper) -> None:
    if receipt.balance_before_minor is None or receipt.balance_after_minor is None:
        return
    paper.rule()
    before = words.amount(receipt.balance_before_minor, receipt.exponent, receipt.currency)
    after = words.amount(receipt.balance_after_minor, receipt.exponent, receipt.currency)
    paper.pair(words("before"), before)
    paper.pair(words("after"), after, bold=True)


def _fiscal(fiscal: Fiscal, receipt: Receipt, words: Words, paper: Paper) -> None:
    paper.rule()
    if fiscal.out_of_order:
        paper.left(words("fiscal_out"), bold=True)
    rows = [("fiscal_serial", fiscal.serial)]
    rows += [("fiscal_counter", "" if fiscal.counter is None else str(fiscal.counter))]
    for key, ms in (("started", fiscal.started_ms), ("finished", fiscal.finished_ms)):
        told = "" if ms is None else words.moment(ms, receipt.offset_minutes)
        rows.append((f"fiscal_{key}", told))
    rows.append(("fiscal_signature", fiscal.signature))
    for key, value in rows:
        if value:
            paper.pair(words(key), value)
    if fiscal.qr:
        paper.blank()
        paper.qr(fiscal.qr)


def _footer(receipt: Receipt, words: Words, paper: Paper) -> None:
    if receipt.footer or receipt.footer_qr:
        paper.blank()
    for text in receipt.footer:
        paper.middle(text)
    if receipt.footer_qr:
        paper.blank()
        paper.qr(receipt.footer_qr)
    _marks(receipt, words, paper)
