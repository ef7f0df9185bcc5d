"""edge/printing/receipt_layout.py: everything that must stand on a receipt stands on it."""

from __future__ import annotations

import msgspec
import pytest

from edge.core.receipt import Receipt, faults
from edge.printing.escpos import PrintPlan, rows_of
from edge.printing.paper import COLUMNS, Qr, Row
from edge.printing.words import LANGUAGES
from tests.edge.printing import examples

RECEIPTS = {name: each for name, each in examples.EXAMPLES.items() if isinstance(each, Receipt)}


def said(receipt: Receipt, columns: int = 42, language: str = "de") -> list[str]:
    rows = rows_of(receipt, PrintPlan(columns=columns, language=language))
    return [row.text for row in rows if isinstance(row, Row)]


def words(receipt: Receipt, columns: int = 42, language: str = "de") -> str:
    """All that is said, however it was broken into rows."""
    return " ".join(" ".join(said(receipt, columns, language)).split())


def test_a_beer_with_deposit_and_tip() -> None:
    text = said(examples.BEER)
    for row in (
        "Beleg-Nr.                  K04-2026-000312",
        "Datum           21.11.2026 22:39:53 +01:00",
        "Helles vom Fass 0,5 l               4,50 A",
        "Becherpfand                         2,00  ",
        "Trinkgeld                           1,00  ",
        "SUMME        7,50 EUR",
        "Guthaben, Band 7f3a91c4           7,50 EUR",
        "A 19 %            3,78      0,72      4,50",
        "Guthaben vorher                  50,00 EUR",
        "Guthaben jetzt                   42,50 EUR",
        "Seriennr.                     9f2c11d0a4b7",
        "Signaturzähler                         912",
    ):
        assert row in text, row
    codes = [row.text for row in rows_of(examples.BEER, PrintPlan()) if isinstance(row, Qr)]
    assert codes == [examples.QR, examples.BEER.footer_qr]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("name", RECEIPTS)
def test_every_line_payment_and_balance_is_told(name: str, columns: int, language: str) -> None:
    receipt = RECEIPTS[name]
    assert faults(receipt) == []
    text = words(receipt, columns, language)
    point = "." if language == "en" else ","
    told = [each.total_minor for each in receipt.lines]
    told += [each.amount_minor for each in receipt.payments]
    told += [x for t in receipt.taxes for x in (t.net_minor, t.tax_minor, t.gross_minor)]
    for minor in told:
        sign, digits = "-" if minor < 0 else "", f"{abs(minor):03d}"
        assert f"{sign}{digits[:-2]}{point}{digits[-2:]}" in text
    for line in receipt.lines:
        assert line.text.split(" ")[0][:20] in text
    assert receipt.number in text


def test_card_payments_are_named_for_the_acquirer() -> None:
    text = words(examples.TOP_UP)
    for part in ("Debit Mastercard ****4771", "Terminal 28004869", "Trace 000470", "611804"):
        assert part in text
    (payment,) = examples.TOP_UP.payments
    assert payment.card is not None
    offline = msgspec.structs.replace(
        payment, card=msgspec.structs.replace(payment.card, stored_offline=True)
    )
    later = msgspec.structs.replace(examples.TOP_UP, payments=(offline,))
    assert "offline genehmigt" in words(later) and "offline genehmigt" not in text


def test_cash_tells_the_change() -> None:
    assert "Gegeben 50,00 EUR Rückgeld 30,00 EUR" in words(examples.TOP_UP_CASH)


@pytest.mark.parametrize(
    ("name", "mark"), [("training", "TRAINING - KEIN BELEG"), ("copy", "KOPIE")]
)
@pytest.mark.parametrize("columns", COLUMNS)
def test_training_and_copies_are_marked_at_both_ends(name: str, mark: str, columns: int) -> None:
    rows = rows_of(RECEIPTS[name], PrintPlan(columns=columns))
    marks = [at for at, row in enumerate(rows) if isinstance(row, Row) and row.inverse]
    assert len(marks) == 2 and marks[1] == len(rows) - 1
    assert all(mark in said(RECEIPTS[name], columns)[at] for at in marks)
    assert not any(isinstance(r, Row) and r.inverse for r in rows_of(examples.BEER, PrintPlan()))


def test_a_signing_device_out_of_order_is_told() -> None:
    assert "Sicherheitseinrichtung ausgefallen" in said(examples.TOP_UP)
    assert "Signing device out of order" in said(examples.TOP_UP, language="en")
    assert "ausgefallen" not in words(examples.BEER)


def test_a_reversal_names_what_it_reverses() -> None:
    assert "Storno zu Beleg K04-2026-000312" in words(examples.REVERSAL)
    assert "-2 x 4,50 -9,00 A" in words(examples.REVERSAL)


def test_a_merchant_is_named_with_address_and_number() -> None:
    text = words(examples.COPY, language="fr")
    assert "Vendu par Crêperie l'Étoile de mer 3, rue de l'Île, 67000 Strasbourg" in text
    assert "N° TVA FR12345678901" in text
